"""Tables with dates: what was known on a day, and the latest of it."""

from __future__ import annotations

from datetime import date
from typing import Any

import ibis
import pandas as pd

from artwork_insights.catalog.checks import Fault, count_of, is_missing, is_null, refuse_faults, refuse_repeated_keys
from artwork_insights.catalog.tables import InputTable, collect


def latest_rows(table: InputTable, key: list[str], as_of: date | None = None) -> tuple[InputTable, pd.DataFrame]:
    """Keep one row per key: the one with the latest ``as_of`` where that column is kept, which is dropped.

    Parameters
    ----------
    table : InputTable
    key : list of str
        Columns that name a row, apart from its date.
    as_of : date, optional
        Rows dated later are left out.

    Returns
    -------
    table : InputTable
    later : DataFrame
        Keys that have only rows dated later.

    Raises
    ------
    TableError
        When a key (with its date) is repeated or a date cannot be read.
    """
    rows = table.rows
    if "as_of" not in rows.columns:
        refuse_repeated_keys(table, key)
        return table, pd.DataFrame(columns=key)
    moment = read_moments(table, "as_of", key)
    dated = InputTable(table.name, rows.mutate(as_of=moment), table.notes)
    refuse_repeated_keys(dated, [*key, "as_of"])
    known = dated.rows if as_of is None else dated.rows.filter(dated.rows.as_of.date() <= ibis.literal(as_of))
    later = collect(table, dated.rows.select(key).distinct().difference(known.select(key).distinct()))
    place = ibis.row_number().over(group_by=key, order_by=ibis.desc(known.as_of))
    placed = known.mutate(place_in_history=place)
    older = int(collect(table, placed.aggregate(n=(placed.place_in_history > 0).sum().fill_null(0)))["n"].iloc[0])
    latest = placed.filter(placed.place_in_history == 0)
    note = f"{table.name}: the latest 'as_of' of each key was taken and {count_of(older, 'older row')} left out."
    notes = table.notes + ((note,) if older else ()) + _later_note(table.name, len(later), as_of)
    return InputTable(table.name, latest.drop("place_in_history", "as_of"), notes), later


def rows_up_to(table: InputTable, column: str, key: list[str], as_of: date) -> InputTable:
    """Leave out rows dated after a day; without the column nothing is left out, and a note says so."""
    if column not in table.rows.columns:
        note = f"{table.name} has no column {column!r}, so all of it was read whatever the date of the run."
        return InputTable(table.name, table.rows, (*table.notes, note))
    moment = read_moments(table, column, key)
    return InputTable(table.name, table.rows.filter(moment.date() <= ibis.literal(as_of)), table.notes)


def read_moments(table: InputTable, column: str, key: list[str]) -> Any:
    """A column of dates as timestamps; raises `TableError` for the first row whose date is missing or no date."""
    moment = table.rows[column].cast("string").strip().try_cast("timestamp")
    faults = [
        Fault(is_missing(table.rows[column]), f"{column!r} is missing", "give every row its date"),
        Fault(is_null(moment), f"{column!r} is not a date", "write dates as 2026-01-31", (column,)),
    ]
    refuse_faults(table, faults, key)
    return moment


def _later_note(name: str, n_later: int, as_of: date | None) -> tuple[str, ...]:
    return (f"{name}: {count_of(n_later, 'key')} first known after {as_of} left out.",) if n_later else ()
