"""Processes that measure images side by side; a crash inside a decoder costs one image, not the run."""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import IO, Any

from artwork_insights.errors import MeasuringError
from artwork_insights.features.extraction.handover import Board, Posted, Prepared
from artwork_insights.features.extraction.measurement import Failure, Result
from artwork_insights.features.extraction.plan import MeasurePlan

READY = b"ready"
SECONDS_PER_IMAGE = 60.0
_AHEAD_PER_WORKER = 32  # a slow image at the head must not leave the other workers idle
_AHEAD_WITH_PIXELS = 8
_PYTHON_ERROR = 1
_FAILED_STARTS = 2
_THREAD_LIMITS = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")


class Crew:
    """A number of measuring processes, started when first needed; use it in a ``with`` statement.

    Each process works with one thread on one image at a time, so that the numbers depend neither on how many there are
    nor on which one measured an image; it reads the file of its next image meanwhile. When it dies, its image is
    measured once more with no other beside it, so that none is blamed for the next. A process that has grown beyond its
    limit of memory is replaced between two images.

    Parameters
    ----------
    plan : MeasurePlan
    n_workers : int
    seconds_per_image : float
        A process that is busy with one image for longer is ended, and the image is a failure.
    hands_over : bool
        The processes leave to a device what it can do, see `handover.Preparer`; `prepare` takes the place of `measure`.
    """

    def __init__(
        self,
        plan: MeasurePlan,
        n_workers: int,
        seconds_per_image: float = SECONDS_PER_IMAGE,
        *,
        hands_over: bool = False,
    ) -> None:
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._ahead = (_AHEAD_WITH_PIXELS if hands_over else _AHEAD_PER_WORKER) * n_workers
        starts = _Starts()
        boards = [Board() if hands_over else None for _ in range(n_workers)]
        self._members = [_Member(plan, seconds_per_image, self._jobs, starts, board) for board in boards]
        self._threads = [threading.Thread(target=member.work, daemon=True) for member in self._members]

    def __enter__(self) -> Crew:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for member in self._members:
            member.stop()
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join()

    def measure(self, addresses: Iterable[str]) -> Iterator[Result]:
        """Measure images; results come in the order of the addresses, a bounded number ahead of the consumer.

        Raises
        ------
        MeasuringError
            When processes end again and again before they have measured anything.
        """
        return self._in_order(addresses)

    def prepare(self, addresses: Iterable[str]) -> Iterator[Prepared | Failure]:
        """As `measure`, for a crew that hands over."""
        return self._in_order(addresses)

    def _in_order(self, addresses: Iterable[str]) -> Iterator[Any]:
        waiting: deque[_Job] = deque()
        for address in addresses:
            waiting.append(_Job(address))
            self._jobs.put(waiting[-1])
            if len(waiting) >= self._ahead:
                yield waiting.popleft().result.result()
        while waiting:
            yield waiting.popleft().result.result()


@dataclass(frozen=True, slots=True)
class _Job:
    """One image to measure, and what will come of it."""

    address: str
    result: Future[Result | Prepared] = field(default_factory=Future)


