"""Everything that came in: assets, titles, impressions and popularity, validated together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pandas as pd

from artwork_insights.catalog.assets import read_assets
from artwork_insights.catalog.checks import count_of
from artwork_insights.catalog.impressions import read_impressions
from artwork_insights.catalog.popularity import read_popularity
from artwork_insights.catalog.served import Served, read_served_rates
from artwork_insights.catalog.tables import open_engine
from artwork_insights.catalog.titles import ReadTable, read_titles
from artwork_insights.study import Data


@dataclass(frozen=True, slots=True)
class Catalog:
    """The validated input of a study. Identifiers are text in every table.

    Attributes
    ----------
    assets : DataFrame
        asset_id (unique), title_id, location (absolute path or URL), and any further column as asset covariates.
    titles : DataFrame
        title_id (unique) and covariates.
    impressions : DataFrame or None
        One row per asset_id and country: impressions > 0, takes (int64), of known assets only; None where the outcome
        is a column of the titles.
    popularity : DataFrame or None
        One row per title_id and country: popularity in [0, 1].
    notes : tuple of str
        What was counted on the way in, in sentences: normal in a real catalogue, and worth knowing.
    served : Served or None
        Rates with the audience held alike, where the log has propensities or audience cells.
    """

    assets: pd.DataFrame
    titles: pd.DataFrame
    impressions: pd.DataFrame | None
    popularity: pd.DataFrame | None
    notes: tuple[str, ...]
    served: Served | None = None


def read_catalog(data: Data, as_of: date | None = None) -> Catalog:
    """Read and validate the tables of a study.

    Parameters
    ----------
    data : Data
        The ``[data]`` table of a study file, with absolute paths.
    as_of : date, optional
        The date of the run: rows of the log (column ``date``) and states of titles and popularity (``as_of``) after
        it are left out. All rows are read by default.

    Raises
    ------
    TableError
        One sentence naming the file, what was found, what was expected and what to do.
    """
    with open_engine() as engine:
        titles = read_titles(engine, data.titles, data.outcome.column if data.outcome else None, as_of)
        assets = read_assets(engine, data.assets, titles)
        read = [titles, assets]
        impressions = popularity = served = None
        if data.impressions is not None:
            share = data.largest_unknown_impression_share
            impressions = read_impressions(engine, data.impressions, assets, share, as_of)
            served = read_served_rates(data.impressions, assets.frame, as_of)
            read.append(impressions)
        if data.popularity is not None:
            popularity = read_popularity(engine, data.popularity, titles, as_of)
            read.append(popularity)
    return Catalog(
        assets.frame,
        titles.frame,
        None if impressions is None else impressions.frame,
        None if popularity is None else popularity.frame,
        tuple(note for table in read for note in table.notes) + _popularity_gap(assets, impressions, popularity),
        served,
    )


def _popularity_gap(assets: ReadTable, impressions: ReadTable | None, popularity: ReadTable | None) -> tuple[str, ...]:
    """Say for how many titles and countries the popularity table has no row."""
    if impressions is None or popularity is None:
        return ()
    shown = impressions.frame.merge(assets.frame[["asset_id", "title_id"]], on="asset_id")
    pairs = shown[["title_id", "country"]].drop_duplicates()
    n_missing = len(pairs) - len(pairs.merge(popularity.frame, on=["title_id", "country"]))
    note = (
        f"Popularity is not given for {n_missing:,} of {count_of(len(pairs), 'pair')} of title and country; "
        "there the mean of the title's other artwork stands in."
    )
    return (note,) if n_missing else ()
