"""The take rate of a component from the rates of single artworks: with it, without it, and the difference in titles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from artwork_insights.design.reading import as_numbers, as_positive
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.mechanisms.regression import fit_clustered_ols, group_codes


@dataclass(frozen=True, slots=True)
class ComponentRates:
    """Mean take rates of artworks with and without a component.

    Attributes
    ----------
    treated, treated_std_error, control, control_std_error : float
        Mean rates over all artworks of each kind, clustered by title.
    difference, std_error, p_value : float
        With less without, between artworks of one title (and country), clustered by title with t(titles - 1).
    n_titles : int
        Titles that have both kinds, and so carry the difference.
    """

    treated: float
    treated_std_error: float
    control: float
    control_std_error: float
    difference: float
    std_error: float
    p_value: float
    n_titles: int


def compare_component_rates(
    rate: ArrayLike,
    treated: ArrayLike,
    title: ArrayLike,
    *,
    country: ArrayLike | None = None,
    weights: ArrayLike | None = None,
) -> ComponentRates:
    """Average any kind of rate over artworks with and without a component.

    Parameters
    ----------
    rate : array of shape (n,)
        Raw, standardised, SNIPS or doubly robust, one per artwork and country.
    treated : array of shape (n,)
        1 with the component, 0 without.
    title : array of shape (n,)
        Titles: clusters of the errors, and what the difference is made within.
    country : array of shape (n,), optional
        The difference is then made within title and country.
    weights : array of shape (n,), optional
        Positive, e.g. of precision; never numbers of impressions.

    Raises
    ------
    NotIdentifiedError
        Where no title has both kinds, or the columns do not fit each other.
    """
    y, t = as_numbers("rates", rate), as_numbers("treated", treated)
    n = len(y)
    places = group_codes(np.asarray(title).astype(str)) if len(np.asarray(title)) == n else None
    if places is None or len(t) != n or (country is not None and len(np.asarray(country)) != n):
        raise NotIdentifiedError(f"there are {n} rates; give a treatment, a title and a country for each.")
    if n == 0 or not np.isfinite(y).all() or not np.isin(t, (0.0, 1.0)).all():
        raise NotIdentifiedError("rates must be numbers and the treatment 0 or 1 in every row, and there must be some.")
    w = np.ones(n) if weights is None else as_positive("weights", weights, n)
    inside = places if country is None else group_codes(
        np.char.add(np.char.add(places.astype(str), "/"), np.asarray(country).astype(str))
    )  # fmt: skip
    size = int(inside.max()) + 1
    both = (np.bincount(inside, t, size) > 0) & (np.bincount(inside, 1 - t, size) > 0)
    n_titles = len(np.unique(places[both[inside]]))
    if n_titles < 2:
        raise NotIdentifiedError(f"{n_titles} titles have artworks with and without the component; 2 are needed.")
    within = fit_clustered_ols(y, t, places, weights=w, absorb=inside)
    treated_mean, control_mean = (float(np.average(y[t == kind], weights=w[t == kind])) for kind in (1, 0))
    return ComponentRates(
        treated_mean,
        _mean_error(y, t == 1, places, w),
        control_mean,
        _mean_error(y, t == 0, places, w),
        float(within.coefficients[0]),
        float(within.std_errors[0]),
        float(within.p_values[0]),
        n_titles,
    )


def _mean_error(y: np.ndarray, rows: np.ndarray, titles: np.ndarray, weights: np.ndarray) -> float:
    """Clustered error of a weighted mean."""
    share = weights[rows] / weights[rows].sum()
    influence = np.bincount(titles[rows], share * (y[rows] - share @ y[rows]))
    clusters = len(np.unique(titles[rows]))
    return float(np.sqrt(influence @ influence * clusters / max(clusters - 1, 1)))
