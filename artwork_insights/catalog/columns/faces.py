"""Columns measured on the faces."""

from __future__ import annotations

from artwork_insights.catalog.columns.column import Column, ColumnType

FACES_SOURCE = "CenterFace: Xu et al. 2020; MTCNN: Zhang et al. 2016"
_LANDMARKS = f"landmarks of {FACES_SOURCE}"
_THIRDS_CORNER = 0.4715


def _face(
    name: str,
    dtype: ColumnType,
    unit: str,
    high: float | None,
    description: str,
    *,
    low: float | None = 0.0,
    source: str = FACES_SOURCE,
) -> Column:
    return Column(name, dtype, unit, low, high, "faces", "derived", description, source)


def _without(name: str, unit: str, high: float | None, description: str, *, low: float = 0.0) -> Column:
    """A colour measured beside the faces: no longer made of them, but which pixels are left still depends on them."""
    return Column(
        f"{name}_without_faces", "float64", unit, low, high, "faces", "sensitive",
        f"{description} outside faces, their hair and shoulders; missing where under 5 % of the frame is left.",
        f"as {name}; {FACES_SOURCE}",
    )  # fmt: skip


FACE_COLUMNS = (
    _face("face_present", "bool", "true or false", 1, "At least one face was detected."),
    _face("face_count", "int64", "faces", None, "Faces detected, looked for from about 4 % of the shorter side."),
    _face("face_area_share_total", "float64", "share of the frame", 1, "Area of all face boxes; 0 without face."),
    _face("face_area_share_mean", "float64", "share of the frame", 1, "Mean area of a face box; missing without face."),
    _face("face_area_share_max", "float64", "share of the frame", 1, "Area of the largest box; missing without face."),
    _face("face_x_largest", "float64", "share of the width", 1, "Centre of the largest face, from the left edge."),
    _face("face_y_largest", "float64", "share of the height", 1, "Centre of the largest face, from the top edge."),
    _face(
        "face_centre_distance_largest", "float64", "share of the half diagonal", 1,
        "Distance of the largest face from the middle of the frame, sides scaled to 1: 0 in the middle, 1 in a corner.",
    ),
    _face(
        "face_thirds_distance_largest", "float64", "share of the sides", _THIRDS_CORNER,
        "Largest face to the nearest crossing of thirds; missing without face.",
    ),
    _face("face_score_max", "float64", "score", 1, "Highest score of the detector; missing without face."),
    _face(
        "face_distance_mean", "float64", "share of the diagonal", 1,
        "Mean distance between the centres of two faces, small where they crowd; missing with fewer than two.",
    ),
    _face(
        "face_between_share", "float64", "share of the frame", 1,
        "Area between the faces: their convex hull less their boxes; 0 with one face, missing without.",
    ),
    _face(
        "face_roll_degrees_largest", "float64", "degrees", 180,
        "Tilt of the largest face: 0 upright, positive clockwise; missing without face.", low=-180, source=_LANDMARKS,
    ),
    _face(
        "face_yaw_largest", "float64", "half distances of the eyes", 1,
        "Turn of the largest face: 0 ahead, positive to the right edge, +-1 with the nose below an eye.",
        low=-1, source=_LANDMARKS,
    ),
    _face(
        "face_eyes_distance_largest", "float64", "share of the width", None,
        "Between the eyes of the largest face; missing without face.", source=_LANDMARKS,
    ),
    _face(
        "face_mouth_width_ratio_largest", "float64", "distances of the eyes", None,
        "Width of the mouth of the largest face, a proxy of its expression: a smile widens it.", source=_LANDMARKS,
    ),
    _face(
        "faces_look_at_each_other", "bool", "true or false", 1,
        "The two largest faces, level and alike in size, turn towards each other; false with fewer than two.",
        source=_LANDMARKS,
    ),
    _face(
        "face_sharpness_largest", "float64", "L* squared", None,
        "Variance of the Laplacian of the largest face at 48 pixels, low where blurred; missing under 24 pixels.",
        source=f"Pech-Pacheco et al. 2000; {FACES_SOURCE}",
    ),
    _face(
        "face_zone_share", "float64", "share of the frame", 1,
        "Faces with their hair and shoulders, as left out of the columns without faces; 0 without face.",
    ),
    _without("lightness_mean", "CIE L*", 100, "Mean lightness"),
    _without("contrast_rms", "L* / 100", 0.5, "Standard deviation of lightness"),
    _without("chroma_mean", "CIE C*ab", None, "Mean distance from grey"),
    _without("saturation_mean", "share", 1, "Mean HSV saturation"),
    _without("colourfulness", "M3", None, "Spread and strength of colour"),
    _without("warm_share", "share of the pixels", 1, "Pixels that feel warm"),
    _without("hue_count", "hues", 20, "Parts of the hue circle, of 18 degrees each, that are made use of"),
    _without("background_share", "share of the pixels", 1, "Pixels nearest to the background colour"),
    _without("colour_harmony", "CH", 1.6, "How well the palette colours go together", low=-1.4),
)  # fmt: skip
