"""Where the files of the repository are, for the contract tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "artwork_insights"
_FOLDERS = ("artwork_insights", "tests", "notebooks", "benchmarks", "fixtures", "docs", "models", ".ci", ".github")


def package_modules() -> list[Path]:
    """Every module of the package."""
    return sorted(PACKAGE.rglob("*.py"))


def repository_files() -> Iterator[Path]:
    """Every file that is kept: top-level ones and those of the known folders, caches left out."""
    yield from sorted(path for path in ROOT.iterdir() if path.is_file())
    for folder in _FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and not {"__pycache__", ".ipynb_checkpoints"} & set(path.parts):
                yield path
