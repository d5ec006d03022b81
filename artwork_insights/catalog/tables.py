"""Open a CSV file, a Parquet file or a folder of Parquet shards as an Ibis table, and run expressions on it.

Nothing is guessed from the content: a CSV file is read as text, column by column of its header, and converted by
whoever knows what the column means. Whatever is wrong with a file ends as one sentence in a `TableError`.
"""

from __future__ import annotations

import csv
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import ibis
import pandas as pd

from artwork_insights.errors import TableError, did_you_mean

DELIMITERS = (",", ";", "\t", "|")
_ROW_NUMBER_NAMES = re.compile(r"Unnamed: \d+|__index_level_\d+__")
_CSV_FAULT = re.compile(r"CSV Error on Line: (\d+)")
_CSV_WIDTH = re.compile(r"Expected Number of Columns: (\d+) Found: (\d+)")


@dataclass(frozen=True, slots=True)
class InputTable:
    """A table as it lies in a file.

    Attributes
    ----------
    name : str
        File name, as used in sentences.
    rows : ibis.Table
        Its rows; every column of a CSV file is text, an empty field is null.
    notes : tuple of str
        What was passed over on opening, in sentences.
    """

    name: str
    rows: Any
    notes: tuple[str, ...] = ()


@contextmanager
def open_engine(threads: int | None = None) -> Iterator[Any]:
    """Yield an embedded DuckDB that spills to a temporary folder and never downloads an extension.

    Parameters
    ----------
    threads : int, optional
        Number of threads; with 1, sums of floats come out the same in every run. All cores by default.
    """
    options = {} if threads is None else {"threads": threads}
    with tempfile.TemporaryDirectory(prefix="artwork-insights-") as spill:
        engine = ibis.duckdb.connect(
            ":memory:",
            temp_directory=spill,
            autoinstall_known_extensions=False,
            autoload_known_extensions=False,
            **options,
        )
        try:
            yield engine
        finally:
            engine.disconnect()


def open_table(engine: Any, path: Path, required: Sequence[str]) -> InputTable:
    """Open a table and make sure that it has the columns it needs.

    Parameters
    ----------
    engine : ibis backend
        From `open_engine`.
    path : Path
        ``.csv`` (UTF-8; comma, semicolon, tab or bar), ``.parquet``, or a folder of ``.parquet`` shards.
    required : sequence of str
        Columns that must be there.

    Raises
    ------
    TableError
        When the file is missing, unreadable, empty, of another kind, or lacks a column.
    """
    if not path.exists():
        near = did_you_mean(path.name, [p.name for p in path.parent.iterdir()]) if path.parent.is_dir() else ""
        raise TableError(f"{path} does not exist{near}; correct the path in the study file.")
    kind = path.suffix.lower()
    if not path.is_dir() and kind not in (".csv", ".parquet"):
        raise TableError(
            f"{path.name}: expected a .csv or .parquet file or a folder of .parquet files, found {kind!r}."
        )
    with reading(path.name):
        rows = _open_csv(engine, path) if kind == ".csv" and path.is_file() else _open_parquet(engine, path)
    row_numbers = [column for column in rows.columns if _ROW_NUMBER_NAMES.fullmatch(column)]
    rows = rows.drop(*row_numbers) if len(row_numbers) < len(rows.columns) else rows
    require_columns(path.name, rows.columns, required)
    _require_plain_values(path.name, rows, required)
    notes = tuple(f"{path.name}: column {name!r} has no name of its own and was not read." for name in row_numbers)
    table = InputTable(path.name, rows, notes)
    if collect(table, rows.limit(1)).empty:
        raise TableError(f"{path.name} has a header and no rows; export it again.")
    return table


def require_columns(name: str, found: Sequence[str], required: Sequence[str]) -> None:
    """Raise `TableError` naming every missing column, the nearest name found, and all the names found."""
    missing = [column for column in required if column not in found]
    if missing:
        others = [column for column in found if column not in required]
        lacks = ", ".join(f"{column!r}{did_you_mean(column, others)}" for column in missing)
        raise TableError(f"{name} lacks {lacks}. Found: {', '.join(found)}.")


