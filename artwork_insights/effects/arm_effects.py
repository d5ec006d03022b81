"""Estimates of several arms: doubly robust scores of each arm's mean, or the partially linear model inside titles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from artwork_insights.design.assignment import BoolArray
from artwork_insights.design.confounders import FloatArray
from artwork_insights.design.folds import IntArray
from artwork_insights.design.learners import Learner, LearnerSettings
from artwork_insights.design.missing import FEWEST_COMPARABLE_TITLES
from artwork_insights.design.reading import check_share, check_trim
from artwork_insights.design.trimming import trim_limits
from artwork_insights.effects.arm_contrasts import (
    arms_of_title,
    check_arm_sizes,
    contrast_inside_titles,
    describe_contrast,
    join_contrasts,
)
from artwork_insights.effects.arms import ArmContrast, ArmEffects, ArmMean, arm_pairs, encode_arms
from artwork_insights.effects.arrays import in_own_order, sample_from_arrays
from artwork_insights.effects.average import DEFAULT_TRIM, check_choices, default_design
from artwork_insights.effects.design_fit import eligible_cells
from artwork_insights.effects.estimates import Estimand
from artwork_insights.effects.nuisances import fit_arm, fold_labels
from artwork_insights.effects.partially_linear import with_means
from artwork_insights.effects.sample import AnalysisSample
from artwork_insights.effects.scores import ClusteredMean, Scores, average_scores, row_influence
from artwork_insights.effects.two_way import clustered_influence, clusterings, joint_covariance
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.study import DesignName, TrimRule

BAND_LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class _Fitted:
    """Arms after cross-fitting; arrays over repetitions r, cells n and arms k."""

    sample: AnalysisSample
    code: IntArray
    names: tuple[str, ...]
    design: DesignName
    scores: FloatArray
    propensity: FloatArray
    in_title: BoolArray
    trim: TrimRule
    clustered: bool

    @property
    def clusterings(self) -> tuple[IntArray, ...]:
        """Clusterings of the errors over the n cells: titles, and countries too where there are enough."""
        assignment = self.sample.assignment
        return clusterings(assignment.block, assignment.country if self.clustered else None)

    def carried(self, arm: int, versus: int) -> FloatArray:
        """What each cell's outcome weighs in a contrast: its weight over the propensity of its arm; shape (n,)."""
        received = np.take_along_axis(self.propensity, self.code[:, None], axis=1)[:, 0]
        return np.where(np.isin(self.code, (arm, versus)), self.sample.assignment.weights / received, 0.0)


def estimate_arm_effects(
    outcome: npt.ArrayLike,
    arms: npt.ArrayLike,
    confounders: pd.DataFrame | npt.ArrayLike,
    clusters: npt.ArrayLike | None = None,
    *,
    reference: str | None = None,
    estimand: Estimand = "ATE",
    design: DesignName | None = None,
    weights: npt.ArrayLike | None = None,
    learner: Learner = "xgboost",
    folds: int | npt.ArrayLike = 5,
    repeats: int = 1,
    trim: TrimRule | None = None,
    level: float = BAND_LEVEL,
    seed: int = 0,
) -> ArmEffects:
    """Estimate the effect of every arm rather than every other, with simultaneous intervals.

    `pooled` and `mundlak` average doubly robust scores; the propensities of the arms come from one model for each arm
    against the rest, made to add up to one. `within` gives the coefficients of a partially linear model with one
    indicator for each arm, residuals demeaned by title.

    Parameters
    ----------
    arms : array of shape (n,)
        Labels; a categorical (see `cut_arms`) keeps its order, others are sorted.
    reference : str, optional
        The first arm by default.
    estimand : {"ATE", "ATO"}
        ATE for `pooled` and `mundlak`; ATO for `within`, as the partially linear model weights cells.
    trim : float or "crump", optional
        Cells whose propensity of an arm lies below it, or below Crump's optimal limit for that arm against the rest,
        are left out of what concerns the arm; 0.05 by default.
    level : float
        At which the simultaneous intervals hold.

    The other parameters are those of `estimate_average_effect`.

    Raises
    ------
    NotIdentifiedError
        Where an arm has fewer than 10 artworks, or no two arms can be compared under the design.

    References
    ----------
    Cattaneo (2010), Efficient semiparametric estimation of multi-valued treatment effects under ignorability.
    """
    check_choices(design=design, learner=learner, seed=seed)
    check_share("level", level)
    code, names = encode_arms(arms, reference)
    whole, folds, _ = in_own_order(sample_from_arrays(outcome, code, confounders, clusters, weights=weights), folds)
    check_arm_sizes(whole, names)
    chosen = design or default_design(whole.assignment)
    expected = "ATO" if chosen == "within" else "ATE"
    if estimand != expected:
        raise NotIdentifiedError(f"design {chosen!r} estimates the {expected} of several arms and no {estimand}.")
    labels = fold_labels(whole, folds, repeats, np.random.default_rng(seed))
    return arm_effects_of(
        whole, names, chosen, labels,
        trim=DEFAULT_TRIM if trim is None else trim, level=level, seed=seed, clustered=clusters is not None,
        learner=learner,
    )  # fmt: skip


