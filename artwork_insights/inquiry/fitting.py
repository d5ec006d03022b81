"""The designs of one hypothesis, fitted side by side from one table of cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from artwork_insights.design.assigning import Assigned, assign_component
from artwork_insights.design.assignment import Assignment
from artwork_insights.design.confounders import title_means
from artwork_insights.design.embedding_guard import explain_encoding, guard_treatment
from artwork_insights.effects.average import choose_design
from artwork_insights.effects.cells import Cells
from artwork_insights.effects.design_fit import DesignFit, fit_design
from artwork_insights.effects.estimates import Estimand, NamedEstimate
from artwork_insights.effects.nuisances import fold_labels
from artwork_insights.effects.sample import AnalysisSample
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.study import DesignName, Estimation, Hypothesis, modifier_parts

DESIGN_SENTENCES: dict[DesignName, str] = {
    "pooled": "Compares artworks of all titles; titles that nobody described may still differ.",
    "mundlak": "Compares artworks given what share of their title's artworks have the component, each title's own "
    "level taken out; doubly robust.",
    "within": "Compares artworks of one title only, each title's own level taken out; partially linear.",
}


@dataclass(frozen=True, slots=True)
class FittedHypothesis:
    """All designs of one hypothesis.

    Attributes
    ----------
    assigned : Assigned
        Who has the component.
    sample : AnalysisSample of n cells
    rows : array of shape (n,), int
        Rows of the cells table.
    headline : DesignFit
        `mundlak` where titles have several artworks and enough of them vary, else `pooled`.
    fits : dict from design to DesignFit
        Those that are identified.
    refused : dict from design to str
        Why the others are not.
    estimand : {"ATE", "slope"}
        Of the headline.
    """

    assigned: Assigned
    sample: AnalysisSample
    rows: np.ndarray[tuple[int], np.dtype[np.int64]]
    headline: DesignFit
    fits: dict[DesignName, DesignFit]
    refused: dict[DesignName, str]
    estimand: Estimand

    def named_designs(self) -> tuple[NamedEstimate, ...]:
        """The three designs side by side, with the reason where one is not identified."""
        found = []
        for design, sentence in DESIGN_SENTENCES.items():
            if design in self.fits:
                estimand: Estimand = "ATO" if design == "within" and self.estimand == "ATE" else self.estimand
                found.append(NamedEstimate(design, self.fits[design].estimate(estimand), sentence))
            else:
                found.append(NamedEstimate(design, None, self.refused.get(design, "Not asked for.")))
        return tuple(found)


def fit_hypothesis(
    cells: Cells,
    hypothesis: Hypothesis,
    settings: Estimation,
    seed: int,
    designs: Sequence[DesignName] = ("mundlak", "within", "pooled"),
) -> FittedHypothesis:
    """Assign the component, then fit every design that the data identify; the first one tunes the models.

    Raises
    ------
    NotIdentifiedError, TableError
        Where no design can be fitted.
    """
    assigned = assign_component(
        cells.frame,
        hypothesis.expression,
        confounders=with_popularity(cells, hypothesis.confounders),
        effect_modifiers=present_modifiers(cells, hypothesis.effect_modifiers),
        embedding=cells.embedding,
        weights=cells.weights,
    )
    sample = AnalysisSample(assigned.assignment, cells.outcome[assigned.kept])
    folds = fold_labels(sample, settings.folds, settings.repeats, np.random.default_rng(seed))
    fits: dict[DesignName, DesignFit] = {}
    refused: dict[DesignName, str] = {}
    tuned = None
    by_title = outcome_is_by_title(sample)
    for design in designs:
        if design != "pooled" and by_title and sample.assignment.repeats_titles:
            refused[design] = "Not identified: all artworks of a title share one outcome."
            continue
        if design != "pooled" and choose_design(sample.assignment) == "pooled":
            refused[design] = (
                f"Not identified: every title has one artwork, so design '{design}' has nothing to compare."
            )
            continue
        try:
            fits[design] = fit_design(
                sample, design, folds, trim=settings.trim, seed=seed, settings=tuned, learner=settings.learner
            )
            tuned = tuned or fits[design].settings
        except NotIdentifiedError as error:
            refused[design] = f"Not identified: {error}"
    if not fits:
        asks_least = refused.get("pooled") or next(iter(refused.values()))
        raise NotIdentifiedError(asks_least + _blame(sample.assignment, seed))
    headline = fits.get("mundlak") or fits.get("pooled") or fits["within"]
    estimand: Estimand = "ATE" if sample.assignment.is_binary else "slope"
    if estimand == "ATE" and headline.design == "within":
        estimand = "ATO"
    return FittedHypothesis(assigned, sample, np.flatnonzero(assigned.kept), headline, fits, refused, estimand)


def _blame(assignment: Assignment, seed: int) -> str:
    """Name the confounders that encode the treatment, where that is why nothing can be compared; else nothing."""
    try:
        guard = guard_treatment(assignment, seed=seed)
    except NotIdentifiedError:  # fewer titles than folds
        return ""
    explained = explain_encoding(guard)
    return f" The component cannot vary once everything else is held fixed: {explained}" if explained else ""


def outcome_is_by_title(sample: AnalysisSample) -> bool:
    """Whether no title has artworks with different outcomes."""
    title = sample.assignment.title
    means = title_means(sample.outcome, title, np.ones(len(title)))
    return bool(np.abs(sample.outcome - means).max(initial=0.0) <= 1e-12 * max(float(np.ptp(sample.outcome)), 1e-300))


def with_popularity(cells: Cells, confounders: Sequence[str]) -> tuple[str, ...]:
    """Add popularity from outside the comparison to the confounders where it is there."""
    has_table = "popularity" in cells.frame and cells.impressions is not None  # else it is a column of the titles
    extra = ("popularity",) if has_table and "popularity" not in confounders else ()
    return (*confounders, *extra)


def present_modifiers(cells: Cells, modifiers: Sequence[str]) -> tuple[str, ...]:
    """Leave ``genre`` and ``country``, and crossings with them, out where the tables have no such column."""
    absent = {name for name in ("genre", "country") if name not in cells.frame}
    return tuple(modifier for modifier in modifiers if not absent.intersection(modifier_parts(modifier)))
