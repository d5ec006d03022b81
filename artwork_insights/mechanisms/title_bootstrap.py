"""Bootstrap over titles of an indirect effect, from cross-products per title instead of refitted rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from artwork_insights.mechanisms.regression import FloatArray, IntArray, group_codes, is_nested, sweep_group_means

NUMBERS_AT_ONCE = 4_000_000
"""Floats held at once while cross-products are summed (32 MB)."""

RIDGE = 1e-10
"""Added to the unit diagonal, so that a group absent from a draw takes no part instead of stopping it."""


def bootstrap_indirect(
    outcome: FloatArray,
    treatment: FloatArray,
    mediator: FloatArray,
    confounders: FloatArray,
    clusters: ArrayLike,
    *,
    weights: FloatArray,
    absorb: ArrayLike | None,
    draws: int,
    rng: np.random.Generator,
) -> FloatArray:
    """Draw titles with replacement and recompute a times b in each draw.

    A regression needs only sums of products, and the sums of a draw are those of its titles. So each title's products
    are formed once, and all draws are one matrix product (Efron and Tibshirani 1993 for the cluster bootstrap).
    Absorbed groups inside titles are swept out beforehand; others join as dummies, since their means change by draw.

    Parameters
    ----------
    outcome, treatment, mediator, weights : ndarray of shape (n,)
    confounders : ndarray of shape (n, k)
    clusters : array of shape (n,)
    absorb : array of shape (n,), optional

    Returns
    -------
    ndarray of shape (draws,)
        Indirect effects; fewer where a draw has no variation in treatment or mediator.
    """
    codes = group_codes(clusters)
    columns = np.column_stack([treatment, mediator, outcome, confounders])
    groups = np.zeros(len(outcome), dtype=np.intp) if absorb is None else group_codes(absorb)
    if absorb is not None and is_nested(groups, codes):
        columns = sweep_group_means(columns, groups, weights)
    else:
        dummies = (groups[:, None] == np.arange(int(groups.max()) + 1)[None, :]).astype(np.float64)
        columns = np.column_stack([sweep_group_means(columns, groups, weights), dummies])
    columns = columns * np.sqrt(weights)[:, None]
    lengths = np.linalg.norm(columns, axis=0)
    lengths[lengths == 0] = 1.0
    n_titles = int(codes.max()) + 1
    counts = np.empty((draws, n_titles), dtype=np.int32)
    for draw in range(draws):
        counts[draw] = np.bincount(rng.integers(n_titles, size=n_titles), minlength=n_titles)
    moments = _moments_by_draw(columns / lengths, codes, counts)
    indirect = _indirect_of_moments(moments) * (lengths[2] / lengths[0])
    finite: FloatArray = indirect[np.isfinite(indirect)]
    return finite


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


def _indirect_of_moments(moments: FloatArray) -> FloatArray:
    """A times b from sums of products whose first three columns are treatment, mediator and outcome."""
    focal, cross, nuisance = moments[:, :3, :3], moments[:, 3:, :3], moments[:, 3:, 3:]
    if nuisance.shape[1]:
        solved = np.linalg.solve(nuisance + RIDGE * np.eye(nuisance.shape[1]), cross)
        focal = focal - np.swapaxes(cross, 1, 2) @ solved
    treatment, both, mediator = focal[:, 0, 0], focal[:, 0, 1], focal[:, 1, 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        left = np.where((treatment > RIDGE) & (treatment * mediator - both**2 > RIDGE**2), 1.0, np.nan)
        path_a = both / treatment
        path_b = (treatment * focal[:, 1, 2] - both * focal[:, 0, 2]) / (treatment * mediator - both**2)
        indirect: FloatArray = left * path_a * path_b
    return indirect
