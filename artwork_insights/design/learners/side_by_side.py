"""Fits run side by side in threads, one thread each: numbers do not depend on how many cores there are."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def side_by_side(task: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """Run a task for every item on as many threads as there are cores; results in the order of the items."""
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        return list(pool.map(task, items))
