"""Impression log: how often each asset was shown and taken, by country; checked and summed inside the engine."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pandas as pd

from artwork_insights.catalog.checks import (
    Fault,
    count_faults,
    count_of,
    identifier,
    is_missing,
    is_null,
    number,
    refuse_faults,
    refuse_missing_keys,
    refuse_repeated_keys,
)
from artwork_insights.catalog.history import rows_up_to
from artwork_insights.catalog.served import PROPENSITY
from artwork_insights.catalog.tables import InputTable, collect, open_table, reading
from artwork_insights.catalog.titles import ReadTable
from artwork_insights.errors import TableError

KEY = ("asset_id", "country")
COUNTS = ("impressions", "takes")
_NOT_CELLS = {*KEY, *COUNTS, PROPENSITY}


def read_impressions(
    engine: Any, path: Path, assets: ReadTable, largest_unknown_share: float, as_of: date | None = None
) -> ReadTable:
    """Read the impression log and sum it to one row per asset and country.

    Rows are validated and summed inside the engine; only the sums reach memory as a DataFrame.

    Parameters
    ----------
    engine : ibis backend
        From `artwork_insights.catalog.tables.open_engine`.
    path : Path
        Table with ``asset_id``, ``country``, ``impressions``, ``takes``. Any further column (device, date) is part
        of the key. ``propensity``, in (0, 1], is the probability with which the asset was shown rather than another
        of its title; it is part of the key too, so that impressions which differ in it can have rows of their own.
    assets : ReadTable
        With ``asset_id``; those of titles that are known only later are left out of the log too.
    largest_unknown_share : float in [0, 1]
        Share of all impressions that may belong to assets that are not in `assets`.
    as_of : date, optional
        Rows with a later ``date`` are left out.

    Returns
    -------
    ReadTable
        Frame with asset_id, country, impressions > 0 and takes <= impressions (int64), ordered by asset and country.

    Raises
    ------
    TableError
        One sentence.
    """
    table = open_table(engine, path, [*KEY, *COUNTS])
    refuse_missing_keys(table, KEY)
    takes_above = number(table.rows.takes) > number(table.rows.impressions)
    faults = [fault for column in COUNTS for fault in count_faults(table.rows, column)]
    remedy = "every take is one of the impressions, so mend the join that made the log"
    faults = [*faults, Fault(takes_above, "takes exceed impressions", remedy, COUNTS), *_propensity_faults(table)]
    refuse_faults(table, faults, KEY)
    if as_of is not None:
        table = rows_up_to(table, "date", list(KEY), as_of)
    cells = [column for column in table.rows.columns if column not in _NOT_CELLS]
    table, n_rows = _summed(engine, table, cells)
    frame, n_empty = _shown(table)
    frame = frame[~frame["asset_id"].isin(assets.later)]
    known = frame["asset_id"].isin(assets.frame["asset_id"])
    _refuse_unknown_share(frame, known.to_numpy(), table.name, largest_unknown_share)
    notes = table.notes + _notes(table.name, frame, known.to_numpy(), cells, n_rows, n_empty, len(assets.frame))
    return ReadTable(frame[known].reset_index(drop=True), notes)


def _propensity_faults(table: InputTable) -> list[Fault]:
    """Faults of logged propensities, where there are any."""
    if PROPENSITY not in table.rows.columns:
        return []
    chance = number(table.rows[PROPENSITY])
    inside = is_null(chance).ifelse(False, (chance > 0) & (chance <= 1))
    remedy = "give the probability, above 0 and up to 1, with which the asset was shown, or leave the column out"
    return [
        Fault(is_missing(table.rows[PROPENSITY]), f"{PROPENSITY!r} is missing", remedy),
        Fault(~inside, f"{PROPENSITY!r} is no probability above 0", remedy, (PROPENSITY,)),
    ]


def _summed(engine: Any, table: InputTable, cells: list[str]) -> tuple[InputTable, int]:
    """Sum to asset and country, once, after making sure that no cell is given twice."""
    texts = {column: identifier(table.rows[column]) for column in KEY}
    counts = {column: number(table.rows[column]).cast("int64") for column in COUNTS}
    chance = {PROPENSITY: number(table.rows[PROPENSITY])} if PROPENSITY in table.rows.columns else {}
    rows = table.rows.select(**texts, **counts, **chance, **{column: table.rows[column] for column in cells})
    refuse_repeated_keys(InputTable(table.name, rows), [*KEY, *cells, *chance])
    summed = rows.group_by(list(KEY)).aggregate(
        impressions=rows.impressions.sum(), takes=rows.takes.sum(), rows_of_key=rows.count()
    )
    with reading(table.name):
        stored = engine.create_table("impressions_by_asset_and_country", summed, temp=True)
    total = collect(table, stored.aggregate(n=stored.rows_of_key.sum().fill_null(0)))
    return InputTable(table.name, stored.drop("rows_of_key"), table.notes), int(total["n"].iloc[0])


def _shown(table: InputTable) -> tuple[pd.DataFrame, int]:
    rows = table.rows
    n_empty = collect(table, rows.aggregate(n=(rows.impressions == 0).sum().fill_null(0)))["n"].iloc[0]
    frame = collect(table, rows.filter(rows.impressions > 0).order_by([ibis.asc("asset_id"), ibis.asc("country")]))
    return frame.astype({"impressions": np.int64, "takes": np.int64}), int(n_empty)


def _refuse_unknown_share(frame: pd.DataFrame, known: np.typing.NDArray[np.bool_], name: str, largest: float) -> None:
    total = int(frame["impressions"].sum())
    if total == 0:
        raise TableError(f"{name}: no row read has an impression; export the log again or give a later date.")
    unknown = frame[~known]
    share = int(unknown["impressions"].sum()) / total
    if share > largest or not known.any():
        n_unknown = unknown["asset_id"].nunique()
        raise TableError(
            f"{name}: {share:.1%} of the impressions belong to {count_of(n_unknown, 'asset')} not in the asset table, "
            f"first {unknown['asset_id'].iloc[0]!r}, at most {largest:.1%} may; complete the asset table or raise "
            "[data] largest_unknown_impression_share."
        )


def _notes(
    name: str,
    frame: pd.DataFrame,
    known: np.typing.NDArray[np.bool_],
    cells: list[str],
    n_rows: int,
    n_empty: int,
    n_assets: int,
) -> tuple[str, ...]:
    notes = []
    if cells:
        over = ", ".join(repr(column) for column in cells)
        summed = f"{count_of(n_rows, 'row')} {'was' if n_rows == 1 else 'were'} summed over {over}"
        notes.append(f"{name}: {summed} to one for each asset and country.")
    if n_empty:
        notes.append(f"{name}: {count_of(n_empty, 'pair')} of asset and country without an impression left out.")
    if not known.all():
        unknown = frame[~known]
        share = int(unknown["impressions"].sum()) / int(frame["impressions"].sum())
        n_unknown = count_of(unknown["asset_id"].nunique(), "asset")
        notes.append(f"{name}: impressions of {n_unknown} not in the asset table left out ({share:.2%} of all).")
    never_shown = n_assets - frame.loc[known, "asset_id"].nunique()
    if never_shown:
        notes.append(f"{never_shown:,} of {count_of(n_assets, 'asset')} were never shown.")
    return tuple(notes)
