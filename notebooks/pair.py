"""Write each notebook's ``.ipynb`` from its ``.py``: no outputs, and the same bytes every time."""

from __future__ import annotations

from pathlib import Path

import jupytext
import nbformat

FOLDER = Path(__file__).resolve().parent


def notebook_sources() -> list[Path]:
    """The notebooks in their text form, in order."""
    return sorted(FOLDER.glob("[0-9][0-9]_*.py"))


def paired(source: Path) -> nbformat.NotebookNode:
    """Read a notebook from its text form; cells are named by their place, so that nothing is drawn at random."""
    notebook = jupytext.read(source)
    for place, cell in enumerate(notebook.cells):
        cell["id"] = f"{source.stem}-{place:02d}"
    return notebook


def paired_text(source: Path) -> str:
    """Text of the ``.ipynb`` that belongs to a ``.py``."""
    return nbformat.writes(paired(source), version=4) + "\n"


if __name__ == "__main__":
    for source in notebook_sources():
        source.with_suffix(".ipynb").write_text(paired_text(source), encoding="utf-8")
