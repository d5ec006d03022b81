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
from typing import get_args

import numpy as np
import numpy.typing as npt
from scipy import optimize, stats

from artwork_insights.design.confounders import FloatArray
from artwork_insights.design.folds import encode_titles
from artwork_insights.design.reading import as_numbers, as_positive, check_number, check_share
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.sensitivity.bias_scores import BiasScores, BoundedScore, Predictions, bias_scores
from artwork_insights.sensitivity.robustness import equal_strength

_STRONGEST = 0.9999
CONTOUR_STEPS = 25


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


@dataclass(frozen=True, slots=True)
class ConfoundingContour:
    """The effect beside omitted confounders of every strength that works against it: what a contour plot draws.

    Attributes
    ----------
    strengths_treatment, strengths_outcome : tuple of float, lengths k and m
        Shares explained, from 0 up.
    effect : tuple of m tuples of k floats
        Bound of the effect on the side of zero, in the unit of the outcome; one row per strength with the outcome.
    limit : tuple of m tuples of k floats
        One-sided confidence limit of that bound at `level`.
    level : float
    """

    strengths_treatment: tuple[float, ...]
    strengths_outcome: tuple[float, ...]
    effect: tuple[tuple[float, ...], ...]
    limit: tuple[tuple[float, ...], ...]
    level: float


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
    treatment_prediction : array of shape (n,) or (r, n)
        Propensity, or expected treatment, out of fold; one row per repetition, combined by the median rule.
    outcome_prediction : array of the same shape
        For ``"plr"``: expected outcome given the confounders.
    outcome_control, outcome_treated : arrays of the same shape
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
    scores = scores_from_predictions(
        outcome, treatment, treatment_prediction=treatment_prediction, outcome_prediction=outcome_prediction,
        outcome_control=outcome_control, outcome_treated=outcome_treated, score=score, clusters=clusters,
        weights=weights,
    )  # fmt: skip
    return bounds_of(scores, strength_outcome, strength_treatment, rho=check_number("rho", rho), level=level, null=null)


def scores_from_predictions(
    outcome: npt.ArrayLike,
    treatment: npt.ArrayLike,
    *,
    treatment_prediction: npt.ArrayLike,
    outcome_prediction: npt.ArrayLike | None = None,
    outcome_control: npt.ArrayLike | None = None,
    outcome_treated: npt.ArrayLike | None = None,
    score: BoundedScore = "plr",
    clusters: npt.ArrayLike | None = None,
    weights: npt.ArrayLike | None = None,
) -> BiasScores:
    """Check arrays and make the scores that `bounds_of` and `contour_of` take; as in `omitted_variable_bounds`."""
    if score not in get_args(BoundedScore):
        raise NotIdentifiedError(f"score {score!r} is not known; use 'plr', 'ATE' or 'ATT'.")
    y, t = _column("outcome", outcome, None), _column("treatment", treatment, None)
    if y.shape != t.shape or not len(y):
        raise NotIdentifiedError(f"columns of shapes {y.shape} and {t.shape}; give one value per row in each.")
    w = np.ones_like(y) if weights is None else as_positive("weights", weights, len(y))
    given = {
        "treatment": _repetitions("treatment_prediction", treatment_prediction, len(y)),
        "outcome": _repetitions("outcome_prediction", outcome_prediction, len(y)),
        "outcome_control": _repetitions("outcome_control", outcome_control, len(y)),
        "outcome_treated": _repetitions("outcome_treated", outcome_treated, len(y)),
    }
    counts = {len(rows) for rows in given.values() if rows}
    if len(counts) != 1:
        raise NotIdentifiedError(f"predictions of {sorted(counts)} repetitions; give each as many rows.")
    repetitions = [Predictions(**{name: rows[r] if rows else None for name, rows in given.items()})  # type: ignore[arg-type]
                   for r in range(counts.pop())]  # fmt: skip
    titles = np.arange(len(y)) if clusters is None else encode_titles(clusters)
    if len(titles) != len(y) or len(np.unique(titles)) < 2:
        raise NotIdentifiedError("clusters need one title per row, and at least 2 titles.")
    return bias_scores(y, t, repetitions, score, w / w.mean(), titles, clustered=clusters is not None)


