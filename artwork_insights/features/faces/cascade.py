"""The three networks of MTCNN in a row: proposals, refinement, output (Zhang, Zhang, Li and Qiao 2016).

Networks and weights are those inside the wheel of `facenet_pytorch` 2.5.3. Resampling, thresholds and box arithmetic
follow it, so that the detections are the same; what differs is that every resampling reads one integral image, that all
crops are taken in one gather, that activations stay in the cache, and that an image smaller than a face is an image
without faces.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from artwork_insights.features.faces.networks import PROPOSAL_FIELD, PROPOSAL_STRIDE, Networks
from artwork_insights.features.faces.sampling import AreaSampler, FloatImage

FloatArray = npt.NDArray[np.float32]
IndexArray = npt.NDArray[np.int64]

PYRAMID_FACTOR = 0.709
PROPOSAL_SCORE, REFINE_SCORE, OUTPUT_SCORE = 0.6, 0.7, 0.7
MOST_CANDIDATES = 1000  # of one image, after the first network; a texture of a thousand faces is none


class Detections(NamedTuple):
    """Faces in pixels of the image; boxes may reach beyond its edge.

    Attributes
    ----------
    boxes : array of shape (n, 4)
    scores : array of shape (n,)
    landmarks : array of shape (n, 5, 2)
    """

    boxes: FloatArray
    scores: FloatArray
    landmarks: FloatArray


def pyramid_scales(short_side_px: int, min_face_px: float) -> list[float]:
    """Scales at which the 12-pixel proposal network looks, from the smallest face up; empty for a tiny image."""
    scale = PROPOSAL_FIELD / min_face_px
    scales = []
    while short_side_px * scale >= PROPOSAL_FIELD:
        scales.append(scale)
        scale *= PYRAMID_FACTOR
    return scales


def run_cascade(networks: Networks, sampler: AreaSampler, min_face_px: float) -> Detections:
    """Detect faces.

    Parameters
    ----------
    networks : Networks
    sampler : AreaSampler
        Of the image.
    min_face_px : float
        Side of the smallest face looked for, in pixels.
    """
    boxes = squared(_propose(networks, sampler, min_face_px))
    boxes = squared(_refine(networks, sampler, boxes))
    return _output(networks, sampler, boxes)


def _propose(networks: Networks, sampler: AreaSampler, min_face_px: float) -> FloatArray:
    """Candidate boxes over all scales; shape (n, 4)."""
    scales = pyramid_scales(min(sampler.height, sampler.width), min_face_px)
    found = [_propose_at(networks, sampler, scale) for scale in scales]
    if not found:
        return np.empty((0, 4), np.float32)
    candidates = np.concatenate(found)
    candidates = candidates[suppress_overlaps(candidates[:, :4], candidates[:, 4], 0.7)[:MOST_CANDIDATES]]
    boxes, shift = candidates[:, :4], candidates[:, 5:]
    return np.asarray(boxes + shift * np.tile(boxes[:, 2:] - boxes[:, :2], 2))


def _propose_at(networks: Networks, sampler: AreaSampler, scale: float) -> FloatArray:
    """Candidates at one scale: box, score, shift; shape (n, 9)."""
    level = sampler.resize(int(sampler.height * scale + 1), int(sampler.width * scale + 1))
    score, shift = networks.propose(level)
    row, column = np.nonzero(score >= PROPOSAL_SCORE)
    corner = np.stack([column, row], axis=1).astype(np.float32) * PROPOSAL_STRIDE
    first, last = np.floor((corner + 1) / scale), np.floor((corner + PROPOSAL_FIELD) / scale)
    candidates = np.hstack([first, last, score[row, column][:, None], shift[row, column]]).astype(np.float32)
    return candidates[suppress_overlaps(candidates[:, :4], candidates[:, 4], 0.5)]


def _refine(networks: Networks, sampler: AreaSampler, boxes: FloatArray) -> FloatArray:
    """Candidates that survive the refinement network, corrected by it; shape (n, 4)."""
    boxes, crops = crop(sampler, boxes, 24)
    if not len(boxes):
        return boxes
    score, shift = networks.refine(crops)
    passed = score > REFINE_SCORE
    boxes, score, shift = boxes[passed], score[passed], shift[passed]
    keep = suppress_overlaps(boxes, score, 0.7)
    return shifted(boxes[keep], shift[keep])


def _output(networks: Networks, sampler: AreaSampler, boxes: FloatArray) -> Detections:
    """Faces that survive the output network, with scores and landmarks."""
    boxes, crops = crop(sampler, boxes, 48)
    if not len(boxes):
        return Detections(np.empty((0, 4), np.float32), np.empty(0, np.float32), np.empty((0, 5, 2), np.float32))
    score, shift, points = networks.output(crops)
    passed = score > OUTPUT_SCORE
    boxes, score = boxes[passed], score[passed]
    landmarks = landmarks_in(boxes, points[passed])
    final = shifted(boxes, shift[passed])
    keep = suppress_contained(final, score, 0.7)
    return Detections(final[keep], score[keep], landmarks[keep])


def landmarks_in(boxes: FloatArray, points: FloatArray) -> FloatArray:
    """The output network's five points, shape (n, 10), in pixels; shape (n, 5, 2)."""
    side = boxes[:, 2:] - boxes[:, :2] + 1
    return np.asarray(points.reshape(-1, 2, 5).transpose(0, 2, 1) * side[:, None, :] + boxes[:, None, :2] - 1)


