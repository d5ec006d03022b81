"""Processes that measure images side by side; a crash inside a decoder costs one image, not the run."""

from __future__ import annotations

import contextlib
import os
import pickle
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from types import TracebackType

from artwork_insights.features.extraction.measurement import Failure, Measurement
from artwork_insights.features.extraction.plan import MeasurePlan

MAX_SECONDS = 300.0
_AHEAD = 64
_PYTHON_ERROR = 1
READY = b"ready"


class Crew:
    """A number of measuring processes, started when first needed; use it in a ``with`` statement.

    Each process works with one thread on one image at a time, so that the numbers depend neither on how many there are
    nor on which one measured an image.

    Parameters
    ----------
    plan : MeasurePlan
    n_workers : int
    max_seconds : float
        A process that is busy with one image for longer is ended, and the image is a failure.
    """

    def __init__(self, plan: MeasurePlan, n_workers: int, max_seconds: float = MAX_SECONDS) -> None:
        self._members = [_Member(plan, max_seconds) for _ in range(n_workers)]
        self._idle: SimpleQueue[_Member] = SimpleQueue()
        for member in self._members:
            self._idle.put(member)
        self._threads = ThreadPoolExecutor(n_workers)

    def __enter__(self) -> Crew:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is not None:  # let nobody wait for images that nobody wants any more
            self._threads.shutdown(wait=False, cancel_futures=True)
            for member in self._members:
                member.stop()
        self._threads.shutdown()
        for member in self._members:
            member.stop()

    def measure(self, addresses: Iterable[str]) -> Iterator[Measurement | Failure]:
        """Measure images; results come in the order of the addresses, a bounded number ahead of the consumer."""
        return in_order(self._threads, self._measure_one, addresses, ahead=_AHEAD)

    def _measure_one(self, address: str) -> Measurement | Failure:
        member = self._idle.get()
        try:
            return member.measure(address)
        finally:
            self._idle.put(member)


class _Member:
    """One process and the pipe to it."""

    def __init__(self, plan: MeasurePlan, max_seconds: float) -> None:
        self._plan = plan
        self._max_seconds = max_seconds
        self._process: subprocess.Popen[bytes] | None = None

    def measure(self, address: str) -> Measurement | Failure:
        process = self._process if self._process is not None else self._start()
        started = time.monotonic()
        watch = threading.Timer(self._max_seconds, process.kill)
        watch.start()
        try:
            _send(process, address)
            assert process.stdout is not None
            result: Measurement | Failure = pickle.load(process.stdout)
        except (EOFError, BrokenPipeError, pickle.UnpicklingError):
            return self._bury(process, address, timed_out=time.monotonic() - started >= self._max_seconds)
        finally:
            watch.cancel()
        return result

    def _start(self) -> subprocess.Popen[bytes]:
        path = os.pathsep.join(entry for entry in sys.path if entry)
        threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "artwork_insights.features.extraction.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | threads | {"PYTHONPATH": path},
            start_new_session=True,  # an interrupt from the keyboard is for the caller alone
        )
        with contextlib.suppress(BrokenPipeError):
            _send(self._process, self._plan)
        assert self._process.stdout is not None
        if self._process.stdout.read(len(READY)) != READY:
            raise RuntimeError("a measuring process could not start; its traceback stands above.")
        return self._process

    def _bury(self, process: subprocess.Popen[bytes], address: str, *, timed_out: bool) -> Failure:
        """Account for a process that died; a Python error in it is ours, and ends the run."""
        self._process = None
        with contextlib.suppress(BrokenPipeError), process:
            process.wait()
        status = process.returncode
        if timed_out:
            return Failure(
                "process", "TimeoutError", f"{address}: not measured within {self._max_seconds:.0f} seconds."
            )
        if status == _PYTHON_ERROR:
            raise RuntimeError(f"{address}: the measuring process failed; its traceback stands above.")
        return Failure(
            "process", "ProcessDied", f"{address}: the process that measured it died (exit status {status})."
        )

    def stop(self) -> None:
        """End the process, whatever it is doing."""
        if self._process is not None:
            with contextlib.suppress(BrokenPipeError), self._process as process:
                process.kill()


def _send(process: subprocess.Popen[bytes], message: object) -> None:
    assert process.stdin is not None
    pickle.dump(message, process.stdin)
    process.stdin.flush()


def in_order(
    threads: ThreadPoolExecutor,
    measure: Callable[[str], Measurement | Failure],
    addresses: Iterable[str],
    ahead: int,
) -> Iterator[Measurement | Failure]:
    """Results of `measure` in the order of the addresses, with at most `ahead` of them waiting."""
    waiting: deque[Future[Measurement | Failure]] = deque()
    for address in addresses:
        waiting.append(threads.submit(measure, address))
        if len(waiting) >= ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()
