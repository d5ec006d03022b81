"""Scheduled runs: whole or not at all, one at a time, once per date."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from artwork_insights.errors import OutputError, StudyFileError
from artwork_insights.schedule import LOCK_FILE, ScheduledRun, dated_folders, run_scheduled
from artwork_insights.study import Study

DAY = date(2026, 11, 1)
NEXT_DAY = date(2026, 11, 2)
PATIENCE_SECONDS = 30  # until a second Python process has started on a busy machine
STUDY = """
[study]
name = "{name}"
[data]
assets = "assets.csv"
titles = "titles.csv"
impressions = "log.csv"
[[hypothesis]]
name = "face_present"
treatment = "face_present"
"""


class FakeRun:
    """Stands in for the pipeline; counts its calls and fails where told to."""

    def __init__(self, fails: bool = False) -> None:
        self.fails = fails
        self.dates: list[date | None] = []

    def __call__(self, study: Study, out: Path, *, as_of: date | None = None) -> None:
        self.dates.append(as_of)
        (out / "report.html").write_text(f"<p>{study.study.name}")
        (out / "manifest.json").write_text('{"seed": 7}')
        if self.fails:
            raise MemoryError("in the middle")
        (out / "results.json").write_text("{}")


@pytest.fixture
def study_path(tmp_path: Path) -> Path:
    for name in ("assets", "titles", "log"):
        (tmp_path / f"{name}.csv").write_text(f"{name}_id\n1\n")
    path = tmp_path / "faces.toml"
    path.write_text(STUDY.format(name="faces"))
    return path


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "runs"


def schedule(study_path: Path, out: Path, run: FakeRun, day: date = DAY) -> ScheduledRun:
    return run_scheduled(study_path, out, day, run=run, write_index=draw_index)


def draw_index(out: Path) -> None:
    (out / "index.html").write_text(" ".join(folder.name for folder in dated_folders(out)))


def visible(out: Path) -> list[str]:
    return sorted(path.name for path in out.iterdir() if path.name != LOCK_FILE)


def test_a_run_lands_in_a_folder_named_after_its_date_and_is_told_the_date(study_path: Path, out: Path) -> None:
    run = FakeRun()
    done = schedule(study_path, out, run)
    assert done.folder == out / "2026-11-01"
    assert not done.was_finished
    assert run.dates == [DAY]
    assert sorted(path.name for path in done.folder.iterdir()) == ["manifest.json", "report.html", "results.json"]
    assert visible(out) == ["2026-11-01", "index.html"]


def test_the_manifest_of_the_run_is_joined_by_checksums_of_the_study_file_and_the_inputs(
    study_path: Path, out: Path
) -> None:
    manifest = json.loads((schedule(study_path, out, FakeRun()).folder / "manifest.json").read_text())
    assert manifest["seed"] == 7, "what the pipeline wrote stays"
    record = manifest["schedule"]
    assert record["study_sha256"] == hashlib.sha256(study_path.read_bytes()).hexdigest()
    assert record["study"] == "faces"
    log = study_path.with_name("log.csv")
    assert record["inputs"][-1] == {
        "table": "impressions",
        "file": "log.csv",
        "bytes": log.stat().st_size,
        "sha256": hashlib.sha256(log.read_bytes()).hexdigest(),
    }


def test_a_finished_date_is_not_estimated_again(study_path: Path, out: Path) -> None:
    schedule(study_path, out, FakeRun())
    before = (out / "2026-11-01" / "manifest.json").read_bytes()
    again = FakeRun()
    done = schedule(study_path, out, again)
    assert again.dates == []
    assert done.was_finished
    assert "nothing to do" in done.sentence
    assert (out / "2026-11-01" / "manifest.json").read_bytes() == before


def test_a_finished_date_of_a_study_changed_since_says_so_and_what_to_do(study_path: Path, out: Path) -> None:
    schedule(study_path, out, FakeRun())
    study_path.write_text(STUDY.format(name="faces") + "# changed\n")
    again = FakeRun()
    done = schedule(study_path, out, again)
    assert again.dates == []
    assert "finished before with another faces.toml" in done.sentence
    assert "move that folder away" in done.sentence


def test_the_index_is_drawn_over_all_dates_even_when_the_date_was_finished(study_path: Path, out: Path) -> None:
    schedule(study_path, out, FakeRun(), NEXT_DAY)
    schedule(study_path, out, FakeRun(), DAY)
    assert (out / "index.html").read_text() == "2026-11-01 2026-11-02"
    (out / "index.html").unlink()
    schedule(study_path, out, FakeRun(), DAY)
    assert (out / "index.html").read_text() == "2026-11-01 2026-11-02"


def test_a_run_that_fails_in_the_middle_leaves_nothing_and_can_be_repeated(study_path: Path, out: Path) -> None:
    with pytest.raises(MemoryError):
        schedule(study_path, out, FakeRun(fails=True))
    assert visible(out) == []
    assert not schedule(study_path, out, FakeRun()).was_finished
    assert visible(out) == ["2026-11-01", "index.html"]


def test_a_study_that_cannot_be_read_makes_no_folder(study_path: Path, out: Path) -> None:
    study_path.write_text("[study]\nname = 3\n")
    with pytest.raises(StudyFileError):
        schedule(study_path, out, FakeRun())
    assert not out.exists()


def test_two_studies_do_not_share_an_output_folder(study_path: Path, out: Path) -> None:
    schedule(study_path, out, FakeRun())
    other = study_path.with_name("other.toml")
    other.write_text(STUDY.format(name="text"))
    with pytest.raises(OutputError, match="holds runs of the study 'faces', not 'text'"):
        schedule(other, out, FakeRun(), NEXT_DAY)
    assert visible(out) == ["2026-11-01", "index.html"]


def test_a_dated_folder_from_elsewhere_is_not_taken_for_a_finished_run(study_path: Path, out: Path) -> None:
    (out / "2026-11-01").mkdir(parents=True)
    with pytest.raises(OutputError, match="was not made by `artwork-insights schedule`"):
        schedule(study_path, out, FakeRun())


HOLDER = """
import sys, time
from datetime import date
from pathlib import Path
from artwork_insights.schedule import run_scheduled

def run(study, out, *, as_of=None):
    (out / "half.txt").write_text("half")
    time.sleep(600)

run_scheduled(Path(sys.argv[1]), Path(sys.argv[2]), date(2026, 11, 1), run=run, write_index=lambda out: None)
"""


@pytest.fixture
def holder(study_path: Path, out: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Another process in the middle of a run of the same date."""
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(study_path), str(out)])
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (out / ".2026-11-01.partial" / "half.txt").exists():
        assert process.poll() is None, "the other process ended early"
        assert time.monotonic() < deadline, "the other process did not start"
        time.sleep(0.05)
    yield process
    process.kill()
    process.wait()


def test_a_second_run_at_once_is_refused_and_names_the_holder(
    study_path: Path, out: Path, holder: subprocess.Popen[bytes]
) -> None:
    run = FakeRun()
    with pytest.raises(OutputError, match=rf"is being written by process {holder.pid} on .+; try again when it has"):
        schedule(study_path, out, run, NEXT_DAY)
    assert run.dates == []
    assert holder.poll() is None


def test_the_lock_of_a_killed_process_is_free_and_its_half_result_is_swept_away(
    study_path: Path, out: Path, holder: subprocess.Popen[bytes]
) -> None:
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    assert visible(out) == [".2026-11-01.partial"]
    schedule(study_path, out, FakeRun(), NEXT_DAY)
    assert visible(out) == ["2026-11-02", "index.html"]
