"""The check of the demo's truth table notices each promise that is not kept."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest

from artwork_insights.report.findings import TruthRow

_SPEC = importlib.util.spec_from_file_location("demo_limits", Path(__file__).with_name("demo_limits.py"))
assert _SPEC is not None
assert _SPEC.loader is not None
demo_limits = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(demo_limits)

GENRES, COUNTRIES = (0.0, 5.0, 10.0, 15.0, 20.0, 25.0), (10.0, 11.0, 12.0, 13.0, 14.0)


@dataclass
class Stand:
    truth: list[TruthRow]
    question: SimpleNamespace = field(default_factory=lambda: SimpleNamespace(name="q"))


def kept() -> dict[str, TruthRow]:
    rows = {f"genre: {i}": TruthRow(f"genre: {i}", t, t, 1.0, True) for i, t in enumerate(GENRES)}
    rows |= {f"country: {i}": TruthRow(f"country: {i}", t, t, 1.0, True) for i, t in enumerate(COUNTRIES)}
    rows["average"] = TruthRow("average", 12.0, 12.5, 0.5, True)
    rows["naive difference in means"] = TruthRow("naive difference in means", 12.0, 20.0, 1.0, False)
    return rows


def test_a_table_that_keeps_everything_has_no_fault() -> None:
    assert demo_limits.faults(Stand(list(kept().values()))) == []


@pytest.mark.parametrize(
    ("label", "estimate", "std_error", "inside", "promise"),
    [
        ("average", 15.0, 0.5, False, "interval of the average"),
        ("average", 12.0, 3.0, True, "error of the average is small"),
        ("genre: 1", 9.0, 1.0, False, "within 3 errors"),
        ("naive difference in means", 13.0, 1.0, True, "naive contrast is wrong"),
    ],
)
def test_a_promise_that_is_not_kept_is_named(label, estimate, std_error, inside, promise) -> None:
    rows = kept()
    rows[label] = TruthRow(label, rows[label].truth, estimate, std_error, inside)
    (fault,) = demo_limits.faults(Stand(list(rows.values())))
    assert promise in fault


def test_too_few_groups_inside_and_wide_errors_are_named() -> None:
    rows = {
        label: TruthRow(label, row.truth, row.estimate, 9.0, not label.startswith("country")) if ": " in label else row
        for label, row in kept().items()
    }
    faults = " ".join(demo_limits.faults(Stand(list(rows.values()))))
    assert "at least 9 groups are inside" in faults
    assert "group errors are small" in faults
