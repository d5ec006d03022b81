"""One design, fitted: the cells it speaks of, its nuisances, and the estimates that follow from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from artwork_insights.design.assignment import BoolArray
from artwork_insights.design.confounders import FloatArray, title_means
from artwork_insights.design.embedding_guard import SMALLEST_VARIANCE_LEFT
from artwork_insights.design.folds import IntArray
from artwork_insights.design.missing import FEWEST_COMPARABLE_TITLES
from artwork_insights.design.overlap import effective_sample_size
from artwork_insights.design.treatment_model import design_features, treatment_variance_left
from artwork_insights.design.trimming import describe_trim, keep_overlap
from artwork_insights.effects.estimates import EffectEstimate, Estimand
from artwork_insights.effects.inference import FEWEST_TO_CROSS
from artwork_insights.effects.nuisances import Nuisances, Settings, check_given, fit_nuisances
from artwork_insights.effects.sample import AnalysisSample
from artwork_insights.effects.scores import (
    ClusteredMean,
    Scores,
    aipw_scores,
    average_scores,
    outcome_weights,
    plr_scores,
)
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.study import DesignName, Learner, TrimRule


class NothingComparableError(NotIdentifiedError):
    """No artwork with and without the component has a propensity inside the limits."""


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
    settings : Settings or None
        As tuned; None where the predictions were given.
    clustered : bool
        False where every row stands alone: errors as published for double machine learning, without clusters.
    country : array of shape (m,), int, or None
        Codes of the second clustering of all cells given.
    n_titles_given, n_titles_eligible : int
        Titles among all cells, and among those of titles that the design can use.
    variance_left : float
        Share of the treatment's variance that is left out of fold, before anything is trimmed, in [0, 1].
    encoding : str
        Which confounders encode the treatment, in words; empty where enough of it is left or nobody looked.
    """

    design: DesignName
    sample: AnalysisSample
    repetitions: tuple[Nuisances, ...]
    propensity: FloatArray
    eligible: BoolArray
    keep: BoolArray
    settings: Settings | None
    clustered: bool = True
    country: IntArray | None = None
    n_titles_given: int = 0
    n_titles_eligible: int = 0
    variance_left: float = 1.0
    encoding: str = ""

    @property
    def is_binary(self) -> bool:
        """Whether the treatment is a condition."""
        return self.sample.assignment.is_binary

    @property
    def clusters(self) -> IntArray:
        """Independent blocks of cells, by which errors are clustered; shape (n,)."""
        return self.sample.assignment.block

    @property
    def crossed(self) -> IntArray | None:
        """Country codes, a second clustering where there are enough of them; shape (n,)."""
        codes = self.sample.assignment.country if self.clustered else None
        return codes if codes is not None and codes.max(initial=0) + 1 >= FEWEST_TO_CROSS else None

    def scores(self, estimand: Estimand) -> Scores:
        """Scores over the cells of `sample`: AIPW for ATE, ATT and ATO, PLR for a slope and for `within`."""
        if self.design == "within" and estimand in ("ATE", "ATT"):
            raise NotIdentifiedError(
                f"design 'within' compares artworks inside titles and estimates no {estimand}; use 'mundlak' for it."
            )
        if self.design == "within" or estimand == "slope":
            return plr_scores(self.sample, self.repetitions, demean=self.design == "within")
        return aipw_scores(self.sample, self.repetitions, estimand)

    def residuals(self) -> tuple[FloatArray, FloatArray]:
        """Outcome and treatment of the cells less their predictions; title means taken out but under `pooled`."""
        assignment = self.sample.assignment
        outcome = self.sample.outcome - np.median([one.outcome for one in self.repetitions], axis=0)
        treatment = assignment.treatment - np.median([one.treatment for one in self.repetitions], axis=0)
        if self.design == "pooled":
            return outcome, treatment
        means = title_means(np.column_stack([outcome, treatment]), assignment.title, assignment.weights)
        return outcome - means[:, 0], treatment - means[:, 1]

    def partially_linear_scores(self) -> Scores:
        """Scores of the partially linear model under this design."""
        return plr_scores(self.sample, self.repetitions, demean=self.design == "within")

    def average(self, scores: Scores) -> ClusteredMean:
        """Average over the cells of `sample`."""
        weights = self.sample.assignment.weights
        return average_scores(scores, weights, self.clusters, crossed=self.crossed, clustered=self.clustered)

    def carried(self, scores: Scores, estimand: Estimand) -> FloatArray:
        """What each cell's outcome weighs in an estimate from these scores, up to a factor; shape (n,)."""
        assignment = self.sample.assignment
        return assignment.weights * outcome_weights(scores, assignment.treatment, self.repetitions, estimand)

    def estimate(self, estimand: Estimand, *, plr: bool = False) -> EffectEstimate:
        """Estimate an average effect from this fit; `plr` asks for the partially linear score."""
        partially_linear = plr or self.design == "within" or estimand == "slope"
        scores = self.partially_linear_scores() if plr else self.scores(estimand)
        mean, assignment = self.average(scores), self.sample.assignment
        carried = self.carried(scores, estimand)
        return EffectEstimate(
            estimand=estimand,
            design=self.design,
            score="plr" if partially_linear else "aipw",
            effect=mean.effect,
            std_error=mean.std_error,
            degrees_of_freedom=mean.degrees_of_freedom,
            n_cells=len(self.sample.outcome),
            n_assets=assignment.n_assets,
            n_titles=assignment.n_titles,
            n_effective_assets=effective_sample_size(np.bincount(assignment.asset, weights=carried)),
            n_effective_titles=effective_sample_size(np.bincount(self.clusters, weights=carried)),
        )


