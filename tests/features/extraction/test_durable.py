from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from artwork_insights.errors import OutputError
from artwork_insights.features.extraction import manifest as manifest_module
from artwork_insights.features.extraction import shard_files
from artwork_insights.features.extraction.durable import write_synced, written_in_full
from tests.features.extraction.killed import contents, extract, stamps, use_bytes, write_inputs


def test_a_file_appears_in_full(tmp_path: Path) -> None:
    with written_in_full(tmp_path / "new" / "a.json") as part:
        write_synced(part, b"old")
    with written_in_full(tmp_path / "new" / "a.json") as part:
        write_synced(part, b"new")
        assert (tmp_path / "new" / "a.json").read_bytes() == b"old"
    assert (tmp_path / "new" / "a.json").read_bytes() == b"new"
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.json"]


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_what_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path, error: BaseException) -> None:
    (tmp_path / "a").write_bytes(b"old")
    with pytest.raises((OutputError, KeyboardInterrupt)), written_in_full(tmp_path / "a") as part:
        part.write_bytes(b"half")
        raise error
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a": b"old"}


def test_a_disk_that_fills_stops_the_run_with_one_sentence_and_keeps_what_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_bytes(monkeypatch)
    monkeypatch.setattr(manifest_module, "SHARD_SIZE", 4)
    folder = write_inputs(tmp_path / "in", 20)
    extract(folder, tmp_path / "straight")
    left = [20_000 + sum(map(len, contents(tmp_path / "straight").values())) // 2]

    def fill(path: Path, data: bytes | memoryview) -> None:
        left[0] -= len(data)
        if left[0] < 0:
            path.write_bytes(bytes(data[: len(data) // 2]))
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        write_synced(path, data)

    with monkeypatch.context() as patch:
        for module in (manifest_module, shard_files):
            patch.setattr(module, "write_synced", fill)
        with pytest.raises(OutputError, match=r"No space left on device.*finished before is safe: make room, then run"):
            extract(folder, tmp_path / "out")
    assert [path for path in (tmp_path / "out").rglob("*") if path.name.endswith(".part")] == []
    finished = stamps(tmp_path / "out")
    assert 0 < len(finished) < 15
    extract(folder, tmp_path / "out")
    assert {name: stamps(tmp_path / "out")[name] for name in finished} == finished
    assert contents(tmp_path / "out") == contents(tmp_path / "straight")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 100 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip("no file system can be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_real_disk_that_is_full(small_disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_bytes(monkeypatch)
    monkeypatch.setattr(manifest_module, "SHARD_SIZE", 4)
    folder = write_inputs(tmp_path / "in", 200)
    with pytest.raises(OutputError, match="No space left on device"):
        extract(folder, small_disk / "out")
    assert [path for path in small_disk.rglob("*") if path.name.endswith(".part")] == []
    assert stamps(small_disk / "out")
