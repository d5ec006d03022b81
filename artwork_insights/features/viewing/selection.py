"""Which pictures of an extraction are looked at: filtered, ordered by a feature, the first ones or an even spread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from artwork_insights.catalog.columns import FEATURE_COLUMNS
from artwork_insights.errors import ExpressionError, OutputError, did_you_mean
from artwork_insights.expression import Expression, parse_expression
from artwork_insights.features.near_duplicates import near_duplicate_groups

Pick = Literal["first", "spread"]
Row = dict[str, Any]

GROUP_COLUMN = "duplicate_group"
_HASH_COLUMN = "picture_hash"
_KEYS = ("asset_id", "location")


@dataclass(frozen=True)
class Selection:
    """Pictures chosen from an extraction.

    Attributes
    ----------
    rows : tuple of dict
        One per picture, in the order of showing: every column but the embedding.
    ranks : int array of shape (n,)
        Place of each picture among those that match, from 1.
    faces : dict from asset_id to list of dict
        Boxes and landmarks of the pictures chosen; nothing for one without a face.
    n_measured, n_matching : int
        Pictures of the extraction, and those of them that pass the filter.
    values : float array of shape (n_matching,)
        The feature sorted by of every matching picture, NaN where it is missing; empty when that is no number.
    """

    rows: tuple[Row, ...]
    ranks: npt.NDArray[np.int64]
    faces: dict[str, list[Row]]
    n_measured: int
    n_matching: int
    values: npt.NDArray[np.float64]


def select_pictures(
    folder: Path, *, sort_by: str | None, ascending: bool, where: str | None, limit: int, pick: Pick
) -> Selection:
    """Choose pictures of an extraction.

    Only the columns that filter and order are read of every shard, and only the shards that hold a chosen picture are
    read whole, so that memory grows with `limit` and not with the extraction.

    Parameters
    ----------
    folder : Path
        Output of an extraction, finished or under way.
    sort_by : str or None
        Feature to order by, missing values last; the order of the input where it is None. By ``duplicate_group``,
        made of the picture hashes, only pictures with a near-identical one are chosen, the largest group first.
    ascending : bool
        Smallest first.
    where : str or None
        Condition over features, see `expression`; a picture for which it is undecided is left out.
    limit : int
        Pictures at most.
    pick : {"first", "spread"}
        The first ones in that order, or evenly spaced ones from the first to the last.

    Raises
    ------
    OutputError
        When the folder holds no picture, a feature is unknown, was not measured or is of the wrong type, the condition
        cannot be read, or nothing meets it.
    """
    paths = sorted((folder / "features").glob("*.parquet"))
    kinds = _kinds(folder, paths)
    condition = _read_condition(where, folder, kinds) if where is not None else None
    ordered_by = _HASH_COLUMN if sort_by == GROUP_COLUMN else sort_by
    if ordered_by is not None:
        _require(ordered_by, folder, kinds, "sort by")
    if sort_by == GROUP_COLUMN and pick == "spread":
        raise OutputError(f"sort by {GROUP_COLUMN!r}: groups are shown whole, so nothing can be spread over them.")
    needed = dict.fromkeys([*(condition.names if condition else ()), *([ordered_by] if ordered_by else [])])
    frame, ends = _read_columns(paths, tuple(needed))
    if not len(frame):
        raise OutputError(f"{folder}: no image could be measured, so there is nothing to draw; see failures/*.parquet.")
    if sort_by == GROUP_COLUMN:
        frame[GROUP_COLUMN] = near_duplicate_groups(frame)
    matching = frame if condition is None else frame[_holds(condition, frame)]
    ordered = _ordered(matching, sort_by, ascending)
    if not len(ordered):
        found = "no picture has a near-identical one" if len(matching) else f"no picture meets {where!r}"
        raise OutputError(f"{folder}: {found} among {len(frame):,}; there is nothing to draw.")
    ranks = _picked(len(ordered), limit, pick)
    rows, faces = _read_rows(folder, paths, ends, ordered.index.to_numpy()[ranks])
    if sort_by == GROUP_COLUMN:
        groups = ordered[GROUP_COLUMN].iloc[ranks].tolist()
        rows = tuple(row | {GROUP_COLUMN: group} for row, group in zip(rows, groups, strict=True))
    numeric = sort_by is not None and sort_by != GROUP_COLUMN and _is_number(kinds[sort_by])
    values = ordered[sort_by].to_numpy(np.float64, na_value=np.nan) if numeric else np.empty(0)
    return Selection(rows, ranks + 1, faces, len(frame), len(ordered), values)


def _kinds(folder: Path, paths: Sequence[Path]) -> dict[str, pa.DataType]:
    """Types of the columns of an extraction, by name."""
    if not paths:
        raise OutputError(f"{folder}: has no features/*.parquet; expected the output of artwork-insights extract.")
    try:
        schema = pq.read_schema(paths[-1])
    except (OSError, pa.ArrowInvalid) as error:
        raise _unreadable(paths[-1], error) from error
    missing = [name for name in _KEYS if name not in schema.names]
    if missing:
        raise OutputError(f"{paths[-1]}: lacks {missing[0]!r}; expected the output of artwork-insights extract.")
    return {name: schema.field(name).type for name in schema.names}


def _unreadable(path: Path, error: Exception) -> OutputError:
    return OutputError(f"{path}: cannot be read ({' '.join(str(error).split())}); run artwork-insights extract again.")


def _require(name: str, folder: Path, kinds: dict[str, pa.DataType], purpose: str) -> None:
    """Refuse a feature that is unknown, was not measured here, or is not one value per picture."""
    column = FEATURE_COLUMNS.get(name)
    if name in kinds and name not in _KEYS:
        if not pa.types.is_nested(kinds[name]):
            return
        raise OutputError(f"{purpose} {name!r}: it is a list, not one value per picture; name a feature that is.")
    if column is None:
        known = [n for n, kind in kinds.items() if n not in _KEYS and not pa.types.is_nested(kind)]
        hint = did_you_mean(name, known)
        raise OutputError(f"{purpose} {name!r}: there is no such feature{hint}; artwork-insights columns lists them.")
    raise OutputError(
        f"{purpose} {name!r}: {folder} has no {column.group} features; add them with artwork-insights extract "
        f"--features {column.group}."
    )


def _read_condition(where: str, folder: Path, kinds: dict[str, pa.DataType]) -> Expression:
    try:
        condition = parse_expression(where)
    except ExpressionError as error:
        raise OutputError(f"where: {error}") from error
    for name in condition.names:
        _require(name, folder, kinds, f"where {where!r}:")
        if not _is_number(kinds[name]):
            raise OutputError(f"where {where!r}: {name!r} is text; a condition compares numbers.")
    return condition


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind))


def _read_columns(paths: Sequence[Path], names: tuple[str, ...]) -> tuple[pd.DataFrame, list[int]]:
    """A few columns of every shard, row after row, and where in them each shard ends."""
    parts, ends = [], [0]
    for path in paths:
        try:
            part = pq.read_table(path, columns=["asset_id", *names])
        except (OSError, pa.ArrowInvalid) as error:
            raise _unreadable(path, error) from error
        parts.append(part.select(names) if set(names) <= set(part.column_names) else None)
        ends.append(ends[-1] + len(part))
        if parts[-1] is None:
            raise OutputError(f"{path}: lacks {names[0]!r}; run the same artwork-insights extract again to finish it.")
    if not names:
        return pd.DataFrame(index=pd.RangeIndex(ends[-1])), ends
    return pa.concat_tables(parts, promote_options="permissive").to_pandas(), ends


def _holds(condition: Expression, frame: pd.DataFrame) -> npt.NDArray[np.bool_]:
    columns = {name: frame[name].to_numpy(np.float64, na_value=np.nan) for name in condition.names}
    truth = condition.evaluate(columns)
    return np.asarray((truth != 0) & ~np.isnan(truth), dtype=np.bool_)


def _ordered(frame: pd.DataFrame, sort_by: str | None, ascending: bool) -> pd.DataFrame:
    if sort_by is None:
        return frame
    if sort_by != GROUP_COLUMN:
        return frame.sort_values(sort_by, ascending=ascending, kind="stable", na_position="last")
    sizes = frame.groupby(GROUP_COLUMN)[GROUP_COLUMN].transform("size")
    twins = frame[sizes > 1]
    first = pd.Series(twins.index, twins.index).groupby(twins[GROUP_COLUMN]).transform("min")
    size = sizes[sizes > 1] * (1 if ascending else -1)
    return twins.iloc[np.lexsort((twins.index, first, size))]


def _picked(n: int, limit: int, pick: Pick) -> npt.NDArray[np.int64]:
    """Places of the pictures chosen from `n` in order, from 0: quantiles by rank where they are spread."""
    if n <= limit or pick == "first":
        return np.arange(min(n, limit), dtype=np.int64)
    return np.rint(np.linspace(0, n - 1, limit)).astype(np.int64)


def _read_rows(
    folder: Path, paths: Sequence[Path], ends: Sequence[int], positions: npt.NDArray[np.int64]
) -> tuple[tuple[Row, ...], dict[str, list[Row]]]:
    """Rows at positions of the whole table, in the order of the positions, and the faces of those pictures."""
    rows: dict[int, Row] = {}
    faces: dict[str, list[Row]] = {}
    for path, (start, end) in zip(paths, pairwise(ends), strict=True):
        wanted = positions[(positions >= start) & (positions < end)]
        if not len(wanted):
            continue
        names = [name for name in pq.read_schema(path).names if name != "embedding"]
        chosen = pq.read_table(path, columns=names).take(wanted - start).to_pylist()
        rows |= dict(zip(wanted.tolist(), chosen, strict=True))
        boxes = folder / "faces" / path.name
        if boxes.is_file():
            for face in pq.read_table(boxes, filters=[("asset_id", "in", [r["asset_id"] for r in chosen])]).to_pylist():
                faces.setdefault(face["asset_id"], []).append(face)
    return tuple(rows[position] for position in positions.tolist()), faces
