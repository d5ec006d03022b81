"""Faces in an image: boxes, scores, landmarks, and the features made of them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from artwork_insights.features.faces.cascade import OUTPUT_SCORE, Cascade, load_cascade, run_cascade
from artwork_insights.features.faces.sampling import AreaSampler
from artwork_insights.features.inputs.image import DecodedImage

FloatArray = npt.NDArray[np.float32]

FACE_SCORE = OUTPUT_SCORE  # the peer's default; tests/reference/test_detection.py measures presence and count at it
MIN_FACE_PX = 20.0
MIN_FACE_SHARE = 0.04
LANDMARKS = ("left_eye", "right_eye", "nose", "mouth_left", "mouth_right")
_LARGEST_INPUT_PX = 48.0  # side of the output network's input: a finer image would be shrunk before any network sees it


@dataclass(frozen=True, slots=True)
class Faces:
    """Detections in one image, largest first.

    Attributes
    ----------
    boxes : float32 array of shape (n, 4)
        xmin, ymin, xmax, ymax in pixels of the upright original, clipped to the frame.
    scores : float32 array of shape (n,)
        Of the last network, above `FACE_SCORE` (0.7) and at most 1: every detection counts as a face.
    landmarks : float32 array of shape (n, 5, 2)
        x and y in pixels of the eye on the left side of the picture, the one on the right, the nose, and the corners
        of the mouth; may lie beyond the frame.
    width_px, height_px : int
        Of the upright original.
    """

    boxes: FloatArray
    scores: FloatArray
    landmarks: FloatArray
    width_px: int
    height_px: int

    @property
    def area_shares(self) -> npt.NDArray[np.float64]:
        """Area of each box over that of the frame; shape (n,), in [0, 1]."""
        sides = (self.boxes[:, 2:] - self.boxes[:, :2]).astype(np.float64)
        return np.asarray(sides.prod(axis=1) / (self.width_px * self.height_px), dtype=np.float64)


def smallest_face_px(height_px: int, width_px: int) -> float:
    """Side of the smallest face looked for: 4 % of the shorter side, at least 20 pixels."""
    return max(MIN_FACE_PX, MIN_FACE_SHARE * min(height_px, width_px))


class FaceDetector:
    """MTCNN with the networks and weights of `facenet_pytorch` 2.5.3 (Zhang et al. 2016).

    Parameters
    ----------
    device : str
        ``"cpu"`` or ``"cuda"``.
    """

    def __init__(self, mode: str = "default", device: str = "cpu", runtime: str = "torch") -> None:
        self._cascade: Cascade = load_cascade(device)

    def detect(self, image: DecodedImage) -> Faces:
        """Detect faces; an image without any gives empty arrays."""
        pixels, height, width = image.pixels, image.height_px, image.width_px
        min_face = smallest_face_px(*pixels.shape[:2])
        scale = min(_LARGEST_INPUT_PX / min_face, 1.0)
        if scale < 1:
            size = (max(round(pixels.shape[1] * scale), 1), max(round(pixels.shape[0] * scale), 1))
            pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
        boxes, scores, landmarks = run_cascade(self._cascade, AreaSampler(pixels), min_face * scale)
        back = np.array([width / pixels.shape[1], height / pixels.shape[0]], np.float32)
        return _in_frame(boxes * np.tile(back, 2), scores, landmarks * back, width, height)


def _in_frame(boxes: FloatArray, scores: FloatArray, landmarks: FloatArray, width: int, height: int) -> Faces:
    """Clip boxes, drop what lies outside, order by area and then by score."""
    clipped = np.clip(boxes, 0, np.array([width, height, width, height], np.float32)).astype(np.float32)
    area = (clipped[:, 2:] - clipped[:, :2]).prod(axis=1)
    order = np.lexsort((-scores, -area))
    order = order[area[order] > 0]
    return Faces(clipped[order], scores[order], landmarks[order].astype(np.float32), width, height)


def describe_detector(mode: str) -> dict[str, str]:
    """What decides the detections, in words."""
    return {
        "detector": "facenet-pytorch 2.5.3 MTCNN",
        "mode": mode,
        "face_score": str(FACE_SCORE),
        "min_face": f"{MIN_FACE_PX:g} px and {MIN_FACE_SHARE:.0%} of the shorter side",
    }
