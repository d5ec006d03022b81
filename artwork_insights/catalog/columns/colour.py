"""Columns of colour."""

from __future__ import annotations

from artwork_insights.catalog.columns.column import Column

_CIE = "CIE 1976 L*a*b*, D65"
_PALETTE = "this package: weighted k-means in CIE L*a*b* over 16^3 bins"


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
        "hue_count", "int64", "hues", 0, 20, "colour", "sensitive",
        "Parts of the hue circle, of 18 degrees each, that the picture makes use of; 0 in black and white.",
        "Ke, Tang, Jing 2006",
    ),
    Column(
        "palette_hex", "list[str]", "sRGB #rrggbb", None, None, "colour", "sensitive",
        "At most five dominant colours, most frequent first.", _PALETTE, is_identifier=True,
    ),
    Column(
        "palette_share", "list[float64]", "share of the pixels", 0, 1, "colour", "sensitive",
        "Share of the pixels nearest to each palette colour.", _PALETTE,
    ),
    Column(
        "background_hex", "str", "sRGB #rrggbb", None, None, "colour", "sensitive",
        "The palette colour that fills most of the edges of the picture.", _PALETTE, is_identifier=True,
    ),
    _colour("background_share", "share of the pixels", 1, "Pixels nearest to the background colour.", _PALETTE),
    Column(
        "colour_harmony", "float64", "CH", -1.4, 1.6, "colour", "sensitive",
        "How well the palette colours go together, each pair by its area; missing for a single colour.",
        "Ou and Luo 2006",
    ),
)  # fmt: skip
