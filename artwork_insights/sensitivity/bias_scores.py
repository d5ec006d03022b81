r"""An effect and the bias that an omitted confounder could give it, as scores that can be added up by title.

Both are ratios of sums, so that the effect moved by s times its largest bias :math:`\sqrt{\sigma^2 \nu^2}` is one too:
its numerator is that of the effect plus s times the influence of the bias. Errors, degrees of freedom and the median
over repetitions are then those of `effects.scores.average_scores`, the same as the headline's.

Source: Chernozhukov, Cinelli, Newey, Sharma and Syrgkanis, Long story short: omitted variable bias in causal machine
learning (2022), theorems 2 and 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from artwork_insights.design.confounders import FloatArray
from artwork_insights.design.folds import IntArray
from artwork_insights.effects.scores import ClusteredMean, Scores, average_scores
from artwork_insights.errors import NotIdentifiedError

BoundedScore = Literal["plr", "ATE", "ATT"]


@dataclass(frozen=True, slots=True)
class Predictions:
    """Out-of-fold predictions of one repetition.

    Attributes
    ----------
    treatment : array of shape (n,)
        Propensity, or expected treatment.
    outcome : array of shape (n,) or None
        Expected outcome given the confounders; for ``"plr"``.
    outcome_control, outcome_treated : array of shape (n,) or None
        Expected outcome without and with the component; for ``"ATE"`` and ``"ATT"``.
    """

    treatment: FloatArray
    outcome: FloatArray | None = None
    outcome_control: FloatArray | None = None
    outcome_treated: FloatArray | None = None


@dataclass(frozen=True, slots=True)
class BiasScores:
    """Scores of an effect and of its largest bias, added up by cluster, one row per repetition.

    Attributes
    ----------
    numerator, denominator : arrays of shape (r, g)
        Of the effect.
    bias : array of shape (r, g)
        What joins the numerator for each unit of confounding.
    outcome_variance : array of shape (r,)
        sigma^2: variance of the outcome given treatment and confounders.
    weight_variance : array of shape (r,)
        nu^2: mean square of the weights that the effect gives to outcomes (of the Riesz representer); the plain mean
        square where the debiased estimate is not positive.
    cluster : array of shape (g,), int
    crossed : array of shape (g,), int, or None
        A second clustering, e.g. by country.
    clustered : bool
        False where every row stands alone, with normal limits.
    """

    numerator: FloatArray
    denominator: FloatArray
    bias: FloatArray
    outcome_variance: FloatArray
    weight_variance: FloatArray
    cluster: IntArray
    crossed: IntArray | None
    clustered: bool

    @property
    def largest_bias(self) -> float:
        """Bias per unit of confounding, sqrt(sigma^2 nu^2); median over repetitions."""
        return float(np.median(np.sqrt(self.outcome_variance * self.weight_variance)))

    def moved(self, strength: float) -> ClusteredMean:
        """The effect moved by `strength` (signed) times the largest bias, with its error."""
        scores = Scores(self.numerator + strength * self.bias, self.denominator)
        weights = np.ones(len(self.cluster))
        return average_scores(scores, weights, self.cluster, crossed=self.crossed, clustered=self.clustered)


@dataclass(frozen=True, slots=True)
class _Parts:
    """Of one repetition, by row: numerator, denominator, and what the bias is made of."""

    numerator: FloatArray
    denominator: FloatArray
    squares: FloatArray
    weight_variance: float
    weight_influence: FloatArray

    def bias(self, w: FloatArray, sigma2: float) -> FloatArray:
        """Numerator of the bias: its size times the denominator, plus its influence."""
        largest = float(np.sqrt(sigma2 * self.weight_variance))
        if not largest > 0:
            return np.zeros_like(self.squares)
        influence = sigma2 * self.weight_influence + self.weight_variance * (self.squares - sigma2)
        return largest * self.denominator + float(np.average(self.denominator, weights=w)) * influence / (2 * largest)


def bias_scores(
    outcome: FloatArray,
    treatment: FloatArray,
    repetitions: list[Predictions],
    score: BoundedScore,
    weights: FloatArray,
    cluster: IntArray,
    *,
    crossed: IntArray | None = None,
    clustered: bool = True,
) -> BiasScores:
    """Scores of the effect and of its largest bias.

    Parameters
    ----------
    outcome, treatment : arrays of shape (n,)
        The treatment is binary for ATE and ATT.
    repetitions : list of Predictions over the n rows
    score : {"plr", "ATE", "ATT"}
    weights : array of shape (n,)
        Mean 1.
    cluster, crossed : arrays of shape (n,), int
        Titles, and a second clustering.
    clustered : bool
        False where every row stands alone.

    Raises
    ------
    NotIdentifiedError
        Predictions that the score needs are missing, propensities are not inside 0 and 1, or nothing of the treatment
        is left beside its prediction.
    """
    codes = cluster if crossed is None else cluster * (int(crossed.max()) + 1) + crossed
    _, first, group = np.unique(codes, return_index=True, return_inverse=True)
    summed, variances = [], []
    for predictions in repetitions:
        parts = _partial_out(outcome, treatment, predictions, weights) if score == "plr" else _doubly_robust(
            outcome, treatment, predictions, weights, is_att=score == "ATT"
        )  # fmt: skip
        sigma2 = float(np.average(parts.squares, weights=weights))
        variances.append((sigma2, parts.weight_variance))
        by_row = (parts.numerator, parts.denominator, parts.bias(weights, sigma2))
        summed.append([np.bincount(group, weights=weights * values) for values in by_row])
    scores = np.array(summed)
    variance = np.array(variances)
    return BiasScores(
        scores[:, 0], scores[:, 1], scores[:, 2], variance[:, 0], variance[:, 1],
        cluster[first], None if crossed is None else crossed[first], clustered,
    )  # fmt: skip


def _partial_out(y: FloatArray, t: FloatArray, predictions: Predictions, w: FloatArray) -> _Parts:
    left, dose = y - _needed(predictions.outcome, "outcome_prediction"), t - predictions.treatment
    variation = float(np.average(dose**2, weights=w))
    if not variation > 0:
        raise NotIdentifiedError("nothing of the treatment is left beside its prediction; there is no effect to bound.")
    effect = float(np.average(dose * left, weights=w)) / variation
    nu2 = 1 / variation
    return _Parts(dose * left, dose**2, (left - effect * dose) ** 2, nu2, nu2 - dose**2 * nu2**2)


def _doubly_robust(y: FloatArray, t: FloatArray, predictions: Predictions, w: FloatArray, *, is_att: bool) -> _Parts:
    g0 = _needed(predictions.outcome_control, "outcome_control")
    g1 = _needed(predictions.outcome_treated, "outcome_treated")
    p = predictions.treatment
    if not np.isin(t, (0, 1)).all() or t.min() == t.max():
        raise NotIdentifiedError("doubly robust bounds need a treatment of zeros and ones, some of each.")
    if not ((p > 0) & (p < 1)).all():
        raise NotIdentifiedError("doubly robust bounds need propensities strictly between 0 and 1; trim the others.")
    treated = float(np.average(t, weights=w))
    share, expected = (t / treated, p / treated) if is_att else (np.ones_like(y), np.ones_like(y))
    riesz = expected * (t / p - (1 - t) / (1 - p))
    rest = y - np.where(t == 1, g1, g0)
    squares = 2 * share * expected * (1 / p + 1 / (1 - p)) - riesz**2
    nu2 = float(np.average(squares, weights=w))
    if not nu2 > 0:  # propensities that do not fit the treatment; the plain mean square is always positive
        squares = riesz**2
        nu2 = float(np.average(squares, weights=w))
    return _Parts(share * (g1 - g0) + riesz * rest, share, rest**2, nu2, squares - nu2)


def _needed(values: FloatArray | None, name: str) -> FloatArray:
    if values is None:
        raise NotIdentifiedError(f"these bounds need {name}: out-of-fold predictions, one per row.")
    return values
