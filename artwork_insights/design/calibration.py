"""Calibration of a propensity: whether artwork given a chance of 30 % shows the component in 30 of 100 cases."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

from artwork_insights.design.confounders import FloatArray
from artwork_insights.design.folds import IntArray
from artwork_insights.diagnostic import Diagnostic

N_PARTS = 10
LARGEST_EXPECTED_ERROR = 0.05
_NEAREST = 1e-6
_STEPS = 50


@dataclass(frozen=True, slots=True)
class Calibration:
    """How predicted chances relate to observed shares.

    Attributes
    ----------
    slope, intercept : float
        Of logistic recalibration (Cox 1958): logit Pr(treated) = intercept + slope * logit(propensity). 1 and 0 are
        perfect; a slope below 1 means propensities that are too extreme.
    expected_error : float
        Mean over ten equally large parts of abs(observed share - mean propensity), weighted by their mass; in [0, 1].
    chance_error : float
        What right propensities seldom exceed by chance in so many artworks (mean and two SD); 0 where not asked for.
    """

    slope: float
    intercept: float
    expected_error: float
    chance_error: float = 0.0

    @property
    def excess_error(self) -> float:
        """The expected error beyond what chance alone gives: the root of the difference of their squares."""
        return float(np.sqrt(max(self.expected_error**2 - self.chance_error**2, 0.0)))


def measure_calibration(
    treatment: npt.ArrayLike,
    propensity: npt.ArrayLike,
    *,
    weights: npt.ArrayLike | None = None,
    assets: IntArray | None = None,
) -> Calibration:
    """Measure the calibration of out-of-fold propensities.

    Parameters
    ----------
    treatment : array of shape (n,)
        Zeros and ones, both present.
    propensity : array of shape (n,)
        In [0, 1]; values nearer than 1e-6 to an end are moved there.
    weights : array of shape (n,), optional
    assets : array of shape (n,), optional
        Codes; the rows of an asset share its treatment. With them the error that chance alone makes is known.

    Returns
    -------
    Calibration
        Slope 0 where all propensities are equal.

    References
    ----------
    Cox (1958), Two further applications of a model for binary regression. Naeini, Cooper, Hauskrecht (2015), Obtaining
    well calibrated probabilities using Bayesian binning (expected calibration error).
    """
    target = np.asarray(treatment, dtype=np.float64)
    p = np.clip(np.asarray(propensity, dtype=np.float64), _NEAREST, 1 - _NEAREST)
    weight = np.ones_like(p) if weights is None else np.asarray(weights, dtype=np.float64)
    slope, intercept = _recalibrate(target, logit(p), weight)
    chance = 0.0 if assets is None else _chance_error(p, weight, np.asarray(assets))
    return Calibration(slope, intercept, _expected_error(target, p, weight), chance)


def _recalibrate(target: FloatArray, score: FloatArray, weights: FloatArray) -> tuple[float, float]:
    """Slope and intercept of a weighted logistic regression on one score, by Newton steps that never lose ground."""
    centre, spread = np.average(score, weights=weights), float(np.std(score))
    share = float(np.average(target, weights=weights))
    if spread < 1e-9:
        return 0.0, float(logit(share))
    design = np.column_stack([np.ones_like(score), (score - centre) / spread])
    beta = np.array([logit(share), 0.0])
    best = _log_likelihood(target, design @ beta, weights)
    for _ in range(_STEPS):
        p = expit(design @ beta)
        gradient = design.T @ (weights * (target - p))
        curvature = (design * (weights * np.maximum(p * (1 - p), 1e-12))[:, None]).T @ design
        step = np.linalg.solve(curvature, gradient)
        while (reached := _log_likelihood(target, design @ (beta + step), weights)) < best - 1e-12 * abs(best):
            step = step / 2
        beta, best = beta + step, reached
        if np.abs(step).max() < 1e-10:
            break
    slope = float(beta[1] / spread)
    return slope, float(beta[0] - slope * centre)


def _log_likelihood(target: FloatArray, margin: FloatArray, weights: FloatArray) -> float:
    return float((weights * (target * margin - np.logaddexp(0, margin))).sum())


def _parts(p: FloatArray) -> IntArray:
    edges = np.quantile(p, np.linspace(0, 1, N_PARTS + 1)[1:-1])
    return np.asarray(np.searchsorted(edges, p, side="right"), dtype=np.int64)


def _chance_error(p: FloatArray, weights: FloatArray, assets: IntArray) -> float:
    """Mean and two SD of the error of right propensities: absolute normal gaps, whose variances add up over assets."""
    cell, of_row = np.unique(_parts(p) * (int(assets.max()) + 1) + assets, return_inverse=True)
    spread = np.bincount(of_row, weights=weights * np.sqrt(p * (1 - p)))
    variance = np.bincount(cell // (int(assets.max()) + 1), weights=spread**2, minlength=N_PARTS)
    mean, spread_of_sum = np.sqrt(2 / np.pi) * np.sqrt(variance).sum(), np.sqrt((1 - 2 / np.pi) * variance.sum())
    return float((mean + 2 * spread_of_sum) / weights.sum())


def _expected_error(target: FloatArray, p: FloatArray, weights: FloatArray) -> float:
    part = _parts(p)
    gap = np.bincount(part, weights=weights * (target - p), minlength=N_PARTS)
    return float(np.abs(gap).sum() / weights.sum())


def judge_calibration(calibration: Calibration) -> Diagnostic:
    """Hold the expected calibration error beyond chance against its limit, and say the slope."""
    error, passed = calibration.excess_error, calibration.excess_error <= LARGEST_EXPECTED_ERROR
    beyond = " beyond chance" if calibration.chance_error else ""
    start = f"Predicted chances of the component are off by {100 * error:.1f} percentage points on average{beyond}"
    slope = f"(calibration slope {calibration.slope:.2f}; 1 is perfect)"
    ending = "." if passed else ": weights made from them mislead, and the treatment model needs another look."
    return Diagnostic("calibration", error, LARGEST_EXPECTED_ERROR, passed, f"{start} {slope}{ending}")
