"""Refuse what cannot be right in a table: missing keys, repeated keys, impossible numbers. Each is one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from artwork_insights.catalog.tables import InputTable, collect
from artwork_insights.errors import TableError

LARGEST_COUNT = 10**12  # more than any cell of any log; also keeps sums inside 64 bits
_SHOWN_KEYS = 3


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that no row may show.

    Attributes
    ----------
    holds : ibis boolean column
        True in the rows at fault.
    words : str
        What is wrong, completed by "in 3 rows".
    remedy : str
        What to do about it.
    shown : tuple of str
        Columns whose values help to see it.
    """

    holds: Any
    words: str
    remedy: str
    shown: tuple[str, ...] = ()


def count_of(number: int, noun: str) -> str:
    """Return ``"1 row"`` or ``"1,200 rows"``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def identifier(column: Any) -> Any:
    """Identifiers as text without spaces around them; null where there is none. Whole floats lose their ``.0``."""
    if column.type().is_floating():
        whole = (column.isnan() | column.isinf()).ifelse(False, column % 1 == 0)
        text = whole.ifelse(column.try_cast("int64").cast("string"), column.cast("string"))
        return column.isnan().ifelse(None, text)
    if not column.type().is_string():
        return column.cast("string")
    return column.strip().nullif("")


def number(column: Any) -> Any:
    """A column as 64-bit floats; null where it is missing or not a number, which `is_missing` tells apart."""
    return column.cast("string").strip().try_cast("float64") if column.type().is_string() else column.cast("float64")


def is_null(column: Any) -> Any:
    """Where an engine's column is null."""
    return column.isnull()  # noqa: PD003 (an Ibis column, not a Series)


def is_missing(column: Any) -> Any:
    """Whether a value is not there at all."""
    if column.type().is_string():
        return is_null(column) | (column.strip() == "")
    return is_null(column) | column.isnan() if column.type().is_floating() else is_null(column)


def count_faults(rows: Any, column: str) -> list[Fault]:
    """Faults of a column of counts: missing, not a whole number, negative, beyond any real count."""
    value = number(rows[column])
    finite = is_null(value).ifelse(False, ~(value.isnan() | value.isinf()))
    not_whole = finite.ifelse(value % 1 != 0, True)
    return [
        Fault(is_missing(rows[column]), f"{column!r} is missing", "give every row a count, 0 where there was none"),
        Fault(not_whole, f"{column!r} is not a whole number", "give counts, not rates", (column,)),
        Fault(value < 0, f"{column!r} is negative", "give counts of 0 or more", (column,)),
        Fault(value > LARGEST_COUNT, f"{column!r} is larger than 10^12", "check the unit of the counts", (column,)),
    ]


def refuse_missing_keys(table: InputTable, key: Sequence[str]) -> None:
    """Raise `TableError` where a part of the key is missing."""
    faults = [Fault(is_missing(table.rows[c]), f"{c!r} is missing", "give every row its key") for c in key]
    refuse_faults(table, faults, table.rows.columns[:4])


def refuse_faults(table: InputTable, faults: Sequence[Fault], key: Sequence[str]) -> None:
    """Raise `TableError` for the first fault that any row shows, naming the first such row in order of the key.

    All faults are counted in one pass over the table.
    """
    counts = {f"fault_{i}": fault.holds.fill_null(False).sum() for i, fault in enumerate(faults)}
    found = collect(table, table.rows.aggregate(**counts)).iloc[0]
    for fault, n in zip(faults, found.fillna(0).astype(int), strict=True):
        if n:
            rows = table.rows.filter(fault.holds.fill_null(False)).order_by(list(key))
            columns = list(dict.fromkeys([*key, *fault.shown]))
            first = collect(table, rows.select(columns).limit(1)).iloc[0]
            raise TableError(
                f"{table.name}: {fault.words} in {count_of(n, 'row')}, first {describe(first)}; {fault.remedy}."
            )


def refuse_repeated_keys(table: InputTable, key: Sequence[str]) -> None:
    """Raise `TableError` where two rows have the same key, naming the first keys and how many there are."""
    size = "rows_of_key"
    while size in key:  # a cell of the log may have any name
        size += "_"
    counted = table.rows.group_by(list(key)).aggregate(**{size: lambda rows: rows.count()})
    repeated = counted.filter(counted[size] > 1)
    n = int(collect(table, repeated.aggregate(n=repeated.count()))["n"].iloc[0])
    if n:
        first = collect(table, repeated.order_by(list(key)).limit(_SHOWN_KEYS))
        shown = "; ".join(f"{describe(row[list(key)])} ({row[size]} rows)" for _, row in first.iterrows())
        more = f" and {n - _SHOWN_KEYS:,} more" if n > _SHOWN_KEYS else ""
        keys = ", ".join(key)
        raise TableError(
            f"{table.name} repeats {count_of(n, 'key')} ({keys}): {shown}{more}; keep one row for each key."
        )


def describe(row: pd.Series[Any]) -> str:
    """Name a row by its values: ``asset_id 'a1', country 'US'``."""
    return ", ".join(
        f"{column} {'missing' if pd.isna(value) else repr(value) if isinstance(value, str) else value}"
        for column, value in row.items()
    )