def eligible_cells(sample: AnalysisSample, design: DesignName) -> BoolArray:
    """Cells of titles that a design can use: all, or those of titles whose artworks differ in the treatment.

    Raises
    ------
    NotIdentifiedError
        Where fewer than 10 titles vary and the design needs them.
    """
    eligible = np.ones(len(sample.outcome), dtype=bool)
    if design == "pooled":
        return eligible
    eligible = sample.assignment.in_varying_title()
    n_varying = len(np.unique(sample.assignment.title[eligible]))
    if n_varying < FEWEST_COMPARABLE_TITLES:
        raise NotIdentifiedError(
            f"design {design!r} is not identified: {n_varying} of {sample.assignment.n_titles} titles have artwork "
            f"that differ in the component, at least {FEWEST_COMPARABLE_TITLES} are needed."
        )
    return eligible


def fit_design(
    sample: AnalysisSample,
    design: DesignName,
    folds: Sequence[IntArray],
    *,
    trim: TrimRule,
    seed: int,
    settings: Settings | None = None,
    learner: Learner = "xgboost",
    nuisances: Sequence[Nuisances] | None = None,
) -> DesignFit:
    """Fit a design on the cells it can use.

    Parameters
    ----------
    sample : AnalysisSample of m cells
    design : {"pooled", "mundlak", "within"}
    folds : sequence of arrays of shape (m,)
        Fold labels of each repetition.
    trim : float or "crump"
        Propensities outside [trim, 1 - trim], or Crump's optimal limits, are left out (binary treatments).
    settings : Settings, optional
        Of the models; tuned where not given.
    learner : str
        Of both models, where no settings are given.
    nuisances : sequence of Nuisances over the m cells, optional
        Out-of-fold predictions of each repetition, made elsewhere: nothing is fitted and `folds` are not used. May be
        NaN in cells that the design cannot use.

    Raises
    ------
    NotIdentifiedError
        `mundlak` and `within` where fewer than 10 titles have artworks that differ in the treatment; where the outcome
        is constant, one fold holds all titles, no propensity is inside the limits, or given predictions do not fit the
        cells.
    """
    eligible = eligible_cells(sample, design)
    usable = sample.rows(eligible)
    if usable.outcome.min() == usable.outcome.max():
        raise NotIdentifiedError(f"the outcome does not vary (it is always {usable.outcome[0]:g}); nothing to explain.")
    if nuisances is None:
        usable_folds = [labels[eligible] for labels in folds]
        repetitions, settings = _fit_repetitions(usable, design, usable_folds, seed, settings, learner)
    else:
        repetitions, settings = [one.rows(eligible) for one in check_given(nuisances, sample, eligible)], None
    propensity = np.full(len(eligible), np.nan)
    propensity[eligible] = np.median([one.treatment for one in repetitions], axis=0)
    inside = np.ones(int(eligible.sum()), dtype=bool)
    if usable.assignment.is_binary and design != "within":
        inside = keep_overlap(propensity[eligible], trim)
    keep = eligible.copy()
    keep[eligible] = inside
    variance_left = treatment_variance_left(usable.assignment, propensity[eligible])
    if not inside.any() or usable.assignment.treatment[inside].min() == usable.assignment.treatment[inside].max():
        raise NothingComparableError(
            f"design {design!r}: no artworks with and without the component are comparable "
            f"(kept is {describe_trim(propensity, trim)}); {_way_out(variance_left)}"
        )
    return DesignFit(
        design,
        usable.rows(inside),
        tuple(one.rows(inside) for one in repetitions),
        propensity,
        eligible,
        keep,
        settings,
        country=sample.assignment.country,
        n_titles_given=sample.assignment.n_titles,
        n_titles_eligible=usable.assignment.n_titles,
        variance_left=variance_left,
    )


def _way_out(variance_left: float) -> str:
    """What to do where nothing is comparable: a rule can be too strict, and confounders can say it all."""
    if variance_left >= SMALLEST_VARIANCE_LEFT:
        return "lower `trim` or widen the catalogue."
    return (
        f"only {variance_left:.0%} of the component's variation is left after adjusting, which no other `trim` gives "
        "back: leave out the confounders that encode it."
    )


def _fit_repetitions(
    sample: AnalysisSample,
    design: DesignName,
    folds: Sequence[IntArray],
    seed: int,
    settings: Settings | None,
    learner: Learner,
) -> tuple[list[Nuisances], Settings | None]:
    if any(len(np.unique(labels)) < 2 for labels in folds):
        raise NotIdentifiedError(f"design {design!r}: all usable titles lie in one fold; use at least 2 folds.")
    features = design_features(sample.assignment, design)
    repetitions = []
    for repetition, labels in enumerate(folds):
        dense = np.unique(labels, return_inverse=True)[1].astype(np.int64)
        nuisances, settings = fit_nuisances(
            sample, design, dense, seed + 100 * repetition, settings, learner, features=features
        )
        repetitions.append(nuisances)
    return repetitions, settings
