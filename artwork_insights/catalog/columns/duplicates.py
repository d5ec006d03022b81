"""Columns that tell near-identical artwork."""

from __future__ import annotations

from artwork_insights.catalog.columns.column import Column

DUPLICATE_COLUMNS: tuple[Column, ...] = ()
