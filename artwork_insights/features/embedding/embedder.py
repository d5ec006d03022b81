"""One vector per artwork: a network's description of the whole picture, or the training-free layout descriptor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from artwork_insights.errors import WeightsError
from artwork_insights.features.embedding.networks import require_library
from artwork_insights.features.embedding.weights import (
    Backbone,
    Weights,
    cached_weights,
    download_weights,
    find_backbone,
    given_weights,
    read_backbones,
)
from artwork_insights.features.inputs.image import ByteImage
from artwork_insights.features.picture.colour import LabImage
from artwork_insights.features.picture.layout import LAYOUT_DIMENSION, layout_embedding

if TYPE_CHECKING:
    import torch  # otherwise late: processes that embed nothing do without

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class EmbeddingChoice:
    """Which embedding a run uses.

    Attributes
    ----------
    name : str
        A backbone of the manifest, ``"layout"`` or ``"none"``.
    dimension : int
        Length of the vector; 0 for ``"none"``.
    weights : Weights or None
        Of the backbone.
    note : str
        One sentence the user should read, or empty.
    """

    name: str
    dimension: int
    weights: Weights | None = None
    note: str = ""

    def describe(self) -> dict[str, str]:
        """What decides the numbers."""
        checksum = self.weights.sha256 if self.weights else "none"
        return {"embedding": self.name, "dimension": str(self.dimension), "weights_sha256": checksum}

    def runs_in(self, runtime: str) -> str:
        """The runtime that a plan's comes to: only backbones of torchvision run in OpenVINO."""
        fits = self.weights is not None and find_backbone(self.name).library == "torchvision"
        return runtime if fits else "torch"


def choose_embedding(name: str = "auto", weights: Path | None = None) -> EmbeddingChoice:
    """Settle which embedding is used, before any image is read.

    Parameters
    ----------
    name : str
        A backbone (downloaded where it is not in the cache), ``"layout"``, ``"none"``, or ``"auto"``: the first
        torchvision backbone of the manifest whose weights are in the cache, else ``"layout"``. ``"auto"`` never
        downloads.
    weights : Path, optional
        A weights file of one's own. Where its checksum is not in the manifest it is used all the same; the checksum
        stands in the settings of the output, so that it never mixes with another.

    Raises
    ------
    WeightsError
        When the name is unknown, its library is not installed, or the weights are missing, wrong, or for another
        purpose.
    """
    if name in ("layout", "none"):
        if weights is not None:
            raise WeightsError(f"--weights {weights} has no use with --embedding {name}; name a backbone instead.")
        return EmbeddingChoice(name, LAYOUT_DIMENSION if name == "layout" else 0)
    if weights is not None:
        backbone = _backbone_of(weights) if name == "auto" else _artwork_backbone(name)
        return _chosen(backbone, given_weights(backbone, weights))
    if name != "auto":
        backbone = _artwork_backbone(name)
        return _chosen(backbone, cached_weights(backbone) or download_weights(backbone))
    for backbone in read_backbones().values():
        found = cached_weights(backbone) if backbone.library == "torchvision" else None
        if found:
            return _chosen(backbone, found)
    note = "No network weights at hand, so the embedding is the training-free layout descriptor."
    return EmbeddingChoice("layout", LAYOUT_DIMENSION, note=note)


def _chosen(backbone: Backbone, weights: Weights) -> EmbeddingChoice:
    note = "" if weights.listed else f"The weights {weights.path.name} are not listed in the manifest; used as given."
    return EmbeddingChoice(backbone.name, backbone.dimension, weights, note)


def _artwork_backbone(name: str) -> Backbone:
    backbone = find_backbone(name)
    if backbone.purpose != "artwork":
        raise WeightsError(
            f"embedding {name!r} describes one face, not a whole artwork; use one of {_artwork_names()}."
        )
    require_library(backbone)
    return backbone


