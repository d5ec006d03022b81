"""A quadratic surface in several features, fitted beside confounders, and the differences between its points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from artwork_insights.design.reading import as_numbers
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.mechanisms.regression import ClusteredFit, FloatArray, fit_clustered_ols
from artwork_insights.mechanisms.rows import Rows


@dataclass(frozen=True, slots=True)
class Surface:
    """A full quadratic in several features, in standard deviations from their means.

    Attributes
    ----------
    names : tuple of str
    centre, spread : arrays of shape (f,)
    squared : tuple of bool
        Whether a feature has more than two values, and so a square.
    """

    names: tuple[str, ...]
    centre: FloatArray
    spread: FloatArray
    squared: tuple[bool, ...]

    @staticmethod
    def over(names: Sequence[str], features: FloatArray) -> Surface:
        """The surface of the features (n, f) found."""
        spread = features.std(axis=0)
        flat = [name for name, size in zip(names, spread, strict=True) if not size > 0]
        if flat:
            raise NotIdentifiedError(f"{flat[0]} has one value only; a change needs a feature that varies.")
        many = tuple(len(np.unique(column)) > 2 for column in features.T)
        return Surface(tuple(names), features.mean(axis=0), spread, many)

    def columns(self, features: FloatArray) -> FloatArray:
        """Features, their squares, and their products: (n, b)."""
        z = (features - self.centre) / self.spread
        return np.column_stack([z, *(z[:, i] * z[:, j] for i, j in self.pairs)])

    @property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """Places of the features in each square and product, in the order of the columns."""
        size = len(self.names)
        return tuple((i, j) for i in range(size) for j in range(i, size) if i != j or self.squared[i])


@dataclass(frozen=True, slots=True)
class ClearedSurface:
    """Outcome and the columns of a surface, each less what the confounders predict of it (Robinson 1988).

    Attributes
    ----------
    outcome : array of shape (n,)
    columns : array of shape (n, b)
        Of ``Surface.over(names, features).columns(features)``.
    """

    outcome: FloatArray
    columns: FloatArray


def fit_surface(rows: Rows, surface: Surface, cleared: ClearedSurface | None) -> ClusteredFit:
    """Fit the surface beside the controls, or to residuals.

    Raises
    ------
    NotIdentifiedError
        A feature that does not vary beside the others, or residuals of another shape.
    """
    target, columns = rows.outcome, surface.columns(rows.carriers)
    if cleared is not None:
        if rows.controls.shape[1] or cleared.columns.shape != columns.shape or len(cleared.outcome) != len(columns):
            raise NotIdentifiedError(
                "residuals need one row per row with all features, and no confounders beside them."
            )
        target, columns = as_numbers("cleared outcome", cleared.outcome), cleared.columns
    labels = [*surface.names, *(f"product {i}" for i in range(columns.shape[1] - len(surface.names)))]
    extra = [f"confounder {i}" for i in range(rows.controls.shape[1])]
    fit = fit_clustered_ols(
        target, np.column_stack([columns, rows.controls]), rows.clusters,
        weights=rows.weights, absorb=rows.absorb, names=[*labels, *extra],
    )  # fmt: skip
    lost = [name for name in surface.names if name in fit.dropped]
    if lost:
        raise NotIdentifiedError(f"{lost[0]} does not vary beside the other features and confounders; leave it out.")
    return fit


def contrast_points(
    fit: ClusteredFit, surface: Surface, start: FloatArray, end: FloatArray, level: float
) -> tuple[float, float, float, float, float]:
    """Difference, standard error, limits and p-value between two points of the surface."""
    ends = surface.columns(np.stack([start, end]))
    gap = np.zeros(len(fit.coefficients))
    gap[: ends.shape[1]] = ends[1] - ends[0]
    kept: NDArray[np.bool_] = np.isfinite(fit.coefficients)
    effect = float(gap[kept] @ fit.coefficients[kept])
    variance = float(gap[kept] @ fit.covariance[np.ix_(kept, kept)] @ gap[kept])
    error = float(np.sqrt(max(variance, 0.0)))
    reach = float(stats.t.ppf((1 + level) / 2, fit.degrees_of_freedom)) * error
    p_value = float(2 * stats.t.sf(abs(effect) / error, fit.degrees_of_freedom)) if error > 0 else 1.0
    return effect, error, effect - reach, effect + reach, p_value
