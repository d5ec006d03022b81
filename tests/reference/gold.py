"""Gold files of the reference data: their checks by name, and agreement with them, printed as a row for the docs."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import pytest

Check = dict[str, Any]


def checks_in(*files: Path) -> dict[str, Check]:
    """Checks of gold files by name: expected numbers, tolerance, specification and source."""
    return {check["id"]: check for file in files for check in json.loads(file.read_text())["checks"]}


def hold(check: Check, ours: Mapping[str, float], *, tolerance: float | None = None) -> None:
    """Assert that our numbers are those of a check by name; the tolerance is the check's own where none is given."""
    theirs = {name: check["expected"][name] for name in ours}
    what = f"`{check['id']}`: {', '.join(ours)}"
    agree(what, list(ours.values()), list(theirs.values()), check["tol"] if tolerance is None else tolerance)


def agree(what: str, ours: Collection[float], theirs: Collection[float], tolerance: float) -> None:
    """Assert that numbers agree, and show them."""
    show(what, ours, theirs, tolerance)
    assert list(ours) == pytest.approx(list(theirs), abs=tolerance), what


def show(what: str, ours: Collection[float], theirs: Collection[float], tolerance: float | None = None) -> None:
    """Print numbers as a row of the tables in the docs, which ``pytest -rP tests/reference`` shows."""
    print(f"| {what} | {_row(theirs)} | {_row(ours)} | {'–' if tolerance is None else f'{tolerance:g}'} |")


def _row(numbers: Collection[float]) -> str:
    return ", ".join(f"{value:.8g}" for value in numbers)
