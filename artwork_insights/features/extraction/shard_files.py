"""Shards on disk: the three tables of a shard appear, and are replaced, as one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from artwork_insights.errors import OutputError
from artwork_insights.features.extraction.durable import PART_SUFFIX, remove, sync_folder, write_synced, written_in_full
from artwork_insights.features.extraction.shards import ShardTables

TABLES = ("failures", "faces", "features")
_STAGE = ".shards"


@dataclass(frozen=True, slots=True)
class ShardCounts:
    """Rows over some shards.

    Attributes
    ----------
    features, failures, faces : int
    """

    features: int
    failures: int
    faces: int


class ShardFiles:
    """Reads and writes the shards of one output, which its caller has locked.

    The tables of a shard are first written into a folder of their own. Renaming that folder is the one moment at which
    the shard counts as written; only then each table is moved to its place, ``features/00000.parquet`` and so on, and
    whatever a killed run has left unmoved the next one moves. So nobody who waits for the lock, and nobody who finds a
    finished manifest, ever sees tables of two writings.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stage = folder / _STAGE

    def path(self, table: str, index: int) -> Path:
        """Where a table of a shard lies."""
        return self._folder / table / f"{index:05d}.parquet"

    def recover(self) -> None:
        """Finish what a killed run had begun: move complete shards to their places, remove incomplete ones."""
        if self._stage.is_dir():
            for staged in sorted(self._stage.iterdir()):
                if staged.name.endswith(PART_SUFFIX):
                    remove(staged)
                else:
                    self._move(staged)
        self.close()

    def close(self) -> None:
        """Remove the empty folder that shards pass through."""
        if self._stage.is_dir() and not any(self._stage.iterdir()):
            self._stage.rmdir()

    def write(self, index: int, tables: ShardTables) -> None:
        """Write or replace the tables of one shard.

        Raises
        ------
        OutputError
            When the disk is full; the shard is then as it was before.
        """
        staged = self._stage / f"{index:05d}"
        with written_in_full(staged) as part:
            part.mkdir()
            for name in TABLES:
                write_synced(part / f"{name}.parquet", _parquet(getattr(tables, name)))
            sync_folder(part)
        self._move(staged)

    def _move(self, staged: Path) -> None:
        for name in TABLES:
            source = staged / f"{name}.parquet"
            target = self.path(name, int(staged.name))
            if source.exists():
                target.parent.mkdir(exist_ok=True)
                source.replace(target)
        staged.rmdir()

    def read(self, index: int) -> ShardTables:
        """The tables of one shard.

        Raises
        ------
        OutputError
            When one of them is damaged.
        """
        try:
            failures, faces, features = (pq.read_table(self.path(name, index), partitioning=None) for name in TABLES)
        except (OSError, pa.ArrowInvalid) as error:
            raise self._damaged(index, error) from error
        return ShardTables(failures, faces, features)

    def schema(self, index: int) -> pa.Schema:
        """Schema of a shard's features, from its footer."""
        try:
            return pq.read_schema(self.path("features", index))
        except (OSError, pa.ArrowInvalid) as error:
            raise self._damaged(index, error) from error

    def n_rows(self, table: str, index: int) -> int:
        """Rows of one table of a shard, from its footer."""
        try:
            return int(pq.read_metadata(self.path(table, index)).num_rows)
        except (OSError, pa.ArrowInvalid) as error:
            raise self._damaged(index, error) from error

    def _damaged(self, index: int, error: Exception) -> OutputError:
        name = f"{index:05d}.parquet"
        return OutputError(
            f"{self._folder}: shard {name} cannot be read ({' '.join(str(error).split())}); "
            f"remove {name} from {', '.join(TABLES)} and run again to measure its images anew."
        )

    def finished(self) -> set[int]:
        """Shards whose three tables are all there; costs three listings, however many there are."""
        listed = [
            {int(path.stem) for path in (self._folder / name).glob("*.parquet") if path.stem.isdigit()}
            for name in TABLES
        ]
        return set.intersection(*listed)

    def assets(self, table: str) -> set[str]:
        """Every asset_id of one table."""
        paths = [self.path(table, index) for index in sorted(self.finished())]
        return {name for path in paths for name in pq.read_table(path, columns=["asset_id"])["asset_id"].to_pylist()}

    def count(self, indices: Iterable[int]) -> ShardCounts:
        """Rows over some shards, read from their footers."""
        indices = list(indices)
        failures, faces, features = (sum(self.n_rows(name, i) for i in indices) for name in TABLES)
        return ShardCounts(features, failures, faces)


def _parquet(table: pa.Table) -> memoryview:
    sink = pa.BufferOutputStream()
    pq.write_table(table.combine_chunks(), sink)
    return memoryview(sink.getvalue())
