"""Take rates of artwork that a recommender chose to show, as if every artwork had met the same audience."""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from artwork_insights.catalog.served import SMALLEST_PROPENSITY, measure_served_rates
from artwork_insights.catalog.tables import InputTable, open_engine
from artwork_insights.design.confounders import FloatArray
from artwork_insights.design.reading import as_numbers
from artwork_insights.errors import NotIdentifiedError

NO_COUNTRY = "all"


@dataclass(frozen=True, slots=True)
class StandardisedRates:
    """Take rates at the audience mix of the whole title (direct standardisation), one per asset and country.

    Attributes
    ----------
    asset, country : tuple of str
        Of each of the m rates, in this order.
    raw, raw_std_error : arrays of shape (m,)
        Takes / impressions.
    rate, std_error : arrays of shape (m,)
        Mean rate over the audience cells, weighted by their share of the title's impressions; its error counts
        impressions as independent.
    impressions, effective_impressions : arrays of shape (m,)
        Shown, and how many would tell as much had all met the title's mix.
    covered_share : array of shape (m,)
        Share of the title's audience in cells where the asset was shown; the rate speaks of that share.
    sentence : str
        What was left out.
    """

    asset: tuple[str, ...]
    country: tuple[str, ...]
    raw: FloatArray
    raw_std_error: FloatArray
    rate: FloatArray
    std_error: FloatArray
    impressions: FloatArray
    effective_impressions: FloatArray
    covered_share: FloatArray
    sentence: str


@dataclass(frozen=True, slots=True)
class WeightedRates:
    """Take rates weighted by logged propensities, one per asset and country.

    Attributes
    ----------
    asset, country : tuple of str
        Of each of the m rates, in this order.
    raw, ips, snips, doubly_robust : arrays of shape (m,)
        Takes / impressions; inverse-propensity; self-normalised; and with the rate of the title's other assets as the
        model of the outcome. See `catalog/served.py` for the formulas.
    raw_std_error, ips_std_error, snips_std_error, doubly_robust_std_error : arrays of shape (m,)
        Impressions count as independent.
    impressions, effective_impressions : arrays of shape (m,)
        Shown, and Kish's number after weighting.
    largest_weight : array of shape (m,)
        Impressions that one impression stands for, at most.
    clipped_share : array of shape (m,)
        Of the impressions whose propensity lies below the smallest that is used.
    weight_ratio : array of shape (m,)
        Impressions that the weights stand for, over those of the title: about 1 where the propensities are right and
        every cell could have shown the asset.
    sentence : str
        What was clipped, and whether the propensities fit the log.
    """

    asset: tuple[str, ...]
    country: tuple[str, ...]
    raw: FloatArray
    raw_std_error: FloatArray
    ips: FloatArray
    ips_std_error: FloatArray
    snips: FloatArray
    snips_std_error: FloatArray
    doubly_robust: FloatArray
    doubly_robust_std_error: FloatArray
    impressions: FloatArray
    effective_impressions: FloatArray
    largest_weight: FloatArray
    clipped_share: FloatArray
    weight_ratio: FloatArray
    sentence: str


def standardise_take_rates(
    asset: ArrayLike,
    title: ArrayLike,
    audience: ArrayLike | pd.DataFrame,
    impressions: ArrayLike,
    takes: ArrayLike,
    *,
    country: ArrayLike | None = None,
) -> StandardisedRates:
    """Standardise take rates to the audience mix of their title.

    An asset's cells are the audiences that saw it. A cell where it was never shown tells nothing: it is dropped, the
    mix of the others is scaled to one, and `covered_share` says how much of the audience is left.

    Parameters
    ----------
    asset, title : array of shape (n,)
        Of each row of the log.
    audience : array of shape (n,) or (n, k), or DataFrame of n rows
        Cells of the audience: segment, surface, device.
    impressions, takes : array of shape (n,)
        Counts of each row.
    country : array of shape (n,), optional
        Rates and mixes are made in each.

    Raises
    ------
    NotIdentifiedError
        For columns of other lengths or counts that cannot be.
    """
    measured = _measure(asset, title, impressions, takes, None, audience, country, SMALLEST_PROPENSITY)
    covered = _column(measured, "covered_share")
    partly = int((covered < 1 - 1e-9).sum())
    lost = 1 - float(np.average(covered, weights=_column(measured, "impressions")))
    sentence = (
        f"{partly:,} of {len(covered):,} rates leave out audiences that never saw the artwork, {lost:.1%} of all on "
        "average."
        if partly
        else "Every artwork was shown to every audience of its title."
    )
    return StandardisedRates(
        tuple(measured["asset_id"]),
        tuple(measured["country"]),
        _column(measured, "raw_rate"),
        _error(measured, "raw"),
        _column(measured, "standardised_rate"),
        _error(measured, "standardised"),
        _column(measured, "impressions"),
        _column(measured, "standardised_impressions"),
        covered,
        sentence,
    )


