"""Data dictionary of the features: name, type, unit, range, meaning and source of every column."""

from __future__ import annotations

from typing import get_args

from artwork_insights.catalog.columns.colour import COLOUR_COLUMNS
from artwork_insights.catalog.columns.column import Column, ColumnGroup, ColumnType, FaceRole
from artwork_insights.catalog.columns.composition import COMPOSITION_COLUMNS
from artwork_insights.catalog.columns.duplicates import COLUMNS_ON_READING, DUPLICATE_COLUMNS
from artwork_insights.catalog.columns.embedding import EMBEDDING_COLUMNS
from artwork_insights.catalog.columns.faces import FACE_COLUMNS
from artwork_insights.catalog.columns.file import FILE_COLUMNS
from artwork_insights.catalog.columns.text import TEXT_COLUMNS

__all__ = [
    "COLUMNS_ON_READING", "DEFAULT_GROUPS", "FEATURE_COLUMNS", "GROUPS", "SCALAR_FEATURES", "Column", "ColumnGroup",
    "ColumnType", "FaceRole",
]  # fmt: skip

GROUPS: tuple[ColumnGroup, ...] = get_args(ColumnGroup)
"""Groups of features in the order of the features table; "file" is measured in every extraction."""

DEFAULT_GROUPS: tuple[ColumnGroup, ...] = tuple(group for group in GROUPS if group != "text")
"""What is measured unless told otherwise: all that needs no extra package."""

FEATURE_COLUMNS: dict[str, Column] = {
    column.name: column
    for column in (
        *FILE_COLUMNS, *FACE_COLUMNS, *COLOUR_COLUMNS, *COMPOSITION_COLUMNS, *TEXT_COLUMNS, *DUPLICATE_COLUMNS,
        *EMBEDDING_COLUMNS,
    )
}  # fmt: skip
"""Every feature in the order of the features table."""

SCALAR_FEATURES: tuple[str, ...] = tuple(
    name for name, column in FEATURE_COLUMNS.items() if not column.dtype.startswith("list")
)
"""Features that are one value per asset: the columns of a `FeatureTable`."""
