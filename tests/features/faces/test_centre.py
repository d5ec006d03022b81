from __future__ import annotations

import numpy as np
import pytest

from artwork_insights.features.faces.cascade import Detections
from artwork_insights.features.faces.centre import CentreNetwork, decode, find_centre_weights, network_size
from artwork_insights.features.faces.second_look import look_twice, merge, unmirror

SAME_PLACE = 0.15  # of a face's width: what two views of one face may differ


@pytest.fixture(scope="module", params=["torch", "openvino"])
def network(request: pytest.FixtureRequest) -> CentreNetwork:
    weights = find_centre_weights()
    assert weights is not None
    return CentreNetwork(weights, request.param)


def _one(x: float, score: float) -> Detections:
    box = np.array([[x, 10, x + 20, 40]], np.float32)
    marks = np.array([[[x + 5, 20], [x + 15, 20], [x + 10, 27], [x + 6, 33], [x + 14, 33]]], np.float32)
    return Detections(box, np.array([score], np.float32), marks)


def test_a_peak_of_the_maps_becomes_a_box_with_landmarks() -> None:
    heat, log_size, offset = np.zeros((1, 1, 8, 8)), np.zeros((1, 2, 8, 8)), np.zeros((1, 2, 8, 8))
    points = np.zeros((1, 10, 8, 8))
    heat[0, 0, 3, 5] = 0.9
    log_size[0, :, 3, 5] = np.log([4.0, 2.0])  # 16 high, 8 wide
    offset[0, :, 3, 5] = 0.1, 0.2  # down, right
    points[0, :2, 3, 5] = 0.25, 0.5  # the first landmark: a quarter down, half across
    found = decode(*(m.astype(np.float32) for m in (heat, log_size, offset, points)))
    np.testing.assert_allclose(found.boxes, [[18.8, 6.4, 26.8, 22.4]], atol=1e-4)
    np.testing.assert_allclose(found.landmarks[0, 0], [22.8, 10.4], atol=1e-4)
    assert found.scores.tolist() == pytest.approx([0.9])


def test_sizes_are_multiples_of_32_in_the_shape_of_the_picture() -> None:
    assert network_size(300, 450, 416) == (416, 640)
    assert network_size(3840, 2160, 416) == (736, 416)
    assert network_size(10, 4000, 416) == (416, 1664)
    assert network_size(1, 1, 416) == (416, 416)


def test_a_face_is_found_and_its_mirror_image_mirrored(network: CentreNetwork, astronaut: np.ndarray) -> None:
    found = look_twice(network, astronaut)
    back = unmirror(look_twice(network, np.ascontiguousarray(astronaut[:, ::-1])), astronaut.shape[1])
    for face in (found, back):
        assert (face.scores > 0.5).sum() == 1
    best, other = found.scores.argmax(), back.scores.argmax()
    width = found.boxes[best, 2] - found.boxes[best, 0]
    np.testing.assert_allclose(back.boxes[other], found.boxes[best], atol=SAME_PLACE * width)
    np.testing.assert_allclose(back.landmarks[other], found.landmarks[best], atol=SAME_PLACE * width)
    left_eye, right_eye = found.landmarks[best, :2, 0]
    assert left_eye < right_eye
    upside_down = look_twice(network, np.ascontiguousarray(astronaut[::-1]))
    assert upside_down.scores.max(initial=0) < found.scores[best]


def test_both_runtimes_agree(astronaut: np.ndarray) -> None:
    weights = find_centre_weights()
    assert weights is not None
    one, other = (CentreNetwork(weights, runtime).detect(astronaut, 416) for runtime in ("torch", "openvino"))
    assert one.scores.shape == other.scores.shape
    np.testing.assert_allclose(one.scores, other.scores, atol=1e-3)
    np.testing.assert_allclose(one.boxes, other.boxes, atol=0.1)


def test_two_views_of_one_face_are_averaged_by_score() -> None:
    merged = merge(_one(100, 0.6), _one(104, 0.2))
    assert merged.scores.tolist() == pytest.approx([0.4])
    assert merged.boxes[0].tolist() == pytest.approx([101, 10, 121, 40])
    assert merged.landmarks[0, 0].tolist() == pytest.approx([106, 20])


def test_a_face_of_one_view_keeps_half_its_score_and_a_neighbour_is_no_face_of_its_own() -> None:
    apart = merge(_one(0, 0.6), _one(100, 0.2))
    assert sorted(apart.scores.tolist()) == pytest.approx([0.1, 0.3])
    overlapping = merge(_one(100, 0.6), _one(110, 0.5))  # a third of their union: neither the same face nor another
    assert overlapping.scores.tolist() == pytest.approx([0.3])
    nothing = Detections(np.empty((0, 4), np.float32), np.empty(0, np.float32), np.empty((0, 5, 2), np.float32))
    assert merge(nothing, nothing).scores.shape == (0,)
    assert merge(nothing, _one(0, 0.5)).scores.tolist() == pytest.approx([0.25])
    assert merge(_one(0, 0.5), nothing).scores.tolist() == pytest.approx([0.25])
