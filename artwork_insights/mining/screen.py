"""Screen features for association with the adjusted take rate: one weighted, title-clustered slope for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

SMALLEST_EFFECTIVE_TITLES = 10.0
BLOCK = 16  # features screened at once, to bound memory


@dataclass(frozen=True, slots=True)
class ScreenedFeature:
    """Association of one feature with the adjusted take rate on the mining half.

    Attributes
    ----------
    name : str
        Feature.
    slope_per_sd : float
        Change in adjusted take rate (takes per impression) with one standard deviation of the feature, country means
        taken out. An association, not an effect. NaN where the feature was not screened.
    std_error : float
        Of the slope, clustered by title.
    p_value, q_value : float
        Two-sided, t with one degree of freedom less than titles; adjusted over all screened features (Benjamini and
        Hochberg 1995).
    n_assets, n_titles : int
        Where the feature is defined.
    effective_titles : float
        Titles' worth of variation in the feature; below 10 it is not screened.
    discovered : bool
        Whether the q-value is at most the level.
    """

    name: str
    slope_per_sd: float
    std_error: float
    p_value: float
    q_value: float
    n_assets: int
    n_titles: int
    effective_titles: float
    discovered: bool


@dataclass(frozen=True, slots=True)
class Slopes:
    """Slopes of an outcome on k standardised features, each alone.

    Attributes
    ----------
    slope, std_error : array of shape (k,)
        Per standard deviation of the feature; NaN where it does not vary.
    n_clusters : array of shape (k,)
        Clusters in which the feature is defined.
    effective_clusters : array of shape (k,)
        (sum q)^2 / sum q^2 over the clusters' shares q of the feature's sum of squares.
    """

    slope: FloatArray
    std_error: FloatArray
    n_clusters: FloatArray
    effective_clusters: FloatArray


def screen_features(
    names: Sequence[str],
    values: FloatArray,
    outcome: FloatArray,
    weights: FloatArray,
    title: npt.ArrayLike,
    country: npt.ArrayLike,
    asset: npt.ArrayLike,
    level: float,
) -> tuple[ScreenedFeature, ...]:
    """Screen k features over n cells.

    Parameters
    ----------
    names : sequence of str, length k
        Features.
    values : array of shape (n, k)
        Their values; NaN where a feature is not defined.
    outcome, weights : array of shape (n,)
        Adjusted take rate and precision weights.
    title, country, asset : array of shape (n,)
        Of each cell.
    level : float
        Share of false discoveries to allow.

    Returns
    -------
    tuple of ScreenedFeature
        Strongest first: by p-value, then by name; features that were not screened last.
    """
    titles, countries, assets = (np.unique(np.asarray(c), return_inverse=True)[1] for c in (title, country, asset))
    blocks = [
        slopes_per_sd(values[:, start : start + BLOCK], outcome, weights, titles, countries)
        for start in range(0, values.shape[1], BLOCK)
    ]
    columns = ("slope", "std_error", "n_clusters", "effective_clusters")
    slope, error, n_titles, effective = (
        np.concatenate([getattr(block, c) for block in blocks] or [np.empty(0)]) for c in columns
    )
    testable = (error > 0) & (effective >= SMALLEST_EFFECTIVE_TITLES)
    p_values = np.full(len(names), np.nan)
    p_values[testable] = 2 * stats.t.sf(np.abs(slope[testable] / error[testable]), n_titles[testable] - 1)
    q_values = np.full(len(names), np.nan)
    q_values[testable] = stats.false_discovery_control(p_values[testable]) if testable.any() else []
    n_assets = [len(np.unique(assets[np.isfinite(values[:, j])])) for j in range(len(names))]
    screened = [
        ScreenedFeature(
            name=names[j],
            slope_per_sd=float(slope[j]) if testable[j] else np.nan,
            std_error=float(error[j]) if testable[j] else np.nan,
            p_value=float(p_values[j]),
            q_value=float(q_values[j]),
            n_assets=n_assets[j],
            n_titles=int(n_titles[j]),
            effective_titles=float(effective[j]),
            discovered=bool(q_values[j] <= level),
        )
        for j in range(len(names))
    ]
    return tuple(sorted(screened, key=lambda f: (np.isnan(f.p_value), f.p_value if f.p_value >= 0 else 0.0, f.name)))


def slopes_per_sd(
    values: FloatArray, outcome: FloatArray, weights: FloatArray, cluster: IntArray, country: IntArray
) -> Slopes:
    """Weighted least squares of the outcome on each feature alone, country means taken out of both.

    Standard errors are cluster-robust (Liang and Zeger 1986) with the factor G / (G - 1).

    Parameters
    ----------
    values : array of shape (n, k)
        NaN where a feature is not defined: such cells are left out for that feature.
    outcome, weights : array of shape (n,)
        Finite; weights positive.
    cluster, country : array of shape (n,), int
        Codes from 0.
    """
    defined = np.isfinite(values)
    weight = weights[:, None] * defined
    total = weight.sum(axis=0)
    x = _without_means(np.where(defined, values, 0.0), weight, country)
    y = _without_means(np.where(defined, outcome[:, None], 0.0), weight, country)
    squares = (weight * x * x).sum(axis=0)
    spread = np.sqrt(np.divide(squares, total, out=np.zeros_like(total), where=total > 0))
    scale = np.nanmax(np.abs(np.where(defined, values, 0.0)), axis=0, initial=0.0)
    varies = spread > 1e-9 * np.maximum(scale, 1e-300)
    x = np.divide(x, spread, out=np.zeros_like(x), where=varies)
    slope = np.divide((weight * x * y).sum(axis=0), total, out=np.full_like(total, np.nan), where=varies)
    residual = y - np.where(varies, slope, 0.0) * x
    scores = _sums(weight * x * residual, cluster)
    n_clusters = (_sums(defined.astype(np.float64), cluster) > 0).sum(axis=0).astype(np.float64)
    shares = _sums(weight * x * x, cluster)
    effective = np.divide(shares.sum(axis=0) ** 2, (shares**2).sum(axis=0), out=np.zeros_like(total), where=varies)
    factor = np.divide(n_clusters, n_clusters - 1, out=np.full_like(total, np.nan), where=n_clusters > 1)
    variance = np.divide(factor * (scores**2).sum(axis=0), total**2, out=np.full_like(total, np.nan), where=varies)
    return Slopes(slope, np.sqrt(variance), n_clusters, effective)


def _without_means(values: FloatArray, weight: FloatArray, group: IntArray) -> FloatArray:
    """Take weighted group means out of every column; cells of weight 0 become 0."""
    total = _sums(weight, group)
    means = np.divide(_sums(weight * values, group), total, out=np.zeros_like(total), where=total > 0)
    return np.where(weight > 0, values - means[group], 0.0)


def _sums(values: FloatArray, group: IntArray) -> FloatArray:
    """Sum rows by group; shape (number of groups, k)."""
    sums: FloatArray = np.zeros((int(group.max(initial=-1)) + 1, values.shape[1]))
    for j in range(values.shape[1]):
        sums[:, j] = np.bincount(group, weights=values[:, j], minlength=len(sums))
    return sums
