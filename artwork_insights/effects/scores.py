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

from artwork_insights.design.confounders import FloatArray, title_means
from artwork_insights.design.folds import IntArray
from artwork_insights.effects.estimates import Estimand
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
    n_titles : int
        Clusters with weight.
    influence : array of shape (g,)
        Share of each title in `effect` less its expectation; sums to about zero, its squares to the variance.
    """

    effect: float
    std_error: float
    n_titles: int
    influence: FloatArray


def aipw_scores(sample: AnalysisSample, repetitions: Sequence[Nuisances], estimand: Estimand) -> Scores:
    """Augmented inverse propensity scores of a binary treatment for ATE, ATT or ATO."""
    treatment, outcome = sample.assignment.treatment, sample.outcome
    parts = [_aipw(treatment, outcome, nuisances, estimand) for nuisances in repetitions]
    return Scores(np.stack([a for a, _ in parts]), np.stack([b for _, b in parts]))


def _aipw(t: FloatArray, y: FloatArray, nuisances: Nuisances, estimand: Estimand) -> tuple[FloatArray, FloatArray]:
    p, g0, g1 = nuisances.treatment, nuisances.outcome_control, nuisances.outcome_treated
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


def average_scores(scores: Scores, weights: FloatArray, title: IntArray) -> ClusteredMean:
    """Average scores with errors clustered by title; repetitions are combined by the median rule.

    A title's squared sum is divided by one less its share of the denominator, which is G / (G - 1) when all titles
    weigh the same and grows where a few titles carry the estimate (the leverage correction of Bell and McCaffrey 2002
    for a mean). The median rule is that of Chernozhukov et al. (2018), equation 3.14.

    Raises
    ------
    NotIdentifiedError
        When fewer than two titles carry weight, or the denominator is zero.
    """
    means = [_average(a, b, weights, title) for a, b in zip(scores.numerator, scores.denominator, strict=True)]
    effect = float(np.median([mean.effect for mean in means]))
    std_error = float(np.sqrt(np.median([mean.std_error**2 + (mean.effect - effect) ** 2 for mean in means])))
    middle = min(means, key=lambda mean: abs(mean.effect - effect))
    return ClusteredMean(effect, std_error, middle.n_titles, middle.influence)


def _average(a: FloatArray, b: FloatArray, weights: FloatArray, title: IntArray) -> ClusteredMean:
    total = float(weights @ b)
    size = int(title.max()) + 1 if len(title) else 0
    share = np.bincount(title, weights=weights * b, minlength=size) / total if total > 0 else np.zeros(size)
    n_titles = int((np.bincount(title, minlength=size) > 0).sum())
    if total <= 0 or n_titles < 2 or share.max(initial=0.0) >= 1:
        raise NotIdentifiedError(f"{n_titles} titles hold comparable artwork; an effect needs at least 2.")
    effect = float(weights @ a) / total
    influence = np.bincount(title, weights=weights * (a - effect * b), minlength=size) / total
    influence = influence / np.sqrt(1 - share)
    return ClusteredMean(effect, float(np.sqrt((influence**2).sum())), n_titles, influence)
