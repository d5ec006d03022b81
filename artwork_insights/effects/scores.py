r"""Orthogonal scores and their averages with errors clustered by title.

Every estimator here is a ratio of weighted sums,

.. math:: \hat\theta = \sum_i w_i a_i / \sum_i w_i b_i,

with, for outcome :math:`y`, treatment :math:`t`, propensity :math:`p`, and outcome models :math:`g_0, g_1, l`:

========  =========================================================  ==================
ATE       a = g1 - g0 + t (y - g1) / p - (1 - t)(y - g0) / (1 - p)   b = 1
ATT       a = t (y - g0) - p (1 - t)(y - g0) / (1 - p)               b = t
ATO       a = (t - p)^2 (g1 - g0) + t (1 - p)(y - g1)                b = (t - p)^2
              - (1 - t) p (y - g0)
PLR       a = (t - p)(y - l)                                         b = (t - p)^2
========  =========================================================  ==================

Sources: Robins, Rotnitzky and Zhao (1994) for ATE; Chernozhukov et al. (2018) for ATT and PLR; Li, Morgan and
Zaslavsky (2018) for the overlap population, with the efficient score's derivative of p(1 - p) folded into (t - p)^2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from artwork_insights.design.balance import balancing_weights_of
from artwork_insights.design.confounders import FloatArray, title_means
from artwork_insights.design.folds import IntArray
from artwork_insights.effects.estimates import Estimand
from artwork_insights.effects.inference import clustered_means
from artwork_insights.effects.nuisances import Nuisances
from artwork_insights.effects.sample import AnalysisSample
from artwork_insights.errors import NotIdentifiedError


@dataclass(frozen=True, slots=True)
class Scores:
    """Numerator and denominator of a ratio of sums.

    Attributes
    ----------
    numerator, denominator : arrays of shape (r, n)
        One row per repetition over fold seeds.
    """

    numerator: FloatArray
    denominator: FloatArray


@dataclass(frozen=True, slots=True)
class ClusteredMean:
    """A ratio of sums with its error.

    Attributes
    ----------
    effect, std_error : float
    degrees_of_freedom : float
        Of Student's t for the interval; infinite without clusters.
    n_titles : int
        Clusters with rows.
    n_effective_titles : float
        Kish's number of clusters that carry the estimate.
    influence : array of shape (g,)
        Share of each title in `effect` less its expectation; sums to about zero, its squares to the variance.
    """

    effect: float
    std_error: float
    degrees_of_freedom: float
    n_titles: int
    n_effective_titles: float
    influence: FloatArray


def aipw_scores(sample: AnalysisSample, repetitions: Sequence[Nuisances], estimand: Estimand) -> Scores:
    """Augmented inverse propensity scores of a binary treatment for ATE, ATT or ATO."""
    treatment, outcome = sample.assignment.treatment, sample.outcome
    parts = [_aipw(treatment, outcome, nuisances, estimand) for nuisances in repetitions]
    return Scores(np.stack([a for a, _ in parts]), np.stack([b for _, b in parts]))


def _aipw(t: FloatArray, y: FloatArray, nuisances: Nuisances, estimand: Estimand) -> tuple[FloatArray, FloatArray]:
    p, g0, g1 = nuisances.treatment, nuisances.outcome_control, nuisances.outcome_treated
    if not ((p > 0) & (p < 1)).all():
        raise NotIdentifiedError("the given propensities must lie between 0 and 1, both excluded; trim or clip them.")
    if estimand == "ATE":
        return g1 - g0 + t * (y - g1) / p - (1 - t) * (y - g0) / (1 - p), np.ones_like(y)
    if estimand == "ATT":
        return t * (y - g0) - p * (1 - t) * (y - g0) / (1 - p), t
    if estimand == "ATO":
        overlap = (t - p) ** 2
        return overlap * (g1 - g0) + t * (1 - p) * (y - g1) - (1 - t) * p * (y - g0), overlap
    raise NotIdentifiedError(f"estimand {estimand!r} has no doubly robust score; use ATE, ATT or ATO.")


def control_scores(sample: AnalysisSample, repetitions: Sequence[Nuisances]) -> Scores:
    """Doubly robust scores of the mean outcome without the component: the base that effects are relative to."""
    t, y = sample.assignment.treatment, sample.outcome
    numerator = [n.outcome_control + (1 - t) * (y - n.outcome_control) / (1 - n.treatment) for n in repetitions]
    return Scores(np.stack(numerator), np.ones((len(numerator), len(y))))


def plr_scores(sample: AnalysisSample, repetitions: Sequence[Nuisances], *, demean: bool) -> Scores:
    """Partially linear scores; with `demean` the residuals' title means are taken out (design `within`)."""
    assignment = sample.assignment
    numerator, denominator = [], []
    for nuisances in repetitions:
        t = assignment.treatment - nuisances.treatment
        y = sample.outcome - nuisances.outcome
        if demean:
            t = t - title_means(t, assignment.title, assignment.weights)
            y = y - title_means(y, assignment.title, assignment.weights)
        numerator.append(t * y)
        denominator.append(t * t)
    return Scores(np.stack(numerator), np.stack(denominator))


