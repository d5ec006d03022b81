from __future__ import annotations

import hashlib
import os
import shutil
import time
from pathlib import Path
from typing import Any

from artwork_insights.features.inputs.edits import first_edit, touched_since
from artwork_insights.features.inputs.sources import find_sources


def _ids(assets: Any) -> list[str]:
    return [asset.asset_id for asset in assets]


def test_an_edit_of_equal_size_is_noticed_and_a_copied_back_folder_is_not_one(tmp_path: Path, shard: Any) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for name in "abc":
        (folder / f"{name}.jpg").write_bytes(name.encode() * 10)
    (folder / "d.tar").write_bytes(shard({"d.jpg": b"dddddddddd"}))
    assets = find_sources([str(folder)]).assets
    sha256 = {name: hashlib.sha256(name.encode() * 10).hexdigest() for name in "abcd"}
    time.sleep(0.05)  # the clock of a file system ticks in steps of up to 10 ms
    measured_ns = time.time_ns()
    time.sleep(0.05)
    assert _ids(touched_since(assets, measured_ns)) == []
    shutil.copytree(folder, tmp_path / "copy")  # keeps the times of writing, as cp -a does
    shutil.rmtree(folder)
    shutil.copytree(tmp_path / "copy", folder)
    touched = list(touched_since(assets, measured_ns))
    assert _ids(touched) == ["a", "b", "c", "d"]
    assert first_edit(touched, sha256) is None
    time_of_writing = (folder / "b.jpg").stat().st_mtime_ns
    (folder / "b.jpg").write_bytes(b"B" * 10)
    os.utime(folder / "b.jpg", ns=(time_of_writing, time_of_writing))  # hides it from whoever compares times and sizes
    touched = list(touched_since(assets, measured_ns))
    edited = first_edit(touched, sha256)
    assert edited is not None and edited.asset_id == "b"
    assert first_edit(touched, sha256 | {"b": hashlib.sha256(b"B" * 10).hexdigest()}) is None
    (folder / "a.jpg").unlink()
    assert _ids(touched_since(assets, time.time_ns())) == []
    assert first_edit(touched[:1], {}) is None


def test_a_touched_image_that_cannot_be_read_any_more_is_another(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"x")
    (asset,) = find_sources([str(tmp_path)]).assets
    (tmp_path / "a.jpg").write_bytes(b"")
    assert first_edit([asset], {"a": hashlib.sha256(b"x").hexdigest()}) == asset
