"""How the faces of one image stand to each other: how far apart, and how much of the frame lies between them."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from artwork_insights.features.faces.detector import Faces

FloatArray = npt.NDArray[np.float64]


def measure_crowd(faces: Faces) -> dict[str, float]:
    """Crowding features of one image; see `catalog.columns.faces` for units and ranges.

    The distance is NaN with fewer than two faces; what lies between is NaN without a face and 0 with one.
    """
    boxes = faces.boxes.astype(np.float64)
    frame = float(faces.width_px) * faces.height_px
    return {
        "face_distance_mean": mean_distance(boxes) / float(np.hypot(faces.width_px, faces.height_px)),
        "face_between_share": float(np.clip((hull_area(boxes) - union_area(boxes)) / frame, 0, 1))
        if len(boxes)
        else float("nan"),
    }


def mean_distance(boxes: FloatArray) -> float:
    """Mean distance between the centres of all pairs of boxes; NaN with fewer than two.

    Parameters
    ----------
    boxes : float64 array of shape (n, 4)
        xmin, ymin, xmax, ymax.
    """
    if len(boxes) < 2:
        return float("nan")
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    one, other = np.triu_indices(len(boxes), k=1)
    return float(np.hypot(*(centres[one] - centres[other]).T).mean())


def hull_area(boxes: FloatArray) -> float:
    """Area of the smallest convex shape round all boxes, shape (n, 4) with n at least 1."""
    corners = boxes[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 2).astype(np.float32)
    return float(cv2.contourArea(cv2.convexHull(corners)))


def union_area(boxes: FloatArray) -> float:
    """Area that at least one of the boxes covers, shape (n, 4) with n at least 1."""
    xs, ys = np.unique(boxes[:, [0, 2]]), np.unique(boxes[:, [1, 3]])
    covered = np.zeros((len(ys) - 1, len(xs) - 1), dtype=bool)
    left, right = np.searchsorted(xs, boxes[:, 0]), np.searchsorted(xs, boxes[:, 2])
    top, bottom = np.searchsorted(ys, boxes[:, 1]), np.searchsorted(ys, boxes[:, 3])
    for i in range(len(boxes)):
        covered[top[i] : bottom[i], left[i] : right[i]] = True
    return float(np.diff(ys) @ covered @ np.diff(xs))
