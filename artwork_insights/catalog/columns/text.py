"""Columns of lettering."""

from __future__ import annotations

from artwork_insights.catalog.columns.column import Column, ColumnType

TEXT_SOURCE = "PP-OCRv5 mobile detector (PaddleOCR, 2025); DB: Liao, Wan, Yao, Chen, Bai 2020"


def _text(name: str, unit: str, high: float | None, description: str, dtype: ColumnType = "float64") -> Column:
    return Column(name, dtype, unit, 0.0, high, "text", "sensitive", description, TEXT_SOURCE)


TEXT_COLUMNS = (
    _text("text_area_share", "share of the frame", 1, "Area of the lines of lettering; 0 without lettering."),
    _text("text_line_count", "lines", None, "Lines of lettering detected.", "int64"),
    _text("text_block_count", "blocks", None, "Groups of lines of like size that stand together.", "int64"),
    _text("text_height_max", "share of the height", 1, "Height of the largest line; missing without lettering."),
    _text("text_x", "share of the width", 1, "Centre of the lettering's area, from the left edge; missing without."),
    _text("text_y", "share of the height", 1, "Centre of the lettering's area, from the top edge; missing without."),
    _text(
        "text_lower_third_share", "share of the lettering", 1,
        "Part of the lettering's area that lies in the lower third of the frame; missing without lettering.",
    ),
)  # fmt: skip
