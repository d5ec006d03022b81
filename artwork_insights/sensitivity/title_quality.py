r"""A slope with each title's quality held fixed, where quality is only measured with error.

Popularity from before the comparison is an estimate. Taken out as it is, it leaves part of a title's quality in the
residual, and whatever goes with quality takes the credit: how many of a title's artworks have a component does. Its
popularity in *other* countries has errors of its own, so it serves as an instrument for the popularity of a cell: with
:math:`W` the share asked about, :math:`q` the popularity of the cell and :math:`z` that of the other countries,

.. math:: Y = \delta W + \gamma q + e, \qquad \mathrm{E}[e \mid W, z] = 0,

is fitted by two-stage least squares with errors clustered by title (Fuller 1987, Measurement error models, section 2.4;
Wooldridge 2010, Econometric analysis of cross section and panel data, section 5.3).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from artwork_insights.mechanisms.regression import (
    FloatArray,
    IntArray,
    fit_clustered_ols,
    sum_by_group,
    sweep_group_means,
)

WEAKEST_INSTRUMENT = 10.0
"""First-stage F below which an instrument is weak (Staiger and Stock 1997)."""
SAME = 1e-9


@dataclass(frozen=True, slots=True)
class TitleQuality:
    """What is known of each cell's title from outside the comparison, measured twice.

    Attributes
    ----------
    measure, again : arrays of shape (n,)
        Popularity of the title in the cell's country, and its mean over the other countries, both less the country's
        mean; NaN where either is missing.
    country : array of shape (n,), int
        Country codes of the cells.
    """

    measure: FloatArray
    again: FloatArray
    country: IntArray

    def rows(self, keep: NDArray[np.bool_]) -> TitleQuality:
        """Select cells."""
        return TitleQuality(self.measure[keep], self.again[keep], self.country[keep])


@dataclass(frozen=True, slots=True)
class HeldSlope:
    """Slope of the first column with quality held fixed.

    Attributes
    ----------
    slope, std_error, p_value : float
        Clustered, with t(clusters - 1).
    instrument_f : float
        First-stage F of the instrument, clustered.
    """

    slope: float
    std_error: float
    p_value: float
    instrument_f: float


def quality_from_popularity(popularity: FloatArray, title: IntArray, country: IntArray) -> TitleQuality | None:
    """Two measurements of each title's quality from its popularity by country.

    Parameters
    ----------
    popularity : array of shape (n,)
        The same in all cells of a title and a country; NaN where it is not known.
    title, country : arrays of shape (n,), int

    Returns
    -------
    TitleQuality or None
        None where no title has popularity in two countries, or the countries repeat one number: then nothing says how
        large its error is.
    """
    known = np.isfinite(popularity)
    n_countries = int(country.max(initial=0)) + 1
    pair, first = np.unique(title[known] * n_countries + country[known], return_index=True)
    owner, place = pair // n_countries, pair % n_countries
    value = popularity[known][first]
    value = value - (np.bincount(place, value) / np.maximum(np.bincount(place), 1))[place]
    total, count = np.bincount(owner, value), np.bincount(owner)
    others = count[owner] - 1
    again = np.divide(total[owner] - value, others, out=np.full(len(value), np.nan), where=others > 0)
    told = np.isfinite(again)
    if not told.any() or np.abs(value[told] - again[told]).max() <= SAME * max(float(np.ptp(value)), SAME):
        return None
    measures = np.full((2, len(popularity)), np.nan)
    place_of = np.searchsorted(pair, title[known] * n_countries + country[known])
    measures[:, known] = np.where(told, [value, again], np.nan)[:, place_of]
    return TitleQuality(measures[0], measures[1], country)


def hold_quality(
    outcome: FloatArray, columns: FloatArray, quality: TitleQuality, clusters: IntArray, weights: FloatArray
) -> HeldSlope | None:
    """Two-stage least squares of the outcome on `columns`, shape (n, k), and on quality, countries' means swept out.

    Returns
    -------
    HeldSlope or None
        Of the first column; None where quality is not known in enough cells or the instrument is weak.
    """
    rows = np.isfinite(quality.again)
    if len(np.unique(clusters[rows])) < columns.shape[1] + 3:
        return None
    y, w, cluster = outcome[rows], weights[rows], np.unique(clusters[rows], return_inverse=True)[1]
    country = np.unique(quality.country[rows], return_inverse=True)[1]
    design = np.column_stack([quality.again[rows], columns[rows]])
    first = fit_clustered_ols(quality.measure[rows], design, cluster, weights=w, absorb=country)
    strength = float((first.coefficients[0] / first.std_errors[0]) ** 2)
    if first.dropped or not strength >= WEAKEST_INSTRUMENT:
        return None
    swept = sweep_group_means(np.column_stack([columns[rows], quality.measure[rows], y]), country, w)
    actual, target = swept[:, :-1], swept[:, -1]
    fitted = np.column_stack([actual[:, :-1], actual[:, -1] - first.residuals])
    bread = np.linalg.inv(fitted.T @ (fitted * w[:, None]))
    coefficients = bread @ (fitted.T @ (w * target))
    left = target - actual @ coefficients
    half = sum_by_group(fitted * (w * left)[:, None], cluster) @ bread
    n_clusters, n_rows = int(cluster.max()) + 1, len(y)
    parameters = fitted.shape[1] + int(country.max()) + 1
    factor = n_clusters / (n_clusters - 1) * (n_rows - 1) / (n_rows - parameters)
    error = float(np.sqrt(factor * (half[:, 0] @ half[:, 0])))
    ratio = abs(float(coefficients[0])) / error
    return HeldSlope(float(coefficients[0]), error, float(2 * stats.t.sf(ratio, n_clusters - 1)), strength)
