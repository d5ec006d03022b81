"""Groups of features that measure nearly the same thing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.cluster import hierarchy
from scipy.spatial import distance

FloatArray = npt.NDArray[np.float64]
SMALLEST_NUMBER_OF_ASSETS = 10


def group_correlated(names: Sequence[str], values: FloatArray, correlation: float) -> tuple[tuple[str, ...], ...]:
    """Group features whose mean absolute correlation with the group is at least `correlation`.

    Average linkage (Sokal and Michener 1958): single linkage would chain features that have nothing in common.

    Parameters
    ----------
    names : sequence of str, length k
        Features.
    values : array of shape (n, k)
        One row per asset; NaN where a feature is not defined. Pairs are correlated where both are.
    correlation : float in (0, 1]
        Smallest mean absolute correlation within a group.

    Returns
    -------
    tuple of tuple of str
        Groups in order of their first feature, features in the order given.
    """
    if len(names) < 2:
        return tuple((name,) for name in names)
    apart = np.clip(1.0 - np.abs(correlations(values)), 0.0, None)
    np.fill_diagonal(apart, 0.0)
    linkage = hierarchy.linkage(distance.squareform(apart, checks=False), method="average")
    labels = hierarchy.fcluster(linkage, t=1.0 - correlation + 1e-12, criterion="distance")
    groups: dict[int, list[str]] = {}
    for name, label in zip(names, labels, strict=True):
        groups.setdefault(int(label), []).append(name)
    return tuple(tuple(group) for group in groups.values())


def correlations(values: FloatArray) -> FloatArray:
    """Pearson correlations over the rows where both columns are defined; 0 where either does not vary there.

    Parameters
    ----------
    values : array of shape (n, k)

    Returns
    -------
    array of shape (k, k)
        In [-1, 1], ones on the diagonal.
    """
    k = values.shape[1]
    found = np.eye(k)
    defined = np.isfinite(values)
    for i in range(k):
        for j in range(i):
            both = defined[:, i] & defined[:, j]
            found[i, j] = found[j, i] = _correlation(values[both, i], values[both, j])
    return found


def _correlation(left: FloatArray, right: FloatArray) -> float:
    if len(left) < SMALLEST_NUMBER_OF_ASSETS:
        return 0.0
    left, right = left - left.mean(), right - right.mean()
    scale = float(np.linalg.norm(left) * np.linalg.norm(right))
    return float(np.clip(left @ right / scale, -1.0, 1.0)) if scale > 1e-12 else 0.0