def crop(sampler: AreaSampler, boxes: FloatArray, size: int) -> tuple[FloatArray, FloatImage]:
    """Boxes that overlap the image, and their crops of shape (n, size, size, 3)."""
    corners = np.trunc(boxes).astype(np.int64)
    low = np.maximum(corners[:, :2], 1) - 1
    high = np.minimum(corners[:, 2:], [sampler.width, sampler.height])
    inside = (high > low).all(axis=1)
    return boxes[inside], sampler.crops(np.hstack([low, high])[inside], size, size)


def shifted(boxes: FloatArray, shift: FloatArray) -> FloatArray:
    """Boxes moved by what a network says, in shares of their sides."""
    return np.asarray(boxes + shift * np.tile(boxes[:, 2:] - boxes[:, :2] + 1, 2))


def squared(boxes: FloatArray) -> FloatArray:
    """Grow the shorter side about the centre."""
    side = boxes[:, 2:] - boxes[:, :2]
    longest = side.max(axis=1, keepdims=True)
    low = boxes[:, :2] + side * np.float32(0.5) - longest * np.float32(0.5)
    return np.hstack([low, low + longest])


def suppress_overlaps(boxes: FloatArray, scores: FloatArray, limit: float) -> IndexArray:
    """Non-maximum suppression by intersection over union; indices kept, best first."""
    if not len(boxes):
        return np.empty(0, np.int64)
    corners = boxes.astype(np.float64)
    sized = np.hstack([corners[:, :2], corners[:, 2:] - corners[:, :2]])
    kept = cv2.dnn.NMSBoxes(sized.tolist(), scores.tolist(), 0.0, limit)
    return np.asarray(kept, dtype=np.int64).ravel()


def suppress_contained(boxes: FloatArray, scores: FloatArray, limit: float) -> IndexArray:
    """Non-maximum suppression by overlap over the *smaller* box; indices kept, best first.

    Parameters
    ----------
    boxes : array of shape (n, 4)
        xmin, ymin, xmax, ymax in pixels.
    scores : array of shape (n,)
    limit : float
        A box goes when more than this share of it, or of a better box, is overlapped.
    """
    area = (boxes[:, 2:] - boxes[:, :2] + 1).prod(axis=1)
    left = np.argsort(-scores, kind="stable")
    kept = []
    while len(left):
        best, rest = left[0], left[1:]
        kept.append(best)
        low = np.maximum(boxes[best, :2], boxes[rest, :2])
        high = np.minimum(boxes[best, 2:], boxes[rest, 2:])
        shared = np.maximum(high - low + 1, 0).prod(axis=1)
        left = rest[shared / np.minimum(area[best], area[rest]) <= limit]
    return np.array(kept, dtype=np.int64)
