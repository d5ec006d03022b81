"""Finds lettering on a decoded image."""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np

from artwork_insights.features.inputs.image import ByteImage, DecodedImage
from artwork_insights.features.text.lines import (
    CORE_PROBABILITY,
    GROWTH,
    LEAST_SCORE,
    FloatArray,
    TextLines,
    find_lines,
)
from artwork_insights.features.text.network import (
    NETWORK_NAME,
    NETWORK_SHA256,
    choose_text_runtime,
    find_network,
    load_network,
)

TEXT_SIDE_PX = 480
_MULTIPLE_PX = 32
_MEAN = np.array([0.485, 0.456, 0.406], np.float32) * 255
_STD = np.array([0.229, 0.224, 0.225], np.float32) * 255


class TextDetector:
    """Holds the network.

    Parameters
    ----------
    runtime : {"torch", "openvino"}
        The plan's; see `choose_text_runtime`.

    Raises
    ------
    WeightsError
        When the extra ``text`` is not installed.
    """

    def __init__(self, runtime: Literal["torch", "openvino"] = "torch") -> None:
        self._network = load_network(choose_text_runtime(runtime))

    def detect(self, image: DecodedImage) -> TextLines:
        """Find the lines of lettering; letters below about 2 % of the longer side escape."""
        return find_lines(self._network(network_input(image.pixels)), image.width_px, image.height_px)


def network_input(pixels: ByteImage) -> FloatArray:
    """The whole picture at a longer side of `TEXT_SIDE_PX` at most, never enlarged; shape (1, 3, height, width).

    Each side is rounded to a multiple of 32, so the picture is stretched by 16 pixels at most.
    """
    height, width = pixels.shape[:2]
    scale = min(TEXT_SIDE_PX / max(height, width), 1.0)
    size = [max(round(side * scale / _MULTIPLE_PX), 1) * _MULTIPLE_PX for side in (width, height)]
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    resized = cv2.resize(pixels, size, interpolation=method)
    planes = np.empty((1, 3, *resized.shape[:2]), np.float32)
    for number, mean, std in zip(range(3), _MEAN, _STD, strict=True):
        plane = planes[0, number]
        plane[:] = resized[..., 2 - number]  # the network was trained with blue first
        plane -= mean
        plane /= std
    return planes


def describe_text_detector(runtime: Literal["torch", "openvino"]) -> dict[str, str]:
    """What decides the numbers of the group "text".

    Raises
    ------
    WeightsError
        When the extra ``text`` is not installed.
    """
    find_network()
    return {
        "detector": NETWORK_NAME,
        "weights_sha256": NETWORK_SHA256,
        "side_px": str(TEXT_SIDE_PX),
        "thresholds": f"core {CORE_PROBABILITY}, score {LEAST_SCORE}, growth {GROWTH}",
        "runtime": choose_text_runtime(runtime),
    }