def arm_effects_of(
    sample: AnalysisSample,
    names: tuple[str, ...],
    design: DesignName,
    folds: Sequence[IntArray],
    *,
    trim: TrimRule,
    level: float,
    seed: int,
    clustered: bool = True,
    learner: Learner = "xgboost",
    outcome_settings: LearnerSettings | None = None,
) -> ArmEffects:
    """`estimate_arm_effects` of a sample of n cells whose treatment is the code of its arm, 0 for `names[0]`.

    Parameters
    ----------
    folds : sequence of arrays of shape (n,)
        Fold labels of each repetition.
    outcome_settings : LearnerSettings, optional
        Of the outcome's model; tuned on the first arm where not given, as those of the arms always are.
    """
    check_trim(trim)
    eligible = eligible_cells(sample, design)
    dense = [np.unique(labels[eligible], return_inverse=True)[1].astype(np.int64) for labels in folds]
    sample = sample.rows(eligible)
    code = sample.assignment.treatment.astype(np.int64)
    if design == "within":
        covariance, contrasts = contrast_inside_titles(
            sample, code, names, dense, seed=seed, clustered=clustered, learner=learner
        )
        return join_contrasts(names, "within", (), contrasts, covariance, level=level, seed=seed)
    scores, propensity = _cross_fit(sample, code, len(names), design, dense, seed, learner, outcome_settings)
    held = arms_of_title(sample, code, len(names)) if design == "mundlak" else np.ones_like(scores[0], bool)
    return _doubly_robust(
        _Fitted(sample, code, names, design, scores, propensity, held, trim, clustered), level=level, seed=seed
    )


def _cross_fit(
    sample: AnalysisSample,
    code: IntArray,
    n_arms: int,
    design: DesignName,
    folds: Sequence[IntArray],
    seed: int,
    learner: Learner,
    outcome_settings: LearnerSettings | None,
) -> tuple[FloatArray, FloatArray]:
    """Scores of every arm's mean, shape (r, n, k), and median propensities, shape (n, k)."""
    indicator = (code[:, None] == np.arange(n_arms)).astype(np.float64)
    assignment = sample.assignment
    if design == "mundlak":
        assignment = replace(assignment, confounders=with_means(assignment, indicator))
    treatment_settings: LearnerSettings | None = None
    scores, propensities = [], []
    for repetition, labels in enumerate(folds):
        chance, expected = [], []
        for k in range(n_arms):
            one = AnalysisSample(replace(assignment, treatment=indicator[:, k]), sample.outcome)
            propensity, mean, settings = fit_arm(
                one, design, labels, seed + 100 * repetition + 10 * k, treatment_settings, outcome_settings, learner
            )
            treatment_settings, outcome_settings = settings.treatment, settings.outcome
            chance.append(propensity)
            expected.append(mean)
        p, g = np.column_stack(chance), np.column_stack(expected)
        p = p / p.sum(axis=1, keepdims=True)
        scores.append(g + indicator * (sample.outcome[:, None] - g) / p)
        propensities.append(p)
    return np.stack(scores), np.median(propensities, axis=0)


