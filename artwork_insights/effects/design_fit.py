"""One design, fitted: the cells it speaks of, its nuisances, and the estimates that follow from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from artwork_insights.design.assignment import BoolArray
from artwork_insights.design.confounders import FloatArray
from artwork_insights.design.folds import IntArray
from artwork_insights.design.overlap import keep_overlap
from artwork_insights.effects.estimates import EffectEstimate, Estimand
from artwork_insights.effects.nuisances import Nuisances, Settings, fit_nuisances
from artwork_insights.effects.sample import AnalysisSample
from artwork_insights.effects.scores import (
    ClusteredMean,
    Scores,
    aipw_scores,
    average_scores,
    plr_scores,
)
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.study import DesignName

SMALLEST_NUMBER_OF_VARYING_TITLES = 10


@dataclass(frozen=True, slots=True)
class DesignFit:
    """A fitted design.

    Attributes
    ----------
    design : str
    sample : AnalysisSample of n cells
        Cells that are eligible and in overlap.
    repetitions : tuple of Nuisances over the n cells
        One per repetition over fold seeds.
    propensity : array of shape (m,)
        Median over repetitions, for all m cells given; NaN where a cell's title does not vary.
    eligible, keep : arrays of shape (m,), bool
        Cells of titles the design can use, and cells in `sample`.
    settings : Settings
    """

    design: DesignName
    sample: AnalysisSample
    repetitions: tuple[Nuisances, ...]
    propensity: FloatArray
    eligible: BoolArray
    keep: BoolArray
    settings: Settings

    @property
    def is_binary(self) -> bool:
        """Whether the treatment is a condition."""
        return self.sample.assignment.is_binary

    def scores(self, estimand: Estimand) -> Scores:
        """Scores over the cells of `sample`: AIPW for ATE, ATT and ATO, PLR for a slope and for `within`."""
        if self.design == "within" and estimand in ("ATE", "ATT"):
            raise NotIdentifiedError(
                f"design 'within' compares artworks inside titles and estimates no {estimand}; use 'mundlak' for it."
            )
        if self.design == "within" or estimand == "slope":
            return plr_scores(self.sample, self.repetitions, demean=self.design == "within")
        return aipw_scores(self.sample, self.repetitions, estimand)

    def partially_linear_scores(self) -> Scores:
        """Scores of the partially linear model under this design."""
        return plr_scores(self.sample, self.repetitions, demean=self.design == "within")

    def average(self, scores: Scores) -> ClusteredMean:
        """Average over the cells of `sample`."""
        return average_scores(scores, self.sample.assignment.weights, self.sample.assignment.title)

    def estimate(self, estimand: Estimand, *, plr: bool = False) -> EffectEstimate:
        """Estimate an average effect from this fit; `plr` asks for the partially linear score."""
        partially_linear = plr or self.design == "within" or estimand == "slope"
        mean = self.average(self.partially_linear_scores() if plr else self.scores(estimand))
        return EffectEstimate(
            estimand=estimand,
            design=self.design,
            score="plr" if partially_linear else "aipw",
            effect=mean.effect,
            std_error=mean.std_error,
            degrees_of_freedom=mean.n_titles - 1,
            n_cells=len(self.sample.outcome),
            n_assets=self.sample.assignment.n_assets,
            n_titles=mean.n_titles,
        )


def fit_design(
    sample: AnalysisSample,
    design: DesignName,
    folds: Sequence[IntArray],
    *,
    trim: float,
    seed: int,
    settings: Settings | None = None,
) -> DesignFit:
    """Fit a design on the cells it can use.

    Parameters
    ----------
    sample : AnalysisSample of m cells
    design : {"pooled", "mundlak", "within"}
    folds : sequence of arrays of shape (m,)
        Fold labels of each repetition.
    trim : float
        Propensities outside [trim, 1 - trim] are left out (binary treatments).

    Raises
    ------
    NotIdentifiedError
        `mundlak` and `within` where fewer than 10 titles have artworks that differ in the treatment; where the outcome
        is constant, one fold holds all titles, or no propensity is inside the limits.
    """
    eligible = np.ones(len(sample.outcome), dtype=bool)
    if design != "pooled":
        eligible = sample.assignment.in_varying_title()
        n_varying = len(np.unique(sample.assignment.title[eligible]))
        if n_varying < SMALLEST_NUMBER_OF_VARYING_TITLES:
            raise NotIdentifiedError(
                f"design {design!r} is not identified: {n_varying} of {sample.assignment.n_titles} titles have artwork "
                f"that differ in the component, at least {SMALLEST_NUMBER_OF_VARYING_TITLES} are needed."
            )
    usable = sample.rows(eligible)
    if usable.outcome.min() == usable.outcome.max():
        raise NotIdentifiedError(f"the outcome does not vary (it is always {usable.outcome[0]:g}); nothing to explain.")
    if any(len(np.unique(labels[eligible])) < 2 for labels in folds):
        raise NotIdentifiedError(f"design {design!r}: all usable titles lie in one fold; use at least 2 folds.")
    repetitions: list[Nuisances] = []
    for repetition, labels in enumerate(folds):
        dense = np.unique(labels[eligible], return_inverse=True)[1].astype(np.int64)
        nuisances, settings = fit_nuisances(usable, design, dense, seed + 100 * repetition, settings)
        repetitions.append(nuisances)
    assert settings is not None
    propensity = np.full(len(eligible), np.nan)
    propensity[eligible] = np.median([nuisances.treatment for nuisances in repetitions], axis=0)
    inside = np.ones(int(eligible.sum()), dtype=bool)
    if usable.assignment.is_binary and design != "within":
        inside = keep_overlap(propensity[eligible], trim)
    keep = eligible.copy()
    keep[eligible] = inside
    if not inside.any() or usable.assignment.treatment[inside].min() == usable.assignment.treatment[inside].max():
        raise NotIdentifiedError(
            f"design {design!r}: no artworks with and without the component are comparable "
            f"(propensities outside {trim:g} to {1 - trim:g}); lower `trim` or widen the catalogue."
        )
    return DesignFit(
        design,
        usable.rows(inside),
        tuple(_rows(nuisances, inside) for nuisances in repetitions),
        propensity,
        eligible,
        keep,
        settings,
    )


def _rows(nuisances: Nuisances, keep: BoolArray) -> Nuisances:
    return Nuisances(
        nuisances.treatment[keep],
        nuisances.outcome[keep],
        nuisances.outcome_control[keep],
        nuisances.outcome_treated[keep],
    )
