"""What lies in real folders beside sound images, from the list of files to the tables, in real measuring processes."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from artwork_insights.errors import ImageError
from artwork_insights.features.extraction.extract import extract_features, find_sources
from artwork_insights.features.inputs.location import MAX_BYTES, read_bytes
from artwork_insights.features.table import read_feature_table, read_table

SOUND = ("first.jpg", "last.jpg")
REASONS = {
    "folder.jpg": "a folder and not a file",
    "link.jpg": "a link to a file that is not there",
    "pipe.jpg": "a pipe and not a file",
    "large.jpg": "larger than 100 MB",
    "vanished.jpg": "there is no such file",
    "empty.jpg": "the file is empty",
    "locked.jpg": "cannot be read",
}


@pytest.fixture
def nasty_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "posters"
    (folder / "folder.jpg").mkdir(parents=True)
    for name in (*SOUND, "vanished.jpg"):
        Image.fromarray(np.full((40, 30, 3), 120, np.uint8)).save(folder / name)
    (folder / "link.jpg").symlink_to(folder / "nowhere.jpg")
    os.mkfifo(folder / "pipe.jpg")
    with (folder / "large.jpg").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    (folder / "empty.jpg").touch()
    (folder / "locked.jpg").write_bytes((folder / "first.jpg").read_bytes())
    (folder / "locked.jpg").chmod(0)
    return folder


def _is_locked(path: Path) -> bool:
    return not os.access(path, os.R_OK)  # never so for the superuser, whose case is simulated below


def test_each_costs_its_own_image_and_no_other(nasty_folder: Path, tmp_path: Path) -> None:
    """None of them hangs the run either: a pipe that nobody writes to would do so for ever."""
    reasons = {n: said for n, said in REASONS.items() if n != "locked.jpg" or _is_locked(nasty_folder / n)}
    names = [SOUND[0], *REASONS, SOUND[1]]
    manifest = tmp_path / "assets.csv"
    pd.DataFrame({"asset_id": names, "location": [f"posters/{name}" for name in names]}).to_csv(manifest, index=False)
    sources = find_sources([str(manifest)])
    (nasty_folder / "vanished.jpg").unlink()  # after it was found
    out = tmp_path / "out"
    extract_features(sources, out, features=("file", "colour"), device="cpu", workers=2, seconds_per_image=30)
    failed = read_table(out, "failures").to_pandas().set_index("asset_id")
    assert read_feature_table(out).frame["asset_id"].tolist() == [n for n in names if n not in reasons]
    assert failed.index.tolist() == [n for n in names if n in reasons]
    for name, said in reasons.items():
        assert said in failed.loc[name, "message"] and f"{name}: " in failed.loc[name, "message"]
        assert failed.loc[name, "stage"] == "read" and "\n" not in failed.loc[name, "message"]


def test_a_folder_with_them_is_read_to_its_end(nasty_folder: Path, tmp_path: Path) -> None:
    """In a folder, a folder named like an image is one more folder; everything else is an input."""
    out = tmp_path / "out"
    sources = find_sources([str(nasty_folder)])
    assert {asset.asset_id for asset in sources.assets} >= {Path(name).stem for name in REASONS} - {"folder"}
    extract_features(sources, out, features=("file",), device="cpu", workers=1)
    measured, failed = (read_table(out, table)["asset_id"].to_pylist() for table in ("features", "failures"))
    assert sorted(measured + failed) == sorted(asset.asset_id for asset in sources.assets)
    assert {"first", "last"} <= set(measured)


def test_a_file_that_may_not_be_read_is_named_with_the_reason(
    nasty_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The superuser may read everything, so that opening is refused by hand."""

    def refuse(path: object, *_: object, **__: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(ImageError, match=r"first\.jpg: cannot be read \(Permission denied\)\."):
        read_bytes(str(nasty_folder / "first.jpg"))
