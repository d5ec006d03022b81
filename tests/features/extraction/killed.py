"""Runs that die: an extraction in a child process, with measurements made of the bytes of each file."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from artwork_insights.catalog.columns import FEATURE_COLUMNS
from artwork_insights.features.extraction import durable, engine, shard_files
from artwork_insights.features.extraction.engine import Result
from artwork_insights.features.extraction.extract import extract_features, find_sources
from artwork_insights.features.extraction.measurement import Failure, Measurement
from artwork_insights.features.extraction.plan import MeasurePlan

DIED = 9
TABLES = ("features", "faces", "failures")


class FromBytes:
    """Stands for a `Crew`: values depend on the bytes of a file and nothing else; every seventh file is a failure."""

    def __init__(self, plan: MeasurePlan, n_workers: int, seconds_per_image: float) -> None:
        self._plan = plan

    def __enter__(self) -> FromBytes:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def measure(self, addresses: Iterable[str]) -> Iterator[Result]:
        for address in addresses:
            seed = int(Path(address).read_bytes())
            if seed % 7 == 3:
                yield Failure("decode", "ImageError", f"{address}: damaged.")
                continue
            values = {"bool": seed % 2 == 0, "int64": seed, "float64": seed / 3, "str": f"{seed:032x}",
                      "list[str]": ["#000000"], "list[float64]": [1.0]}  # fmt: skip
            groups = self._plan.groups
            yield Measurement({n: values[c.dtype] for n, c in FEATURE_COLUMNS.items() if c.group in groups}, None, None)


def write_inputs(folder: Path, n: int) -> Path:
    """Files whose whole content is their number."""
    folder.mkdir()
    for i in range(n):
        (folder / f"{i:03d}.jpg").write_text(str(i))
    return folder


def extract(folder: Path, out: Path, groups: Iterable[str] = ("colour",)) -> None:
    """Run an extraction in this process."""
    extract_features(find_sources([str(folder)]), out, features=tuple(groups), device="cpu")


def run_until(stop: Callable[[int], None], folder: Path, out: Path, groups: Iterable[str] = ("colour",)) -> int:
    """Exit status of an extraction in a child process; `stop` is told its pid."""
    pid = os.fork()
    if pid == 0:
        try:
            extract(folder, out, groups)
            os._exit(0)
        finally:
            os._exit(1)
    stop(pid)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def kill_after(seconds: float) -> Callable[[int], None]:
    """End the child as ``kill -9`` does, after some seconds."""

    def stop(pid: int) -> None:
        time.sleep(seconds)
        os.kill(pid, signal.SIGKILL)

    return stop


def die_at_step(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    """Let this process, or a child of it, die before its n-th change to the disk."""
    left = [step]

    def dying(change: Callable[..., object]) -> Callable[..., object]:
        def count_down(*arguments: object, **options: object) -> object:
            left[0] -= 1
            if left[0] < 0:
                os._exit(DIED)
            return change(*arguments, **options)

        return count_down

    for name in ("replace", "rmdir", "mkdir"):
        monkeypatch.setattr(Path, name, dying(getattr(Path, name)))
    for module in (durable, shard_files):
        monkeypatch.setattr(module, "sync_folder", dying(durable.sync_folder))
    monkeypatch.setattr(durable.os, "fsync", dying(os.fsync))


def contents(out: Path) -> dict[str, bytes]:
    """Every file of the three tables."""
    return {f"{name}/{path.name}": path.read_bytes() for name in TABLES for path in sorted((out / name).iterdir())}


def stamps(out: Path) -> dict[str, tuple[int, int]]:
    """Inode and time of each shard whose three files are there."""
    shards = {}
    for path in (out / "features").glob("*.parquet"):
        files = [out / name / path.name for name in TABLES]
        if all(file.exists() for file in files):
            shards |= {
                f"{file.parent.name}/{file.name}": (file.stat().st_ino, file.stat().st_mtime_ns) for file in files
            }
    return shards


def random_moments(seed: int, longest: float) -> Iterator[float]:
    """Seconds after which to kill."""
    rng = random.Random(seed)
    while True:
        yield rng.uniform(0, longest)


def use_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `FromBytes` measure."""
    monkeypatch.setattr(engine, "Crew", FromBytes)
