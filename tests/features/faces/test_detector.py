from __future__ import annotations

import numpy as np
import pytest
import torch
from facenet_pytorch import MTCNN

from artwork_insights.features.faces.cascade import pyramid_scales, suppress_contained
from artwork_insights.features.faces.detector import FaceDetector, Faces, measure_faces, smallest_face_px

SAME_PIXELS = 0.05  # boxes of the peer and ours differ by float32 rounding only


@pytest.fixture(scope="module")
def detector() -> FaceDetector:
    return FaceDetector()


@pytest.fixture(scope="module")
def peer() -> MTCNN:
    return MTCNN(keep_all=True, device=torch.device("cpu"))


def _crowd(astronaut: np.ndarray) -> np.ndarray:
    """Four copies of a face at several sizes on one picture of 420 x 400."""
    canvas = np.full((420, 400, 3), 90, np.uint8)
    head = astronaut[0:220, 120:340]
    for (top, left), step in {(0, 0): 1, (230, 10): 2, (240, 200): 3, (20, 260): 2}.items():
        piece = head[::step, ::step]
        height, width = canvas[top : top + piece.shape[0], left : left + piece.shape[1]].shape[:2]
        canvas[top : top + height, left : left + width] = piece[:height, :width]
    return canvas


def test_detections_equal_those_of_the_peer_at_its_defaults(
    detector: FaceDetector, peer: MTCNN, astronaut: np.ndarray
) -> None:
    for pixels in (astronaut[:400], _crowd(astronaut)):
        boxes, scores, points = peer.detect(pixels, landmarks=True)
        ours = detector.detect(pixels)
        order = np.argsort([-(b[2] - b[0]) * (b[3] - b[1]) for b in ours.boxes])
        height, width = pixels.shape[:2]
        clipped = np.clip(boxes.astype(float), 0, [width, height, width, height])
        peer_order = np.argsort(-(clipped[:, 2] - clipped[:, 0]) * (clipped[:, 3] - clipped[:, 1]))
        assert len(ours.scores) == len(boxes) >= 1
        np.testing.assert_allclose(ours.boxes[order], clipped[peer_order], atol=SAME_PIXELS)
        np.testing.assert_allclose(ours.scores[order], scores.astype(float)[peer_order], atol=1e-4)
        np.testing.assert_allclose(ours.landmarks[order], points.astype(float)[peer_order], atol=SAME_PIXELS)


def test_a_crowd_has_its_faces_counted_and_placed(detector: FaceDetector, astronaut: np.ndarray) -> None:
    faces = detector.detect(_crowd(astronaut))
    assert len(faces.scores) == 4
    areas = faces.area_shares
    assert np.all(np.diff(areas) <= 0)  # largest first
    assert faces.boxes.shape == (4, 4) and faces.landmarks.shape == (4, 5, 2)
    left_eye, right_eye = faces.landmarks[:, 0, 0], faces.landmarks[:, 1, 0]
    assert np.all(left_eye < right_eye)


@pytest.mark.parametrize("shape", [(1, 1, 3), (8, 9, 3), (19, 400, 3), (600, 15, 3)])
def test_an_image_smaller_than_a_face_has_none_where_the_peer_fails(
    shape: tuple[int, int, int], detector: FaceDetector, peer: MTCNN
) -> None:
    pixels = np.zeros(shape, np.uint8)
    faces = detector.detect(pixels)
    assert faces.boxes.shape == (0, 4) and faces.scores.shape == (0,) and faces.landmarks.shape == (0, 5, 2)
    with pytest.raises((RuntimeError, ValueError)):
        peer.detect(pixels)


def test_an_image_without_a_face_has_none(detector: FaceDetector) -> None:
    assert len(detector.detect(np.full((200, 300, 3), 128, np.uint8)).scores) == 0


def test_a_face_is_found_at_the_same_place_whatever_the_resolution(
    detector: FaceDetector, astronaut: np.ndarray
) -> None:
    """At 2048 pixels the detector looks at a reduced image; boxes come back in pixels of the original."""
    small, large = detector.detect(astronaut), detector.detect(np.repeat(np.repeat(astronaut, 4, 0), 4, 1))
    assert len(large.scores) == 1
    assert large.width_px == 2048
    face = max(range(len(small.scores)), key=lambda i: small.scores[i])
    np.testing.assert_allclose(large.boxes[0] / 4, small.boxes[face], atol=6)
    np.testing.assert_allclose(large.landmarks[0] / 4, small.landmarks[face], atol=6)


def test_the_smallest_face_is_twenty_pixels_or_four_percent() -> None:
    assert smallest_face_px(450, 300) == 20
    assert smallest_face_px(3000, 2000) == 80
    assert pyramid_scales(19, 20.0) == []
    assert pyramid_scales(300, 20.0)[0] == pytest.approx(0.6)


def test_suppression_drops_a_box_inside_a_better_one() -> None:
    boxes = np.array([[0, 0, 100, 100], [10, 10, 40, 40], [200, 0, 300, 100]], np.float32)
    assert suppress_contained(boxes, np.array([0.9, 0.8, 0.95], np.float32), 0.7).tolist() == [2, 0]
    assert suppress_contained(boxes[:0], np.empty(0, np.float32), 0.7).tolist() == []


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
    assert measured["face_score_max"] == pytest.approx(0.9)


def test_without_a_face_counts_are_zero_and_the_rest_is_missing() -> None:
    measured = measure_faces(_faces())
    assert measured["face_present"] is False and measured["face_count"] == 0
    assert measured["face_area_share_total"] == 0
    missing = [name for name, value in measured.items() if isinstance(value, float) and np.isnan(value)]
    assert len(missing) == 6
    assert measured.keys() == measure_faces(_faces((0, 0, 1, 1))).keys()


def test_overlapping_faces_never_fill_more_than_the_frame() -> None:
    assert measure_faces(_faces((0, 0, 200, 100), (0, 0, 200, 100)))["face_area_share_total"] == 1.0
