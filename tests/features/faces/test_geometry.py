from __future__ import annotations

import numpy as np
import pytest

from artwork_insights.features.faces.crowd import hull_area, mean_distance, union_area
from artwork_insights.features.faces.detector import Faces
from artwork_insights.features.faces.geometry import measure_faces


def _faces(*boxes: tuple[float, float, float, float]) -> Faces:
    n = len(boxes)
    array = np.array(boxes, np.float32).reshape(n, 4)
    return Faces(array, np.linspace(0.8, 0.9, n, dtype=np.float32), np.zeros((n, 5, 2), np.float32), 200, 100)


def test_face_features_follow_from_the_boxes_by_hand() -> None:
    measured = measure_faces(_faces((0, 0, 100, 40), (150, 50, 170, 70)))
    assert measured["face_present"] is True and measured["face_count"] == 2
    assert measured["face_area_share_total"] == pytest.approx(0.2 + 0.02)
    assert measured["face_area_share_mean"] == pytest.approx(0.11)
    assert measured["face_area_share_max"] == pytest.approx(0.2)
    assert (measured["face_x_largest"], measured["face_y_largest"]) == pytest.approx((0.25, 0.2))
    assert measured["face_centre_distance_largest"] == pytest.approx(np.hypot(0.25, 0.3) / np.hypot(0.5, 0.5))
    assert measured["face_thirds_distance_largest"] == pytest.approx(np.hypot(1 / 3 - 0.25, 1 / 3 - 0.2))
    assert measured["face_score_max"] == pytest.approx(0.9)
    assert measured["face_distance_mean"] == pytest.approx(np.hypot(110, 40) / np.hypot(200, 100))


def test_without_a_face_counts_are_zero_truths_false_and_the_rest_is_missing() -> None:
    measured = measure_faces(_faces())
    assert measured["face_present"] is measured["faces_look_at_each_other"] is False
    assert measured["face_count"] == 0 and measured["face_area_share_total"] == 0
    known = {"face_present", "face_count", "face_area_share_total", "faces_look_at_each_other"}
    assert {name for name, value in measured.items() if not np.isnan(value)} == known
    assert measured.keys() == measure_faces(_faces((0, 0, 1, 1))).keys()


def test_one_face_has_nothing_between_and_no_distance() -> None:
    measured = measure_faces(_faces((20, 20, 60, 70)))
    assert measured["face_between_share"] == pytest.approx(0, abs=1e-6)
    assert np.isnan(measured["face_distance_mean"])


def test_overlapping_faces_never_fill_more_than_the_frame() -> None:
    assert measure_faces(_faces((0, 0, 200, 100), (0, 0, 200, 100)))["face_area_share_total"] == 1.0


def test_between_two_faces_side_by_side_lies_what_separates_them() -> None:
    """Boxes of 40 x 50, 60 apart on one level, leave 60 x 50 between; touching ones leave nothing."""
    assert measure_faces(_faces((20, 20, 60, 70), (120, 20, 160, 70)))["face_between_share"] == pytest.approx(0.15)
    assert measure_faces(_faces((20, 20, 60, 70), (60, 20, 100, 70)))["face_between_share"] == pytest.approx(
        0, abs=1e-6
    )


def test_the_mean_distance_is_taken_over_all_pairs() -> None:
    """A right-angled triangle of centres with sides 30, 40 and 50."""
    boxes = np.array([[0, 0, 2, 2], [30, 0, 32, 2], [0, 40, 2, 42]], np.float64)
    assert mean_distance(boxes) == pytest.approx((30 + 40 + 50) / 3)
    assert mean_distance(3 * boxes) == pytest.approx(3 * 40)


def test_covered_and_surrounded_areas_agree_with_counting_pixels() -> None:
    rng = np.random.default_rng(8)
    for _ in range(5):
        corners = rng.integers(0, 60, (12, 2, 2))
        boxes = np.concatenate([corners.min(axis=1), corners.max(axis=1) + 1], axis=1).astype(np.float64)
        raster = np.zeros((61, 61), bool)
        for left, top, right, bottom in boxes.astype(int):
            raster[top:bottom, left:right] = True
        assert union_area(boxes) == raster.sum()
        assert union_area(boxes) <= hull_area(boxes) <= 61 * 61
    assert hull_area(np.array([[0, 0, 10, 10], [20, 0, 30, 10], [0, 20, 10, 30]], np.float64)) == 30 * 30 - 400 / 2
