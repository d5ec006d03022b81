"""Title covariates: one row per title, the latest where history is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from artwork_insights.catalog.checks import (
    count_of,
    identifier,
    refuse_missing_keys,
)
from artwork_insights.catalog.covariates import plain_columns, type_covariates
from artwork_insights.catalog.history import latest_rows
from artwork_insights.catalog.tables import InputTable, collect, open_table, require_columns
from artwork_insights.errors import TableError


@dataclass(frozen=True, slots=True)
class ReadTable:
    """A validated table and what is worth saying about it.

    Attributes
    ----------
    frame : DataFrame
        Its rows, ordered by the key.
    notes : tuple of str
        What was counted on the way in, in sentences.
    later : frozenset of str
        Identifiers that appear only after the date of the run, and so are not in `frame`.
    """

    frame: pd.DataFrame
    notes: tuple[str, ...]
    later: frozenset[str] = frozenset()


def read_titles(engine: Any, path: Path, outcome: str | None = None, as_of: date | None = None) -> ReadTable:
    """Read the title table.

    Parameters
    ----------
    engine : ibis backend
        From `artwork_insights.catalog.tables.open_engine`.
    path : Path
        Table with ``title_id``, any covariates, and ``as_of`` where several rows per title are kept.
    outcome : str, optional
        A column that must be there and hold numbers, where the study has no impression log.
    as_of : date, optional
        Rows with a later ``as_of`` are left out.

    Raises
    ------
    TableError
        One sentence.
    """
    table = open_table(engine, path, ["title_id"])
    if outcome is not None:
        require_columns(table.name, table.rows.columns, [outcome])
    rows, passed_over = plain_columns(table)
    table = InputTable(table.name, rows, table.notes + passed_over)
    refuse_missing_keys(table, ["title_id"])
    table = InputTable(table.name, rows.mutate(title_id=identifier(rows.title_id)), table.notes)
    table, later = latest_rows(table, ["title_id"], as_of)
    frame = collect(table, table.rows.order_by("title_id"))
    if frame.empty:
        raise TableError(f"{table.name}: no title was known by {as_of}; give a later date.")
    frame = type_covariates(frame, table.name, ["title_id"])
    notes = table.notes
    if outcome is not None:
        frame, counted = _with_outcome(frame, table.name, outcome)
        notes += counted
    return ReadTable(frame, notes, frozenset(later["title_id"]))


def _with_outcome(frame: pd.DataFrame, name: str, outcome: str) -> tuple[pd.DataFrame, tuple[str, ...]]:
    values = frame[outcome]
    if not pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        numbers = pd.to_numeric(values, errors="coerce")
        wrong = frame[values.notna() & numbers.isna()]
        first = f"{wrong[outcome].iloc[0]!r} of title_id {wrong['title_id'].iloc[0]!r}" if len(wrong) else "no value"
        raise TableError(f"{name}: the outcome {outcome!r} must hold numbers, found {first}; correct [data] outcome.")
    frame = frame.assign(**{outcome: values.astype(np.float64)})
    n_missing = int(frame[outcome].isna().sum())
    if n_missing == len(frame):
        raise TableError(f"{name}: the outcome {outcome!r} is missing for every title.")
    note = f"{n_missing:,} of {count_of(len(frame), 'title')} have no {outcome}."
    return frame, ((note,) if n_missing else ())
