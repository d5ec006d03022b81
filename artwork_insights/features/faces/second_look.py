"""A second look where the first is unsure: the mirrored, enlarged picture, and the mean of both opinions."""

from __future__ import annotations

import numpy as np

from artwork_insights.features.faces.cascade import Detections, FloatArray
from artwork_insights.features.faces.centre import CentreNetwork
from artwork_insights.features.inputs.image import ByteImage

FIRST_SIDE_PX, SECOND_SIDE_PX = 416, 640  # shorter sides: a face of 4 % has 17 and 26 pixels
UNSURE = (0.2, 0.6)
_SAME_FACE, _NO_OTHER_FACE = 0.45, 0.3  # intersection over union


def look_twice(network: CentreNetwork, pixels: ByteImage) -> Detections:
    """Faces of an RGB image; where any score lies in `UNSURE`, each score is the mean over two views."""
    first = network.detect(pixels, FIRST_SIDE_PX)
    if not ((first.scores > UNSURE[0]) & (first.scores < UNSURE[1])).any():
        return first
    mirrored = network.detect(np.ascontiguousarray(pixels[:, ::-1]), SECOND_SIDE_PX)
    return merge(first, unmirror(mirrored, pixels.shape[1]))


def unmirror(found: Detections, width: int) -> Detections:
    """Detections of a mirrored image of that width, in the image itself; left and right landmarks change names."""
    boxes = found.boxes[:, [2, 1, 0, 3]] * np.array([-1, 1, -1, 1], np.float32) + np.array([width, 0, width, 0])
    landmarks = found.landmarks[:, [1, 0, 2, 4, 3]] * np.array([-1, 1], np.float32) + np.array([width, 0])
    return Detections(boxes.astype(np.float32), found.scores, landmarks.astype(np.float32))


def merge(first: Detections, second: Detections) -> Detections:
    """Faces of two views: seen by both, boxes and landmarks averaged by score; seen by one, half its score."""
    overlap = overlaps(first.boxes, second.boxes)
    partner = np.full(len(first.scores), -1)
    free = np.ones(len(second.scores), bool)
    for i in np.argsort(-first.scores, kind="stable"):
        shared = np.where(free, overlap[i], 0)
        if len(shared) and shared.max() >= _SAME_FACE:
            partner[i] = int(shared.argmax())
            free[partner[i]] = False
    both = partner >= 0
    alone = free & (overlap.max(axis=0, initial=0) <= _NO_OTHER_FACE)
    mine, theirs = first.scores[both], second.scores[partner[both]]
    weight = (mine / (mine + theirs))[:, None]
    boxes = weight * first.boxes[both] + (1 - weight) * second.boxes[partner[both]]
    weight = weight[..., None]
    landmarks = weight * first.landmarks[both] + (1 - weight) * second.landmarks[partner[both]]
    return Detections(
        np.concatenate([boxes, first.boxes[~both], second.boxes[alone]]),
        np.concatenate([(mine + theirs) / 2, first.scores[~both] / 2, second.scores[alone] / 2]),
        np.concatenate([landmarks, first.landmarks[~both], second.landmarks[alone]]),
    )


def overlaps(boxes: FloatArray, others: FloatArray) -> FloatArray:
    """Intersection over union of every box with every other; shape (n, m)."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    shared = np.maximum(high - low, 0).prod(axis=2)
    area, other_area = ((b[:, 2:] - b[:, :2]).prod(axis=1) for b in (boxes, others))
    return np.asarray(shared / (area[:, None] + other_area[None] - shared), dtype=np.float32)
