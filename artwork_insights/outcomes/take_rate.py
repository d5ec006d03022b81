"""Take rate by asset and country, with its interval, without the title's popularity, and shrunken for display.

Everything is an Ibis expression: it runs on the embedded DuckDB here and could run on a cluster unchanged.

With n impressions and x takes in a cell, the rates of the assets of a country vary about the country's mean m with
variance m (1 - m) rho between assets (beta-binomial). rho and m are estimated by moments with two rounds of weights
(Kleinman 1973, Proportions with extraneous variance, JASA 68). Every mean of rates in this module weights a cell by
n / (1 + rho (n - 1)), the precision of its rate under that model. By n alone, the artwork that the recommender
favoured would be the yardstick for all others; equally, a sibling with a handful of impressions would be.
"""

from __future__ import annotations

from typing import Any

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa

from artwork_insights.catalog.catalog import Catalog
from artwork_insights.catalog.tables import open_engine
from artwork_insights.errors import NotIdentifiedError

Z_95 = 1.959963984540054
SMALLEST_CLUSTERING, LARGEST_CLUSTERING = 1e-6, 0.999
COLUMNS = (
    "asset_id", "title_id", "country", "impressions", "takes", "take_rate", "take_rate_low", "take_rate_high",
    "popularity", "adjusted_take_rate", "shrunken_take_rate",
)  # fmt: skip


def take_rate_table(catalog: Catalog) -> pd.DataFrame:
    """Measure the take rates of a catalogue on the embedded DuckDB.

    Returns
    -------
    DataFrame
        The columns of `measure_take_rates`, one row per asset and country, ordered by them. The same input gives the
        same bytes in every run.

    Raises
    ------
    NotIdentifiedError
        When the catalogue has no impression log.
    """
    if catalog.impressions is None:
        raise NotIdentifiedError(
            "this study reads its outcome from the titles and has no impression log, so there is no take rate; "
            "give [data] impressions to measure one."
        )
    with open_engine(threads=1) as engine:
        impressions = _table(catalog.impressions[["asset_id", "country", "impressions", "takes"]])
        assets = _table(catalog.assets[["asset_id", "title_id"]])
        popularity = None if catalog.popularity is None else _table(catalog.popularity)
        rates = engine.to_pyarrow(measure_take_rates(impressions, assets, popularity)).to_pandas()
    return pd.DataFrame(rates).astype({"impressions": np.int64, "takes": np.int64})


def measure_take_rates(impressions: Any, assets: Any, popularity: Any | None = None) -> Any:
    """Take rates as one Ibis expression.

    Parameters
    ----------
    impressions : ibis.Table
        asset_id, country (together unique), impressions > 0, takes.
    assets : ibis.Table
        asset_id (unique), title_id.
    popularity : ibis.Table, optional
        title_id, country (together unique), popularity in [0, 1], from outside the comparison.

    Returns
    -------
    ibis.Table
        asset_id, title_id, country, impressions, takes, and in takes per impression:

        take_rate, take_rate_low, take_rate_high
            takes / impressions with its 95 % interval (Wilson 1927), inside [0, 1].
        popularity
            Of the title in the country: as given, else the mean of the title's other assets there, else (a title
            with one asset) the country's mean.
        adjusted_take_rate
            take_rate - popularity + the country's mean: what the artwork adds, on the scale of rates.
        shrunken_take_rate
            Posterior mean under the country's beta distribution. For display and ranking only.
    """
    cells = impressions.inner_join(assets.select("asset_id", "title_id"), "asset_id")
    cells = cells.select("asset_id", "title_id", "country", "impressions", "takes")
    cells = cells.mutate(take_rate=cells.takes / cells.impressions)
    cells = _with_intervals(cells)
    cells = _with_country_moments(cells)
    cells = _with_sibling_mean(cells)
    given = ibis.null("float64")
    if popularity is not None:
        outside = popularity.select("title_id", "country", given_popularity=popularity.popularity)
        cells = cells.left_join(outside, ["title_id", "country"]).drop("title_id_right", "country_right")
        given = cells.given_popularity
    cells = cells.mutate(popularity=ibis.coalesce(given, cells.sibling_mean, cells.country_mean))
    prior_impressions = 1 / cells.clustering - 1
    cells = cells.mutate(
        adjusted_take_rate=cells.take_rate - cells.popularity + cells.country_mean,
        shrunken_take_rate=(cells.takes + prior_impressions * cells.country_mean)
        / (cells.impressions + prior_impressions),
    )
    return cells.select(*COLUMNS).order_by([ibis.asc("asset_id"), ibis.asc("country")])


def _table(frame: pd.DataFrame) -> Any:
    return ibis.memtable(pa.Table.from_pandas(frame, preserve_index=False))


def _with_intervals(cells: Any) -> Any:
    """Add the interval of Wilson (1927): the rates that a score test at 5 % would not reject."""
    n, rate = cells.impressions.cast("float64"), cells.take_rate
    shrink = 1 + Z_95**2 / n
    centre = (rate + Z_95**2 / (2 * n)) / shrink
    half = Z_95 / shrink * (rate * (1 - rate) / n + Z_95**2 / (4 * n * n)).sqrt()
    nothing, everything = cells.takes == 0, cells.takes == cells.impressions
    return cells.mutate(
        take_rate_low=nothing.ifelse(0.0, centre - half),
        take_rate_high=everything.ifelse(1.0, centre + half),
    )


def _with_country_moments(cells: Any) -> Any:
    """Add the country's mean rate, the clustering rho of rates within it, and the weight of each cell."""
    cells = _moments(cells, cells.impressions.cast("float64"))
    cells = _moments(cells, _precision(cells))
    return cells.mutate(weight=_precision(cells))


def _precision(cells: Any) -> Any:
    return cells.impressions / (1 + cells.clustering * (cells.impressions - 1))


def _moments(cells: Any, weight: Any) -> Any:
    """Add country_mean and clustering by the method of moments under given weights (Kleinman 1973)."""
    country = ibis.window(group_by="country")
    cells = cells.mutate(weight=weight)
    cells = cells.mutate(total=cells.weight.sum().over(country))
    cells = cells.mutate(country_mean=(cells.weight * cells.take_rate).sum().over(country) / cells.total)
    rest = 1 - cells.weight / cells.total
    cells = cells.mutate(
        spread=(cells.weight * (cells.take_rate - cells.country_mean) ** 2).sum().over(country),
        sampled=(cells.weight / cells.impressions * rest).sum().over(country),
        weighed=(cells.weight * rest).sum().over(country),
    )
    binomial = cells.country_mean * (1 - cells.country_mean)
    scale = binomial * (cells.weighed - cells.sampled)
    clustering = (scale > 0).ifelse((cells.spread - binomial * cells.sampled) / scale.nullif(0.0), 0.0)
    bounded = ibis.least(ibis.greatest(clustering, SMALLEST_CLUSTERING), LARGEST_CLUSTERING)
    return cells.mutate(clustering=bounded).drop("total", "spread", "sampled", "weighed")


def _with_sibling_mean(cells: Any) -> Any:
    """Add the weighted mean rate of the title's other assets in the country; null where there is none."""
    siblings = ibis.window(group_by=["title_id", "country"])
    n_assets = cells.asset_id.count().over(siblings)
    weight = cells.weight.sum().over(siblings) - cells.weight
    total = (cells.weight * cells.take_rate).sum().over(siblings) - cells.weight * cells.take_rate
    mean = ibis.least(ibis.greatest(total / weight.nullif(0.0), 0.0), 1.0)
    return cells.mutate(sibling_mean=(n_assets > 1).ifelse(mean, None))
