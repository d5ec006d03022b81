"""Columns of lettering."""

from __future__ import annotations

from artwork_insights.catalog.columns.column import Column

TEXT_COLUMNS: tuple[Column, ...] = ()
