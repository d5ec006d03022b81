r"""Spillover between neighbours that need not be artworks of one title, apart from neighbours being alike.

With :math:`t_i` the own treatment, :math:`\bar t_i` the treated share of the neighbours and :math:`x_i` confounders,

.. math:: y_i = \alpha + \tau t_i + \sigma \bar t_i + x_i' \beta + \bar x_i' \gamma + u_i .

sigma is the spillover. Neighbours who are alike (homophily) share what makes them take the treatment and do well, so
that a slope on the treated share appears where nobody influences anybody (Shalizi and Thomas 2011, Sociological
Methods and Research 40). The neighbours' own confounders :math:`\bar x` take out as much of it as was measured
(Forastiere, Airoldi and Mealli 2021, JASA 116), so the slope is shown with and without them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import sparse

from artwork_insights.design.reading import as_numbers, as_positive
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.mechanisms.regression import FloatArray, IntArray, fit_clustered_ols, group_codes

CLEAR = 0.05
ALIKE = 0.1
"""Correlation between a unit and its neighbours from which on they count as alike."""
FEWEST_CLUSTERS = 10


@dataclass(frozen=True, slots=True)
class NeighbourShare:
    """What the neighbours of each unit have.

    Attributes
    ----------
    mean : array of shape (n,) or (n, k)
        Mean over the neighbours: the treated share of a 0/1 treatment. NaN for a unit without neighbours.
    count : array of shape (n,)
        Number of neighbours; with a weighted adjacency, the sum of their weights.
    """

    mean: FloatArray
    count: FloatArray


@dataclass(frozen=True, slots=True)
class SpilloverEstimate:
    """Own effect and spillover, with errors clustered by community.

    Attributes
    ----------
    own_effect, own_std_error : float
        Of one's own treatment, neighbours held alike.
    spillover, spillover_std_error, p_value : float
        From no treated neighbour to all, own treatment held alike, confounders and those of the neighbours taken out.
    naive_spillover, naive_std_error : float
        The same slope with nothing but the own treatment held alike.
    without_neighbours, without_neighbours_std_error : float
        With the own confounders, but not the neighbours'.
    treatment_likeness : float
        Correlation of a unit's treatment with its neighbours' share, in [-1, 1].
    confounder_likeness : float
        Largest such correlation of a confounder; 0 without confounders.
    n_units, n_clusters : int
        Units that have neighbours, and their communities.
    sentence : str
        What it amounts to.
    """

    own_effect: float
    own_std_error: float
    spillover: float
    spillover_std_error: float
    p_value: float
    naive_spillover: float
    naive_std_error: float
    without_neighbours: float
    without_neighbours_std_error: float
    treatment_likeness: float
    confounder_likeness: float
    n_units: int
    n_clusters: int
    sentence: str


def neighbour_share(
    values: ArrayLike, *, edges: ArrayLike | None = None, adjacency: ArrayLike | sparse.spmatrix | None = None
) -> NeighbourShare:
    """Average a treatment, or confounders, over the neighbours of each unit.

    Parameters
    ----------
    values : array of shape (n,) or (n, k)
        Of the units.
    edges : array of shape (m, 2), int, optional
        Pairs of positions 0 to n - 1 that are neighbours of each other; a pair given twice counts once.
    adjacency : array or scipy sparse matrix of shape (n, n), optional
        Instead of `edges`: element (i, j) is what unit j counts among the neighbours of i, 0 or more. A unit is no
        neighbour of itself: the diagonal is not read.

    Raises
    ------
    NotIdentifiedError
        Unless one of `edges` and `adjacency` is given and fits the values.
    """
    columns = np.asarray(values, dtype=np.float64)
    flat = columns[:, None] if columns.ndim == 1 else columns
    if not np.isfinite(flat).all():
        raise NotIdentifiedError("a value is missing; a mean over neighbours needs the value of every unit.")
    matrix = _matrix(len(flat), edges, adjacency)
    count = np.asarray(matrix.sum(axis=1)).reshape(-1)
    total = np.asarray(matrix @ flat)
    mean = np.divide(total, count[:, None], out=np.full(total.shape, np.nan), where=count[:, None] > 0)
    return NeighbourShare(mean[:, 0] if columns.ndim == 1 else mean, count)


def estimate_spillover(
    outcome: ArrayLike,
    treatment: ArrayLike,
    neighbours: NeighbourShare,
    clusters: ArrayLike,
    confounders: ArrayLike | pd.DataFrame | None = None,
    neighbour_confounders: NeighbourShare | None = None,
    *,
    weights: ArrayLike | None = None,
) -> SpilloverEstimate:
    """Separate the own effect of a treatment from that of the neighbours' treatment.

    Parameters
    ----------
    outcome, treatment : array of shape (n,)
    neighbours : NeighbourShare of n units
        Of the treatment, from `neighbour_share`.
    clusters : array of shape (n,)
        Communities; no neighbours across them, so that errors may follow them.
    confounders : array of shape (n,) or (n, k), or DataFrame of n rows, optional
        Numbers, none missing.
    neighbour_confounders : NeighbourShare of shape (n,) or (n, k), optional
        Of the confounders. Without them homophily is not taken out, and the sentence says so.
    weights : array of shape (n,), optional
        Positive.

    Raises
    ------
    NotIdentifiedError
        Fewer than 10 communities, or a treated share that is the same everywhere or a mixture of the other columns.
    """
    y, t = as_numbers("outcome", outcome), as_numbers("treatment", treatment)
    n = len(y)
    own = _columns("confounders", confounders, n)
    theirs = _columns("neighbour_confounders", None if neighbour_confounders is None else neighbour_confounders.mean, n)
    w = np.ones(n) if weights is None else as_positive("weights", weights, n)
    labels = np.asarray(clusters)
    if not n == len(t) == len(labels) == len(neighbours.mean) or neighbours.mean.ndim != 1:
        raise NotIdentifiedError(f"there are {n} outcomes; give a treatment, a treated share and a cluster for each.")
    if not (np.isfinite(y).all() and np.isfinite(t).all() and np.isfinite(own).all()):
        raise NotIdentifiedError("an outcome, treatment or confounder is missing; leave those units out.")
    rows = np.asarray((neighbours.count > 0) & np.isfinite(neighbours.mean) & np.isfinite(theirs).all(axis=1))
    share, codes = neighbours.mean[rows], group_codes(labels[rows].astype(str))
    n_clusters = int(codes.max(initial=-1)) + 1
    if n_clusters < FEWEST_CLUSTERS or np.ptp(share) == 0:
        raise NotIdentifiedError(
            f"{n_clusters} communities have neighbours; at least {FEWEST_CLUSTERS} that differ in treatment are needed."
        )
    plain = np.column_stack([share, t[rows]])
    full = np.column_stack([plain, own[rows], theirs[rows]])
    slopes = [_slopes(y[rows], x, codes, w[rows]) for x in (plain, np.column_stack([plain, own[rows]]), full)]
    likeness = _correlation(t[rows], share)
    alike = [_correlation(own[rows, i], theirs[rows, i]) for i in range(min(own.shape[1], theirs.shape[1]))]
    (naive, naive_error, _, _, _), (without, without_error, _, _, _), (slope, error, p, effect, own_error) = slopes
    return SpilloverEstimate(
        effect, own_error, slope, error, p, naive, naive_error, without, without_error, likeness,
        max(alike, key=abs, default=0.0), int(rows.sum()), n_clusters,
        _say(slope, p, (without, without_error), likeness, has_theirs=theirs.shape[1] > 0),
    )  # fmt: skip


def _slopes(y: FloatArray, x: FloatArray, codes: IntArray, w: FloatArray) -> tuple[float, float, float, float, float]:
    fit = fit_clustered_ols(y, x, codes, weights=w)
    if not np.isfinite(fit.coefficients[:2]).all():
        raise NotIdentifiedError("the neighbours' treated share cannot be told from the unit's own treatment.")
    own, share = 1, 0
    return (
        float(fit.coefficients[share]), float(fit.std_errors[share]), float(fit.p_values[share]),
        float(fit.coefficients[own]), float(fit.std_errors[own]),
    )  # fmt: skip


def _say(slope: float, p: float, without: tuple[float, float], likeness: float, *, has_theirs: bool) -> str:
    alike = abs(likeness) >= ALIKE
    if not has_theirs:
        warning = (
            f" Neighbours are alike in the treatment (correlation {likeness:.2f}): this may be likeness and not "
            "influence; give the neighbours' confounders." if alike else ""
        )  # fmt: skip
        found = "moves with" if p < CLEAR else "does not clearly move with"
        return f"The outcome {found} the neighbours' treatment.{warning}"
    was_clear = abs(without[0]) > 1.96 * without[1]
    if was_clear and p >= CLEAR:
        return (
            "What looked like influence between neighbours goes away once the neighbours' confounders are held alike: "
            "neighbours are alike, and no influence is seen."
        )
    if p >= CLEAR:
        return "No influence between neighbours is seen; a small one would go unseen."
    caution = (
        " Neighbours are alike in the treatment, so what nobody measured may still pass for influence." if alike else ""
    )
    return f"Neighbours' treatment {'raises' if slope > 0 else 'lowers'} the outcome, own treatment alike.{caution}"


def _matrix(n: int, edges: ArrayLike | None, adjacency: ArrayLike | sparse.spmatrix | None) -> sparse.csr_matrix:
    if (edges is None) == (adjacency is None):
        raise NotIdentifiedError("give either edges or an adjacency matrix.")
    if edges is None:
        matrix = sparse.csr_matrix(adjacency, dtype=np.float64)
        if matrix.shape != (n, n) or not np.isfinite(matrix.data).all() or (matrix.data < 0).any():
            raise NotIdentifiedError(f"the adjacency has shape {matrix.shape}; {n} units need {n} x {n} weights >= 0.")
        return matrix - sparse.diags(matrix.diagonal())
    pairs = np.asarray(edges)
    if pairs.ndim != 2 or pairs.shape[1] != 2 or pairs.dtype.kind not in "iu":
        raise NotIdentifiedError(f"edges have shape {pairs.shape}; give pairs of positions, whole numbers.")
    if len(pairs) and (pairs.min() < 0 or pairs.max() >= n):
        raise NotIdentifiedError(f"an edge names position {pairs.max()}; the {n} units are 0 to {n - 1}.")
    pairs = np.unique(np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1), axis=0)
    ends = np.concatenate([pairs, pairs[:, ::-1]])
    return sparse.csr_matrix((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(n, n))


def _columns(what: str, values: ArrayLike | pd.DataFrame | None, n: int) -> FloatArray:
    if values is None:
        return np.empty((n, 0))
    try:
        columns = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise NotIdentifiedError(f"{what} hold text; give numbers, categories as one 0/1 column each.") from None
    columns = columns[:, None] if columns.ndim == 1 else columns
    if columns.ndim != 2 or len(columns) != n:
        raise NotIdentifiedError(f"{what} have shape {columns.shape}; give {n} rows.")
    return columns


def _correlation(a: FloatArray, b: FloatArray) -> float:
    a, b = a - a.mean(), b - b.mean()
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if size > 0 else 0.0
