"""What is left to do in an output, and how the results of each task become its shards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from artwork_insights.catalog.columns import ColumnGroup
from artwork_insights.features.extraction.engine import ShardTask
from artwork_insights.features.extraction.measurement import Result
from artwork_insights.features.extraction.plan import MeasurePlan
from artwork_insights.features.extraction.roster import Roster
from artwork_insights.features.extraction.shard_files import ShardFiles
from artwork_insights.features.extraction.shards import (
    addresses_of,
    extended_tables,
    groups_in,
    mended_tables,
    new_tables,
)
from artwork_insights.features.inputs.sources import Source


@dataclass(frozen=True, slots=True)
class Batch:
    """Tasks that are measured under one plan.

    Attributes
    ----------
    plan : MeasurePlan
    tasks : iterable of ShardTask
        Made as they are asked for; to be gone through once.
    n_images : int
        Expected.
    """

    plan: MeasurePlan
    tasks: Iterable[ShardTask]
    n_images: int


class Work:
    """Finds the tasks of an output and writes their results.

    Parameters
    ----------
    files : ShardFiles
    roster : Roster
    rows : sequence of range
        Of the roster, one per shard.
    plan : MeasurePlan
        Of all groups of the output.
    """

    def __init__(self, files: ShardFiles, roster: Roster, rows: Sequence[range], plan: MeasurePlan) -> None:
        self._files = files
        self._roster = roster
        self._rows = rows
        self._plan = plan

    def batches(self, *, adding: bool, retrying: bool) -> list[Batch]:
        """What is left to measure: further groups first, then what had failed, then what was never reached.

        Parameters
        ----------
        adding : bool
            Whether shards may lack groups of the plan.
        retrying : bool
            Whether images that had failed are measured again.
        """
        finished = sorted(self._files.finished() & set(range(len(self._rows))))
        missing = sorted(set(range(len(self._rows))) - set(finished))
        batches = self._extensions(finished) if adding else []
        failed = {index: self._files.n_rows("failures", index) for index in finished} if retrying else {}
        if any(failed.values()):
            indices = [index for index, count in failed.items() if count]
            batches.append(Batch(self._plan, self._retries(indices), sum(failed.values())))
        if missing:
            n_missing = sum(len(self._rows[index]) for index in missing)
            batches.append(Batch(self._plan, self._measurements(missing), n_missing))
        return batches

    def write(self, task: ShardTask, results: Sequence[Result]) -> None:
        """Write the shard that a task belongs to; `results` are those of its addresses."""
        sources = self._sources(task.index)
        if task.purpose == "measure":
            tables = new_tables(sources, results, self._plan)
        elif task.purpose == "retry":
            tables = mended_tables(self._files.read(task.index), sources, results, self._plan)
        else:
            before = self._files.read(task.index)
            added = self._only(self._lacking(task.index))
            tables = extended_tables(before, sources, results, added, self._plan)
        self._files.write(task.index, tables)

    def _extensions(self, finished: Sequence[int]) -> list[Batch]:
        by_groups: dict[tuple[ColumnGroup, ...], list[int]] = {}
        for index in finished:
            lacking = self._lacking(index)
            if lacking:
                by_groups.setdefault(lacking, []).append(index)
        return [
            Batch(self._only(groups), self._extend(indices), sum(self._files.n_rows("features", i) for i in indices))
            for groups, indices in by_groups.items()
        ]

    def _lacking(self, index: int) -> tuple[ColumnGroup, ...]:
        held = groups_in(self._files.schema(index))
        return tuple(group for group in self._plan.groups if group not in held)

    def _only(self, groups: Sequence[ColumnGroup]) -> MeasurePlan:
        """The plan for some groups; the file is always looked at, to know the image again."""
        return replace(self._plan, groups=("file", *groups))

    def _extend(self, indices: Sequence[int]) -> Iterator[ShardTask]:
        for index in indices:
            measured = self._files.read(index).features["asset_id"].to_pylist()
            task = ShardTask(index, addresses_of(self._sources(index), measured), "extend")
            if task.addresses:
                yield task
            else:
                self.write(task, [])

    def _retries(self, indices: Sequence[int]) -> Iterator[ShardTask]:
        for index in indices:
            failed = self._files.read(index).failures["asset_id"].to_pylist()
            yield ShardTask(index, addresses_of(self._sources(index), failed), "retry")

    def _measurements(self, indices: Sequence[int]) -> Iterator[ShardTask]:
        for index in indices:
            yield ShardTask(index, tuple(source.address for source in self._sources(index)))

    def _sources(self, index: int) -> Sequence[Source]:
        return self._roster.shard(self._rows[index])
