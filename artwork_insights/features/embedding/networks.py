"""Builds the network of a manifest record and loads its weights; each library is imported only when asked for."""

from __future__ import annotations

import pickle
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from artwork_insights.errors import WeightsError
from artwork_insights.features.embedding.weights import Backbone, Weights

if TYPE_CHECKING:
    import torch  # otherwise late: processes that embed nothing do without

EXTRAS = {"timm": "timm", "open_clip": "open-clip"}
"""Extra of ours that installs a library which is not always there."""

_NO_STATE_DICT = (
    RuntimeError, OSError, EOFError, pickle.UnpicklingError, AttributeError, TypeError, KeyError, ValueError,
)  # fmt: skip


def require_library(backbone: Backbone) -> None:
    """Check that the library of a backbone is installed, without importing it.

    Raises
    ------
    WeightsError
        When it is not.
    """
    if backbone.library in EXTRAS and find_spec(backbone.library) is None:
        raise WeightsError(
            f"embedding {backbone.name!r} needs {backbone.library}, which is not installed: "
            f"pip install 'artwork-insights[{EXTRAS[backbone.library]}]'."
        )


def load_network(backbone: Backbone, weights: Weights) -> torch.nn.Module:
    """Build the network without its classifier and load its weights.

    Returns
    -------
    Module
        In evaluation mode, on the CPU; takes normalised batches (n, 3, side, side), gives (n, dimension): the mean over
        space of the last feature map of a convolutional network, the pooled tokens of a transformer, the projected
        image of an image-text pair.

    Raises
    ------
    WeightsError
        When the library is not installed, or the file is no state dict of this architecture.
    """
    require_library(backbone)
    builders = {
        "torchvision": _from_torchvision, "facenet_pytorch": _from_facenet, "timm": _from_timm,
        "open_clip": _from_open_clip,
    }  # fmt: skip
    try:
        return builders[backbone.library](backbone, weights.path).eval()
    except _refusals() as error:
        raise WeightsError(
            f"{weights.path}: not a state dict of {backbone.architecture} ({type(error).__name__}); "
            "name the backbone these weights belong to with --embedding."
        ) from error


def _refusals() -> tuple[type[BaseException], ...]:
    """What reading or loading a wrong file raises."""
    if find_spec("safetensors") is None:
        return _NO_STATE_DICT
    from safetensors import SafetensorError

    return (*_NO_STATE_DICT, SafetensorError)


def _read_state(path: Path) -> dict[str, Any]:
    if path.suffix == ".safetensors" and find_spec("safetensors") is not None:
        from safetensors.torch import load_file

        tensors: dict[str, Any] = load_file(path)
        return tensors
    import torch

    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return state


def _from_torchvision(backbone: Backbone, path: Path) -> torch.nn.Module:
    import torch
    import torchvision

    network: torch.nn.Module = torchvision.models.get_model(backbone.architecture, weights=None)
    network.load_state_dict(_read_state(path))
    for head in ("fc", "heads"):
        if hasattr(network, head):
            setattr(network, head, torch.nn.Identity())
            return network
    pooling = (torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten())
    return torch.nn.Sequential(network.get_submodule("features"), *pooling)


def _from_facenet(_: Backbone, path: Path) -> torch.nn.Module:
    from facenet_pytorch.models.inception_resnet_v1 import InceptionResnetV1

    network: torch.nn.Module = InceptionResnetV1()
    state = _read_state(path)
    network.load_state_dict({key: value for key, value in state.items() if not key.startswith("logits.")})
    return network


def _from_timm(backbone: Backbone, path: Path) -> torch.nn.Module:
    import timm

    name = backbone.architecture
    sized = {"img_size": backbone.input_size_px} if timm.models.get_pretrained_cfg(name).fixed_input_size else {}
    # With its classifier first: without one timm ignores keys that are missing or too many.
    overlay = {"state_dict": _read_state(path)}
    network = timm.create_model(name, pretrained=True, pretrained_cfg_overlay=overlay, **sized)
    network.reset_classifier(0)
    headless: torch.nn.Module = network
    return headless


def _from_open_clip(backbone: Backbone, path: Path) -> torch.nn.Module:
    import open_clip

    network = open_clip.create_model(backbone.architecture, load_weights=False)
    open_clip.load_checkpoint(network, str(path))
    visual: torch.nn.Module = network.visual
    return visual
