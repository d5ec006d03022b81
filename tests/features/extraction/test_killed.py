"""``kill -9`` at any moment and run again: nothing lost, nothing twice, finished shards not measured again."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from artwork_insights.errors import OutputError
from artwork_insights.features.extraction import durable, shard_files
from artwork_insights.features.extraction import manifest as manifest_module
from artwork_insights.features.table import read_feature_table, read_table
from tests.features.extraction.killed import (
    DIED,
    contents,
    die_at_step,
    extract,
    kill_after,
    random_moments,
    run_until,
    stamps,
    use_bytes,
    write_inputs,
)

KILLS = 25
N_IMAGES = 300


@pytest.fixture(autouse=True)
def _measured_from_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    use_bytes(monkeypatch)
    monkeypatch.setattr(durable.os, "fsync", lambda descriptor: None)  # the machine does not lose power in these tests
    monkeypatch.setattr(manifest_module, "SHARD_SIZE", 8)


def remains(out: Path) -> set[str]:
    return {path.name for path in out.iterdir()} - {"features", "faces", "failures", "manifest.json", "inputs.parquet"}


def test_killed_at_random_moments_a_run_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    folder = write_inputs(tmp_path / "in", 120)
    began = time.monotonic()
    extract(folder, tmp_path / "straight")
    moments = random_moments(seed=20261123, longest=1.2 * (time.monotonic() - began) + 0.1)
    kept_shards = killed = 0
    for attempt in range(10 * KILLS):
        out = tmp_path / f"out-{attempt}"
        while killed < KILLS or out.exists():
            before = stamps(out) if (out / "features").exists() else {}
            status = run_until(kill_after(next(moments)), folder, out) if killed < KILLS else None
            if status is None:
                extract(folder, out)
            killed += status == -signal.SIGKILL
            after = stamps(out) if (out / "features").exists() else {}
            assert {name: after.get(name) for name in before} == before, "a finished shard was written again"
            kept_shards += len(before)
            if status in (0, None):
                break
        if out.exists():
            assert contents(out) == contents(tmp_path / "straight")
            assert remains(out) == set()
        if killed >= KILLS:
            break
    assert killed >= KILLS
    assert kept_shards > KILLS, "the kills came too early to mean anything"


@pytest.mark.parametrize("grown", [False, True])
def test_whatever_step_a_run_dies_at_the_next_one_completes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, grown: bool
) -> None:
    """Dies before each change to the disk in turn: at first writing, and when groups and images are added."""
    folder = write_inputs(tmp_path / "in", 16)
    if grown:
        extract(folder, tmp_path / "first")
        for i in range(16, 20):
            (folder / f"{i:03d}.jpg").write_text(str(i))
    groups = ("colour", "composition") if grown else ("colour",)
    step, statuses = 0, []
    straight: dict[str, bytes] = {}
    while not statuses or statuses[-1] == DIED:
        out = tmp_path / f"out-{step}"
        if grown:
            subprocess.run(["cp", "-r", str(tmp_path / "first"), str(out)], check=True)
        with monkeypatch.context() as patch:
            die_at_step(patch, step)
            statuses.append(run_until(lambda pid: None, folder, out, groups))
        if statuses[-1] == DIED and grown:
            assert_no_mix(out)
        extract(folder, out, groups)
        straight = straight or contents(out)  # the first one died before it had begun
        assert contents(out) == straight, step
        assert remains(out) == set()
        step += 1
    assert statuses[-1] == 0 and len(statuses) > 30
    features, failures = read_table(out, "features"), read_table(out, "failures")
    names = features["asset_id"].to_pylist() + failures["asset_id"].to_pylist()
    assert sorted(names) == sorted(path.stem for path in folder.iterdir())


def assert_no_mix(out: Path) -> None:
    """A reader sees the old output, the new one, or is told that it is unfinished."""
    try:
        columns = set(read_feature_table(out).frame.columns)
    except OutputError as error:
        assert "was interrupted" in str(error)
    else:
        manifest = json.loads((out / "manifest.json").read_text())
        assert ("symmetry" in columns) == ("composition" in manifest["settings"])


def test_tables_moved_one_by_one_would_be_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Control: without the one renaming that counts, a run that dies leaves a shard of two writings."""
    folder = write_inputs(tmp_path / "in", 16)
    extract(folder, tmp_path / "straight", ("colour", "composition"))
    whole = True
    step = 5
    while whole and step < 60:
        out = tmp_path / f"out-{step}"
        extract(folder, out)
        with monkeypatch.context() as patch:
            patch.setattr(shard_files.ShardFiles, "recover", lambda self: None)
            die_at_step(patch, step)
            run_until(lambda pid: None, folder, out, ("composition",))
        with monkeypatch.context() as patch:
            patch.setattr(shard_files.ShardFiles, "recover", lambda self: None)
            patch.setattr(shard_files.ShardFiles, "close", lambda self: None)
            try:
                extract(folder, out, ("composition",))
                whole = contents(out) == contents(tmp_path / "straight")
            except OutputError:
                whole = False
        step += 1
    assert not whole


@pytest.mark.long
def test_the_command_killed_at_random_moments_loses_nothing(tmp_path: Path, astronaut: np.ndarray) -> None:
    """The real command with real processes; most kills land between its first and its last image."""
    folder = tmp_path / "in"
    folder.mkdir()
    for i in range(N_IMAGES):
        Image.fromarray(astronaut[i : i + 40, i // 2 : i // 2 + 60]).save(folder / f"{i:03d}.png")
    (folder / "damaged.png").write_bytes(b"damaged")

    def start(out: Path) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", "from artwork_insights.cli import app; app()", "extract", str(folder)]
        options = ["--out", str(out), "--features", "colour", "--workers", "2", "--log-json"]
        return subprocess.Popen([*command, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    with start(tmp_path / "straight") as process:
        assert process.wait() == 0
    rng = random.Random(7)
    in_the_middle, out_number, kept = 0, 0, 0
    while in_the_middle < 20:
        out = tmp_path / f"out-{out_number}"
        before = stamps(out) if (out / "features").exists() else {}
        kept += len(before)
        with start(out) as process:
            assert process.stderr is not None
            early = rng.random() < 0.1
            if not early:
                process.stderr.readline()  # the run has begun
                process.stderr.readline()  # the first image is measured
                time.sleep(rng.uniform(0, 0.8))
            ended = process.poll() is not None
            process.kill()
            told = process.stderr.read()
        in_the_middle += not ended and not early
        if (out / "features").exists():
            after = stamps(out)
            assert {name: after.get(name) for name in before} == before
        if ended:
            assert process.returncode == 0, told
            assert contents(out) == contents(tmp_path / "straight")
            assert remains(out) == set()
            out_number += 1
    with start(out) as process:
        assert process.wait() == 0
    assert contents(out) == contents(tmp_path / "straight")
    assert kept > 0
