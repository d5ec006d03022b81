"""Columns of the file itself."""

from __future__ import annotations

from artwork_insights.catalog.columns.column import OURS, Column, ColumnType


def _file(name: str, dtype: ColumnType, unit: str, low: float | None, description: str, source: str = OURS) -> Column:
    return Column(name, dtype, unit, low, None, "file", "independent", description, source)


FILE_COLUMNS = (
    _file("width_px", "int64", "pixels", 1, "Width of the upright image."),
    _file("height_px", "int64", "pixels", 1, "Height of the upright image."),
    _file("aspect_ratio", "float64", "width / height", 0, "Shape of the image: below 1 upright, above 1 wide."),
    _file("image_bytes", "int64", "bytes", 1, "Size of the image file."),
    _file("image_format", "str", "name", None, "File format by its content, not by its name.", "names of Pillow"),
    _file(
        "image_mode", "str", "name", None, "Pixel format of the file, such as RGB, L, P or CMYK, before conversion.",
        "names of Pillow",
    ),
    Column(
        "image_sha256", "str", "hexadecimal", None, None, "file", "independent",
        "SHA-256 of the file: the same for equal files of any name.", "FIPS 180-4", is_identifier=True,
    ),
    _file("frames", "int64", "frames", 1, "Number of frames; the first one is measured."),
)  # fmt: skip
