from __future__ import annotations

import cv2
import numpy as np
import pytest

from artwork_insights.features.picture.colour import to_lab
from artwork_insights.features.picture.composition import (
    find_edges,
    measure_composition,
    mirror_symmetry,
    negative_space,
)

FLAT = 1e-6  # what float32 leaves of a flat picture


def _measure(pixels: np.ndarray) -> dict[str, float]:
    return measure_composition(to_lab(pixels))


def _scattered(n: int) -> np.ndarray:
    rng = np.random.default_rng(4)
    pixels = np.full((200, 200, 3), 30, np.uint8)
    for x, y in rng.integers(10, 190, (n, 2)):
        cv2.rectangle(pixels, (int(x), int(y)), (int(x) + 8, int(y) + 8), (220, 220, 220), -1)
    return pixels


def test_blurring_lowers_sharpness_clutter_and_entropy_and_leaves_more_empty_space(astronaut: np.ndarray) -> None:
    small = cv2.resize(astronaut, (256, 256), interpolation=cv2.INTER_AREA)
    steps = [_measure(small), *(_measure(cv2.GaussianBlur(small, (0, 0), sigma)) for sigma in (1, 3))]
    assert steps[0]["sharpness"] > 2 * steps[1]["sharpness"] > 4 * steps[2]["sharpness"]
    assert steps[0]["clutter"] > steps[2]["clutter"]
    assert steps[0]["detail_entropy"] > steps[1]["detail_entropy"] > steps[2]["detail_entropy"]
    assert steps[0]["negative_space"] < steps[2]["negative_space"]


def test_a_flat_picture_is_neither_sharp_nor_cluttered_nor_divided_and_has_its_subject_in_the_middle() -> None:
    measured = _measure(np.full((50, 40, 3), 130, np.uint8))
    assert measured["sharpness"] == pytest.approx(0, abs=FLAT)
    assert measured["clutter"] == measured["horizon_strength"] == measured["detail_entropy"] == 0
    assert measured["letterbox_share"] == measured["pillarbox_share"] == 0
    assert measured["symmetry"] == measured["negative_space"] == 1
    assert measured["centre_detail_share"] == 0.25
    assert (measured["subject_x"], measured["subject_y"]) == (0.5, 0.5)
    assert np.isnan(measured["horizon_y"])


def test_more_objects_are_more_clutter_more_entropy_and_less_empty_space() -> None:
    few, some, many = (_measure(_scattered(n)) for n in (2, 20, 80))
    assert few["clutter"] < some["clutter"] < many["clutter"] < 1
    assert few["detail_entropy"] < some["detail_entropy"] < many["detail_entropy"]
    assert few["negative_space"] > some["negative_space"] > many["negative_space"] > 0


def test_edges_are_those_that_canny_finds_by_itself(astronaut: np.ndarray) -> None:
    """OpenCV's Canny on the same smoothed lightness, but for the outermost pixels."""
    lightness = np.ascontiguousarray(to_lab(astronaut)[..., 0])
    edges, dx, dy = find_edges(lightness)
    smooth = cv2.GaussianBlur(cv2.convertScaleAbs(lightness, alpha=2.55), (0, 0), 1.0, borderType=cv2.BORDER_REPLICATE)
    own = cv2.Canny(smooth, 50, 150, L2gradient=True)
    assert (edges[2:-2, 2:-2] == own[2:-2, 2:-2]).mean() > 0.999
    assert own.any()
    np.testing.assert_array_equal(dx[1:-1, 1:-1], cv2.Sobel(smooth, cv2.CV_16S, 1, 0)[1:-1, 1:-1])
    np.testing.assert_array_equal(dy[1:-1, 1:-1], cv2.Sobel(smooth, cv2.CV_16S, 0, 1)[1:-1, 1:-1])


def test_empty_space_is_what_lies_away_from_edges() -> None:
    """One vertical edge in 64 x 64 takes the columns within 2 pixels, 64 / 32, of it."""
    edges = np.zeros((64, 64), np.uint8)
    edges[:, 30] = 255
    assert negative_space(edges) == pytest.approx(1 - 5 / 64)


def test_symmetry_is_one_for_a_mirror_image_and_minus_one_for_its_opposite() -> None:
    half = np.random.default_rng(6).uniform(0, 100, (40, 30)).astype(np.float32)
    assert mirror_symmetry(np.hstack([half, half[:, ::-1]])) == pytest.approx(1, abs=1e-6)
    assert mirror_symmetry(np.hstack([half, 100 - half[:, ::-1]])) == pytest.approx(-1, abs=0.02)
    assert abs(mirror_symmetry(np.random.default_rng(7).uniform(0, 100, (99, 99)).astype(np.float32))) < 0.1
    assert mirror_symmetry(np.vstack([half, half[::-1]])) < 0.3  # symmetric about the other axis


def test_mirroring_the_picture_mirrors_the_subject_and_changes_nothing_else(astronaut: np.ndarray) -> None:
    whole, mirrored = _measure(astronaut), _measure(np.ascontiguousarray(astronaut[:, ::-1]))
    assert mirrored["subject_x"] == pytest.approx(1 - whole["subject_x"], abs=1e-3)
    for name in whole.keys() - {"subject_x"}:
        assert mirrored[name] == pytest.approx(whole[name], rel=0.02, abs=1e-3, nan_ok=True), name