def _doubly_robust(fitted: _Fitted, *, level: float, seed: int) -> ArmEffects:
    lowest = np.array([trim_limits(column, fitted.trim)[0] for column in fitted.propensity.T])
    usable = fitted.in_title & (fitted.propensity >= lowest)
    means = tuple(found for k in range(len(fitted.names)) if (found := _arm_mean(fitted, k, usable[:, k])) is not None)
    contrasts, parts = [], []
    for arm, versus in arm_pairs(len(fitted.names)):
        inside = usable[:, arm] & usable[:, versus]
        sentence = _refusal(fitted, arm, versus, inside)
        if sentence:
            contrasts.append(ArmContrast(fitted.names[arm], fitted.names[versus], None, None, sentence))
            continue
        difference = fitted.scores[:, inside, arm] - fitted.scores[:, inside, versus]
        mean = _average(fitted, difference, inside)
        parts.append(_row_influence(fitted, difference, inside, mean.effect))
        estimate = describe_contrast(fitted.sample, fitted.design, inside, mean, fitted.carried(arm, versus))
        contrasts.append(ArmContrast(fitted.names[arm], fitted.names[versus], estimate, None))
    if not parts:
        raise NotIdentifiedError(f"design {fitted.design!r}: {contrasts[0].sentence}")
    moved, share = (np.stack(columns, axis=1) for columns in zip(*parts, strict=True))
    covariance = joint_covariance(
        [clustered_influence(moved, share, side, clustered=fitted.clustered) for side in fitted.clusterings]
    )
    return join_contrasts(fitted.names, fitted.design, means, contrasts, covariance, level=level, seed=seed)


def _average(fitted: _Fitted, scores: FloatArray, inside: BoolArray) -> ClusteredMean:
    assignment = fitted.sample.assignment
    return average_scores(
        Scores(scores, np.ones_like(scores)),
        assignment.weights[inside],
        assignment.block[inside],
        crossed=None if assignment.country is None else assignment.country[inside],
        clustered=fitted.clustered,
    )


def _row_influence(
    fitted: _Fitted, scores: FloatArray, inside: BoolArray, effect: float
) -> tuple[FloatArray, FloatArray]:
    """`row_influence` of a contrast over all n cells, 0 in those that it does not compare."""
    moved, share = np.zeros(len(inside)), np.zeros(len(inside))
    weights = fitted.sample.assignment.weights[inside]
    moved[inside], share[inside] = row_influence(Scores(scores, np.ones_like(scores)), weights, effect)
    return moved, share


def _arm_mean(fitted: _Fitted, k: int, inside: BoolArray) -> ArmMean | None:
    try:
        mean = _average(fitted, fitted.scores[:, inside, k], inside)
    except NotIdentifiedError:
        return None
    n_titles = len(np.unique(fitted.sample.assignment.title[inside]))
    return ArmMean(fitted.names[k], mean.effect, mean.std_error, int(inside.sum()), n_titles)


def _refusal(fitted: _Fitted, arm: int, versus: int, inside: BoolArray) -> str:
    names = f"{fitted.names[arm]!r} and {fitted.names[versus]!r}"
    counts = [int((inside & (fitted.code == k)).sum()) for k in (arm, versus)]
    if min(counts) == 0:
        return (
            f"no artworks of {names} are comparable; merge arms, lower `trim`, or leave out a confounder that tells "
            "them apart."
        )
    n_titles = len(np.unique(fitted.sample.assignment.title[inside]))
    if fitted.design == "mundlak" and n_titles < FEWEST_COMPARABLE_TITLES:
        least = FEWEST_COMPARABLE_TITLES
        return f"{n_titles} titles have comparable artworks of both {names}, at least {least} are needed."
    return ""
