"""Hypotheses side by side in processes: the same numbers, the same refusals, and a quiet end."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from artwork_insights.catalog.synthetic import make_catalogue
from artwork_insights.effects.cells import Cells
from artwork_insights.errors import ArtworkInsightsError, NotIdentifiedError, TableError
from artwork_insights.inquiry import asking as module
from artwork_insights.inquiry.asking import FEWEST_CELLS, Asking, ask
from artwork_insights.pipeline import estimate_study
from artwork_insights.report.findings import write_results
from artwork_insights.study import Checks, Estimation, Hypothesis
from tests.test_pipeline import CROWD, FACE, REFUSED, make_place

ONE = Hypothesis(name="one", treatment="face_present")
TWO = Hypothesis(name="two", treatment="face_present")
UNKNOWN = Hypothesis(name="unknown", treatment="face_present", confounders=("nowhere",))


def make_asking(workers: int = 2, rows: int = 40) -> Asking:
    """Cells that can answer nothing: no title has artworks that differ, and none is without a face."""
    frame = pd.DataFrame({"asset_id": np.arange(rows).astype(str), "title_id": "t", "face_present": True})
    cells = Cells(frame, np.zeros(rows), np.ones(rows), None, None, ())
    settings = Estimation(workers=workers, learner="linear", forest=False)
    return Asking(cells, settings, (), (), Checks(subsets=0), None, 0, "score", pd.Series(dtype=object))


@pytest.fixture
def started(monkeypatch):
    """Processes that were started."""
    processes = []
    original = subprocess.Popen

    def start(*arguments, **named):
        processes.append(original(*arguments, **named))
        return processes[-1]

    monkeypatch.setattr(module.subprocess, "Popen", start)
    return processes


def test_a_study_gives_the_same_bytes_with_one_and_two_workers(tmp_path: Path, started) -> None:
    place = make_place(tmp_path / "place", make_catalogue(seed=7, n_titles=60))
    study = place.study(FACE, REFUSED, CROWD)
    written, told = {}, {}
    for workers in (1, 2):
        said: list[str] = []
        settings = study.estimation.model_copy(update={"workers": workers, "learner": "linear"})
        run = estimate_study(study.model_copy(update={"estimation": settings}), progress=said.append)
        write_results(run.result, tmp_path / f"{workers}.json")
        written[workers], told[workers] = (tmp_path / f"{workers}.json").read_bytes(), said
        assert len(run.result.findings) == 2 and len(run.result.refused) == 1
        assert list(run.cells) == ["face_present", "many_faces"]
        assert len(started) == (0 if workers == 1 else 2)
    assert written[1] == written[2]
    assert sorted(told[1]) == sorted(told[2])


def test_processes_are_started_where_the_study_says_so_or_where_cells_are_many(monkeypatch) -> None:
    monkeypatch.setattr(module.os, "cpu_count", lambda: 4)
    assert [make_asking(workers).processes(3) for workers in (1, 2, 8)] == [1, 2, 3]
    assert [make_asking(8).processes(n) for n in (1, 2)] == [1, 2]
    enough = FEWEST_CELLS // 2
    assert make_asking(0, enough - 1).processes(2) == 1
    assert make_asking(0, enough).processes(2) == 2
    assert make_asking(0, enough).processes(9) == 4
    assert make_asking(0, 2 * enough).processes(1) == 1


def test_one_hypothesis_starts_no_process(started) -> None:
    (answer,) = ask(make_asking(), [ONE], lambda _: None)
    assert isinstance(answer, NotIdentifiedError)
    assert started == []


def test_what_cannot_be_answered_is_an_answer_in_its_place(started) -> None:
    said: list[str] = []
    answers = ask(make_asking(), [ONE, TWO], said.append)
    assert [type(answer) for answer in answers] == [NotIdentifiedError] * 2
    assert sorted(said) == ["estimating one", "estimating two"]
    assert len(started) == 2
    assert all(process.returncode is not None for process in started)


def test_any_other_error_ends_all_processes_and_is_told_as_it_was(started) -> None:
    with pytest.raises(TableError) as alone:
        ask(make_asking(1), [ONE, UNKNOWN], lambda _: None)
    with pytest.raises(TableError) as beside:
        ask(make_asking(2), [ONE, UNKNOWN], lambda _: None)
    assert str(beside.value) == str(alone.value)
    assert "nowhere" in str(alone.value)
    assert all(process.returncode is not None for process in started)


def test_a_fault_of_ours_in_a_process_shows_where_it_was(started) -> None:
    broken = replace(make_asking(), cells=_Faulty(pd.DataFrame()))
    with pytest.raises(RuntimeError, match=r"(?s)hypothesis '(one|two)'.*exit status 1.*Traceback.*AttributeError"):
        ask(broken, [ONE, TWO], lambda _: None)


class _Faulty:
    def __init__(self, frame: pd.DataFrame) -> None:
        self.frame = frame


def test_a_process_that_the_system_ended_is_told_in_one_sentence(started) -> None:
    def kill(_: str) -> None:
        for process in started:
            process.kill()

    with pytest.raises(ArtworkInsightsError, match=r"set workers = 1 under \[estimation\]"):
        ask(make_asking(), [ONE, TWO], kill)


def test_an_interrupt_ends_all_processes(started) -> None:
    def interrupt(_: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ask(make_asking(), [ONE, TWO], interrupt)
    assert len(started) == 2
    assert all(process.returncode is not None for process in started)


def test_a_process_ends_with_the_one_that_started_it() -> None:
    command = [sys.executable, "-m", "artwork_insights.inquiry.asking_process"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
