from __future__ import annotations

import cv2
import numpy as np
import pytest

from artwork_insights.features.text.lines import GROWTH, find_lines

CORNER_ATOL = 1.0  # pixels of the map; cores are whole pixels


def _map(*cores: tuple[int, int, int, int], value: float = 0.9) -> np.ndarray:
    """A probability map of 120 rows and 200 columns with cores (left, top, width, height)."""
    probability = np.zeros((120, 200), np.float32)
    for left, top, width, height in cores:
        probability[top : top + height, left : left + width] = value
    return probability


def test_a_core_grows_by_its_area_over_its_perimeter_and_is_scaled_to_the_original() -> None:
    lines = find_lines(_map((40, 30, 100, 10)), width_px=400, height_px=120)
    growth = GROWTH * 100 * 10 / (2 * 110)
    low, high = lines.corners[0].min(axis=0), lines.corners[0].max(axis=0)
    np.testing.assert_allclose(low, [2 * (40 - growth), 30 - growth], atol=CORNER_ATOL)
    np.testing.assert_allclose(high, [2 * (140 + growth), 40 + growth], atol=CORNER_ATOL)
    assert lines.scores[0] == pytest.approx(0.9, abs=1e-6)


def test_a_tilted_core_gives_a_tilted_rectangle() -> None:
    probability = np.zeros((200, 200), np.float32)
    cv2.fillConvexPoly(probability, cv2.boxPoints(((100, 100), (120, 12), 30)).astype(np.int32), 0.9)
    (corners,) = find_lines(probability, 200, 200).corners
    sides = np.linalg.norm(np.diff(corners[:3], axis=0), axis=1)
    long_side = np.diff(corners[:3], axis=0)[sides.argmax()]
    assert abs(long_side[1] / long_side[0]) == pytest.approx(np.tan(np.radians(30)), abs=0.03)


@pytest.mark.parametrize(
    ("probability", "why"),
    [
        (_map(), "nothing"),
        (_map((40, 30, 100, 10), value=0.6), "unsure"),
        (_map((40, 30, 100, 2)), "too thin"),
        (_map((40, 30, 100, 10), value=0.29), "below the core's probability"),
    ],
)
def test_what_is_no_line_is_left_out(probability: np.ndarray, why: str) -> None:
    lines = find_lines(probability, 200, 120)
    assert len(lines) == 0 and lines.corners.shape == (0, 4, 2), why


def test_cores_that_touch_the_edge_and_fill_the_map_are_lines() -> None:
    lines = find_lines(_map((0, 0, 80, 10), (100, 110, 100, 10)), 200, 120)
    assert len(lines) == 2
    assert len(find_lines(np.ones((64, 64), np.float32), 64, 64)) == 1
