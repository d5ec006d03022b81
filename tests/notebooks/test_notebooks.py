"""The notebooks: both forms say the same, and every one runs from top to bottom, anywhere and offline."""

from __future__ import annotations

import sys
from pathlib import Path

import jupytext
import nbformat
import pytest
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

FOLDER = Path(__file__).parents[2] / "notebooks"
SOURCES = sorted(FOLDER.glob("[0-9][0-9]_*.py"))
SECONDS_PER_CELL = 180  # on a busy machine; alone, a whole notebook takes less than 25
LARGEST_KILOBYTES = 40

every_notebook = pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)


class ThisPython(KernelSpecManager):
    """Starts the interpreter that runs the tests, whatever kernels are installed."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=command, display_name="Python 3", language="python")


@pytest.fixture
def execute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Execute a notebook in an empty folder, without a network and without touching the user's home."""
    for name in ("JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR", "IPYTHONDIR"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # nothing listens there: whoever asks for a page fails
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.delenv("ARTWORK_INSIGHTS_REFERENCE_DATA", raising=False)
    place = tmp_path / "elsewhere"
    place.mkdir()

    def run(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
        manager = AsyncKernelManager(kernel_name="python3", kernel_spec_manager=ThisPython())
        client = NotebookClient(
            notebook, km=manager, timeout=SECONDS_PER_CELL, resources={"metadata": {"path": str(place)}}
        )
        client.execute()
        assert list(place.iterdir()) == [], "a notebook writes into a temporary folder of its own"
        return notebook

    return run


def cells_of(notebook: nbformat.NotebookNode) -> list[tuple[str, str]]:
    return [(cell.cell_type, cell.source) for cell in notebook.cells]


def test_there_is_one_notebook_per_step():
    assert [source.stem[:2] for source in SOURCES] == [f"{step:02d}" for step in range(1, 9)]
    assert {path.stem for path in FOLDER.glob("*.ipynb")} == {source.stem for source in SOURCES}


@every_notebook
def test_both_forms_hold_the_same_cells(source: Path):
    ready = nbformat.read(source.with_suffix(".ipynb"), as_version=4)
    nbformat.validate(ready)
    text = jupytext.read(source)
    assert text.metadata.jupytext.text_representation.format_name == "percent"
    assert cells_of(ready) == cells_of(text), "edit the .py, then write the .ipynb again: python notebooks/pair.py"
    assert ready.metadata.kernelspec.name == "python3"


@every_notebook
def test_writing_the_pair_again_gives_the_same_small_file_without_outputs(source: Path):
    namespace: dict[str, object] = {"__file__": str(FOLDER / "pair.py"), "__name__": "pair"}
    exec((FOLDER / "pair.py").read_text(encoding="utf-8"), namespace)
    written = source.with_suffix(".ipynb").read_text(encoding="utf-8")
    assert namespace["paired_text"](source) == written  # type: ignore[operator]
    assert len(written) < LARGEST_KILOBYTES * 1024
    cells = nbformat.reads(written, as_version=4).cells
    assert all(not cell.outputs and cell.execution_count is None for cell in cells if cell.cell_type == "code")


@every_notebook
def test_it_runs_from_top_to_bottom(source: Path, execute):
    finished = execute(nbformat.read(source.with_suffix(".ipynb"), as_version=4))
    outputs = [output for cell in finished.cells for output in cell.get("outputs", ())]
    assert len(outputs) >= 3, "a notebook shows something"
    assert not [output.text for output in outputs if output.get("name") == "stderr"]


def test_a_notebook_with_an_error_fails(execute):
    broken = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 / 0")])
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        execute(broken)


def test_a_notebook_that_asks_the_network_fails(execute):
    code = "from urllib.request import urlopen\nurlopen('http://example.org', timeout=5)"
    with pytest.raises(CellExecutionError, match="URLError"):
        execute(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)]))
