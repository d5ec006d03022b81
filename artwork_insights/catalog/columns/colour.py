"""Columns of colour."""

from __future__ import annotations

from artwork_insights.catalog.columns.column import Column

_CIE = "CIE 1976 L*a*b*, D65"


def _colour(name: str, unit: str, high: float | None, description: str, source: str) -> Column:
    return Column(name, "float64", unit, 0.0, high, "colour", "sensitive", description, source)


COLOUR_COLUMNS = (
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
