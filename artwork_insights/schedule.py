"""Runs a study into a dated folder, once per date: what a cron line or any scheduler calls.

A run is built in a hidden folder beside its place and renamed when it is complete, so that a dated folder is there only
when it is whole. One run at a time writes into an output folder: the lock is the operating system's (``flock``), so the
lock of a process that died is free at once.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Protocol

from artwork_insights.errors import OutputError
from artwork_insights.study import Data, Study, read_study

LOCK_FILE = ".lock"
MANIFEST = "manifest.json"
_KEY = "schedule"


class RunStudy(Protocol):
    """What `artwork_insights.pipeline.run_study` looks like from here."""

    def __call__(self, study: Study, out: Path, *, as_of: date | None = None) -> object:
        """Run a study on what was known at a date and write its files into `out`."""


@dataclass(frozen=True, slots=True)
class ScheduledRun:
    """Outcome of one scheduled call.

    Attributes
    ----------
    folder : Path
        The dated folder; complete.
    as_of : date
        Date that the run stands for.
    was_finished : bool
        True when the date was finished before and nothing was estimated.
    sentence : str
        What happened, for the log of the scheduler.
    """

    folder: Path
    as_of: date
    was_finished: bool
    sentence: str


def run_scheduled(
    study_path: Path,
    out: Path,
    as_of: date,
    *,
    run: RunStudy | None = None,
    write_index: Callable[[Path], object] | None = None,
) -> ScheduledRun:
    """Run a study into ``out/YYYY-MM-DD`` and draw the index over all dates again.

    Parameters
    ----------
    study_path : Path
        Study file.
    out : Path
        Folder of all dates of this study; made where missing.
    as_of : date
        Date that the run stands for: later rows of the log and later states of a title are left out.
    run : callable, optional
        `artwork_insights.pipeline.run_study` by default.
    write_index : callable, optional
        Draws ``index.html`` over the dated folders of `out`; `artwork_insights.report.index.write_index` by default.

    Raises
    ------
    OutputError
        When another process is writing into `out`, or `out` belongs to another study.
    """
    study = read_study(study_path)
    folder = out / as_of.isoformat()
    fingerprint = _sha256([study_path])
    with _locked(out):
        _refuse_other_study(out, study.study.name)
        was_finished = folder.exists()
        if was_finished:
            sentence = _finished_sentence(folder, study_path, fingerprint)
        else:
            study = _count_look(study, 1 + sum(other.name < folder.name for other in dated_folders(out)))
            _run_into(folder, study, as_of, run or _default_run(), study_path.name, fingerprint)
            sentence = f"{folder} is finished."
        (write_index or _default_index())(out)
    return ScheduledRun(folder, as_of, was_finished, sentence)


def _count_look(study: Study, look: int) -> Study:
    """Say which look at the data this is, unless the study file says so: answers spend their error over all looks."""
    if study.study.look is not None:
        return study
    return study.model_copy(update={"study": study.study.model_copy(update={"look": look})})


def _default_run() -> RunStudy:
    # Loaded here, so that a rerun of a finished date costs no second.
    from artwork_insights.pipeline import run_study

    return run_study


def _default_index() -> Callable[[Path], object]:
    from artwork_insights.report.index import write_index

    return write_index


def _run_into(folder: Path, study: Study, as_of: date, run: RunStudy, study_file: str, fingerprint: str) -> None:
    for left_over in folder.parent.glob(".*.partial"):  # by a process that was killed: the lock is ours now
        shutil.rmtree(left_over)
    partial = folder.with_name(f".{folder.name}.partial")
    partial.mkdir()
    try:
        record: dict[str, object] = {
            "study": study.study.name,
            "study_file": study_file,
            "study_sha256": fingerprint,
            "inputs": _input_records(study.data),
        }
        run(study, partial, as_of=as_of)
        _add_to_manifest(partial, record)
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _add_to_manifest(folder: Path, record: dict[str, object]) -> None:
    path = folder / MANIFEST
    manifest = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    path.write_text(json.dumps(manifest | {_KEY: record}, indent=1) + "\n", encoding="utf-8")


def _read_record(folder: Path) -> dict[str, str]:
    try:
        record = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))[_KEY]
    except (OSError, ValueError, KeyError, TypeError):
        raise OutputError(
            f"{folder} was not made by `artwork-insights schedule` (its {MANIFEST} has no {_KEY!r}); move it away."
        ) from None
    return {key: str(value) for key, value in record.items()}


def _finished_sentence(folder: Path, study_path: Path, fingerprint: str) -> str:
    record = _read_record(folder)
    if record.get("study_sha256") == fingerprint:
        return f"{folder} was finished before; nothing to do."
    return (
        f"{folder} was finished before with another {record.get('study_file', study_path.name)} "
        f"(sha256 {record.get('study_sha256', '')[:12]} then, {fingerprint[:12]} now) and is left as it is; "
        "move that folder away to run the date again with the study as it is now."
    )


def _refuse_other_study(out: Path, name: str) -> None:
    for folder in dated_folders(out):
        other = _read_record(folder).get("study")
        if other != name:
            raise OutputError(f"{out} holds runs of the study {other!r}, not {name!r}; give each study its own --out.")


def dated_folders(out: Path) -> list[Path]:
    """Finished runs of an output folder, oldest date first."""
    return sorted(path for path in out.glob("[0-9]" * 4 + "-[0-9][0-9]-[0-9][0-9]") if path.is_dir())


def _input_records(data: Data) -> list[dict[str, object]]:
    """Size and checksum of every table of the study, as it was read."""
    tables = {
        "assets": data.assets,
        "titles": data.titles,
        "impressions": data.impressions,
        "popularity": data.popularity,
    }
    records: list[dict[str, object]] = []
    for role, path in tables.items():
        if path is not None and path.exists():
            files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
            size = sum(file.stat().st_size for file in files)
            records.append({"table": role, "file": path.name, "bytes": size, "sha256": _sha256(files)})
    return records


def _sha256(files: Iterable[Path]) -> str:
    """Checksum of a file; of several, the checksum of their checksums in order."""
    digests = []
    for file in files:
        with file.open("rb") as stream:
            digests.append(hashlib.file_digest(stream, "sha256").hexdigest())
    return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


@contextmanager
def _locked(out: Path) -> Iterator[None]:
    out.mkdir(parents=True, exist_ok=True)
    with (out / LOCK_FILE).open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "another process"
            raise OutputError(f"{out} is being written by {holder}; try again when it has ended.") from None
        file.truncate(0)
        file.write(f"process {os.getpid()} on {socket.gethostname()} since {_now()}")
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)
