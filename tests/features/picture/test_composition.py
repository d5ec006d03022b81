from __future__ import annotations

import cv2
import numpy as np
import pytest

from artwork_insights.features.picture.colour import to_lab
from artwork_insights.features.picture.composition import (
    measure_composition,
    mirror_symmetry,
    subject_position,
    thirds_distance,
)


def _measure(pixels: np.ndarray) -> dict[str, float]:
    return measure_composition(to_lab(pixels))


def _spot(x: int, y: int) -> np.ndarray:
    pixels = np.full((120, 80, 3), (60, 70, 90), np.uint8)
    cv2.circle(pixels, (x, y), 10, (250, 200, 40), -1)
    return pixels


def test_blurring_lowers_sharpness_and_clutter(astronaut: np.ndarray) -> None:
    small = cv2.resize(astronaut, (256, 256), interpolation=cv2.INTER_AREA)
    steps = [_measure(small), *(_measure(cv2.GaussianBlur(small, (0, 0), sigma)) for sigma in (1, 3))]
    assert steps[0]["sharpness"] > 2 * steps[1]["sharpness"] > 4 * steps[2]["sharpness"]
    assert steps[0]["clutter"] > steps[2]["clutter"]


def test_a_step_of_lightness_has_the_sharpness_worked_out_by_hand() -> None:
    """Laplacian of a step of height h: +h on one column and -h on the next, 0 elsewhere; variance 2 h^2 / width."""
    pixels = np.zeros((20, 40, 3), np.uint8)
    pixels[:, 20:] = 255
    assert _measure(pixels)["sharpness"] == pytest.approx(2 * 100**2 / 40, rel=1e-4)


def test_a_flat_picture_is_neither_sharp_nor_cluttered_and_has_its_subject_in_the_middle() -> None:
    measured = _measure(np.full((50, 40, 3), 130, np.uint8))
    assert measured["sharpness"] == measured["clutter"] == 0
    assert measured["symmetry"] == 1
    assert (measured["subject_x"], measured["subject_y"]) == (0.5, 0.5)


def test_more_objects_are_more_clutter() -> None:
    rng = np.random.default_rng(4)
    shares = []
    for n in (2, 20, 80):
        pixels = np.full((200, 200, 3), 30, np.uint8)
        for x, y in rng.integers(10, 190, (n, 2)):
            cv2.rectangle(pixels, (int(x), int(y)), (int(x) + 8, int(y) + 8), (220, 220, 220), -1)
        shares.append(_measure(pixels)["clutter"])
    assert shares[0] < shares[1] < shares[2] < 1


def test_symmetry_is_one_for_a_mirror_image_and_minus_one_for_its_opposite() -> None:
    half = np.random.default_rng(6).uniform(0, 100, (40, 30)).astype(np.float32)
    assert mirror_symmetry(np.hstack([half, half[:, ::-1]])) == pytest.approx(1, abs=1e-6)
    assert mirror_symmetry(np.hstack([half, 100 - half[:, ::-1]])) == pytest.approx(-1, abs=0.02)
    assert abs(mirror_symmetry(np.random.default_rng(7).uniform(0, 100, (99, 99)).astype(np.float32))) < 0.1


@pytest.mark.parametrize(("x", "y"), [(20, 30), (60, 100), (40, 60)])
def test_the_subject_is_where_the_one_odd_thing_is(x: int, y: int) -> None:
    found = subject_position(to_lab(_spot(x, y)))
    assert found == pytest.approx(((x + 0.5) / 80, (y + 0.5) / 120), abs=0.03)


def test_mirroring_the_picture_mirrors_the_subject() -> None:
    x, y = subject_position(to_lab(_spot(20, 30)))
    mirrored = subject_position(to_lab(np.ascontiguousarray(_spot(20, 30)[:, ::-1])))
    assert mirrored == pytest.approx((1 - x, y), abs=1e-6)


def test_thirds_distance_is_zero_on_a_crossing_and_largest_in_a_corner() -> None:
    assert thirds_distance(1 / 3, 2 / 3) == pytest.approx(0)
    assert thirds_distance(0.5, 0.5) == pytest.approx(np.hypot(1 / 6, 1 / 6))
    assert thirds_distance(0, 1) == pytest.approx(np.hypot(1 / 3, 1 / 3))
