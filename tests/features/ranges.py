"""What the data dictionary says of a group, held against measured values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from artwork_insights.catalog.columns import FEATURE_COLUMNS, ColumnGroup

TYPES = {"bool": bool, "int64": int, "float64": float, "str": str, "list[str]": list, "list[float64]": list}


def faults(values: Mapping[str, Any], group: ColumnGroup) -> list[str]:
    """Columns of a group that are missing, too many, of another type or beyond their range; NaN is in every range."""
    columns = {name: column for name, column in FEATURE_COLUMNS.items() if column.group == group}
    found = [f"{name} is one side's only" for name in sorted(columns.keys() ^ values.keys())]
    for name in sorted(columns.keys() & values.keys()):
        column, value = columns[name], values[name]
        if type(value) is not TYPES[column.dtype]:
            found.append(f"{name} is {type(value).__name__}, not {column.dtype}")
        for number in value if isinstance(value, list) else [value]:
            if isinstance(number, str) or math.isnan(number):
                continue
            low = -math.inf if column.low is None else column.low
            high = math.inf if column.high is None else column.high
            if not low <= number <= high or math.isinf(number):
                found.append(f"{name} is {number}")
    return found
