"""From the network's probability map to lines of lettering."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]

CORE_PROBABILITY = 0.3
LEAST_SCORE = 0.7
GROWTH = 0.85  # encloses the ink; 1.6, usual before reading, leaves a margin that makes letters 1.4 times as high
LEAST_CORE_PX = 3


@dataclass(frozen=True, slots=True)
class TextLines:
    """Lines of lettering on one picture.

    Attributes
    ----------
    corners : float32 array of shape (n, 4, 2)
        Corners (x, y) of each line's rotated rectangle, in pixels of the original, in order round the rectangle;
        may reach over the edge of the picture.
    scores : float32 array of shape (n,)
        Mean probability inside the core of each line, `LEAST_SCORE` to 1.
    width_px, height_px : int
        Of the original.
    """

    corners: FloatArray
    scores: FloatArray
    width_px: int
    height_px: int

    def __len__(self) -> int:
        return len(self.scores)


def find_lines(probability: FloatArray, width_px: int, height_px: int) -> TextLines:
    """Read the lines off a probability map.

    The network is trained on lines shrunk to their core, so that neighbours stay apart; each connected core is enclosed
    in its smallest rotated rectangle, kept where its mean probability is at least `LEAST_SCORE`, and grown back by
    `GROWTH` times area / perimeter on each side (Liao, Wan, Yao, Chen, Bai 2020, Real-time scene text detection with
    differentiable binarization).

    Parameters
    ----------
    probability : float32 array of shape (rows, columns)
        In [0, 1], over the whole picture.
    width_px, height_px : int
        Of the original, onto which the rectangles are scaled.
    """
    cores = (probability > CORE_PROBABILITY).astype(np.uint8)
    contours, _ = cv2.findContours(cores, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    corners, scores = [], []
    for contour in contours:
        (x, y), (length, breadth), angle = cv2.minAreaRect(contour)
        length, breadth = length + 1, breadth + 1  # from centres of pixels to their edges
        if min(length, breadth) < LEAST_CORE_PX:
            continue
        score = _mean_inside(probability, cv2.boxPoints(((x, y), (length - 1, breadth - 1), angle)))
        if score < LEAST_SCORE:
            continue
        margin = GROWTH * length * breadth / (length + breadth)  # both sides together
        corners.append(cv2.boxPoints(((x + 0.5, y + 0.5), (length + margin, breadth + margin), angle)))
        scores.append(score)
    scale = np.array([width_px / probability.shape[1], height_px / probability.shape[0]], np.float32)
    boxes = np.array(corners, np.float32).reshape(-1, 4, 2) * scale
    return TextLines(boxes, np.array(scores, np.float32), width_px, height_px)


def _mean_inside(probability: FloatArray, box: FloatArray) -> float:
    """Mean of the map over the pixels of a rotated rectangle."""
    rows, columns = probability.shape
    left, top = np.maximum(np.floor(box.min(axis=0)).astype(int), 0)
    right, bottom = np.minimum(np.ceil(box.max(axis=0)).astype(int) + 1, (columns, rows))
    inside = np.zeros((bottom - top, right - left), np.uint8)
    cv2.fillConvexPoly(inside, np.rint(box - (left, top)).astype(np.int32), 1)
    return float(cv2.mean(probability[top:bottom, left:right], inside)[0])