def bounds_of(
    scores: BiasScores,
    strength_outcome: float,
    strength_treatment: float,
    *,
    rho: float = 1.0,
    level: float = 0.95,
    null: float = 0.0,
) -> OmittedVariableBounds:
    """Bounds at one strength, and robustness values; parameters as in `omitted_variable_bounds`."""
    for name, value in (("strength_outcome", strength_outcome), ("strength_treatment", strength_treatment)):
        if not 0 <= check_number(name, value) < 1:
            raise NotIdentifiedError(f"{name}={value:g}: a share of variance lies in 0 to below 1.")
    if not -1 <= rho <= 1:
        raise NotIdentifiedError(f"rho={rho:g} is a correlation; it lies in -1 to 1.")
    check_number("null", null)
    check_share("level", level)
    strength = abs(rho) * confounding(strength_outcome, strength_treatment)
    (low, low_limit), (high, high_limit) = (_side(scores, side * strength, level) for side in (-1, 1))
    here = scores.moved(0.0)
    return OmittedVariableBounds(
        here.effect, here.std_error, strength_outcome, strength_treatment, rho, low, high, low_limit, high_limit,
        _robustness(scores, level, null, of_limit=False), _robustness(scores, level, null, of_limit=True),
        scores.largest_bias, level, null, here.n_titles,
    )  # fmt: skip


def contour_of(
    scores: BiasScores, largest_outcome: float, largest_treatment: float, *, level: float = 0.95
) -> ConfoundingContour:
    """The bound on the side of zero over a grid of strengths from 0 to the largest ones, each in (0, 1)."""
    check_share("largest_outcome", largest_outcome)
    check_share("largest_treatment", largest_treatment)
    check_share("level", level)
    outcome = np.linspace(0, largest_outcome, CONTOUR_STEPS)
    treatment = np.linspace(0, largest_treatment, CONTOUR_STEPS)
    side = _side_of_zero(scores)
    grid = [[_side(scores, side * confounding(float(y), float(t)), level) for t in treatment] for y in outcome]
    return ConfoundingContour(
        tuple(treatment.tolist()),
        tuple(outcome.tolist()),
        tuple(tuple(effect for effect, _ in row) for row in grid),
        tuple(tuple(limit for _, limit in row) for row in grid),
        level,
    )


def bound_beside(
    scores: BiasScores, strength_outcome: float, strength_treatment: float, level: float
) -> tuple[float, float]:
    """The bound on the side of zero beside one confounder, strengths in [0, 1), and its one-sided limit."""
    return _side(scores, _side_of_zero(scores) * confounding(strength_outcome, strength_treatment), level)


def confounding(strength_outcome: float, strength_treatment: float) -> float:
    """What two strengths, each in [0, 1), come to in units of the largest bias."""
    return float(np.sqrt(strength_outcome * strength_treatment / (1 - strength_treatment)))


def _side_of_zero(scores: BiasScores) -> float:
    return -1.0 if scores.moved(0.0).effect > 0 else 1.0


def _side(scores: BiasScores, strength: float, level: float) -> tuple[float, float]:
    """The effect moved by a signed strength, and its one-sided limit on that side."""
    mean = scores.moved(strength)
    reach = float(stats.t.ppf(level, mean.degrees_of_freedom)) * mean.std_error
    return mean.effect, mean.effect + (-reach if np.signbit(strength) else reach)


def _robustness(scores: BiasScores, level: float, null: float, *, of_limit: bool) -> float:
    """Equal strength at which the effect, or its one-sided limit on the side of `null`, reaches `null`."""
    effect = scores.moved(0.0).effect
    side = -1.0 if effect > null else 1.0
    if not of_limit and len(scores.numerator) == 1 and scores.largest_bias > 0:
        return equal_strength(((effect - null) / scores.largest_bias) ** 2)

    def room(share: float) -> float:
        moved, limit = _side(scores, side * confounding(share, share), level)
        return -side * ((limit if of_limit else moved) - null)

    if room(0.0) <= 0:
        return 0.0
    return 1.0 if room(_STRONGEST) > 0 else float(optimize.brentq(room, 0.0, _STRONGEST, xtol=1e-12))


def _column(name: str, values: npt.ArrayLike, n: int | None) -> FloatArray:
    found = as_numbers(name, values)
    if n is not None and len(found) != n:
        raise NotIdentifiedError(f"{name} has {len(found)} rows and the outcome {n}; give one value per row in each.")
    if not np.isfinite(found).all():
        raise NotIdentifiedError(f"{name}: some rows lack a value; leave them out.")
    return found


def _repetitions(name: str, values: npt.ArrayLike | None, n: int) -> list[FloatArray]:
    """Rows of predictions, one per repetition; none where nothing was given."""
    if values is None:
        return []
    found = np.asarray(values)
    return [_column(name, row, n) for row in (found if found.ndim == 2 else found[None])]
