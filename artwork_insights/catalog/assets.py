"""Asset manifest: which artwork belongs to which title, and where it lies."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pandas as pd

from artwork_insights.catalog.checks import (
    count_of,
    identifier,
    refuse_missing_keys,
    refuse_repeated_keys,
)
from artwork_insights.catalog.covariates import plain_columns, type_covariates
from artwork_insights.catalog.tables import InputTable, collect, open_table
from artwork_insights.catalog.titles import ReadTable
from artwork_insights.errors import TableError

KEY_COLUMNS = ("asset_id", "title_id", "location")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


def read_assets(engine: Any, path: Path, titles: ReadTable) -> ReadTable:
    """Read the asset manifest and hold it against the titles.

    Parameters
    ----------
    engine : ibis backend
        From `artwork_insights.catalog.tables.open_engine`.
    path : Path
        Table with ``asset_id``, ``title_id``, ``location`` (URL or path, read from the folder that the table lies
        in) and any further column, kept as a covariate of the asset.
    titles : ReadTable
        With ``title_id``; assets of titles that are known only later are left out.

    Raises
    ------
    TableError
        One sentence; also where an asset's title is not among the titles.
    """
    table = open_table(engine, path, KEY_COLUMNS)
    rows, passed_over = plain_columns(table)
    table = InputTable(table.name, rows, table.notes + passed_over)
    refuse_missing_keys(table, KEY_COLUMNS)
    rows = rows.mutate(asset_id=identifier(rows.asset_id), title_id=identifier(rows.title_id))
    table = InputTable(table.name, rows.mutate(location=rows.location.cast("string").strip()), table.notes)
    refuse_repeated_keys(table, ["asset_id"])
    frame = collect(table, table.rows.order_by("asset_id"))
    is_later = frame["title_id"].isin(titles.later)
    later = frozenset(frame.loc[is_later, "asset_id"])
    frame = frame[~is_later].reset_index(drop=True)
    _refuse_unknown_titles(frame, table.name, titles.frame)
    frame = type_covariates(frame, table.name, KEY_COLUMNS)
    frame["location"] = [resolve_location(location, path.parent) for location in frame["location"]]
    n_empty = len(set(titles.frame["title_id"]) - set(frame["title_id"]))
    note = f"{n_empty:,} of {count_of(len(titles.frame), 'title')} have no asset."
    return ReadTable(frame, table.notes + ((note,) if n_empty else ()), later)


def resolve_location(location: str, folder: Path) -> str:
    """Return a URL as it is, and a path as an absolute one, read from `folder` where it is relative."""
    return location if _URL.match(location) else os.path.abspath(folder / location)  # noqa: PTH100 (no file access)


def _refuse_unknown_titles(frame: pd.DataFrame, name: str, titles: pd.DataFrame) -> None:
    unknown = frame[~frame["title_id"].isin(titles["title_id"])]
    if len(unknown):
        first = unknown.iloc[0]
        raise TableError(
            f"{name}: {count_of(len(unknown), 'asset')} of {len(frame):,} without a row in the title table, first "
            f"asset_id {first['asset_id']!r} with title_id {first['title_id']!r}; "
            "add the titles or leave the assets out."
        )
