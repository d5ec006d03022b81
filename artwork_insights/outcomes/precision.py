"""Precision weights of rates: between-asset variance plus sampling variance, never the rate's own noise."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from artwork_insights.errors import NotIdentifiedError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

PRIOR_IMPRESSIONS = 100.0  # how many impressions the country's rate counts for beside a title's other assets
SMALLEST_RELATIVE_SPREAD = 0.05  # assets of a title differ by at least 5 % of the mean rate


def precision_weights(
    takes: npt.ArrayLike, impressions: npt.ArrayLike, title: npt.ArrayLike, country: npt.ArrayLike
) -> FloatArray:
    """Weights 1 / (tau2 + p (1 - p) / n) of rates takes / n, with mean 1.

    Parameters
    ----------
    takes, impressions : array of shape (n,)
        Counts by asset and country; impressions > 0, takes from 0 to the impressions.
    title, country : array of shape (n,)
        Of each row: names or codes, none missing.

    Returns
    -------
    array of shape (n,)
        Positive. p is the rate of the title's other assets in the country, shrunk to the rest of the country
        (`leave_own_out_rate`): a rate's own p would give rates that came out low by chance a high weight and bias
        every mean downwards. tau2, the variance between assets of a title in a country, is one number
        (`variance_between_assets`); without it weights would be impressions, which treats every impression as an
        independent draw of the asset's effect.

    Raises
    ------
    NotIdentifiedError
        Without rows, when lengths differ, a count is no number, impressions are not positive, takes are negative or
        more than the impressions, or a title or country is missing; in one sentence.
    """
    takes, impressions = _check_counts(takes, impressions, {"title": title, "country": country})
    p = leave_own_out_rate(takes, impressions, title, country)
    sampling = p * (1 - p) / impressions
    tau2 = variance_between_assets(takes / impressions, sampling, title, country)
    weights = 1.0 / (tau2 + sampling)
    return np.asarray(weights / weights.mean(), dtype=np.float64)


def _check_counts(
    takes: npt.ArrayLike, impressions: npt.ArrayLike, labels: Mapping[str, npt.ArrayLike]
) -> tuple[FloatArray, FloatArray]:
    """Takes and impressions as numbers that can be counts of the same rows."""
    shown, taken = _read_counts("impressions", impressions), _read_counts("takes", takes)
    if not len(shown):
        raise NotIdentifiedError("there are no rows to weigh; give takes and impressions by asset and country.")
    for name, column in {"takes": taken, **labels}.items():
        found = np.asarray(column, dtype=object)
        if found.shape != shown.shape:
            raise NotIdentifiedError(f"{name} has shape {found.shape} and impressions {shown.shape}; give one per row.")
        if pd.isna(found).any():
            missing = int(pd.isna(found).sum())
            raise NotIdentifiedError(f"{missing} of {len(found)} rows have no {name}; leave those rows out.")
    wrong = int((~(np.isfinite(shown) & (shown > 0))).sum())
    if wrong:
        raise NotIdentifiedError(
            f"impressions are missing, infinite or not above zero in {wrong} of {len(shown)} rows; leave them out."
        )
    wrong = int((~((taken >= 0) & (taken <= shown))).sum())
    if wrong:
        raise NotIdentifiedError(
            f"takes are negative or more than the impressions in {wrong} of {len(shown)} rows; check the counts."
        )
    return taken, shown


def _read_counts(what: str, values: npt.ArrayLike) -> FloatArray:
    found = np.asarray(values)
    if found.ndim != 1:
        raise NotIdentifiedError(f"{what} have shape {found.shape}; give one number per row.")
    if found.dtype.kind not in "biufO" or _holds_text(found):
        raise NotIdentifiedError(f"{what} hold something that is no number; give one number per row.")
    try:
        return np.array(pd.Series(found).to_numpy(dtype=np.float64, na_value=np.nan))
    except (TypeError, ValueError):
        raise NotIdentifiedError(f"{what} hold something that is no number; give one number per row.") from None


def _holds_text(values: npt.NDArray[np.generic]) -> bool:
    return values.dtype.kind == "O" and any(isinstance(value, str) for value in values)


def leave_own_out_rate(
    takes: npt.ArrayLike, impressions: npt.ArrayLike, title: npt.ArrayLike, country: npt.ArrayLike
) -> FloatArray:
    """Rate of the title's other assets in the country, shrunk to the rate of the rest of the country.

    Returns
    -------
    array of shape (n,)
        In (0, 1); no element depends on its own row's takes.
    """
    takes, impressions = np.asarray(takes, dtype=np.float64), np.asarray(impressions, dtype=np.float64)
    countries, pairs = _codes(country), _codes(title, country)
    rest_takes = _total(takes, countries) - takes
    rest_impressions = _total(impressions, countries) - impressions
    rest = (rest_takes + 0.5) / (rest_impressions + 1.0)
    others_takes, others_impressions = _total(takes, pairs) - takes, _total(impressions, pairs) - impressions
    rate: FloatArray = (others_takes + PRIOR_IMPRESSIONS * rest) / (others_impressions + PRIOR_IMPRESSIONS)
    return rate


def variance_between_assets(
    rates: FloatArray, sampling: FloatArray, title: npt.ArrayLike, country: npt.ArrayLike
) -> float:
    """Variance of true rates between the assets of a title in a country, by the method of moments in two rounds.

    Weighted sums of squares about the means of title and country are set equal to their expectation, first with
    weights 1 / sampling, then with the weights that result (DerSimonian and Kacker 2007, Contemp. Clin. Trials 28).
    Where no title has two assets in a country, the variance is that about the country's mean.

    Parameters
    ----------
    rates, sampling : array of shape (n,)
        Rates and their sampling variances, both > 0 for the latter.
    title, country : array of shape (n,)
        Of each row.

    Returns
    -------
    float
        At least the square of 5 % of the mean rate: an estimate of zero is no knowledge that assets are alike, and
        would turn weights into impressions.
    """
    groups = _codes(title, country)
    if groups.max(initial=-1) + 1 == len(groups):
        groups = _codes(country)
    tau2 = _moment_estimate(rates, sampling, groups, 1.0 / sampling)
    tau2 = _moment_estimate(rates, sampling, groups, 1.0 / (tau2 + sampling))
    mean = float(np.average(rates, weights=1.0 / (tau2 + sampling)))
    smallest = max(SMALLEST_RELATIVE_SPREAD * mean, 1e-9)
    return float(max(tau2, smallest**2))


def _moment_estimate(rates: FloatArray, sampling: FloatArray, groups: IntArray, weights: FloatArray) -> float:
    total = _total(weights, groups)
    mean = _total(weights * rates, groups) / total
    rest = 1.0 - weights / total
    scale = float(np.sum(weights * rest))
    if scale <= 0:
        return 0.0
    spread = float(np.sum(weights * (rates - mean) ** 2))
    return max((spread - float(np.sum(weights * sampling * rest))) / scale, 0.0)


def _codes(*columns: npt.ArrayLike) -> IntArray:
    """Integer codes of the distinct combinations of columns."""
    codes = np.zeros(len(np.asarray(columns[0])), dtype=np.int64)
    for column in columns:
        _, code = np.unique(np.asarray(column), return_inverse=True)
        codes = codes * (code.max(initial=0) + 1) + code
    _, dense = np.unique(codes, return_inverse=True)
    return dense.astype(np.int64)


def _total(values: FloatArray, codes: IntArray) -> FloatArray:
    """Sum of each row's group."""
    totals: FloatArray = np.bincount(codes, weights=values).astype(np.float64)
    return totals[codes]
