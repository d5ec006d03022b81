"""All hypotheses of a study: one after another, or side by side in processes of their own."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TypeAlias

import pandas as pd
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from artwork_insights.effects.cells import Cells
from artwork_insights.errors import ArtworkInsightsError, NotIdentifiedError
from artwork_insights.inquiry.answer import Inquiry, inquire
from artwork_insights.inquiry.detector_cells import DetectorInput
from artwork_insights.study import Checks, Estimation, FeatureChange, Hypothesis, Mediation

FEWEST_CELLS = 20_000
"""Cells times hypotheses from which processes are started unless the study says how many; with fewer, the seconds in
which each process loads the libraries are about what it saves."""
Answer: TypeAlias = Inquiry | NotIdentifiedError
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Asking:
    """What the hypotheses of a study have in common; the attributes are the arguments of `inquire`."""

    cells: Cells
    settings: Estimation
    mediations: tuple[Mediation, ...]
    changes: tuple[FeatureChange, ...]
    checks: Checks
    detector: DetectorInput | None
    study_seed: int
    outcome_column: str | None
    title_names: pd.Series

    def answer(self, hypothesis: Hypothesis) -> Answer:
        """Answer one hypothesis, or say why the data cannot.

        Linear algebra takes one thread: sums over many rows differ in their last digits with the number of threads.
        """
        with threadpool_limits(1, "blas"):
            try:
                return inquire(
                    self.cells, hypothesis, self.settings, self.mediations,
                    changes=self.changes, checks=self.checks, detector=self.detector, study_seed=self.study_seed,
                    outcome_column=self.outcome_column, title_names=self.title_names,
                )  # fmt: skip
            except NotIdentifiedError as error:
                return error

    def processes(self, n_hypotheses: int) -> int:
        """How many processes answer that many hypotheses: as the study says, else as many as there are cores."""
        if self.settings.workers == 0 and len(self.cells.frame) * n_hypotheses < FEWEST_CELLS:
            return 1
        return min(self.settings.workers or os.cpu_count() or 1, n_hypotheses)


def ask(asking: Asking, hypotheses: Sequence[Hypothesis], tell: Tell) -> list[Answer]:
    """Answer hypotheses; each has a seed of its own, so that the numbers are the same side by side.

    Parameters
    ----------
    asking : Asking
    hypotheses : sequence of Hypothesis
    tell : callable
        Told when a hypothesis is begun.

    Returns
    -------
    list of Inquiry or NotIdentifiedError, in the order of the hypotheses

    Raises
    ------
    ArtworkInsightsError
        The first error that is no `NotIdentifiedError`; nothing goes on then.
    """
    n_processes = asking.processes(len(hypotheses))
    if n_processes > 1:
        return _ask_side_by_side(asking, hypotheses, n_processes, tell)
    answers = []
    for hypothesis in hypotheses:
        tell(f"estimating {hypothesis.name}")
        answers.append(asking.answer(hypothesis))
    return answers


def _ask_side_by_side(asking: Asking, hypotheses: Sequence[Hypothesis], n_processes: int, tell: Tell) -> list[Answer]:
    setup = pickle.dumps((asking, max(1, (os.cpu_count() or 1) // n_processes)))
    idle: SimpleQueue[_Process] = SimpleQueue()
    events: SimpleQueue[str | Future[Answer]] = SimpleQueue()

    def answer(hypothesis: Hypothesis) -> Answer:
        events.put(hypothesis.name)
        process = idle.get()
        found = process.answer(hypothesis)
        idle.put(process)
        return found

    with ExitStack() as stack:
        processes = [stack.enter_context(_Process(setup)) for _ in range(n_processes)]
        for process in processes:
            idle.put(process)
        pool = stack.enter_context(ThreadPoolExecutor(n_processes))
        try:
            answers = [pool.submit(answer, hypothesis) for hypothesis in hypotheses]
            for future in answers:
                future.add_done_callback(events.put)
            for event in (events.get() for _ in range(2 * len(hypotheses))):
                if isinstance(event, str):
                    tell(f"estimating {event}")
                else:
                    event.result()  # raises what went wrong
            return [future.result() for future in answers]
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in processes:
                process.kill()


class _Process:
    """A process that answers one hypothesis after another, started as ``python -m``: see `asking_process`."""

    def __init__(self, setup: bytes) -> None:
        self._said = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the process
        self._setup: bytes | None = setup
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "artwork_insights.inquiry.asking_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)},
            start_new_session=True,  # an interrupt from the keyboard is for the caller alone
        )

    def answer(self, hypothesis: Hypothesis) -> Answer:
        """Have a hypothesis answered, and wait."""
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            if self._setup is not None:
                self._process.stdin.write(self._setup)
                self._setup = None
            self._process.stdin.write(pickle.dumps(hypothesis))
            self._process.stdin.flush()
            found: Answer | ArtworkInsightsError = pickle.load(self._process.stdout)
        except (EOFError, BrokenPipeError, pickle.UnpicklingError):
            raise self._failure(hypothesis.name) from None
        if isinstance(found, ArtworkInsightsError) and not isinstance(found, NotIdentifiedError):
            raise found
        return found

    def kill(self) -> None:
        """End the process, whatever it is doing."""
        self._process.kill()

    def __enter__(self) -> _Process:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        with self._said, suppress(BrokenPipeError), self._process:
            pass  # closes the pipes and waits

    def _failure(self, name: str) -> Exception:
        status = self._process.wait()
        if status == -signal.SIGKILL:
            return ArtworkInsightsError(
                f"hypothesis {name!r}: the system ended the process that estimated it, as it does when memory runs "
                "out; set workers = 1 under [estimation]."
            )
        self._said.seek(0)
        said = self._said.read().decode("utf-8", "replace").strip()
        return RuntimeError(
            f"hypothesis {name!r}: the process that estimated it failed (exit status {status}):\n{said}"
        )
