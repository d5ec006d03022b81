"""Weighted least squares with absorbed group means and cluster-robust errors: the regression behind the mechanisms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import linalg, stats

from artwork_insights.design.reading import as_positive
from artwork_insights.errors import NotIdentifiedError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

COLLINEAR = 1e-9
"""A column is dropped when less than this share of its length is left after the columns before it."""


@dataclass(frozen=True, slots=True)
class ClusteredFit:
    """Coefficients of a weighted regression.

    Attributes
    ----------
    names : tuple of str
        The k regressors in the order given, without the constant.
    coefficients, std_errors, p_values : ndarray of shape (k,)
        NaN for a dropped regressor; two-sided p-values from Student's t with `degrees_of_freedom`.
    covariance : ndarray of shape (k, k)
        Of the coefficients; NaN for a dropped regressor.
    dropped : tuple of str
        Regressors that the absorbed groups or the regressors before them explain entirely.
    residuals : ndarray of shape (n,)
        Outcome less prediction, in the outcome's unit; 0 for rows that are alone in their absorbed group.
    n_rows, n_clusters : int
        Rows that carry information, and clusters among them (rows where nothing is clustered).
    degrees_of_freedom : int
        Clusters less one, or rows less parameters where nothing is clustered.
    """

    names: tuple[str, ...]
    coefficients: FloatArray
    std_errors: FloatArray
    p_values: FloatArray
    covariance: FloatArray
    dropped: tuple[str, ...]
    residuals: FloatArray
    n_rows: int
    n_clusters: int
    degrees_of_freedom: int


@dataclass(frozen=True, slots=True)
class WaldTest:
    """Joint test that several linear combinations of coefficients are zero, as an F statistic."""

    statistic: float
    numerator_df: int
    denominator_df: int
    p_value: float


def fit_clustered_ols(
    outcome: ArrayLike,
    regressors: ArrayLike,
    clusters: ArrayLike | None = None,
    *,
    weights: ArrayLike | None = None,
    absorb: ArrayLike | None = None,
    names: Sequence[str] | None = None,
) -> ClusteredFit:
    """Regress `outcome` on `regressors` by weighted least squares.

    With `clusters` the covariance is the cluster-robust sandwich (Liang and Zeger 1986) times
    ``G / (G - 1) * (n - 1) / (n - k)``, with t(G - 1) (Cameron and Miller 2015); without, the classical one with
    t(n - k). Here k counts the kept regressors and the absorbed means; absorbed groups that lie inside clusters count
    as one constant, since the clusters already allow for them. Rows alone in their absorbed group carry no
    information and are not counted.

    Parameters
    ----------
    outcome : array of shape (n,)
    regressors : array of shape (n,) or (n, k)
        Without a constant. Where columns are collinear the earlier one is kept, so put what you ask about first.
    clusters : array of shape (n,), optional
        Labels, e.g. title_id.
    weights : array of shape (n,), optional
        Positive; their scale does not matter.
    absorb : array of shape (n,), optional
        Labels of groups whose means are swept out; without them one constant is.
    names : sequence of str, optional
        One per regressor.

    Raises
    ------
    NotIdentifiedError
        Fewer than two clusters, no more rows than parameters, or columns or weights that are no numbers or do not fit.
    """
    target = np.asarray(outcome, dtype=np.float64)
    design = as_columns(regressors, len(target))
    row_weights = as_weights(weights, len(target))
    groups = np.zeros(len(target), dtype=np.intp) if absorb is None else group_codes(absorb)
    informative = np.ones(len(target), dtype=bool) if absorb is None else np.bincount(groups)[groups] > 1
    labels = tuple(names) if names is not None else tuple(f"column {i}" for i in range(design.shape[1]))
    root = np.sqrt(row_weights)[:, None]
    swept = sweep_group_means(np.column_stack([design, target]), groups, row_weights)
    scaled, response = swept[:, :-1] * root, swept[:, -1] * root[:, 0]
    kept = independent_columns(scaled, np.linalg.norm(design * root, axis=0))
    triangle = _triangle(np.column_stack([scaled[:, kept], response]))
    size = len(kept)
    coefficients = linalg.solve_triangular(triangle[:size, :size], triangle[:size, size]) if size else np.zeros(0)
    residuals = swept[:, -1] - swept[:, :-1][:, kept] @ coefficients
    inverse = linalg.solve_triangular(triangle[:size, :size], np.eye(size)) if size else np.zeros((0, 0))
    cluster_labels = None if clusters is None else group_codes(clusters)
    factor, n_clusters, degrees = _scaling(cluster_labels, groups, informative, size, absorb is not None)
    if cluster_labels is None:
        covariance = inverse @ inverse.T * float(row_weights @ residuals**2) * factor
    else:
        scores = swept[:, :-1][:, kept] * (row_weights * residuals)[:, None]
        half = sum_by_group(scores, cluster_labels) @ (inverse @ inverse.T)
        covariance = half.T @ half * factor
    return _assemble(labels, kept, coefficients, covariance, residuals, int(informative.sum()), n_clusters, degrees)


def wald_test(fit: ClusteredFit, contrasts: ArrayLike) -> WaldTest:
    """Test that every row of `contrasts` (q, k) times the coefficients is zero; q is cut to the rank that is testable.

    Raises
    ------
    NotIdentifiedError
        A contrast asks about a dropped regressor, or nothing can be tested.
    """
    rows = np.atleast_2d(np.asarray(contrasts, dtype=np.float64))
    kept = np.isfinite(fit.coefficients)
    if np.any(rows[:, ~kept]):
        raise NotIdentifiedError(f"{', '.join(fit.dropped)} cannot be tested, because other columns explain it.")
    gaps = rows[:, kept] @ fit.coefficients[kept]
    covariance = rows[:, kept] @ fit.covariance[np.ix_(kept, kept)] @ rows[:, kept].T
    scale = np.sqrt(np.clip(np.diag(covariance), np.finfo(float).tiny, None))
    values, vectors = np.linalg.eigh(covariance / np.outer(scale, scale))
    usable = values > COLLINEAR * max(float(values[-1]), 0.0)
    rank = min(int(usable.sum()), fit.degrees_of_freedom)
    if rank == 0:
        raise NotIdentifiedError("No contrast has any variation left; use fewer groups or more titles.")
    projected = (vectors[:, -rank:].T @ (gaps / scale)) ** 2 / values[-rank:]
    statistic = float(projected.sum() / rank)
    return WaldTest(statistic, rank, fit.degrees_of_freedom, float(stats.f.sf(statistic, rank, fit.degrees_of_freedom)))


def sweep_group_means(columns: FloatArray, codes: IntArray, weights: FloatArray) -> FloatArray:
    """Subtract the weighted mean of each group from `columns` (n, k); `codes` are 0 to groups - 1.

    Done twice, so that a large common offset leaves no rounding behind.
    """
    totals = np.bincount(codes, weights)
    swept = columns
    for _ in range(2):
        sums = sum_by_group(swept * weights[:, None], codes)
        swept = swept - (sums / totals[:, None])[codes]
    return swept


def sum_by_group(columns: FloatArray, codes: IntArray) -> FloatArray:
    """Sum the rows of `columns` (n, k) within each group; returns (groups, k)."""
    groups = int(codes.max()) + 1 if len(codes) else 0
    sums = [np.bincount(codes, column, minlength=groups) for column in columns.T]
    return np.column_stack(sums) if sums else np.zeros((groups, 0))


def independent_columns(columns: FloatArray, lengths: FloatArray) -> IntArray:
    """Positions of the columns that are not combinations of earlier ones.

    A QR factorisation with limited pivoting (as in R's ``lm``): a column is passed over when less than `COLLINEAR`
    of its length is left beside the columns kept before it. `lengths` are the lengths before means were swept out.
    """
    norms = np.linalg.norm(columns, axis=0)
    left = norms > COLLINEAR * lengths
    unit = np.divide(columns, norms, out=np.zeros_like(columns), where=left)
    triangle = _triangle(unit)
    basis = np.zeros((triangle.shape[0], 0))
    kept = []
    for position in np.flatnonzero(left):
        rest = triangle[:, position]
        for _ in range(2):
            rest = rest - basis @ (basis.T @ rest)
        length = float(np.linalg.norm(rest))
        if length > COLLINEAR and basis.shape[1] < triangle.shape[0]:
            basis = np.column_stack([basis, rest / length])
            kept.append(position)
    return np.array(kept, dtype=np.intp)


def fill_missing(columns: ArrayLike | None, n_rows: int) -> FloatArray:
    """Confounders as (n, k) floats: NaN becomes the column's mean, and each column with NaN adds a 0/1 marker."""
    if columns is None:
        return np.zeros((n_rows, 0))
    values = as_columns(columns, n_rows)
    missing = ~np.isfinite(values)
    if not missing.any():
        return values
    known = np.where(missing, 0.0, values)
    means = known.sum(axis=0) / np.maximum((~missing).sum(axis=0), 1)
    return np.column_stack([np.where(missing, means, known), missing[:, missing.any(axis=0)].astype(np.float64)])


def as_columns(values: ArrayLike, n_rows: int) -> FloatArray:
    """Values as a float array of shape (n, k); NotIdentifiedError for text, or unless it has `n_rows` rows."""
    try:
        columns = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise NotIdentifiedError(_say_odd(values)) from None
    columns = columns[:, None] if columns.ndim == 1 else columns
    if columns.ndim != 2 or len(columns) != n_rows:
        raise NotIdentifiedError(
            f"columns of shape {columns.shape} do not fit {n_rows} rows; give an array of shape (n, k), one row for "
            "each row of the outcome."
        )
    return columns


def _say_odd(values: ArrayLike) -> str:
    """What is not a number in columns that hold something else, and what to do."""
    try:
        cells = np.asarray(values, dtype=object).ravel()
    except ValueError:  # rows of different lengths
        cells = np.array([], dtype=object)
    odd = next((value for value in cells if isinstance(value, str)), None)
    if odd is None:
        return "the columns are no table of numbers; give an array of shape (n, k), every row with the same columns."
    return f"the columns hold {odd!r}; they need numbers: turn each label into a column of 0 and 1."


def as_weights(weights: ArrayLike | None, n_rows: int) -> FloatArray:
    """Weights of shape (n,), ones where None; NotIdentifiedError unless all are positive and finite."""
    return np.ones(n_rows) if weights is None else as_positive("weights", weights, n_rows)


def group_codes(labels: ArrayLike) -> IntArray:
    """Integer codes 0 to groups - 1 of labels, in sorted order of the labels."""
    return np.unique(np.asarray(labels), return_inverse=True)[1].reshape(-1).astype(np.intp)


def is_nested(groups: IntArray, clusters: IntArray) -> bool:
    """Whether every group lies inside one cluster."""
    first = np.zeros(int(groups.max()) + 1, dtype=np.intp)
    first[groups] = clusters
    return bool(np.all(first[groups] == clusters))


def _triangle(columns: FloatArray) -> FloatArray:
    """R of a QR factorisation: few rows with the lengths and angles of `columns`."""
    return np.asarray(np.linalg.qr(columns, mode="r"), dtype=np.float64)


def _scaling(
    clusters: IntArray | None, groups: IntArray, informative: NDArray[np.bool_], size: int, absorbed: bool
) -> tuple[float, int, int]:
    """Small-sample factor, number of clusters, degrees of freedom."""
    n_rows = int(informative.sum())
    nested = clusters is not None and absorbed and is_nested(groups, clusters)
    n_groups = len(np.unique(groups[informative]))
    parameters = size + (1 if nested else n_groups)
    if n_rows <= parameters:
        raise NotIdentifiedError(
            f"{n_rows} rows cannot carry {parameters} parameters; use fewer confounders or more artworks per title."
        )
    if clusters is None:
        return 1.0 / (n_rows - parameters), n_rows, n_rows - parameters
    n_clusters = len(np.unique(clusters[informative]))
    if n_clusters < 2:
        raise NotIdentifiedError(f"{n_clusters} title cannot tell how sure we are; at least 2 are needed.")
    factor = n_clusters / (n_clusters - 1) * (n_rows - 1) / (n_rows - parameters)
    return factor, n_clusters, n_clusters - 1


def _assemble(
    names: tuple[str, ...],
    kept: IntArray,
    coefficients: FloatArray,
    covariance: FloatArray,
    residuals: FloatArray,
    n_rows: int,
    n_clusters: int,
    degrees: int,
) -> ClusteredFit:
    size = len(names)
    full, spread = np.full(size, np.nan), np.full((size, size), np.nan)
    full[kept] = coefficients
    spread[np.ix_(kept, kept)] = covariance
    errors = np.sqrt(np.diag(spread))
    ratio = np.divide(np.abs(full), errors, out=np.full(size, np.inf), where=errors > 0)
    p_values = np.where(np.isfinite(full), 2 * stats.t.sf(ratio, degrees), np.nan)
    dropped = tuple(name for i, name in enumerate(names) if i not in set(kept.tolist()))
    return ClusteredFit(names, full, errors, p_values, spread, dropped, residuals, n_rows, n_clusters, degrees)