def average_scores(
    scores: Scores,
    weights: FloatArray,
    title: IntArray,
    *,
    crossed: IntArray | None = None,
    clustered: bool = True,
) -> ClusteredMean:
    """Average scores with errors clustered by title; repetitions are combined by the median rule.

    Errors, degrees of freedom and the second clustering are those of `effects/inference.py`. The median rule is that
    of Chernozhukov et al. (2018), equation 3.14.

    Raises
    ------
    NotIdentifiedError
        When fewer than two titles carry weight, or the denominator is zero.
    """
    one = np.zeros(len(title), dtype=np.int64)
    means = [
        clustered_means(a, b, weights, title, one, crossed=crossed, clustered=clustered)
        for a, b in zip(scores.numerator, scores.denominator, strict=True)
    ]
    if not len(title) or any(np.isnan(mean.std_error[0]) for mean in means):
        raise NotIdentifiedError(f"{len(np.unique(title))} titles hold comparable artwork; an effect needs at least 2.")
    effect, std_error = combine_repetitions(
        np.stack([mean.effect for mean in means]), np.stack([mean.std_error for mean in means])
    )
    middle = min(means, key=lambda mean: float(abs(mean.effect[0] - effect[0])))
    influence = np.zeros(int(title.max()) + 1)
    influence[middle.pair_title] = middle.influence
    return ClusteredMean(
        float(effect[0]),
        float(std_error[0]),
        float(min(mean.degrees_of_freedom[0] for mean in means)),
        int(middle.n_titles[0]),
        float(middle.n_effective_titles[0]),
        influence,
    )


def outcome_weights(
    scores: Scores, treatment: FloatArray, repetitions: Sequence[Nuisances], estimand: Estimand
) -> FloatArray:
    """Size of the weight that the estimand gives to each cell's outcome, up to a common factor; shape (n,).

    The absolute Riesz representer: 1/p and 1/(1-p) for the ATE, 1 and p/(1-p) for the ATT, the treatment's residual
    for the ATO and for a slope. A rare kind in a corner of weak overlap weighs much, however alike the score's
    denominators are.
    """
    if estimand in ("ATO", "slope"):
        return np.asarray(np.sqrt(np.median(scores.denominator, axis=0)))
    propensity = np.median([nuisances.treatment for nuisances in repetitions], axis=0)
    return balancing_weights_of(treatment == 1, propensity, "ATE" if estimand == "ATE" else "ATT")


def nearest_repetition(scores: Scores, weights: FloatArray, effect: float) -> int:
    """The repetition whose effect is nearest to `effect`, the median over them."""
    effects = scores.numerator @ weights / (scores.denominator @ weights)
    return int(np.abs(effects - effect).argmin())


def row_influence(scores: Scores, weights: FloatArray, effect: float) -> tuple[FloatArray, FloatArray]:
    """What each row adds to an effect less its expectation, and its share of the denominator; shape (n,) each.

    Of the repetition nearest to `effect`. Added up by title, corrected and squared they are the variance
    (`effects/two_way.py`).
    """
    nearest = nearest_repetition(scores, weights, effect)
    bottom = weights * scores.denominator[nearest]
    share = bottom / bottom.sum()
    top = weights * scores.numerator[nearest] / bottom.sum()
    return top - top.sum() * share, share


def combine_repetitions(effects: FloatArray, std_errors: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Median effects and errors over repetitions; arrays of shape (r, k) in, (k,) out."""
    effect = np.median(effects, axis=0)
    return effect, np.sqrt(np.median(std_errors**2 + (effects - effect) ** 2, axis=0))