class _Starts:
    """Counts, over all members, the starts that failed since an image was last measured."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failed = 0

    def failed(self, status: int, said: str) -> None:
        """Note a process that ended before it was ready.

        Raises
        ------
        MeasuringError
            At the second one in a row.
        """
        with self._lock:
            self._failed += 1
            failed = self._failed
        if failed >= _FAILED_STARTS:
            reason = f"; its last words: {said.splitlines()[-1]}" if said else ""
            raise MeasuringError(
                f"measuring processes end before they have started, {failed} in a row (exit status {status}{reason}); "
                "see artwork-insights doctor, or try fewer --workers where memory is short."
            )

    def measured(self) -> None:
        """Note an image that was measured."""
        self._failed = 0


class _Member:
    """One process at a time, the pipe to it, and the thread that waits for its answers."""

    def __init__(
        self,
        plan: MeasurePlan,
        seconds_per_image: float,
        jobs: SimpleQueue[_Job | None],
        starts: _Starts,
        board: Board | None,
    ) -> None:
        self._plan = plan
        self._seconds = seconds_per_image
        self._jobs = jobs
        self._starts = starts
        self._board = board
        self._process: subprocess.Popen[bytes] | None = None
        self._said: IO[bytes] | None = None
        self._stopped = False

    def work(self) -> None:
        """Measure job after job until the queue says that there is none left."""
        job = self._jobs.get()
        while job is not None and not self._stopped:
            upcoming = self._look_ahead()
            try:
                job.result.set_result(self._measure(job.address, upcoming.address if upcoming else None))
            except (MeasuringError, RuntimeError, OSError) as error:
                job.result.set_exception(error)
            job = upcoming if upcoming is not None else self._jobs.get()
        self._end()
        if self._board is not None:
            self._board.close()

    def stop(self) -> None:
        """End the process, whatever it is doing; called from another thread than `work`."""
        self._stopped = True
        process = self._process
        if process is not None:
            process.kill()

    def _look_ahead(self) -> _Job | None:
        """The job after this one, where there is one already; its file is read while this one is measured."""
        try:
            job = self._jobs.get_nowait()
        except Empty:
            return None
        if job is None:
            self._jobs.put(None)
        return job

    def _measure(self, address: str, upcoming: str | None) -> Result | Prepared:
        process = self._process if self._process is not None else self._start()
        assert process.stdout is not None
        try:
            _send(process, (address, upcoming))
            result, leaves = pickle.load(process.stdout)
        except (EOFError, BrokenPipeError, pickle.UnpicklingError):
            failure = self._failure(address)
            blamed = upcoming is None or failure.error == "TimeoutError" or self._stopped
            return failure if blamed else self._measure(address, None)  # it may have died of the file it read ahead
        self._starts.measured()
        if isinstance(result, Posted):
            assert self._board is not None
            result = self._board.take(result)
        if leaves:
            self._end()
        measured: Result | Prepared = result
        return measured

    def _start(self) -> subprocess.Popen[bytes]:
        while True:
            process = self._launch()
            with contextlib.suppress(BrokenPipeError):
                _send(process, (self._plan, self._seconds))
            assert process.stdout is not None
            if process.stdout.read(len(READY)) == READY or self._stopped:
                return process
            self._starts.failed(*self._end())

    def _launch(self) -> subprocess.Popen[bytes]:
        self._said = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the process
        boards = [] if self._board is None else [self._board.descriptor]
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "artwork_insights.features.extraction.worker", *map(str, boards)],
            pass_fds=boards,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            env=os.environ | _THREAD_LIMITS | {"PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)},
            start_new_session=True,  # an interrupt from the keyboard is for the caller alone
        )
        if self._stopped:
            self._process.kill()
        return self._process

    def _failure(self, address: str) -> Failure:
        """Account for a process that died over an image; a Python error in it is ours, and ends the run."""
        status, said = self._end()
        if status == _PYTHON_ERROR:
            raise RuntimeError(f"{address}: the process that measured it failed:\n{said}")
        if status == -signal.SIGALRM:
            return Failure("process", "TimeoutError", f"{address}: not measured within {self._seconds:g} seconds.")
        hint = ", as it does when memory runs out" if status == -signal.SIGKILL else ""
        return Failure(
            "process", "ProcessDied", f"{address}: the process that measured it died (exit status {status}{hint})."
        )

    def _end(self) -> tuple[int, str]:
        """Close the process; returns its exit status and what it wrote to stderr."""
        process, said = self._process, self._said
        self._process = self._said = None
        if process is None or said is None:
            return 0, ""
        with said:
            with contextlib.suppress(BrokenPipeError), process:
                pass  # closes its stdin, which ends it, and waits
            said.seek(0)
            return process.returncode, said.read().decode("utf-8", "replace").strip()


def _send(process: subprocess.Popen[bytes], message: object) -> None:
    assert process.stdin is not None
    pickle.dump(message, process.stdin)
    process.stdin.flush()
