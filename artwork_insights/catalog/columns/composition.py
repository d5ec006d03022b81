"""Columns of composition."""

from __future__ import annotations

from artwork_insights.catalog.columns.column import OURS, Column

_SALIENCY = "saliency: Achanta, Hemami, Estrada, Suesstrunk 2009"


def _composition(
    name: str, unit: str, high: float | None, description: str, source: str = OURS, *, low: float = 0.0
) -> Column:
    return Column(name, "float64", unit, low, high, "composition", "sensitive", description, source)


COMPOSITION_COLUMNS = (
    _composition(
        "sharpness", "L* squared", None, "Variance of the Laplacian of lightness at a longer side of 256 pixels.",
        "Pech-Pacheco et al. 2000",
    ),
    _composition(
        "centre_detail_share", "share of the detail", 1,
        "Finest detail in the middle quarter: 0.25 where it lies evenly, more for a sharp subject on a blurred ground.",
        "after Datta, Joshi, Li, Wang 2006",
    ),
    _composition(
        "clutter", "share of the pixels", 1, "Pixels on an edge (Canny).",
        "edge density: Mack and Oliva 2004, in Rosenholtz et al. 2007",
    ),
    _composition(
        "detail_entropy", "bits per coefficient", 9,
        "Information in the detail at 2, 4 and 8 of 256 pixels: 0 flat, high where much goes on.",
        "after subband entropy: Rosenholtz, Li, Nakano 2007",
    ),
    _composition(
        "negative_space", "share of the frame", 1, "Places with no edge within 1/32 of the shorter side: empty space.",
    ),
    _composition("symmetry", "correlation", 1, "Lightness against its left-right mirror image.", low=-1.0),
    _composition("subject_x", "share of the width", 1, "Middle of what stands out, from the left.", _SALIENCY),
    _composition("subject_y", "share of the height", 1, "Middle of what stands out, from the top.", _SALIENCY),
    _composition(
        "thirds_distance", "share of the sides", 0.4715, "Subject to the nearest crossing of thirds.",
        f"after Datta, Joshi, Li, Wang 2006; {_SALIENCY}",
    ),
    _composition(
        "horizon_y", "share of the height", 1,
        "Strongest level line, from the top; missing where it crosses less than half of the width.",
    ),
    _composition("horizon_strength", "share of the width", 1, "Part of the width that the strongest level line takes."),
    _composition(
        "letterbox_share", "share of the height", 1, "Bars of one colour above and below the picture; 0 without."
    ),
    _composition(
        "pillarbox_share", "share of the width", 1, "Bars of one colour left and right of the picture; 0 without."
    ),
)  # fmt: skip
