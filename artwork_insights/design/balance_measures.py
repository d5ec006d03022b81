"""Means and variances of two arms, for many columns at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from artwork_insights.design.assignment import BoolArray
from artwork_insights.design.confounders import FloatArray, title_means
from artwork_insights.design.folds import IntArray

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Arms:
    """Two sides of n rows: `treated` of shape (n,), and `weights` of shape (n,), zero for rows left out."""

    treated: BoolArray
    weights: FloatArray

    def shares(self) -> tuple[FloatArray, FloatArray]:
        """Weights of the treated and of the controls, each adding up to 1 over all rows."""
        one, zero = np.where(self.treated, self.weights, 0.0), np.where(self.treated, 0.0, self.weights)
        return one / one.sum(), zero / zero.sum()


def yardstick(values: FloatArray, arms: Arms, *, treated_only: bool) -> FloatArray:
    """SD that differences are divided by: of the treated, or pooled over both arms; shape (n, k) in, (k,) out.

    Where it is zero although the column varies, as when a confounder is the treatment itself, the next wider SD takes
    its place (both arms, then all rows), so that the difference is not hidden. Zero only for a constant column.
    """
    one, zero = arms.shares()
    of_treated, of_control = _variances(values, one), _variances(values, zero)
    pooled = (of_treated + of_control) / 2
    everyone = _variances(values, arms.weights / arms.weights.sum())
    floor = (_ROUNDING * np.maximum(1.0, np.abs(values).max(axis=0, initial=0.0))) ** 2
    found = of_treated if treated_only else pooled
    for wider in (pooled, everyone):
        found = np.where(found > floor, found, wider)
    return np.sqrt(np.where(found > floor, found, 0.0))


def standardised_differences(values: FloatArray, arms: Arms, scale: FloatArray) -> FloatArray:
    """Weighted mean of the treated less that of the controls, over `scale`; 0 for a constant column; shape (k,)."""
    one, zero = arms.shares()
    return _over((one - zero) @ (values - values.mean(axis=0)), scale)


def within_differences(values: FloatArray, arms: Arms, title: IntArray, scale: FloatArray) -> FloatArray:
    """Difference between treated and untreated rows of one title, averaged over titles, over `scale`; shape (k,).

    It is the slope of the column on the treatment with title fixed effects, so titles count by weight times the product
    of their treated and untreated shares. NaN where no title has both.
    """
    rows = arms.weights > 0
    treatment = arms.treated.astype(np.float64)
    distance = np.zeros_like(treatment)
    distance[rows] = treatment[rows] - title_means(treatment[rows], title[rows], arms.weights[rows])
    spread = float(arms.weights @ distance**2)
    if spread <= _ROUNDING * float(arms.weights.sum()):
        return np.full(values.shape[1], np.nan)
    return _over((arms.weights * distance) @ (values - values.mean(axis=0)) / spread, scale)


def variance_ratios(values: FloatArray, arms: Arms) -> FloatArray:
    """Treated over control variance; NaN for a column of at most two values or without variance; shape (k,)."""
    one, zero = (_variances(values, share) for share in arms.shares())
    usable = (zero > 0) & ~np.array([_has_two_values(column) for column in values.T], dtype=bool)
    return np.asarray(np.divide(one, zero, out=np.full(values.shape[1], np.nan), where=usable))


def _over(difference: FloatArray, scale: FloatArray) -> FloatArray:
    return np.asarray(np.divide(difference, scale, out=np.zeros_like(scale), where=scale > 0))


def _variances(values: FloatArray, share: FloatArray) -> FloatArray:
    """Variance under weights that add up to 1: sum w (x - m)^2 / (1 - sum w^2), without the divisor for two values.

    With equal weights that is the sample variance with n - 1, and p (1 - p) for two values.
    """
    mean = share @ values
    rows = share > 0
    spread = share[rows] @ (values[rows] - mean) ** 2
    left = 1 - float(share @ share)
    two = np.array([_has_two_values(column) for column in values.T], dtype=bool)
    return np.asarray(np.where(two, spread, spread / left if left > 0 else 0.0))


def _has_two_values(column: FloatArray) -> bool:
    low, high = column.min(), column.max()
    return bool(((column == low) | (column == high)).all())
