"""Features made of the faces of one image: how many, how large, where."""

from __future__ import annotations

import numpy as np

from artwork_insights.features.faces.detector import Faces


def measure_faces(faces: Faces) -> dict[str, bool | int | float]:
    """Face features of one image; see `catalog.columns` for units and ranges.

    Where there is no face, count and total share are 0 and everything else is NaN.
    """
    shares = faces.area_shares
    if not len(shares):
        empty = ("area_share_mean", "area_share_max", "x_largest", "y_largest", "centre_distance_largest", "score_max")
        absent: dict[str, bool | int | float] = {f"face_{name}": float("nan") for name in empty}
        return {"face_present": False, "face_count": 0, "face_area_share_total": 0.0} | absent
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
        "face_score_max": float(faces.scores.max()),
    }