def _backbone_of(weights: Path) -> Backbone:
    """The backbone whose architecture begins the name of a weights file; the longest where several do."""
    fitting = [
        b for b in read_backbones().values() if b.purpose == "artwork" and weights.name.startswith(b.architecture)
    ]
    if not fitting:
        raise WeightsError(f"{weights}: say which network these weights are for with --embedding ({_artwork_names()}).")
    return _artwork_backbone(max(fitting, key=lambda backbone: len(backbone.architecture)).name)


def _artwork_names() -> str:
    return ", ".join(b.name for b in read_backbones().values() if b.purpose == "artwork")


class Embedder:
    """Turns images into vectors under one choice.

    Parameters
    ----------
    choice : EmbeddingChoice
    device : str
        ``"cpu"`` or ``"cuda"``; of no matter to ``"layout"``.
    runtime : {"torch", "openvino"}
        What runs backbones of torchvision on a CPU; those of other libraries run in torch.
    """

    def __init__(self, choice: EmbeddingChoice, device: str = "cpu", runtime: str = "torch") -> None:
        self.choice = choice
        self._device = device
        self._backbone: Backbone | None = None
        self._run: Callable[[FloatArray], FloatArray] | None = None
        if choice.weights is not None:
            self._backbone = find_backbone(choice.name)
            import torch

            from artwork_insights.features.embedding.networks import load_network

            network = load_network(self._backbone, choice.weights)
            if device == "cpu" and choice.runs_in(runtime) == "openvino":
                from artwork_insights.features.embedding.openvino_network import open_in_openvino

                self._run = open_in_openvino(network, self._backbone.input_size_px)
                return
            self._network = network.to(torch.device(device)).to(memory_format=torch.channels_last)

    def embed(self, pixels: ByteImage, working: ByteImage, lab: LabImage) -> FloatArray | None:
        """Embed one image.

        Parameters
        ----------
        pixels, working : uint8 arrays of shape (height, width, 3)
            The upright original and its working image.
        lab : float32 array
            The working image in CIE L*a*b*.

        Returns
        -------
        float32 array of shape (choice.dimension,), or None for ``"none"``
        """
        if self._backbone is not None:
            vector: FloatArray = self.embed_resized([network_pixels(pixels, self._backbone)])[0]
            return vector
        return layout_embedding(working, lab) if self.choice.name == "layout" else None

    def embed_resized(self, images: Sequence[ByteImage]) -> FloatArray:
        """Embed a batch by the network, one copy to the device and one back; shape (n, choice.dimension).

        Parameters
        ----------
        images : sequence of uint8 arrays of shape (size, size, 3)
            See `network_pixels`.
        """
        import torch

        assert self._backbone is not None
        batch = _normalised(np.stack(images), self._backbone)
        if self._run is not None:
            return np.concatenate([self._run(image[None].numpy()) for image in batch])
        with torch.inference_mode():
            vectors = self._network(batch.to(self._device, memory_format=torch.channels_last))
        return np.asarray(vectors.float().cpu().numpy(), dtype=np.float32)


def network_pixels(pixels: ByteImage, backbone: Backbone) -> ByteImage:
    """The whole picture at the network's input size; shape (size, size, 3).

    Nothing is cropped away: what stands at the edge of an artwork belongs to it.
    """
    side = backbone.input_size_px
    return np.asarray(cv2.resize(pixels, (side, side), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def network_input(pixels: ByteImage, backbone: Backbone) -> torch.Tensor:
    """One picture as the network takes it; shape (1, 3, size, size)."""
    return _normalised(network_pixels(pixels, backbone)[None], backbone)


def _normalised(images: ByteImage, backbone: Backbone) -> torch.Tensor:
    """Resized pictures of shape (n, size, size, 3) as the network takes them; shape (n, 3, size, size)."""
    import torch

    mean, std = np.asarray(backbone.mean, np.float32), np.asarray(backbone.std, np.float32)
    normalised = (images.astype(np.float32) / 255 - mean) / std
    return torch.from_numpy(np.ascontiguousarray(normalised.transpose(0, 3, 1, 2)))
