"""Columns measured on the faces."""

from __future__ import annotations

from artwork_insights.catalog.columns.column import Column, ColumnType

FACES_SOURCE = "MTCNN: Zhang, Zhang, Li, Qiao 2016; networks of facenet-pytorch 2.5.3"


def _face(name: str, dtype: ColumnType, unit: str, high: float | None, description: str, *, low: float = 0.0) -> Column:
    return Column(name, dtype, unit, low, high, "faces", "derived", description, FACES_SOURCE)


FACE_COLUMNS = (
    _face("face_present", "bool", "true or false", 1, "At least one face was detected."),
    _face("face_count", "int64", "faces", None, "Faces detected, each at least 20 pixels and 4 % of the shorter side."),
    _face("face_area_share_total", "float64", "share of the frame", 1, "Area of all face boxes; 0 without face."),
    _face("face_area_share_mean", "float64", "share of the frame", 1, "Mean area of a face box; missing without face."),
    _face("face_area_share_max", "float64", "share of the frame", 1, "Area of the largest box; missing without face."),
    _face("face_x_largest", "float64", "share of the width", 1, "Centre of the largest face, from the left edge."),
    _face("face_y_largest", "float64", "share of the height", 1, "Centre of the largest face, from the top edge."),
    _face(
        "face_centre_distance_largest", "float64", "share of the half diagonal", 1,
        "Distance of the largest face from the middle of the frame, sides scaled to 1: 0 in the middle, 1 in a corner.",
    ),
    _face("face_score_max", "float64", "score", 1, "Highest score of the detector; missing without face.", low=0.7),
)  # fmt: skip
