"""Data dictionary of the features: name, type, unit, range, meaning and source of every column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ColumnType = Literal["bool", "int64", "float64", "str", "list[str]", "list[float64]", "list[float32]"]
ColumnGroup = Literal["file", "face", "colour", "composition", "embedding"]
FaceRole = Literal["independent", "sensitive", "derived"]

FACES_SOURCE = "MTCNN: Zhang, Zhang, Li, Qiao 2016; networks of facenet-pytorch 2.5.3"


@dataclass(frozen=True, slots=True)
class Column:
    """One feature.

    Attributes
    ----------
    name : str
    dtype : str
        Type in the features table.
    unit : str
        Unit, or what one stands for.
    low, high : float or None
        Smallest and largest possible value; None where there is no such bound.
    group : {"file", "face", "colour", "composition", "embedding"}
        What it is measured on.
    face_role : {"independent", "sensitive", "derived"}
        How it stands to a treatment that puts a face into the artwork: `independent` columns do not move with it,
        `sensitive` ones are measured over all pixels and do, `derived` ones are made of the faces themselves. Only
        independent columns are safe confounders of a face treatment; a derived one is never a confounder.
    description : str
        One sentence.
    source : str
        Paper or library behind the measure; empty where it is a plain count or ratio.
    """

    name: str
    dtype: ColumnType
    unit: str
    low: float | None
    high: float | None
    group: ColumnGroup
    face_role: FaceRole
    description: str
    source: str = ""


def _file(name: str, dtype: ColumnType, unit: str, low: float | None, description: str) -> Column:
    return Column(name, dtype, unit, low, None, "file", "independent", description)


def _face(name: str, dtype: ColumnType, unit: str, high: float | None, description: str, *, low: float = 0.0) -> Column:
    return Column(name, dtype, unit, low, high, "face", "derived", description, FACES_SOURCE)


def _colour(name: str, unit: str, high: float | None, description: str, source: str) -> Column:
    return Column(name, "float64", unit, 0.0, high, "colour", "sensitive", description, source)


def _composition(
    name: str, unit: str, high: float | None, description: str, source: str = "", *, low: float = 0.0
) -> Column:
    return Column(name, "float64", unit, low, high, "composition", "sensitive", description, source)


_FILE = (
    _file("width_px", "int64", "pixels", 1, "Width of the upright image."),
    _file("height_px", "int64", "pixels", 1, "Height of the upright image."),
    _file("aspect_ratio", "float64", "width / height", 0, "Shape of the image: below 1 upright, above 1 wide."),
    _file("image_bytes", "int64", "bytes", 1, "Size of the image file."),
    _file("image_format", "str", "name", None, "File format by its content, not by its name."),
    _file("frames", "int64", "frames", 1, "Number of frames; the first one is measured."),
)
_FACE = (
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
_CIE = "CIE 1976 L*a*b*, D65"
_COLOUR = (
    _colour("lightness_mean", "CIE L*", 100, "Mean lightness: 0 black, 100 white.", _CIE),
    _colour("contrast_rms", "L* / 100", 0.5, "Standard deviation of lightness.", "after Peli 1990"),
    _colour("chroma_mean", "CIE C*ab", None, "Mean distance from grey at equal lightness.", _CIE),
    _colour("saturation_mean", "share", 1, "Mean HSV saturation: 0 grey, 1 pure colour.", "HSV: Smith 1978"),
    _colour(
        "colourfulness", "M3", None, "Spread and strength of colour: 0 none, 33 average, 59 quite, 109 extremely.",
        "Hasler and Suesstrunk 2003",
    ),
    _colour(
        "warm_share", "share of the pixels", 1, "Pixels that feel warm (strong red, orange, yellow) rather than cool.",
        "Ou, Luo, Woodcock, Wright 2004",
    ),
    Column(
        "palette_hex", "list[str]", "sRGB #rrggbb", None, None, "colour", "sensitive",
        "At most five dominant colours, most frequent first.", "weighted k-means in CIE L*a*b* over 16^3 bins",
    ),
    Column(
        "palette_share", "list[float64]", "share of the pixels", 0, 1, "colour", "sensitive",
        "Share of the pixels nearest to each palette colour.", "weighted k-means in CIE L*a*b* over 16^3 bins",
    ),
)  # fmt: skip
_COMPOSITION = (
    _composition(
        "sharpness", "L* squared", None, "Variance of the Laplacian of lightness at a longer side of 256 pixels.",
        "Pech-Pacheco et al. 2000",
    ),
    _composition("clutter", "share of the pixels", 1, "Pixels on an edge (Canny).", "Mack and Oliva 2004"),
    _composition("symmetry", "correlation", 1, "Lightness against its left-right mirror image.", low=-1.0),
    _composition("subject_x", "share of the width", 1, "Middle of what stands out, from the left.", "Achanta 2009"),
    _composition("subject_y", "share of the height", 1, "Middle of what stands out, from the top.", "Achanta 2009"),
    _composition("thirds_distance", "share of the sides", 0.4715, "Subject to the nearest crossing of thirds."),
)  # fmt: skip
_EMBEDDING = (
    Column(
        "embedding", "list[float32]", "as the network gives it", None, None, "embedding", "sensitive",
        "Vector that describes the whole picture; which network made it stands in manifest.json.",
        "models/manifest.toml",
    ),
)  # fmt: skip

FEATURE_COLUMNS: dict[str, Column] = {
    column.name: column for column in (*_FILE, *_FACE, *_COLOUR, *_COMPOSITION, *_EMBEDDING)
}
"""Every feature in the order of the features table."""

SCALAR_FEATURES: tuple[str, ...] = tuple(
    name for name, column in FEATURE_COLUMNS.items() if not column.dtype.startswith("list")
)
"""Features that are one value per asset: the columns of a `FeatureTable`."""
