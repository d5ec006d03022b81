"""Which way imports go, and what they cost."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import artwork_insights
from tests.contracts.sources import ROOT

HEAVY = {
    "torch", "torchvision", "cv2", "PIL", "numpy", "pandas", "pyarrow", "scipy", "sklearn", "xgboost", "econml",
    "ibis", "duckdb", "matplotlib", "jinja2", "pydantic", "skimage", "facenet_pytorch",
}  # fmt: skip


def loaded_by(statement: str) -> set[str]:
    """Top-level modules in memory after a statement in a fresh interpreter."""
    script = f"import sys\ntry:\n    {statement}\nfinally:\n    print('|'.join(sys.modules), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120)
    return {name.split(".")[0] for name in done.stderr.splitlines()[-1].split("|")}


def test_the_import_contracts_hold() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr


def test_help_loads_nothing_heavy() -> None:
    loaded = loaded_by("sys.argv = ['artwork-insights', '--help']; from artwork_insights.cli import app; app()")
    assert "typer" in loaded
    assert loaded & HEAVY == set()


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert loaded_by("import artwork_insights") & (HEAVY | {"typer"}) == set()


def test_the_causal_half_runs_without_networks() -> None:
    modules = "artwork_insights.effects.estimates, artwork_insights.design.overlap, artwork_insights.report.findings"
    assert loaded_by(f"import {modules}, artwork_insights.features.table") & {"torch", "cv2", "PIL"} == set()


@pytest.mark.parametrize("name", sorted(getattr(artwork_insights, "__all__", [])))
def test_each_public_name_is_there_and_documented(name: str) -> None:
    value = getattr(artwork_insights, name)
    assert isinstance(value, str) or value.__doc__
    assert name in dir(artwork_insights)


def test_the_public_names_are_the_whole_method() -> None:
    assert {"read_study", "run_study"} <= set(artwork_insights.__all__)


def test_an_unknown_public_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = artwork_insights.no_such_name  # type: ignore[attr-defined]
