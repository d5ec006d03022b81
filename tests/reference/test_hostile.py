"""Hostile files through the whole extraction: every file ends in features or failures, once."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from artwork_insights.errors import ImageError
from artwork_insights.features.extraction.extract import extract_features, find_sources
from artwork_insights.features.inputs import image
from artwork_insights.features.inputs.image import read_image
from artwork_insights.features.table import FeatureTable, read_feature_table, read_table

JPEG_ATOL = {"lightness_mean": 0.3, "chroma_mean": 0.3, "contrast_rms": 0.003, "symmetry": 0.02, "subject_x": 0.02,
             "subject_y": 0.02, "colourfulness": 0.5, "warm_share": 0.01}  # fmt: skip
REDUCED_ATOL = 3.0  # of 255, mean: colour that JPEG had halved, and inks, are converted before or after reducing
OUT_OF_RANGE = "hopper_bad_exif.jpg"  # its damaged coefficients overshoot, and are cut to 0 and 255 at either scale
TURNED_ATOL = 3.0  # of 255, mean: each was compressed by itself


@pytest.fixture(scope="module")
def hostile(reference_data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[FeatureTable, pd.DataFrame]:
    out = tmp_path_factory.mktemp("hostile")
    extract_features(find_sources([str(reference_data / "hostile")]), out, workers=2, device="cpu", embedding="layout")
    return read_feature_table(out), read_table(out, "failures").to_pandas()


def test_every_hostile_file_ends_in_features_or_failures_exactly_once(
    hostile: tuple[FeatureTable, pd.DataFrame], reference_data: Path
) -> None:
    files = {str(path) for path in (reference_data / "hostile").rglob("*") if path.is_file()}
    measured, failed = hostile[0].frame["location"].tolist(), hostile[1]["location"].tolist()
    assert sorted(measured + failed) == sorted(files)


def test_each_failure_is_a_damaged_or_unsafe_file_with_a_sentence(hostile: tuple[FeatureTable, pd.DataFrame]) -> None:
    failed = {Path(location).name for location in hostile[1]["location"]}
    assert failed == {
        "broken.png", "broken_data_stream.png", "decompression_bomb.gif", "decompression_bomb.ico", "l2rgb_read.bmp",
        "png_decompression_dos.png", "truncated_image.png", "truncated_jpeg.jpg", "unknown_compression_method.png",
        "zero_width.gif",
    }  # fmt: skip
    assert (hostile[1]["stage"] == "decode").all()
    assert all(re.fullmatch(r"\S+: .+\.", message) for message in hostile[1]["message"])


def test_a_picture_in_all_eight_orientations_has_the_same_features(
    hostile: tuple[FeatureTable, pd.DataFrame],
) -> None:
    """The files were compressed one by one after turning, so the features agree up to that."""
    frame = hostile[0].frame
    for name, shape in (("Landscape", (1800, 1200)), ("Portrait", (1200, 1800))):
        twins = frame[frame["location"].str.contains(f"exif_orientation/{name}")]
        assert len(twins) == 9
        assert {*zip(twins["width_px"], twins["height_px"], strict=True)} == {shape}
        assert len(set(twins["face_count"])) == 1
        for feature, tolerance in JPEG_ATOL.items():
            assert twins[feature].max() - twins[feature].min() < tolerance, feature


def test_orientation_ignored_would_be_noticed(reference_data: Path) -> None:
    """Control: the stored pixels of a turned file are not those of its upright twin."""
    from PIL import Image

    folder = reference_data / "hostile" / "exif_orientation"
    with Image.open(folder / "Landscape_6.jpg") as stored:
        assert np.asarray(stored).shape == (1800, 1200, 3)
    assert read_image(str(folder / "Landscape_6.jpg")).pixels.shape == (1200, 1800, 3)


@pytest.mark.parametrize("shared_side_px", [600, 30])
def test_hostile_files_decoded_at_reduced_scale_are_the_same_files(
    reference_data: Path, monkeypatch: pytest.MonkeyPatch, shared_side_px: int
) -> None:
    """At 600 pixels, as extractions do, the large ones are reduced; at 30 nearly all of them are."""
    monkeypatch.setattr(image, "SHARED_SIDE_PX", shared_side_px)
    n_reduced, n_refused = 0, 0
    for path in sorted(path for path in (reference_data / "hostile").rglob("*") if path.is_file()):
        try:
            whole = read_image(str(path))
        except ImageError as error:
            with pytest.raises(ImageError) as again:
                read_image(str(path), reduced=True)
            assert str(again.value) == str(error)
            n_refused += 1
            continue
        small = read_image(str(path), reduced=True)
        for fact in ("width_px", "height_px", "format", "frames", "n_bytes"):
            assert getattr(small, fact) == getattr(whole, fact), (path.name, fact)
        height, width = whole.pixels.shape[:2]
        factor = next((f for f in (8, 4, 2) if min(height, width) >= f * shared_side_px), 1)
        assert small.pixels.shape == (-(-height // factor), -(-width // factor), 3), path.name
        average = _average(whole.pixels, factor)
        found = small.pixels[: average.shape[0], : average.shape[1]].astype(float)
        if path.name != OUT_OF_RANGE:
            assert np.abs(found - average).mean() < REDUCED_ATOL, path.name
        n_reduced += factor > 1
    assert (n_reduced, n_refused) == ({600: 18, 30: 40}[shared_side_px], 10)


def _average(pixels: np.ndarray, factor: int) -> np.ndarray:
    height, width = (side // factor * factor for side in pixels.shape[:2])
    squares = pixels[:height, :width].astype(float).reshape(height // factor, factor, width // factor, factor, 3)
    return np.asarray(squares.mean(axis=(1, 3)))


@pytest.mark.parametrize("name", ["Landscape", "Portrait"])
def test_the_eight_orientations_are_one_picture_at_reduced_scale_too(reference_data: Path, name: str) -> None:
    folder = reference_data / "hostile" / "exif_orientation"
    upright = read_image(str(folder / f"{name}_1.jpg"), reduced=True).pixels.astype(float)
    assert sorted(upright.shape[:2]) == [600, 900]
    for orientation in range(2, 9):
        twin = read_image(str(folder / f"{name}_{orientation}.jpg"), reduced=True).pixels.astype(float)
        inside = np.s_[100:-100, 100:-100]  # each picture has its own number in a corner
        assert np.abs(twin - upright)[inside].mean() < TURNED_ATOL
        assert np.abs(twin[::-1, ::-1] - upright)[inside].mean() > 5 * TURNED_ATOL  # control: upside down
