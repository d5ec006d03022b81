"""Columns beyond the key: text that is all numbers becomes numbers; values no model can use are refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from artwork_insights.catalog.checks import describe
from artwork_insights.catalog.tables import InputTable
from artwork_insights.errors import TableError

MISSING_NUMBERS = frozenset({"", "na", "n/a", "nan", "null", "none"})
LARGEST_NUMBER = 1e100  # its square still fits a 64-bit float


def plain_columns(table: InputTable) -> tuple[Any, tuple[str, ...]]:
    """Keep columns of plain values; dates become text, lists and records are left out and named.

    Returns
    -------
    rows : ibis.Table
    notes : tuple of str
        One sentence per column left out.
    """
    rows, left_out = table.rows, []
    for column, kind in table.rows.schema().items():
        if kind.is_temporal():
            rows = rows.mutate(**{column: rows[column].cast("string")})
        elif kind.is_decimal():
            rows = rows.mutate(**{column: rows[column].cast("float64")})
        elif not (kind.is_numeric() or kind.is_boolean() or kind.is_string()):
            left_out.append(column)
    notes = tuple(f"{table.name}: column {name!r} holds no plain values and was not read." for name in left_out)
    return (rows.drop(*left_out) if left_out else rows), notes


def type_covariates(frame: pd.DataFrame, name: str, key: Sequence[str]) -> pd.DataFrame:
    """Give every column beyond the key its type: numbers, truth values, or text as it stands.

    Parameters
    ----------
    frame : DataFrame
        Columns of text or numbers.
    name : str
        File name, for sentences.
    key : sequence of str
        Identifiers: left alone, and used to name a row.

    Raises
    ------
    TableError
        When a number is infinite or beyond 1e100.
    """
    typed = frame.copy()
    for column in frame.columns:
        if column in key:
            continue
        typed[column] = _typed(frame[column])
        if pd.api.types.is_float_dtype(typed[column]):
            _refuse_huge(typed, str(column), name, key)
    return typed


def _typed(values: pd.Series[Any]) -> pd.Series[Any]:
    if pd.api.types.is_bool_dtype(values) or pd.api.types.is_numeric_dtype(values):
        return values
    known = values.dropna()
    if known.map(lambda value: isinstance(value, bool)).all():  # truth values with holes, or nothing at all
        return values.astype("float64")
    words = values.astype("str").str.strip().str.lower()
    if set(words[values.notna()]) <= {"true", "false"}:
        truth = words == "true"
        return truth if values.notna().all() else truth.where(values.notna()).astype("float64")
    holes = values.isna() | words.isin(MISSING_NUMBERS)
    numbers = pd.to_numeric(words.where(~holes), errors="coerce").astype("float64")
    if numbers[~holes].isna().any() or holes.all():
        return values
    return numbers


def _refuse_huge(frame: pd.DataFrame, column: str, name: str, key: Sequence[str]) -> None:
    at_fault = frame[column].abs() > LARGEST_NUMBER
    if at_fault.any():
        value = frame.loc[at_fault, column].iloc[0]
        words = "infinite" if np.isinf(value) else f"{value:g}, beyond 1e100"
        row = describe(frame.loc[at_fault, list(key)].iloc[0])
        raise TableError(f"{name}: {column!r} of {row} is {words}; leave the field empty where the value is not known.")
