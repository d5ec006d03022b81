"""Artworks that a person has labelled: what they saw, and with which probability each was chosen to be looked at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from artwork_insights.catalog.checks import identifier, refuse_missing_keys
from artwork_insights.catalog.covariates import plain_columns, type_covariates
from artwork_insights.catalog.tables import InputTable, collect, open_engine, open_table
from artwork_insights.errors import TableError

PROBABILITY, WAVE = "probability", "wave"
NOT_SEEN = ("asset_id", "title_id", "location", PROBABILITY, WAVE)
"""Columns of a label table that hold nothing a person saw."""


def read_labels(path: Path) -> pd.DataFrame:
    """Read a label table.

    Parameters
    ----------
    path : Path
        ``asset_id``; columns as a person saw them, empty where nobody has looked yet; optionally ``probability`` in
        (0, 1] and ``wave``, a number that tells samples drawn at different times apart.

    Returns
    -------
    DataFrame
        One row per asset and wave, probabilities NaN where none were given.

    Raises
    ------
    TableError
        One sentence: no column to read, an artwork twice in one wave, a probability outside (0, 1].
    """
    with open_engine() as engine:
        table = open_table(engine, path, ["asset_id"])
        rows, notes = plain_columns(table)
        table = InputTable(table.name, rows, table.notes + notes)
        refuse_missing_keys(table, ["asset_id"])
        rows = rows.mutate(asset_id=identifier(rows.asset_id))
        frame = collect(table, rows.order_by("asset_id"))
    frame = type_covariates(frame, table.name, ["asset_id"])
    for name, default in ((PROBABILITY, np.nan), (WAVE, 1.0)):
        frame[name] = _numbers(frame, name, table.name) if name in frame else default
    frame[WAVE] = frame[WAVE].fillna(1.0)
    if not seen_columns(frame):
        raise TableError(f"{table.name} has no column of what was seen; add one such as 'face_count'.")
    wrong = frame[PROBABILITY].notna() & ~((frame[PROBABILITY] > 0) & (frame[PROBABILITY] <= 1))
    if wrong.any():
        first = frame[wrong].iloc[0]
        raise TableError(
            f"{table.name}: 'probability' of asset_id {first['asset_id']!r} is {first[PROBABILITY]:g}; it is the "
            "chance with which the artwork was drawn to be labelled, above 0 and at most 1."
        )
    twice = frame.duplicated(["asset_id", WAVE])
    if twice.any():
        asset = frame.loc[twice, "asset_id"].iloc[0]
        raise TableError(f"{table.name}: asset_id {asset!r} is there twice; leave one row per artwork (and wave).")
    return frame.reset_index(drop=True)


def seen_columns(frame: pd.DataFrame) -> tuple[str, ...]:
    """Columns of a label table that hold what a person saw."""
    return tuple(str(name) for name in frame.columns if name not in NOT_SEEN)


def _numbers(frame: pd.DataFrame, name: str, file: str) -> pd.Series:
    if frame[name].notna().any() and not pd.api.types.is_numeric_dtype(frame[name]):
        raise TableError(f"{file}: {name!r} is text; it needs numbers.")
    return frame[name].astype("float64")


def carried_by(frame: pd.DataFrame, is_labelled: Sequence[bool] | np.ndarray, n_assets: int) -> pd.Series:
    """How many artworks each labelled one stands for, indexed by asset_id.

    Every wave is a sample of its own; they count in proportion to their labels. Where no probability is given, a wave
    is taken as drawn evenly from all `n_assets`. Artworks drawn and not labelled leave the others of their wave to
    stand for them.

    Parameters
    ----------
    frame : DataFrame of n rows
        From `read_labels`.
    is_labelled : array of shape (n,), bool
    n_assets : int
    """
    labelled = frame[np.asarray(is_labelled, dtype=bool)]
    drawn = frame.groupby(WAVE)["asset_id"].size()
    found = labelled.groupby(WAVE)["asset_id"].size()
    size = labelled[WAVE].map(found).to_numpy(np.float64)
    answered = size / labelled[WAVE].map(drawn).to_numpy(np.float64)
    even = np.minimum(size / max(n_assets, 1), 1.0)
    given = labelled[PROBABILITY].to_numpy(np.float64)
    probability = np.where(np.isnan(given), even, given * answered)
    stands_for = (size / max(len(labelled), 1)) / probability
    return pd.Series(stands_for, index=labelled["asset_id"].to_numpy()).groupby(level=0).sum()
