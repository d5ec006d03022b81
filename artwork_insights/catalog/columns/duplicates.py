"""Columns that tell near-identical artwork."""

from __future__ import annotations

from artwork_insights.catalog.columns.column import Column

DUPLICATE_COLUMNS: tuple[Column, ...] = (
    Column(
        "picture_hash", "str", "32 hexadecimal digits", None, None, "duplicates", "sensitive",
        "Nearly shared by near-identical pictures: at most 22 of its 128 bits differ; missing for one even area.",
        "signs of a cosine transform, after Zauner 2010", is_identifier=True,
    ),
)  # fmt: skip

COLUMNS_ON_READING = (
    Column(
        "duplicate_group", "int64", "number", 0, None, "duplicates", "sensitive",
        "Equal for near-identical pictures, which are no independent observations; added when a table is read.",
        "picture_hash, multi-index hashing: Norouzi, Punjani, Fleet 2012", is_identifier=True,
    ),
)  # fmt: skip
"""What `features.table.read_feature_table` adds to what was measured."""
