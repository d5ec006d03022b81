"""Hostile files through the whole extraction: every file ends in features or failures, once."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from artwork_insights.features.extraction.extract import extract_features, find_sources
from artwork_insights.features.inputs.image import read_image
from artwork_insights.features.table import FeatureTable, read_feature_table, read_table

JPEG_ATOL = {"lightness_mean": 0.3, "chroma_mean": 0.3, "contrast_rms": 0.003, "symmetry": 0.02, "subject_x": 0.02,
             "subject_y": 0.02, "colourfulness": 0.5, "warm_share": 0.01}  # fmt: skip


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
    with Image.open(folder / "Landscape_6.jpg") as image:
        assert np.asarray(image).shape == (1800, 1200, 3)
    assert read_image(str(folder / "Landscape_6.jpg")).pixels.shape == (1200, 1800, 3)
