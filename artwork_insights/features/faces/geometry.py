"""Features made of the faces of one image: how many, how large, where, how close together, how the head is held."""

from __future__ import annotations

import numpy as np

from artwork_insights.features.faces.crowd import measure_crowd
from artwork_insights.features.faces.detector import Faces
from artwork_insights.features.faces.pose import measure_pose
from artwork_insights.features.picture.saliency import thirds_distance

_OF_A_FACE = (
    "area_share_mean", "area_share_max", "x_largest", "y_largest", "centre_distance_largest", "thirds_distance_largest",
    "score_max",
)  # fmt: skip


def measure_faces(faces: Faces) -> dict[str, bool | int | float]:
    """Face features of one image that follow from its boxes and landmarks; see `catalog.columns` for units and ranges.

    Where there is no face, count and total share are 0, truth values are false and everything else is NaN.
    """
    shares = faces.area_shares
    grouped: dict[str, bool | int | float] = measure_crowd(faces) | measure_pose(faces)
    if not len(shares):
        absent: dict[str, bool | int | float] = {f"face_{name}": float("nan") for name in _OF_A_FACE}
        return {"face_present": False, "face_count": 0, "face_area_share_total": 0.0} | absent | grouped
    largest = faces.boxes[0].astype(np.float64)
    x = float(largest[0] + largest[2]) / 2 / faces.width_px
    y = float(largest[1] + largest[3]) / 2 / faces.height_px
    return {
        "face_present": True,
        "face_count": len(shares),
        "face_area_share_total": min(float(shares.sum()), 1.0),
        "face_area_share_mean": float(shares.mean()),
        "face_area_share_max": float(shares.max()),
        "face_x_largest": x,
        "face_y_largest": y,
        "face_centre_distance_largest": float(np.hypot(x - 0.5, y - 0.5) / np.hypot(0.5, 0.5)),
        "face_thirds_distance_largest": thirds_distance(x, y),
        "face_score_max": float(faces.scores.max()),
        **grouped,
    }
