"""The three networks of MTCNN in a row: proposals, refinement, output (Zhang, Zhang, Li and Qiao 2016).

Networks and weights are those inside the wheel of `facenet_pytorch` 2.5.3. Resampling, thresholds and box arithmetic
follow it, so that the detections are the same; what differs is that all crops are taken in one call, that tensors keep
the channels-last layout, and that an image smaller than a face is an image without faces.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
import torch

from artwork_insights.features.faces.networks import Network, load_network
from artwork_insights.features.faces.sampling import AreaSampler, FloatImage

FloatArray = npt.NDArray[np.float32]

PYRAMID_FACTOR = 0.709
PROPOSAL_SCORE, REFINE_SCORE, OUTPUT_SCORE = 0.6, 0.7, 0.7
_PROPOSAL_CELL, _PROPOSAL_STRIDE = 12, 2


@dataclass(frozen=True, slots=True)
class Cascade:
    """The three networks, ready on one device.

    Attributes
    ----------
    proposal, refine, output : Network
        P-Net, R-Net and O-Net.
    """

    proposal: Network
    refine: Network
    output: Network


def load_cascade(device: str = "cpu") -> Cascade:
    """Load the networks on ``"cpu"`` or ``"cuda"``; no file outside the wheel of `facenet_pytorch` is read."""
    return Cascade(*(load_network(name, device) for name in ("pnet", "rnet", "onet")))


def _run(network: Network, images: FloatImage) -> tuple[torch.Tensor, ...]:
    """Outputs for images of shape (n, height, width, 3), values 0 to 255."""
    return network.run(torch.from_numpy((images - 127.5) * np.float32(0.0078125)).permute(0, 3, 1, 2))


def pyramid_scales(short_side_px: int, min_face_px: float) -> list[float]:
    """Scales at which the 12-pixel proposal network looks, from the smallest face up; empty for a tiny image."""
    scale = _PROPOSAL_CELL / min_face_px
    scales = []
    while short_side_px * scale >= _PROPOSAL_CELL:
        scales.append(scale)
        scale *= PYRAMID_FACTOR
    return scales


def run_cascade(
    cascade: Cascade, sampler: AreaSampler, min_face_px: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Detect faces.

    Parameters
    ----------
    cascade : Cascade
    sampler : AreaSampler
        Of the image.
    min_face_px : float
        Side of the smallest face looked for, in pixels.

    Returns
    -------
    boxes : array of shape (n, 4), scores : array of shape (n,), landmarks : array of shape (n, 5, 2)
        In pixels of the image; boxes may reach beyond its edge.
    """
    with torch.inference_mode():
        boxes = _square(_propose(cascade, sampler, min_face_px))
        boxes = _square(_refine(cascade, sampler, boxes))
        return _output(cascade, sampler, boxes)


def _propose(cascade: Cascade, sampler: AreaSampler, min_face_px: float) -> torch.Tensor:
    """Candidate boxes over all scales; shape (n, 4)."""
    found = [
        _propose_at(cascade, sampler, scale)
        for scale in pyramid_scales(min(sampler.height, sampler.width), min_face_px)
    ]
    if not found:
        return torch.empty((0, 4))
    candidates = torch.cat(found)
    candidates = candidates[suppress_overlaps(candidates[:, :4], candidates[:, 4], 0.7)]
    boxes, shift = candidates[:, :4], candidates[:, 5:]
    side = (boxes[:, 2:] - boxes[:, :2]).repeat(1, 2)
    return boxes + shift * side


