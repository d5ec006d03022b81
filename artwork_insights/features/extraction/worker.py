"""A measuring process: reads addresses from stdin, writes measurements to stdout, both pickled.

Started by `crew` as ``python -m artwork_insights.features.extraction.worker``; with the number of a descriptor behind
it, large arrays go to the `Board` there, and what a device can do is left to it. It ends when either pipe does, so it
never outlives the process that started it, and it needs no guard around the caller's main module. Time limits are
alarms of the kernel with their default action: they end the process even inside native code, and even when nobody
listens any more.
"""

from __future__ import annotations

import os
import pickle
import resource
import signal
import sys
import threading
from pathlib import Path

from artwork_insights.features.extraction.allocator import keep_freed_memory
from artwork_insights.features.extraction.crew import READY
from artwork_insights.features.extraction.handover import Board, Posted, Prepared, Preparer
from artwork_insights.features.extraction.measure import Measurer, use_one_thread
from artwork_insights.features.extraction.measurement import Failure, Result
from artwork_insights.features.inputs.location import read_bytes

MEMORY_LIMIT = 1_400_000_000
_GROWTH = 1.5  # networks that need more than the limit from the start must not restart the process at every image


class _File:
    """A file that is being read; the thread is a daemon, so that a read that hangs never holds the process."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._data = b""
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        try:
            self._data = read_bytes(self.address)
        except BaseException as error:  # noqa: BLE001  raised again where the bytes are wanted
            self._error = error

    def take(self, _: str) -> bytes:
        """Wait for the bytes."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._data


def main() -> None:
    """Measure image after image until stdin ends."""
    results = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not mix with the results
    plan, seconds = pickle.load(sys.stdin.buffer)
    board = Board(int(sys.argv[1])) if len(sys.argv) > 1 else None
    measurer = Measurer(plan) if board is None else Preparer(plan)
    use_one_thread()
    keep_freed_memory()
    results.write(READY)
    results.flush()
    limit = max(MEMORY_LIMIT, _GROWTH * resident_bytes())
    ahead: _File | None = None
    while True:
        address, upcoming = pickle.load(sys.stdin.buffer)
        signal.setitimer(signal.ITIMER_REAL, seconds)
        file = ahead if ahead is not None and ahead.address == address else _File(address)
        ahead = None if upcoming is None else _File(upcoming)
        result: Result | Prepared | Posted
        try:
            result = measurer.measure_file(address, read=file.take)
            result = result if board is None else board.put(result)
        except MemoryError:
            result = Failure("process", "MemoryError", f"{address}: there is not enough memory to measure it.")
        signal.setitimer(signal.ITIMER_REAL, 0)
        leaves = resident_bytes() > limit
        pickle.dump((result, leaves), results)
        results.flush()
        if leaves:
            return


def resident_bytes() -> int:
    """Memory this process occupies now; where the system does not say, the most it ever did."""
    pages = Path("/proc/self/statm")
    if pages.exists():
        return int(pages.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    try:
        main()
    except (EOFError, BrokenPipeError):  # the process that started this one has gone, or wants no more
        raise SystemExit from None
