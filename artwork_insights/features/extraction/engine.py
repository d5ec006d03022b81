"""Who measures: the processes of this machine, its GPU, or a cluster; all take the same tasks and give the same rows.

An engine is a function from tasks to an iterator of `Measured`. Shards may come in any order and in one burst each, but
the results of one shard come in the order of its addresses. Nothing of an engine writes to the output: only the
process that called it does, so that one lock guards the folder and the images are all that must be shared.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from artwork_insights.features.extraction.crew import SECONDS_PER_IMAGE, Crew
from artwork_insights.features.extraction.handover import needs_device
from artwork_insights.features.extraction.measurement import Result
from artwork_insights.features.extraction.plan import MeasurePlan

Purpose = Literal["measure", "extend", "retry"]
EngineName = Literal["local", "ray"]
Measure = Callable[[Iterable[str]], Iterator[Result]]


@dataclass(frozen=True, slots=True)
class ShardTask:
    """What is to be measured for one shard; plain values, so that it can travel.

    Attributes
    ----------
    index : int
        Number of the shard.
    addresses : tuple of str
        Images to open, in the order of the shard; at least one.
    purpose : {"measure", "extend", "retry"}
        All images for the first time, those measured before for further groups, or those that had failed.
    """

    index: int
    addresses: tuple[str, ...]
    purpose: Purpose = "measure"


@dataclass(frozen=True, slots=True)
class Measured:
    """One image of a task.

    Attributes
    ----------
    task : ShardTask
    result : Measurement or Failure
    """

    task: ShardTask
    result: Result


def measure_shard(task: ShardTask, measure: Measure) -> list[Result]:
    """Measure the images of one task, e.g. on another machine with ``Crew(plan, 1).measure``.

    Parameters
    ----------
    task : ShardTask
    measure : callable
        What `open_measurer` yields.

    Returns
    -------
    list of Measurement or Failure
        One per address, in their order.
    """
    return list(measure(task.addresses))


def measure_here(
    tasks: Iterable[ShardTask], plan: MeasurePlan, *, workers: int = 0, seconds_per_image: float = SECONDS_PER_IMAGE
) -> Iterator[Measured]:
    """Measure on this machine, image after image across the borders of the shards, in the order of the tasks.

    Parameters
    ----------
    tasks : iterable of ShardTask
        Asked for as the work goes on.
    plan : MeasurePlan
    workers : int
        Processes; 0 for one per core.
    seconds_per_image : float
        See `Crew`.
    """
    begun: deque[ShardTask] = deque()

    def addresses() -> Iterator[str]:
        for task in tasks:
            begun.append(task)
            yield from task.addresses

    with open_measurer(plan, workers or available_cores(), seconds_per_image) as measure:
        results = measure(addresses())
        for first in results:
            task = begun.popleft()
            yield Measured(task, first)
            for _ in task.addresses[1:]:
                yield Measured(task, next(results))


@contextmanager
def open_measurer(plan: MeasurePlan, workers: int, seconds_per_image: float = SECONDS_PER_IMAGE) -> Iterator[Measure]:
    """A function from addresses to results: a crew of processes, around the GPU where the plan has one."""
    if plan.device != "cpu" and needs_device(plan):
        from artwork_insights.features.extraction.batched import BatchMeasurer  # late: it imports torch

        with BatchMeasurer(plan, workers, seconds_per_image) as batched:
            yield batched.measure
        return
    with Crew(plan, workers, seconds_per_image) as crew:
        yield crew.measure


def available_cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
