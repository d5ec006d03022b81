from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from artwork_insights.errors import OutputError
from artwork_insights.features.extraction.extract import extract_features, find_sources
from artwork_insights.features.table import read_table
from artwork_insights.features.viewing.contact_sheet import caption, write_contact_sheet

YELLOW = np.array([0xFF, 0xD2, 0x3F])


@pytest.fixture(scope="module")
def extracted(picture_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sheet")
    shutil.copytree(picture_folder, folder / "pictures")
    extract_features(find_sources([str(folder / "pictures")]), folder / "out", workers=1, embedding="none")
    return folder / "out"


def test_a_page_shows_each_picture_with_its_faces_boxed(extracted: Path, tmp_path: Path) -> None:
    (path,) = write_contact_sheet(extracted, tmp_path / "new" / "sheet.png", columns=3)
    page = np.asarray(Image.open(path).convert("RGB")).astype(int)
    left = 48 + 232 + 24  # the second card: margin, first card, gap
    yellow = (np.abs(page - YELLOW).max(axis=2) < 12)[144:, left : left + 232]
    face = next(f for f in read_table(extracted, "faces").to_pylist() if f["asset_id"] == "face")
    columns = np.nonzero(yellow[: 232 + 1].any(axis=0))[0]
    assert columns.min() == pytest.approx(face["xmin"] * 232 / 512, abs=3)
    assert columns.max() == pytest.approx(face["xmax"] * 232 / 512, abs=3)


def test_further_pages_are_numbered_and_the_order_follows_the_feature(extracted: Path, tmp_path: Path) -> None:
    paths = write_contact_sheet(extracted, tmp_path / "s.png", sort_by="face_area_share_max", limit=1)
    assert [path.name for path in paths] == ["s.png", "s-2.png", "s-3.png"]
    first = np.asarray(Image.open(paths[0]).convert("RGB")).astype(int)
    last = np.asarray(Image.open(paths[-1]).convert("RGB")).astype(int)
    assert (np.abs(first - YELLOW).max(axis=2) < 25).sum() > 100  # the only one with a face comes first
    assert (np.abs(last - YELLOW).max(axis=2) < 25).sum() == 0


def test_a_picture_that_is_gone_leaves_a_note(extracted: Path, tmp_path: Path) -> None:
    shutil.copytree(extracted.parent, tmp_path / "moved")
    shutil.move(extracted.parent / "pictures" / "coffee.png", tmp_path / "coffee.png")
    try:
        assert write_contact_sheet(extracted, tmp_path / "sheet.png")[0].is_file()
    finally:
        shutil.move(tmp_path / "coffee.png", extracted.parent / "pictures" / "coffee.png")


def test_captions_say_faces_and_the_feature_sorted_by() -> None:
    values = {
        "face_count": 2, "face_area_share_total": 0.123, "lightness_mean": 40.4, "colourfulness": 55.6,
        "symmetry": 0.12345, "face_score_max": float("nan"), "image_format": "PNG",
    }  # fmt: skip
    assert caption(values) == ("2 faces · 12.3% of the frame", "lightness 40 · colourfulness 56")
    assert caption(values | {"face_count": 1})[0].startswith("1 face ·")
    assert caption(values | {"face_count": 0}, "symmetry") == ("no face", "symmetry 0.123")
    assert caption(values, "face_score_max")[1] == "face score max –"
    assert caption(values, "image_format")[1] == "image format PNG"


def test_what_cannot_be_drawn_is_refused_with_a_sentence(extracted: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="did you mean 'face_count'"):
        write_contact_sheet(extracted, tmp_path / "s.png", sort_by="face_counts")
    with pytest.raises(OutputError, match=r"\.jpg or \.png"):
        write_contact_sheet(extracted, tmp_path / "s.pdf")
    with pytest.raises(OutputError, match="is no extraction"):
        write_contact_sheet(tmp_path, tmp_path / "s.png")
