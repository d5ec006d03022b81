from __future__ import annotations

import cv2
import numpy as np
import pytest

from artwork_insights.features.picture.colour import to_lab
from artwork_insights.features.picture.saliency import saliency_map, subject_position, thirds_distance


def _spot(x: int, y: int) -> np.ndarray:
    pixels = np.full((120, 80, 3), (60, 70, 90), np.uint8)
    cv2.circle(pixels, (x, y), 10, (250, 200, 40), -1)
    return pixels


def _subject(pixels: np.ndarray) -> tuple[float, float]:
    return subject_position(saliency_map(to_lab(pixels)))


@pytest.mark.parametrize(("x", "y"), [(20, 30), (60, 100), (40, 60)])
def test_the_subject_is_where_the_one_odd_thing_is(x: int, y: int) -> None:
    assert _subject(_spot(x, y)) == pytest.approx(((x + 0.5) / 80, (y + 0.5) / 120), abs=0.03)


def test_the_subject_is_where_it_is_at_every_resolution() -> None:
    large = cv2.resize(_spot(20, 30), (800, 1200), interpolation=cv2.INTER_NEAREST)
    assert _subject(large) == pytest.approx(_subject(_spot(20, 30)), abs=0.02)


def test_mirroring_the_picture_mirrors_the_subject() -> None:
    x, y = _subject(_spot(20, 30))
    assert _subject(np.ascontiguousarray(_spot(20, 30)[:, ::-1])) == pytest.approx((1 - x, y), abs=1e-3)


def test_saliency_is_the_distance_from_the_mean_colour() -> None:
    """Two large halves: each lies half their difference from the mean, away from the blurred border between them."""
    pixels = np.full((64, 64, 3), 0, np.uint8)
    pixels[:, 32:] = 255
    saliency = saliency_map(to_lab(pixels))
    assert saliency.shape == (64, 64)
    assert saliency[:, [0, 5, 60, 63]] == pytest.approx(50, abs=0.01)


def test_thirds_distance_is_zero_on_a_crossing_and_largest_in_a_corner() -> None:
    assert thirds_distance(1 / 3, 2 / 3) == pytest.approx(0)
    assert thirds_distance(0.5, 0.5) == pytest.approx(np.hypot(1 / 6, 1 / 6))
    assert thirds_distance(0, 1) == pytest.approx(np.hypot(1 / 3, 1 / 3))
