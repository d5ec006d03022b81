"""The roster of an output: which images it is about, in which order, so that a later run may add to them."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from artwork_insights.errors import OutputError
from artwork_insights.features.extraction.durable import write_synced, written_in_full
from artwork_insights.features.inputs.location import is_remote, local_path
from artwork_insights.features.inputs.sources import Source

ROSTER_NAME = "inputs.parquet"
UNKNOWN_BYTES = -1
_BATCH = 1 << 16
_SCHEMA = pa.schema([("asset_id", pa.large_string()), ("location", pa.large_string()), ("n_bytes", pa.int64())])


@dataclass(frozen=True)
class Roster:
    """Images in the order in which they are, or will be, measured.

    Attributes
    ----------
    assets : sequence of Source
        As the caller gave them.
    order : int64 array of shape (n,) or None
        Their positions in the order of the output; None where both orders are the same.
    table : Table of n rows
        `asset_id`, `location` and `n_bytes` (-1 where it is not known), in the order of the output.
    """

    assets: Sequence[Source]
    order: npt.NDArray[np.int64] | None
    table: pa.Table

    def shard(self, rows: range) -> Sequence[Source]:
        """Images of a range of rows."""
        if self.order is None:
            return self.assets[rows.start : rows.stop]
        return [self.assets[int(position)] for position in self.order[rows.start : rows.stop]]

    def sha256(self) -> str:
        """Checksum over names, locations and sizes, in order."""
        digest = hashlib.sha256()
        for batch in self.table.to_batches(max_chunksize=_BATCH):
            for asset_id, location, n_bytes in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                digest.update(f"{asset_id}\x1f{location}\x1f{n_bytes}\x1e".encode())
        return digest.hexdigest()

    def write(self, folder: Path) -> None:
        """Write ``inputs.parquet``."""
        sink = pa.BufferOutputStream()
        pq.write_table(self.table, sink)
        with written_in_full(folder / ROSTER_NAME) as part:
            write_synced(part, memoryview(sink.getvalue()))


def new_roster(assets: Sequence[Source]) -> Roster:
    """Roster of images none of which is measured yet; asks local files for their size."""
    batches = []
    for start in range(0, len(assets), _BATCH):
        rows = [(asset.asset_id, asset.location, _bytes_of(asset)) for asset in assets[start : start + _BATCH]]
        columns = [pa.array(column, kind) for column, kind in zip(zip(*rows, strict=True), _SCHEMA.types, strict=True)]
        batches.append(pa.RecordBatch.from_arrays(columns, schema=_SCHEMA))
    return Roster(assets, None, pa.Table.from_batches(batches, _SCHEMA))


def joined_roster(folder: Path, n_before: int, now: Roster, failed: Collection[str] | None) -> Roster:
    """Images of an output in their order there, then those that are new, in the order of the input.

    Parameters
    ----------
    folder : Path
        Of the output.
    n_before : int
        Images it was about; further rows of its roster are of a run that was killed while it began.
    now : Roster
        Of this run.
    failed : collection of str or None
        Assets that may have changed, because they had failed and are measured again; None where they are not.

    Raises
    ------
    OutputError
        When an image of the output is not among those of this run, stands elsewhere, or has another size.
    """
    before = _read(folder, n_before)
    place = pc.index_in(before["asset_id"], value_set=now.table["asset_id"].combine_chunks())
    gone = pc.is_null(place)
    if pc.any(gone).as_py():
        _refuse_gone(folder, before, now.table, gone)
    old = place.to_numpy().astype(np.int64)
    _refuse_changed(folder, before, now.table.take(pa.array(old)), failed)
    is_new = np.ones(len(now.table), dtype=bool)
    is_new[old] = False
    order = np.concatenate([old, np.flatnonzero(is_new)])
    if np.array_equal(order, np.arange(len(order))):
        return now
    return Roster(now.assets, order, now.table.take(pa.array(order)))


def _read(folder: Path, n_rows: int) -> pa.Table:
    path = folder / ROSTER_NAME
    try:
        table = pq.read_table(path, partitioning=None)
    except (OSError, pa.ArrowInvalid) as error:
        raise OutputError(
            f"{path}: cannot be read ({' '.join(str(error).split())}), so nobody can tell which images this output is "
            "about; choose another folder for --out."
        ) from error
    if table.schema.names != _SCHEMA.names or len(table) < n_rows:
        raise OutputError(
            f"{path}: is not the roster of the {n_rows:,} images of this output; choose another folder for --out."
        )
    return table.slice(0, n_rows).cast(_SCHEMA)


def _refuse_gone(folder: Path, before: pa.Table, now: pa.Table, gone: pa.ChunkedArray) -> None:
    lost = before.filter(gone)
    name, location = lost["asset_id"][0].as_py(), lost["location"][0].as_py()
    elsewhere = now.filter(pc.equal(now["location"], location))
    if len(elsewhere):
        raise OutputError(
            f"{folder}: {location} was measured as {name!r} and is named {elsewhere['asset_id'][0].as_py()!r} now; "
            "give the images their first names in a manifest with asset_id and location, or choose another --out."
        )
    more = f" and {len(lost) - 1:,} others that were measured are" if len(lost) > 1 else ", which was measured, is"
    raise OutputError(
        f"{folder}: {location}{more} not among the inputs of this run; name all of the {len(before):,} images and any "
        "new ones, or choose another folder for --out."
    )


def _refuse_changed(folder: Path, before: pa.Table, now: pa.Table, failed: Collection[str] | None) -> None:
    both = pc.and_(pc.not_equal(before["n_bytes"], UNKNOWN_BYTES), pc.not_equal(now["n_bytes"], UNKNOWN_BYTES))
    resized = pc.and_(both, pc.not_equal(before["n_bytes"], now["n_bytes"]))
    changed = pc.or_(pc.not_equal(before["location"], now["location"]), resized)
    for row in np.flatnonzero(changed.to_numpy(zero_copy_only=False)) if pc.any(changed).as_py() else ():
        name, location = before["asset_id"][row].as_py(), before["location"][row].as_py()
        if failed is not None and name in failed:
            continue
        if location != now["location"][row].as_py():
            what = f"{name!r} was measured from {location} and lies at {now['location'][row].as_py()} now"
        else:
            sizes = f"{before['n_bytes'][row].as_py():,} bytes then, {now['n_bytes'][row].as_py():,} now"
            what = f"{location} changed since this output was begun ({sizes})"
        hint = "; where it had failed, --retry-failures measures it again" if failed is None else ""
        raise OutputError(f"{folder}: {what}; choose another folder for --out{hint}.")


def _bytes_of(asset: Source) -> int:
    if asset.n_bytes != UNKNOWN_BYTES or is_remote(asset.address):
        return asset.n_bytes
    try:
        return local_path(asset.address).stat().st_size
    except (OSError, ValueError):
        return UNKNOWN_BYTES
