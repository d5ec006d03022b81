"""A list of images that takes little memory: columns of text, from which each entry is made when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import overload

import pyarrow as pa
import pyarrow.compute as pc

from artwork_insights.features.inputs.location import address_of

_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Source:
    """One image to measure.

    Attributes
    ----------
    asset_id : str
    location : str
        As it was given.
    address : str
        What is opened: an absolute path, an address such as ``s3://...``, or either with the place of a member in an
        archive (see `features.inputs.location`). Plain text that any process can open.
    n_bytes : int
        Size where the search for images told it; -1 otherwise.
    """

    asset_id: str
    location: str
    address: str
    n_bytes: int = -1


class AssetList(Sequence[Source]):
    """Images in order, in about the memory of the text itself: 10 million need less than 1 GB.

    Parameters
    ----------
    columns : Table of n rows
        `asset_id` and `location` (binary, UTF-8), `address` (the same; null where it follows from the location and the
        base) and `n_bytes` (int64).
    base : str
        Folder or address that relative locations start from.
    """

    def __init__(self, columns: pa.Table, base: str) -> None:
        self._columns = columns
        self._base = base

    def __len__(self) -> int:
        return int(self._columns.num_rows)

    @overload
    def __getitem__(self, index: int) -> Source: ...
    @overload
    def __getitem__(self, index: slice) -> AssetList: ...
    def __getitem__(self, index: int | slice) -> Source | AssetList:
        if isinstance(index, slice):
            start, stop, step = index.indices(len(self))
            if step == 1:
                return AssetList(self._columns.slice(start, max(stop - start, 0)), self._base)
            return AssetList(self._columns.take(pa.array(range(start, stop, step), pa.int64())), self._base)
        position = range(len(self))[index]
        return self._source(*(column[position].as_py() for column in self._columns.columns))

    def __iter__(self) -> Iterator[Source]:
        for batch in self._columns.to_batches(max_chunksize=_CHUNK):
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                yield self._source(*row)

    def _source(self, asset_id: bytes, location: bytes, address: bytes | None, n_bytes: int) -> Source:
        where = decoded(location)
        return Source(
            decoded(asset_id), where, address_of(where, self._base) if address is None else decoded(address), n_bytes
        )

    def first_repeat(self) -> tuple[str, int] | None:
        """An asset_id that stands more than once, and how many such there are; None where there is none."""
        ids = self._columns.column("asset_id")
        if pc.count_distinct(ids).as_py() == len(ids):
            return None
        counts = ids.value_counts()
        repeated = counts.filter(pc.greater(counts.field("counts"), 1))
        return decoded(repeated.field("values")[0].as_py()), len(repeated)


class ColumnWriter:
    """Collects rows of text and whole numbers into Arrow columns, a chunk at a time.

    Parameters
    ----------
    names : sequence of str
        Of the columns; one called ``n_bytes`` holds whole numbers.
    """

    def __init__(self, names: Sequence[str]) -> None:
        fields = [(name, pa.int64() if name == "n_bytes" else pa.large_binary()) for name in names]
        self._schema = pa.schema(fields)
        self._rows: list[tuple[bytes | int | None, ...]] = []
        self._batches: list[pa.RecordBatch] = []

    def append(self, *row: str | int | None) -> None:
        """Add one row."""
        self._rows.append(tuple(value if value is None or isinstance(value, int) else encoded(value) for value in row))
        if len(self._rows) == _CHUNK:
            self._flush()

    def table(self) -> pa.Table:
        """All rows so far."""
        self._flush()
        return pa.Table.from_batches(self._batches, self._schema)

    def _flush(self) -> None:
        if self._rows:
            arrays = [
                pa.array(column, kind)
                for column, kind in zip(zip(*self._rows, strict=True), self._schema.types, strict=True)
            ]
            self._batches.append(pa.RecordBatch.from_arrays(arrays, schema=self._schema))
            self._rows = []


def encoded(text: str) -> bytes:
    """UTF-8, also of names that are no valid text."""
    return text.encode("utf-8", "surrogatepass")


def decoded(data: bytes) -> str:
    """The text behind `encoded`."""
    return data.decode("utf-8", "surrogatepass")
