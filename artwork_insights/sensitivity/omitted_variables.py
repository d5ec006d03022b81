r"""Bounds of an effect under omitted confounders, for double machine learning.

An omitted confounder that explains at most the share :math:`C_Y` of the outcome's residual variance and at most
:math:`C_D` of what the treatment's weights leave moves the effect by at most

.. math:: |\text{bias}| \le |\rho| \sqrt{C_Y \, C_D / (1 - C_D)} \; \sqrt{\sigma^2 \nu^2},

with the outcome's residual variance :math:`\sigma^2` and the mean square :math:`\nu^2` of the Riesz representer:
:math:`1 / E[(t - p)^2]` for the partially linear model, :math:`E[2 m(\alpha) - \alpha^2]` for doubly robust averages.
Both are estimated, and their own error is in the interval: the lower limit takes the error of effect less bias, the
upper one that of effect plus bias. (DoubleML 0.11 exchanges the two; a bootstrap of the bounds gives ours.)

Source: Chernozhukov, Cinelli, Newey, Sharma and Syrgkanis, Long story short: omitted variable bias in causal machine
learning (2022), theorems 2 and 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
from scipy import optimize, stats

from artwork_insights.design.confounders import FloatArray
from artwork_insights.design.folds import IntArray, encode_titles
from artwork_insights.design.reading import as_numbers, as_positive, check_number, check_share
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.sensitivity.robustness import equal_strength

BoundedScore = Literal["plr", "ATE", "ATT"]
_STRONGEST = 0.9999


@dataclass(frozen=True, slots=True)
class OmittedVariableBounds:
    """An effect and how far an omitted confounder of stated strength could move it.

    Attributes
    ----------
    effect, std_error : float
        As estimated, in the unit of the outcome.
    strength_outcome, strength_treatment : float
        Share of the residual variance of the outcome, and of what is left of the treatment, that the omitted
        confounder explains; in [0, 1).
    rho : float
        Correlation of the two deviations, 1 for the worst case.
    effect_lower, effect_upper : float
        Bounds of the effect.
    interval_lower, interval_upper : float
        One-sided confidence limits of the bounds at `level`.
    robustness_value, robustness_value_alpha : float
        Equal strength with both that brings the effect, and its one-sided limit, to `null`; in [0, 1].
    largest_bias : float
        sqrt(sigma^2 nu^2): the bias per unit of strength.
    level, null : float
    n_clusters : int
    """

    effect: float
    std_error: float
    strength_outcome: float
    strength_treatment: float
    rho: float
    effect_lower: float
    effect_upper: float
    interval_lower: float
    interval_upper: float
    robustness_value: float
    robustness_value_alpha: float
    largest_bias: float
    level: float
    null: float
    n_clusters: int


def omitted_variable_bounds(
    outcome: npt.ArrayLike,
    treatment: npt.ArrayLike,
    *,
    treatment_prediction: npt.ArrayLike,
    outcome_prediction: npt.ArrayLike | None = None,
    outcome_control: npt.ArrayLike | None = None,
    outcome_treated: npt.ArrayLike | None = None,
    score: BoundedScore = "plr",
    strength_outcome: float = 0.03,
    strength_treatment: float = 0.03,
    rho: float = 1.0,
    clusters: npt.ArrayLike | None = None,
    weights: npt.ArrayLike | None = None,
    level: float = 0.95,
    null: float = 0.0,
) -> OmittedVariableBounds:
    """Bound an effect from out-of-fold predictions.

    Parameters
    ----------
    outcome, treatment : arrays of shape (n,)
        The treatment is binary for ATE and ATT.
    treatment_prediction : array of shape (n,)
        Propensity, or expected treatment, out of fold.
    outcome_prediction : array of shape (n,)
        For ``"plr"``: expected outcome given the confounders.
    outcome_control, outcome_treated : arrays of shape (n,)
        For ``"ATE"`` and ``"ATT"``: expected outcome without and with the component.
    score : {"plr", "ATE", "ATT"}
    strength_outcome, strength_treatment : float
        See `OmittedVariableBounds`.
    rho : float
        In [-1, 1].
    clusters : array of shape (n,), optional
        Titles; errors are clustered by them, with t(G - 1). Without them rows stand alone, with normal limits.
    weights : array of shape (n,), optional
    level : float
        Of the one-sided limits.
    null : float
        Effect that the robustness values are about.

    Raises
    ------
    NotIdentifiedError
        A strength is outside [0, 1), lengths differ, a weight is not positive, or predictions that the score needs are
        missing.
    """
    for name, value in (("strength_outcome", strength_outcome), ("strength_treatment", strength_treatment)):
        if not 0 <= check_number(name, value) < 1:
            raise NotIdentifiedError(f"{name}={value:g}: a share of variance lies in 0 to below 1.")
    if not -1 <= check_number("rho", rho) <= 1:
        raise NotIdentifiedError(f"rho={rho:g} is a correlation; it lies in -1 to 1.")
    check_number("null", null)
    if score not in get_args(BoundedScore):
        raise NotIdentifiedError(f"score {score!r} is not known; use 'plr', 'ATE' or 'ATT'.")
    y, t = _columns(outcome, treatment)
    w = np.ones_like(y) if weights is None else as_positive("weights", weights, len(y))
    w = w / w.mean()
    p = _columns(outcome, treatment_prediction)[1]
    if score == "plr":
        elements = _plr_elements(y, t, p, _given(outcome, outcome_prediction, "outcome_prediction", score), w)
    else:
        g0 = _given(outcome, outcome_control, "outcome_control", score)
        g1 = _given(outcome, outcome_treated, "outcome_treated", score)
        elements = _aipw_elements(y, t, p, g0, g1, w, is_att=score == "ATT")
    titles = np.arange(len(y)) if clusters is None else encode_titles(clusters)
    if len(titles) != len(y) or len(np.unique(titles)) < 2:
        raise NotIdentifiedError("clusters need one title per row, and at least 2 titles.")
    bounds = _Bounds(*elements, w, titles, clusters is not None, check_share("level", level))
    strength = abs(rho) * float(np.sqrt(strength_outcome * strength_treatment / (1 - strength_treatment)))
    lower, upper = bounds.limits(strength)
    near = abs(bounds.effect - null) / bounds.largest_bias if bounds.largest_bias > 0 else np.inf
    return OmittedVariableBounds(
        bounds.effect, bounds.std_error(0.0), strength_outcome, strength_treatment, rho,
        bounds.effect - strength * bounds.largest_bias, bounds.effect + strength * bounds.largest_bias, lower, upper,
        equal_strength(float(near) ** 2), bounds.robustness(null), bounds.largest_bias, level, null, bounds.n_clusters,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Bounds:
    """Effect, bias per unit of strength, and their influence functions; shape (n,), mean 0 under `weights`."""

    effect: float
    influence: FloatArray
    largest_bias: float
    bias_influence: FloatArray
    weights: FloatArray
    title: IntArray
    is_clustered: bool
    level: float

    @property
    def n_clusters(self) -> int:
        return int(self.title.max()) + 1

    def std_error(self, strength: float) -> float:
        """Of the effect moved by `strength` (signed) times the bias."""
        total = np.bincount(self.title, weights=self.weights * (self.influence + strength * self.bias_influence))
        n, clusters = len(self.influence), len(total)
        inflation = clusters / (clusters - 1) if self.is_clustered and clusters > 1 else 1.0
        return float(np.sqrt(inflation * (total**2).sum()) / n)

    def limits(self, strength: float) -> tuple[float, float]:
        freedom = self.n_clusters - 1 if self.is_clustered else np.inf
        reach = float(stats.t.ppf(self.level, freedom))
        bias = strength * self.largest_bias
        low = self.effect - bias - reach * self.std_error(-strength)
        return low, self.effect + bias + reach * self.std_error(strength)

    def robustness(self, null: float) -> float:
        """Equal strength at which the one-sided limit on the side of `null` reaches it."""
        side = 0 if self.effect > null else 1

        def room(share: float) -> float:
            limit = self.limits(share / float(np.sqrt(1 - share)))[side]
            return limit - null if side == 0 else null - limit

        if room(0.0) <= 0:
            return 0.0
        return 1.0 if room(_STRONGEST) > 0 else float(optimize.brentq(room, 0.0, _STRONGEST, xtol=1e-12))


def _with_bias(
    effect: float, influence: FloatArray, sigma: FloatArray, nu2: float, nu_influence: FloatArray, w: FloatArray
) -> tuple[float, FloatArray, float, FloatArray]:
    """Add the bias per unit of strength and its influence: the root of sigma^2 nu^2."""
    sigma2 = float(np.average(sigma, weights=w))
    largest = float(np.sqrt(sigma2 * nu2))
    if not largest > 0:
        return effect, influence, 0.0, np.zeros_like(influence)
    return effect, influence, largest, (sigma2 * nu_influence + nu2 * (sigma - sigma2)) / (2 * largest)


def _plr_elements(
    y: FloatArray, t: FloatArray, p: FloatArray, prediction: FloatArray, w: FloatArray
) -> tuple[float, FloatArray, float, FloatArray]:
    left, dose = y - prediction, t - p
    variation = float(np.average(dose**2, weights=w))
    if not variation > 0:
        raise NotIdentifiedError("nothing of the treatment is left beside its prediction; there is no effect to bound.")
    effect = float(np.average(dose * left, weights=w)) / variation
    rest = left - effect * dose
    nu2 = 1 / variation
    return _with_bias(effect, rest * dose / variation, rest**2, nu2, nu2 - dose**2 * nu2**2, w)


def _aipw_elements(
    y: FloatArray, t: FloatArray, p: FloatArray, g0: FloatArray, g1: FloatArray, w: FloatArray, *, is_att: bool
) -> tuple[float, FloatArray, float, FloatArray]:
    if not np.isin(t, (0, 1)).all() or t.min() == t.max():
        raise NotIdentifiedError("doubly robust bounds need a treatment of zeros and ones, some of each.")
    if not ((p > 0) & (p < 1)).all():
        raise NotIdentifiedError("doubly robust bounds need propensities strictly between 0 and 1; trim the others.")
    treated = float(np.average(t, weights=w))
    share, expected = (t / treated, p / treated) if is_att else (np.ones_like(y), np.ones_like(y))
    riesz = expected * (t / p - (1 - t) / (1 - p))
    score = share * (g1 - g0) + riesz * (y - np.where(t == 1, g1, g0))
    effect = float(np.average(score, weights=w) / np.average(share, weights=w))
    squares = 2 * share * expected * (1 / p + 1 / (1 - p)) - riesz**2
    nu2 = float(np.average(squares, weights=w))
    if not nu2 > 0:
        raise NotIdentifiedError("propensities do not fit the treatment, so that no bound follows; improve that model.")
    return _with_bias(effect, score - share * effect, (y - np.where(t == 1, g1, g0)) ** 2, nu2, squares - nu2, w)


def _columns(outcome: npt.ArrayLike, other: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    first, second = as_numbers("outcome", outcome), as_numbers("treatment or prediction", other)
    if first.shape != second.shape or not len(first):
        raise NotIdentifiedError(f"columns of shapes {first.shape} and {second.shape}; give one value per row in each.")
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise NotIdentifiedError("some rows lack a value; leave them out.")
    return first, second


def _given(outcome: npt.ArrayLike, values: npt.ArrayLike | None, name: str, score: str) -> FloatArray:
    if values is None:
        raise NotIdentifiedError(f"bounds of {score!r} need {name}: out-of-fold predictions, one per row.")
    return _columns(outcome, values)[1]