def _propose_at(cascade: Cascade, sampler: AreaSampler, scale: float) -> torch.Tensor:
    """Candidates at one scale: box, score, regression; shape (n, 9)."""
    level = sampler.resize(int(sampler.height * scale + 1), int(sampler.width * scale + 1))
    probability, shift = _run(cascade.proposal, level)
    score = probability[0, 1]
    row, column = torch.nonzero(score >= PROPOSAL_SCORE, as_tuple=True)
    corner = torch.stack([column, row], dim=1).float() * _PROPOSAL_STRIDE
    first, last = ((corner + 1) / scale).floor(), ((corner + _PROPOSAL_CELL) / scale).floor()
    candidates = torch.cat([first, last, score[row, column][:, None], shift[0, :, row, column].T], dim=1)
    return candidates[suppress_overlaps(candidates[:, :4], candidates[:, 4], 0.5)]


def _refine(cascade: Cascade, sampler: AreaSampler, boxes: torch.Tensor) -> torch.Tensor:
    """Candidates that survive the refinement network, corrected by it; shape (n, 4)."""
    boxes, crops = _crop(sampler, boxes, 24)
    if not len(boxes):
        return boxes
    probability, shift = _run(cascade.refine, crops)
    score = probability[:, 1]
    passed = score > REFINE_SCORE
    boxes, score, shift = boxes[passed], score[passed], shift[passed]
    keep = suppress_overlaps(boxes, score, 0.7)
    return _shifted(boxes[keep], shift[keep])


def _output(cascade: Cascade, sampler: AreaSampler, boxes: torch.Tensor) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Faces that survive the output network, with scores and landmarks."""
    boxes, crops = _crop(sampler, boxes, 48)
    if not len(boxes):
        return np.empty((0, 4), np.float32), np.empty(0, np.float32), np.empty((0, 5, 2), np.float32)
    probability, shift, points = _run(cascade.output, crops)
    passed = probability[:, 1] > OUTPUT_SCORE
    boxes, score, shift = boxes[passed], probability[passed, 1], shift[passed]
    side = boxes[:, 2:] - boxes[:, :2] + 1
    landmarks = points[passed].reshape(-1, 2, 5).transpose(1, 2) * side[:, None, :] + boxes[:, None, :2] - 1
    final = _shifted(boxes, shift).numpy()
    keep = suppress_contained(final, score.numpy(), 0.7)
    return final[keep], score.numpy()[keep], landmarks.numpy()[keep]


def _crop(sampler: AreaSampler, boxes: torch.Tensor, size: int) -> tuple[torch.Tensor, FloatImage]:
    """Boxes that overlap the image, and their crops of shape (n, size, size, 3)."""
    corners = boxes.trunc().long().numpy()
    low = np.maximum(corners[:, :2], 1) - 1
    high = np.minimum(corners[:, 2:], [sampler.width, sampler.height])
    inside = (high > low).all(axis=1)
    crops = sampler.crops(np.hstack([low, high])[inside], size, size)
    return boxes[torch.from_numpy(inside)], crops


def _shifted(boxes: torch.Tensor, shift: torch.Tensor) -> torch.Tensor:
    side = (boxes[:, 2:] - boxes[:, :2] + 1).repeat(1, 2)
    return boxes + shift * side


def _square(boxes: torch.Tensor) -> torch.Tensor:
    """Grow the shorter side about the centre."""
    side = boxes[:, 2:] - boxes[:, :2]
    longest = side.max(dim=1, keepdim=True).values
    low = boxes[:, :2] + side * 0.5 - longest * 0.5
    return torch.cat([low, low + longest], dim=1)


def suppress_overlaps(boxes: torch.Tensor, scores: torch.Tensor, limit: float) -> torch.Tensor:
    """Non-maximum suppression by intersection over union; indices kept, best first."""
    if not len(boxes):
        return torch.empty(0, dtype=torch.int64)
    corners = boxes.numpy().astype(np.float64)
    sized = np.hstack([corners[:, :2], corners[:, 2:] - corners[:, :2]])
    kept = cv2.dnn.NMSBoxes(sized.tolist(), scores.tolist(), 0.0, limit)
    return torch.from_numpy(np.asarray(kept, dtype=np.int64).ravel())


def suppress_contained(boxes: FloatArray, scores: FloatArray, limit: float) -> npt.NDArray[np.int64]:
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