def _require_plain_values(name: str, rows: Any, required: Sequence[str]) -> None:
    for column in required:
        kind = rows[column].type()
        if not (kind.is_string() or kind.is_numeric() or kind.is_boolean() or kind.is_temporal()):
            raise TableError(f"{name}: {column!r} holds {kind} values; expected text or numbers.")


def collect(table: InputTable, expression: Any) -> pd.DataFrame:
    """Run an expression over a table and return its rows; what the file gets wrong becomes a `TableError`."""
    with reading(table.name):
        frame: pd.DataFrame = expression.to_pyarrow().to_pandas()
    return frame


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Turn what DuckDB says about a file into one sentence about `name`."""
    try:
        yield
    except duckdb.Error as error:
        raise TableError(_explain(name, str(error))) from None
    except OSError as error:
        raise TableError(f"{name} cannot be read: {error.strerror or error}.") from None


def _explain(name: str, message: str) -> str:
    line = _CSV_FAULT.search(message)
    place = f"{name}, line {line[1]}" if line else name
    width = _CSV_WIDTH.search(message)
    if "unicode" in message:
        return f"{place}: found bytes that are not UTF-8 text; save the table as 'CSV UTF-8'."
    if width:
        counts = f"found {width[2]} values where the header names {width[1]} columns"
        return f"{place}: {counts}; quote values that hold the separator."
    if "unterminated quote" in message:
        return f"{place}: a quotation mark is not closed; write a quotation mark inside a value twice."
    if "state machine" in message:
        return (
            f"{place}: the ends of lines or the quotation marks are not alike throughout; save the table again as CSV."
        )
    return f"{place} cannot be read: {message.splitlines()[0].rstrip('.')}."


def _open_csv(engine: Any, path: Path) -> Any:
    header, delimiter, blank_lines = _read_header(path)
    return engine.read_csv(
        [_without_wildcards(path)],
        columns=dict.fromkeys(header, "string"),
        auto_detect=False,
        header=True,
        skip=blank_lines,
        delim=delimiter,
        quote='"',
        escape='"',
        strict_mode=True,
        null_padding=False,
    )


def _read_header(path: Path) -> tuple[list[str], str, int]:
    """Return the names in the header, the delimiter between them, and the number of blank lines above."""
    blank_lines = 0
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            while (first := handle.readline(1_000_000)) and not first.strip():
                blank_lines += 1
    except UnicodeDecodeError:
        raise TableError(f"{path.name} is not UTF-8 text; save the table as 'CSV UTF-8'.") from None
    if not first:
        raise TableError(f"{path.name} is empty; expected a header line and rows.")
    delimiter = max(DELIMITERS, key=first.count)
    try:
        names = next(csv.reader([first], delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise TableError(f"{path.name}: the header line cannot be read ({error}).") from None
    header = [name.strip() or f"Unnamed: {i}" for i, name in enumerate(names)]
    lowered = [name.lower() for name in header]  # the engine knows no case
    repeated = [name for i, name in enumerate(header) if name.lower() in lowered[:i]]
    if repeated:
        raise TableError(f"{path.name} has two columns named {repeated[0]!r}; give each column its own name.")
    return header, delimiter, blank_lines


def _open_parquet(engine: Any, path: Path) -> Any:
    shards = [path]
    if path.is_dir():
        found = sorted(path.rglob("*.parquet"))
        shards = [shard for shard in found if not any(part[0] in "._" for part in shard.relative_to(path).parts)]
        if not shards:
            raise TableError(f"{path.name} is a folder without a .parquet file in it.")
    names = [_without_wildcards(shard) for shard in shards]
    return engine.read_parquet(names, hive_partitioning=path.is_dir(), hive_types_autocast=False, union_by_name=True)


def _without_wildcards(path: Path) -> str:
    """Escape what DuckDB would take for a pattern of file names."""
    return re.sub(r"([\[*?])", r"[\1]", str(path))
