"""Fits run side by side in threads, one thread each: numbers do not depend on how many cores there are."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
_share: int | None = None


def share_cores(threads: int) -> None:
    """From now on use no more threads than these: other processes have the other cores."""
    global _share
    _share = threads


def number_of_threads() -> int:
    """Threads for fits: one for each core, or this process's share of them."""
    return _share or os.cpu_count() or 1


def side_by_side(task: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """Run a task for every item on as many threads as there are cores; results in the order of the items."""
    with ThreadPoolExecutor(max_workers=number_of_threads()) as pool:
        return list(pool.map(task, items))