def weigh_take_rates(
    asset: ArrayLike,
    title: ArrayLike,
    impressions: ArrayLike,
    takes: ArrayLike,
    propensity: ArrayLike,
    *,
    audience: ArrayLike | pd.DataFrame | None = None,
    country: ArrayLike | None = None,
    smallest_propensity: float = SMALLEST_PROPENSITY,
) -> WeightedRates:
    """Weigh take rates by the inverse of the probability with which the artwork was shown.

    Parameters
    ----------
    asset, title : array of shape (n,)
        Of each row of the log.
    impressions, takes : array of shape (n,)
        Counts of each row.
    propensity : array of shape (n,)
        Probability, in (0, 1], that the policy showed this asset rather than another of its title; of a row of
        impressions that differ in it, their harmonic mean.
    audience : array of shape (n,) or (n, k), or DataFrame of n rows, optional
        Cells in which the doubly robust rate looks at the title's other assets.
    country : array of shape (n,), optional
        Rates are made in each.
    smallest_propensity : float
        In (0, 1]; smaller ones count as this, which trades bias for variance.

    Raises
    ------
    NotIdentifiedError
        For columns of other lengths, counts that cannot be, or a propensity outside (0, 1].
    """
    if not 0 < smallest_propensity <= 1:
        raise NotIdentifiedError(f"smallest_propensity={smallest_propensity!r} is no probability above 0.")
    measured = _measure(asset, title, impressions, takes, propensity, audience, country, smallest_propensity)
    clipped, ratio = _column(measured, "clipped_share"), _column(measured, "weight_ratio")
    share = float(np.average(clipped, weights=_column(measured, "impressions")))
    sentence = (
        f"{int((clipped > 0).sum()):,} of {len(clipped):,} rates have impressions with a propensity below "
        f"{smallest_propensity:g}, {share:.1%} of all, which count as {smallest_propensity:g}. The weights stand for "
        f"{float(np.median(ratio)):.2f} times the impressions of the title, where 1 is right."
    )
    return WeightedRates(
        tuple(measured["asset_id"]),
        tuple(measured["country"]),
        _column(measured, "raw_rate"),
        _error(measured, "raw"),
        _column(measured, "ips_rate"),
        _error(measured, "ips"),
        _column(measured, "snips_rate"),
        _error(measured, "snips"),
        _column(measured, "doubly_robust_rate"),
        _error(measured, "doubly_robust"),
        _column(measured, "impressions"),
        _column(measured, "weighted_impressions"),
        _column(measured, "largest_weight"),
        clipped,
        ratio,
        sentence,
    )


def _measure(
    asset: ArrayLike,
    title: ArrayLike,
    impressions: ArrayLike,
    takes: ArrayLike,
    propensity: ArrayLike | None,
    audience: ArrayLike | pd.DataFrame | None,
    country: ArrayLike | None,
    smallest: float,
) -> pd.DataFrame:
    n = len(np.asarray(asset))
    counts = {"impressions": as_numbers("impressions", impressions), "takes": as_numbers("takes", takes)}
    counts |= {} if propensity is None else {"propensity": as_numbers("propensity", propensity)}
    labels = {"asset_id": asset, "title_id": title, "country": [NO_COUNTRY] * n if country is None else country}
    cells = np.empty((n, 0)) if audience is None else np.asarray(audience, dtype=object)
    cells = cells[:, None] if cells.ndim == 1 else cells
    columns = {name: np.asarray(values, dtype=object) for name, values in labels.items()}
    columns |= {f"audience_{i}": cells[:, i] for i in range(cells.shape[1])}
    _refuse_odd(columns, counts, n)
    frame = pd.DataFrame({name: _as_text(values) for name, values in columns.items()} | counts)
    pairs = frame[["asset_id", "title_id"]].drop_duplicates()
    if pairs["asset_id"].duplicated().any():
        first = pairs.loc[pairs["asset_id"].duplicated(), "asset_id"].iloc[0]
        raise NotIdentifiedError(f"asset {first!r} belongs to two titles; give each asset one title.")
    with open_engine(threads=1) as engine:
        return measure_served_rates(engine, InputTable("the log", ibis.memtable(frame)), smallest)


def _refuse_odd(columns: dict[str, np.ndarray], counts: dict[str, FloatArray], n: int) -> None:
    for name, values in (columns | counts).items():
        if values.shape != (n,):
            raise NotIdentifiedError(f"{name} has {len(values)} rows and the assets {n}; give one per row of the log.")
    for name in ("asset_id", "title_id", "country"):
        if pd.isna(columns[name]).any():
            raise NotIdentifiedError(f"{name} is missing in some rows; give every row of the log its key.")
    shown, taken = counts["impressions"], counts["takes"]
    if n == 0 or not (np.isfinite(shown) & (shown >= 0) & np.isfinite(taken) & (taken >= 0) & (taken <= shown)).all():
        raise NotIdentifiedError("impressions and takes are counts, takes at most the impressions, in at least a row.")
    if not (shown > 0).any():
        raise NotIdentifiedError("no row has an impression; there is no rate to measure.")
    chance = counts.get("propensity")
    if chance is not None and not ((chance > 0) & (chance <= 1)).all():
        odd = chance[~((chance > 0) & (chance <= 1))][0]
        raise NotIdentifiedError(f"a propensity is {odd:g}; it is the probability of being shown, above 0 and up to 1.")


def _as_text(values: np.ndarray) -> np.ndarray:
    return np.array([None if missing else str(value) for value, missing in zip(values, pd.isna(values), strict=True)])


def _column(measured: pd.DataFrame, name: str) -> FloatArray:
    return measured[name].to_numpy(np.float64)


def _error(measured: pd.DataFrame, name: str) -> FloatArray:
    return np.asarray(np.sqrt(_column(measured, f"{name}_variance")))
