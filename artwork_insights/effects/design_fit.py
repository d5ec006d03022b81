"""One design, fitted: the cells it speaks of, its nuisances, and the estimates that follow from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from artwork_insights.design.assignment import BoolArray
from artwork_insights.design.confounders import FloatArray
from artwork_insights.design.folds import IntArray
from artwork_insights.design.missing import FEWEST_COMPARABLE_TITLES
from artwork_insights.design.overlap import effective_sample_size
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
    plr_scores,
)
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.study import DesignName, Learner, TrimRule


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
    """

    design: DesignName
    sample: AnalysisSample
    repetitions: tuple[Nuisances, ...]
    propensity: FloatArray
    eligible: BoolArray
    keep: BoolArray
    settings: Settings | None
    clustered: bool = True

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

    def partially_linear_scores(self) -> Scores:
        """Scores of the partially linear model under this design."""
        return plr_scores(self.sample, self.repetitions, demean=self.design == "within")

    def average(self, scores: Scores) -> ClusteredMean:
        """Average over the cells of `sample`."""
        weights = self.sample.assignment.weights
        return average_scores(scores, weights, self.clusters, crossed=self.crossed, clustered=self.clustered)

    def estimate(self, estimand: Estimand, *, plr: bool = False) -> EffectEstimate:
        """Estimate an average effect from this fit; `plr` asks for the partially linear score."""
        partially_linear = plr or self.design == "within" or estimand == "slope"
        scores = self.partially_linear_scores() if plr else self.scores(estimand)
        mean, assignment = self.average(scores), self.sample.assignment
        carried = assignment.weights * np.median(scores.denominator, axis=0)
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
            n_effective_titles=mean.n_effective_titles,
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
    if not inside.any() or usable.assignment.treatment[inside].min() == usable.assignment.treatment[inside].max():
        raise NotIdentifiedError(
            f"design {design!r}: no artworks with and without the component are comparable "
            f"(kept is {describe_trim(propensity, trim)}); lower `trim` or widen the catalogue."
        )
    return DesignFit(
        design,
        usable.rows(inside),
        tuple(one.rows(inside) for one in repetitions),
        propensity,
        eligible,
        keep,
        settings,
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
    repetitions = []
    for repetition, labels in enumerate(folds):
        dense = np.unique(labels, return_inverse=True)[1].astype(np.int64)
        nuisances, settings = fit_nuisances(sample, design, dense, seed + 100 * repetition, settings, learner)
        repetitions.append(nuisances)
    return repetitions, settings
