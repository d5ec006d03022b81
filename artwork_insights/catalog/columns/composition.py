"""Columns of composition."""

from __future__ import annotations

from artwork_insights.catalog.columns.column import Column


def _composition(
    name: str, unit: str, high: float | None, description: str, source: str = "", *, low: float = 0.0
) -> Column:
    return Column(name, "float64", unit, low, high, "composition", "sensitive", description, source)


COMPOSITION_COLUMNS = (
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
