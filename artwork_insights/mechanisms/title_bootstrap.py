"""Bootstrap over titles of regressions, from cross-products per title instead of refitted rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from artwork_insights.mechanisms.regression import FloatArray, IntArray, is_nested, sum_by_group, sweep_group_means
from artwork_insights.mechanisms.rows import Rows

NUMBERS_AT_ONCE = 4_000_000
"""Floats held at once while cross-products are summed (32 MB)."""

RIDGE = 1e-10
"""Added to the unit diagonal, so that a group absent from a draw takes no part instead of stopping it."""


@dataclass(frozen=True, slots=True)
class DrawnMoments:
    """Sums of products of f columns in every draw, confounders and absorbed groups taken out.

    Attributes
    ----------
    values : ndarray of shape (draws, f, f)
        Of columns divided by their `lengths`.
    lengths : ndarray of shape (f,)
    weight : ndarray of shape (draws,)
        Sum of the weights of a draw.
    sums : ndarray of shape (draws, s)
        Weighted sums of further columns, nothing taken out.
    """

    values: FloatArray
    lengths: FloatArray
    weight: FloatArray
    sums: FloatArray

    def coefficients(self, target: int, regressors: Sequence[int]) -> FloatArray:
        """Coefficients (draws, len(regressors)) of a regression of one column on others; NaN where they repeat."""
        places = list(regressors)
        inner = self.values[:, places][:, :, places]
        usable = np.linalg.det(inner) > RIDGE ** len(places)
        found = np.full((len(self.values), len(places)), np.nan)
        if usable.any():
            found[usable] = np.linalg.solve(inner[usable], self.values[usable][:, places, target, None])[..., 0]
        return np.asarray(found * (self.lengths[target] / self.lengths[places]))

    def products(self) -> FloatArray:
        """The sums of products in the columns' own units, (draws, f, f)."""
        return np.asarray(self.values * np.outer(self.lengths, self.lengths))


def draw_moments(
    columns: FloatArray, rows: Rows, draws: int, rng: np.random.Generator, sums: FloatArray | None = None
) -> DrawnMoments:
    """Draw titles with replacement and sum the products of `columns` (n, f) in each draw.

    A regression needs only sums of products, and the sums of a draw are those of its titles. So each title's products
    are formed once, and all draws are one matrix product (Efron and Tibshirani 1993 for the cluster bootstrap).
    Absorbed groups inside titles are swept out beforehand; others join as dummies, since their means change by draw.

    Parameters
    ----------
    columns : ndarray of shape (n, f)
    rows : Rows of length n
        Its controls, weights, clusters and absorbed groups; collinear controls are left out by the caller.
    sums : ndarray of shape (n, s), optional
        Columns of which the weighted sums are wanted as they are.
    """
    codes = rows.units
    wide = np.column_stack([columns, rows.controls])
    groups = np.zeros(len(wide), dtype=np.intp) if rows.absorb is None else rows.absorb
    if rows.absorb is not None and is_nested(groups, codes):
        wide = sweep_group_means(wide, groups, rows.weights)
    else:
        dummies = (groups[:, None] == np.arange(int(groups.max()) + 1)[None, :]).astype(np.float64)
        wide = np.column_stack([sweep_group_means(wide, groups, rows.weights), dummies])
    wide = wide * np.sqrt(rows.weights)[:, None]
    lengths = np.linalg.norm(wide, axis=0)
    lengths[lengths == 0] = 1.0
    n_titles = int(codes.max()) + 1
    counts = np.empty((draws, n_titles), dtype=np.int32)
    for draw in range(draws):
        counts[draw] = np.bincount(rng.integers(n_titles, size=n_titles), minlength=n_titles)
    size = columns.shape[1]
    moments = _partial_out(_moments_by_draw(wide / lengths, codes, counts), size)
    extra = np.ones((len(wide), 1)) if sums is None else np.column_stack([np.ones(len(wide)), sums])
    totals = counts @ sum_by_group(extra * rows.weights[:, None], codes)
    return DrawnMoments(moments, lengths[:size], totals[:, 0], totals[:, 1:])


def percentile_interval(draws: FloatArray, level: float) -> tuple[float, float]:
    """Interval between two quantiles of bootstrap draws (Efron and Tibshirani 1993, chapter 13)."""
    low, high = np.quantile(draws, ((1 - level) / 2, (1 + level) / 2))
    return float(low), float(high)


def bias_corrected_interval(draws: FloatArray, estimate: float, level: float) -> tuple[float, float]:
    """Percentile interval moved by twice the normal quantile of the share of draws below the estimate (Efron 1981).

    The share is kept half a draw away from 0 and 1. Draws equal to the estimate count half.
    """
    below = (np.sum(draws < estimate) + 0.5 * np.sum(draws == estimate)) / len(draws)
    shift = stats.norm.ppf(np.clip(below, 0.5 / len(draws), 1 - 0.5 / len(draws)))
    ends = stats.norm.cdf(2 * shift + stats.norm.ppf([(1 - level) / 2, (1 + level) / 2]))
    low, high = np.quantile(draws, ends)
    return float(low), float(high)


def _moments_by_draw(columns: FloatArray, codes: IntArray, counts: np.ndarray) -> FloatArray:
    """Sums of products (draws, p, p) of every draw, walking over the titles in blocks of bounded size."""
    order = np.argsort(codes, kind="stable")
    ordered = columns[order]
    starts = np.flatnonzero(np.r_[True, np.diff(codes[order]) > 0])
    ends = np.r_[starts[1:], len(ordered)]
    size = columns.shape[1]
    left, right = np.triu_indices(size)
    sums = np.zeros((len(counts), len(left)))
    rows_at_once = max(1, NUMBERS_AT_ONCE // len(left))
    first = 0
    while first < len(starts):
        last = max(first + 1, int(np.searchsorted(ends, starts[first] + rows_at_once, side="right")))
        block = ordered[starts[first] : ends[last - 1]]
        products = np.add.reduceat(block[:, left] * block[:, right], starts[first:last] - starts[first], axis=0)
        sums += counts[:, first:last].astype(np.float64) @ products
        first = last
    moments = np.zeros((len(counts), size, size))
    moments[:, left, right] = sums
    moments[:, right, left] = sums
    return moments


def _partial_out(moments: FloatArray, size: int) -> FloatArray:
    """Products of the first `size` columns after a regression on the others."""
    focal, cross, nuisance = moments[:, :size, :size], moments[:, size:, :size], moments[:, size:, size:]
    if not nuisance.shape[1]:
        return focal
    solved = np.linalg.solve(nuisance + RIDGE * np.eye(nuisance.shape[1]), cross)
    return np.asarray(focal - np.swapaxes(cross, 1, 2) @ solved)
