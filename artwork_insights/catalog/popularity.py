"""Popularity of titles from outside the comparison: a pre-period take rate, or another surface."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from artwork_insights.catalog.checks import (
    Fault,
    count_of,
    identifier,
    is_missing,
    is_null,
    number,
    refuse_faults,
    refuse_missing_keys,
)
from artwork_insights.catalog.history import latest_rows
from artwork_insights.catalog.tables import InputTable, collect, open_table
from artwork_insights.catalog.titles import ReadTable

KEY = ("title_id", "country")


def read_popularity(engine: Any, path: Path, titles: ReadTable, as_of: date | None = None) -> ReadTable:
    """Read the popularity table: the latest row of each title and country, a rate in [0, 1].

    Parameters
    ----------
    engine : ibis backend
        From `artwork_insights.catalog.tables.open_engine`.
    path : Path
        Table with ``title_id``, ``country``, ``popularity`` and, where history is kept, ``as_of``.
    titles : ReadTable
        With ``title_id``; popularity of other titles is left out and counted.
    as_of : date, optional
        Rows with a later ``as_of`` are left out.

    Raises
    ------
    TableError
        One sentence.
    """
    table = open_table(engine, path, [*KEY, "popularity"])
    refuse_missing_keys(table, KEY)
    value = number(table.rows.popularity)
    in_range = is_null(value).ifelse(False, (value >= 0) & (value <= 1))
    faults = [
        Fault(is_missing(table.rows.popularity), "'popularity' is missing", "leave out rows without a value"),
        Fault(~in_range, "'popularity' is no rate", "give takes per impression between 0 and 1", ("popularity",)),
    ]
    refuse_faults(table, faults, KEY)
    texts = {column: identifier(table.rows[column]) for column in KEY}
    rows = table.rows.mutate(**texts, popularity=value)
    kept = [*KEY, *(["as_of"] if "as_of" in rows.columns else []), "popularity"]
    table, _ = latest_rows(InputTable(table.name, rows.select(kept), table.notes), list(KEY), as_of)
    frame = collect(table, table.rows.order_by(list(KEY))).astype({"popularity": np.float64})
    known = frame["title_id"].isin(titles.frame["title_id"])
    n_unknown = len(set(frame.loc[~known, "title_id"]) - titles.later)
    note = f"{table.name}: popularity of {count_of(n_unknown, 'title')} not in the title table left out."
    return ReadTable(frame[known].reset_index(drop=True), table.notes + ((note,) if n_unknown else ()))
