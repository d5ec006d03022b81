"""The data dictionary as text: every feature with its type, unit, range and meaning."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Literal

from artwork_insights.catalog.columns import COLUMNS_ON_READING, FEATURE_COLUMNS, Column

Layout = Literal["text", "csv", "markdown"]
HEADER = ("name", "type", "unit", "range", "group", "meaning", "source")


def data_dictionary(layout: Layout = "text") -> str:
    """Every feature column, one per line under a header, without a final line break.

    Parameters
    ----------
    layout : {"text", "csv", "markdown"}
        Aligned columns, comma-separated values, or a Markdown table.
    """
    rows = [HEADER, *(_row(column) for column in (*FEATURE_COLUMNS.values(), *COLUMNS_ON_READING))]
    if layout == "csv":
        return _as_csv(rows)
    return _as_markdown(rows) if layout == "markdown" else _as_text(rows)


def _row(column: Column) -> tuple[str, ...]:
    limits = ["" if limit is None else f"{limit:g}" for limit in (column.low, column.high)]
    span = f"{limits[0]}..{limits[1]}" if any(limits) else ""
    dtype = f"{column.dtype}, identifier" if column.is_identifier else column.dtype
    return column.name, dtype, column.unit, span, column.group, column.description, column.source


def _as_text(rows: Sequence[tuple[str, ...]]) -> str:
    widths = [max(len(cell) for cell in cells) for cells in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def _as_csv(rows: Sequence[tuple[str, ...]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().rstrip("\n")


def _as_markdown(rows: Sequence[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(cell.replace("|", r"\|") for cell in row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(HEADER), *lines[1:]])
