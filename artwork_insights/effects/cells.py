"""The analysis table: one row per asset and country with outcome, weight, features and covariates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from artwork_insights.catalog.catalog import Catalog
from artwork_insights.design.confounders import FloatArray
from artwork_insights.effects.served import ServedCells, join_served
from artwork_insights.errors import TableError
from artwork_insights.expression import Expression
from artwork_insights.features.table import FeatureTable
from artwork_insights.outcomes.precision import precision_weights
from artwork_insights.outcomes.take_rate import take_rate_table

LOG_COLUMNS = ("country", "impressions", "takes", "take_rate", "popularity")


@dataclass(frozen=True, slots=True)
class Cells:
    """Cells of a study.

    Attributes
    ----------
    frame : DataFrame of m rows
        ``asset_id``, ``title_id``, ``country`` where there is a log, features, asset and title covariates.
    outcome, weights : arrays of shape (m,)
        Raw take rate (or the outcome column) and precision weights of mean 1.
    impressions : array of shape (m,) or None
        Behind each rate.
    embedding : array of shape (m, d) or None
    notes : tuple of str
        What was left out on the way, in words.
    served : ServedCells or None
        Rates with the audience held alike, where the log tells of audiences.
    """

    frame: pd.DataFrame
    outcome: FloatArray
    weights: FloatArray
    impressions: FloatArray | None
    embedding: FloatArray | None
    notes: tuple[str, ...]
    served: ServedCells | None = None


def join_tables(
    catalog: Catalog, features: FeatureTable, outcome_column: str | None, conditions: Sequence[Expression] = ()
) -> Cells:
    """Join catalogue, features and outcome.

    Parameters
    ----------
    catalog : Catalog
    features : FeatureTable
    outcome_column : str or None
        Column of the titles that is the outcome; None for take rates from the log.
    conditions : sequence of Expression
        Components that near-identical artworks must share to count as one; see `merge_duplicates`.

    Raises
    ------
    TableError
        When no artwork has both features and an outcome.
    """
    artwork, notes = describe_artwork(catalog, features)
    artwork, first_of = merge_duplicates(artwork, conditions)
    if outcome_column is None:
        rates = _rates(catalog, first_of)
        frame = rates.merge(artwork, on="asset_id", how="inner", sort=False)
        n_unseen = artwork["asset_id"].nunique() - frame["asset_id"].nunique()
        if n_unseen:
            notes += (f"{n_unseen:,} artworks with features were never shown and are left out.",)
    else:
        frame = _with_title_outcome(catalog, artwork, outcome_column)
    notes += _count_merged(first_of)
    if frame.empty:
        raise TableError(
            f"no artwork has both features and an outcome ({len(features.frame):,} artworks have features); check that "
            "asset_id is the same in all tables, and see the failures beside the features."
        )
    frame = frame.sort_values(["asset_id", *(["country"] if outcome_column is None else [])], kind="stable")
    frame = frame.reset_index(drop=True)
    position = pd.Index(features.frame["asset_id"]).get_indexer(pd.Index(frame["asset_id"]))
    embedding = None if features.embedding is None else features.embedding[position].astype(np.float64)
    if outcome_column is not None:
        outcome = frame["outcome"].to_numpy(np.float64)
        rest = frame.drop(columns=["outcome"])
        return Cells(rest, outcome, np.ones(len(frame)), None, embedding, notes)
    weights = precision_weights(frame["takes"], frame["impressions"], frame["title_id"], frame["country"])
    return Cells(
        frame.drop(columns=["impressions", "takes", "take_rate"]),
        frame["take_rate"].to_numpy(np.float64),
        weights,
        frame["impressions"].to_numpy(np.float64),
        embedding,
        notes,
        join_served(catalog.served, frame, first_of),
    )


def merge_duplicates(artwork: pd.DataFrame, conditions: Sequence[Expression] = ()) -> tuple[pd.DataFrame, pd.Series]:
    """Near-identical artworks of one title become one: the first by asset_id stands for all.

    Two that differ in a component which the study asks about stay two: one picture with and without lettering is the
    best comparison there is.

    Parameters
    ----------
    artwork : DataFrame of n artworks
        ``asset_id``, ``title_id`` and, where their pictures were compared, ``duplicate_group``.
    conditions : sequence of Expression
        A plain feature is no condition and keeps nothing apart.

    Returns
    -------
    artwork : DataFrame
        Those that stand for themselves or for others, in the order given.
    first_of : Series of length n
        Indexed by asset_id: the asset that stands for it.
    """
    asset = artwork["asset_id"]
    if "duplicate_group" not in artwork:
        return artwork, pd.Series(asset.to_numpy(), index=asset.to_numpy())
    group = artwork["duplicate_group"].astype(object)
    alone = group.isna().to_numpy()
    group = group.where(~alone, np.char.add("alone ", np.arange(len(artwork)).astype(str)).astype(object))
    keys = [artwork["title_id"].to_numpy(), group.astype(str).to_numpy()]
    for condition in conditions:
        if not condition.is_plain_feature and set(condition.names) <= set(artwork.columns):
            values = {name: artwork[name].to_numpy(np.float64, na_value=np.nan) for name in condition.names}
            keys.append(np.nan_to_num(condition.evaluate(values), nan=-1.0))
    first = asset.groupby(keys).transform("min")
    return artwork[first == asset], pd.Series(first.to_numpy(), index=asset.to_numpy())


def _count_merged(first_of: pd.Series) -> tuple[str, ...]:
    n_merged = int((first_of.to_numpy() != first_of.index.to_numpy()).sum())
    if not n_merged:
        return ()
    return (f"{n_merged:,} artworks are near-identical to another of their title and count as one with it.",)


def _rates(catalog: Catalog, first_of: pd.Series) -> pd.DataFrame:
    """Take rate by asset and country, near-identical artworks added up, with popularity where it is known."""
    rates = take_rate_table(catalog)[["asset_id", "country", "impressions", "takes", "take_rate"]]
    merged = first_of[first_of.to_numpy() != first_of.index.to_numpy()].to_dict()
    if merged:
        counts = rates.assign(asset_id=[merged.get(asset, asset) for asset in rates["asset_id"]])
        rates = counts.groupby(["asset_id", "country"], as_index=False, sort=False)[["impressions", "takes"]].sum()
        rates["take_rate"] = rates["takes"] / rates["impressions"]
    if catalog.popularity is None:
        return rates
    return rates.merge(_popularity_by_country(catalog), on=["asset_id", "country"], how="left")


def _with_title_outcome(catalog: Catalog, artwork: pd.DataFrame, outcome_column: str) -> pd.DataFrame:
    """Artworks with the outcome of their title, those without one left out."""
    by_title = catalog.titles.set_index("title_id")[outcome_column]
    own = outcome_column if outcome_column in catalog.titles and outcome_column in artwork else None
    kept = artwork.drop(columns=[name for name in (own, f"title_{outcome_column}") if name in artwork.columns])
    with_outcome = kept.assign(outcome=kept["title_id"].map(by_title)).dropna(subset=["outcome"])
    return with_outcome.reset_index(drop=True)


def describe_artwork(catalog: Catalog, features: FeatureTable) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """One row per asset with features, asset and title covariates; reads no outcome from a log.

    A title or asset column with the name of a feature or of a log column is called ``title_...`` or ``asset_...``.
    """
    measured = features.frame.drop(columns=["location"])
    assets = catalog.assets.drop(columns=["location"])
    reserved = set(LOG_COLUMNS) if catalog.impressions is not None else set()
    clash = [c for c in assets.columns if (c in measured.columns or c in reserved) and c != "asset_id"]
    assets = assets.rename(columns={column: f"asset_{column}" for column in clash})
    artwork = assets.merge(measured, on="asset_id", how="inner")
    taken = (set(artwork.columns) - {"title_id"}) | reserved
    titles = catalog.titles.rename(columns={c: f"title_{c}" for c in catalog.titles.columns if c in taken})
    artwork = artwork.merge(titles, on="title_id", how="left")
    n_missing = len(catalog.assets) - len(artwork)
    notes = (
        (f"{n_missing:,} of {len(catalog.assets):,} artworks have no features and are left out.",) if n_missing else ()
    )
    return artwork, notes


def _popularity_by_country(catalog: Catalog) -> pd.DataFrame:
    assert catalog.popularity is not None
    return catalog.assets[["asset_id", "title_id"]].merge(catalog.popularity, on="title_id")[
        ["asset_id", "country", "popularity"]
    ]
