"""P-Net, R-Net and O-Net of MTCNN with the weights inside the wheel of `facenet_pytorch` 2.5.3.

The networks are run from their state dicts, because importing the package itself takes seconds in every process: it
imports torchvision, which imports torch's compiler.
"""

from __future__ import annotations

import hashlib
import importlib.util
from abc import ABC, abstractmethod
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch.nn.functional import conv2d, linear, prelu

from artwork_insights.errors import WeightsError

FloatArray = npt.NDArray[np.float32]
Layer = tuple[torch.Tensor, ...]

NETWORKS = ("pnet", "rnet", "onet")
PROPOSAL_FIELD, PROPOSAL_STRIDE = 12, 2
_BAND_PIXELS = 30_000  # larger activations leave the second cache, and P-Net takes twice as long
_BATCH = {"rnet": 64, "onet": 16}  # for the same reason
POOLS = {"rnet": (3, 3, 0), "onet": (3, 3, 2, 0)}  # side of the pooling after each convolution
_LANES = 16  # channels of P-Net are padded to this, the width of a vector register


class Networks(ABC):
    """The three networks of the cascade; images are float32 of shape (n, height, width, 3), values 0 to 255."""

    @abstractmethod
    def propose(self, level: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Face scores, shape (rows, columns), and box shifts, shape (rows, columns, 4), of one pyramid level."""

    @abstractmethod
    def classify(self, name: str, crops: FloatArray) -> list[FloatArray]:
        """Scores, box shifts and, from ``"onet"`` but not from ``"rnet"``, landmarks of crops."""

    def refine(self, crops: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Scores, shape (n,), and box shifts, shape (n, 4), of crops of 24 pixels."""
        score, shift = self.classify("rnet", crops)
        return score, shift

    def output(self, crops: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Scores, shape (n,), box shifts, shape (n, 4), and landmarks, shape (n, 10), of crops of 48 pixels."""
        score, shift, points = self.classify("onet", crops)
        return score, shift, points


class TorchNetworks(Networks):
    """The networks in plain torch.

    Parameters
    ----------
    device : str
        ``"cpu"`` or ``"cuda"``.
    """

    def __init__(self, device: str = "cpu") -> None:
        self._device = device
        states = {name: read_state(name) for name in NETWORKS}
        self._proposal = [tuple(part.to(device) for part in layer) for layer in proposal_layers(states["pnet"])]
        self._states = {n: {key: _laid_out(value, device) for key, value in states[n].items()} for n in POOLS}

    def propose(self, level: FloatArray) -> tuple[FloatArray, FloatArray]:
        """See `Networks`."""
        bands = [self._propose(level[:, rows]) for rows in bands_of(level.shape[1], level.shape[2])]
        raw = torch.cat(bands).cpu().numpy()
        return np.asarray(sigmoid(raw[..., 0])), np.asarray(raw[..., 1:])

    def _propose(self, band: FloatArray) -> torch.Tensor:
        """Difference of the two class logits, then four shifts; shape (rows, columns, 5)."""
        with torch.inference_mode():
            x = self._tensor(band)
            *layers, (head, head_bias) = self._proposal
            for number, (weight, bias, slope) in enumerate(layers):
                x = prelu(conv2d(x, weight, bias), slope)
                x = pooled(x, 2) if number == 0 else x
            return conv2d(x, head, head_bias)[0].permute(1, 2, 0)

    def classify(self, name: str, crops: FloatArray) -> list[FloatArray]:
        """See `Networks`."""
        size = _BATCH[name] if self._device == "cpu" else len(crops)
        with torch.inference_mode():
            batches = [classify_crops(self._states[name], name, self._tensor(part)) for part in _batches(crops, size)]
        score, *rest = (torch.cat(parts).cpu().numpy() for parts in zip(*batches, strict=True))
        return [np.asarray(sigmoid(score[:, 1] - score[:, 0])), *rest]

    def _tensor(self, images: FloatArray) -> torch.Tensor:
        scaled = (images - np.float32(127.5)) * np.float32(0.0078125)
        return torch.from_numpy(scaled).permute(0, 3, 1, 2).to(self._device)


def classify_crops(state: dict[str, torch.Tensor], name: str, x: torch.Tensor) -> Layer:
    """Class logits, box shifts and, from O-Net, landmarks for crops of shape (n, 3, side, side) in [-1, 1]."""
    for number, side in enumerate(POOLS[name], start=1):
        x = conv2d(x, state[f"conv{number}.weight"], state[f"conv{number}.bias"])
        x = prelu(x, state[f"prelu{number}.weight"])
        if side:
            x = pooled(x, side)
    hidden = len(POOLS[name]) + 1
    x = linear(x.permute(0, 3, 2, 1).flatten(1), state[f"dense{hidden}.weight"], state[f"dense{hidden}.bias"])
    x = prelu(x, state[f"prelu{hidden}.weight"])
    heads = [f"dense{hidden + 1}_{head}" for head in (1, 2, 3)]
    return tuple(linear(x, state[f"{h}.weight"], state[f"{h}.bias"]) for h in heads if f"{h}.weight" in state)


def proposal_layers(state: dict[str, torch.Tensor]) -> list[Layer]:
    """P-Net's convolutions with their slopes, channels padded with zeros, and one head of five outputs."""
    layers = []
    n_in = 3
    for number in (1, 2, 3):
        weight, bias, slope = (state[f"{key}{number}.{part}"] for key, part in _PROPOSAL_PARTS)
        n_out = -(-len(bias) // _LANES) * _LANES
        wide = weight.new_zeros(n_out, n_in, 3, 3)
        wide[: weight.shape[0], : weight.shape[1]] = weight
        rest = n_out - len(bias)
        padded = (torch.nn.functional.pad(vector, (0, rest)) for vector in (bias, slope))
        layers.append((wide.contiguous(memory_format=torch.channels_last), *padded))
        n_in = n_out
    margin = [state[f"conv4_1.{part}"][1:] - state[f"conv4_1.{part}"][:1] for part in ("weight", "bias")]
    head = [torch.cat([margin[i], state[f"conv4_2.{part}"]]) for i, part in enumerate(("weight", "bias"))]
    return [*layers, (head[0].contiguous(memory_format=torch.channels_last), head[1])]


_PROPOSAL_PARTS = (("conv", "weight"), ("conv", "bias"), ("prelu", "weight"))


def bands_of(height: int, width: int) -> Iterator[slice]:
    """Overlapping rows of an image whose proposals, one after the other, are those of the whole."""
    overlap = PROPOSAL_FIELD - PROPOSAL_STRIDE
    rows = max(_BAND_PIXELS // width // 2 * 2, overlap + PROPOSAL_STRIDE)
    for top in range(0, max(height - overlap, 1), rows - overlap):
        yield slice(top, min(top + rows, height))


def pooled(x: torch.Tensor, side: int) -> torch.Tensor:
    """Max-pooling over 2 or 3 pixels in steps of 2, windows cut off at the edge; torch's own is times slower."""
    return _pooled_along(_pooled_along(x, side, 2), side, 3)


def _pooled_along(x: torch.Tensor, side: int, axis: int) -> torch.Tensor:
    n = -(-(x.shape[axis] - side) // 2) + 1
    out = x[_every_second(axis, 0)].narrow(axis, 0, n).clone()
    for offset in range(1, side):
        others = x[_every_second(axis, offset)]
        shared = min(n, others.shape[axis])
        mine = out.narrow(axis, 0, shared)
        torch.maximum(mine, others.narrow(axis, 0, shared), out=mine)
    return out


def _every_second(axis: int, offset: int) -> tuple[slice, ...]:
    return (slice(None),) * axis + (slice(offset, None, 2),)


def _batches(crops: FloatArray, size: int) -> Iterator[FloatArray]:
    return (crops[i : i + size] for i in range(0, len(crops), size))


def sigmoid(x: FloatArray) -> FloatArray:
    """Probability of a logit."""
    return np.asarray(1 / (1 + np.exp(-x)), dtype=np.float32)


def read_state(name: str) -> dict[str, torch.Tensor]:
    """Weights of ``"pnet"``, ``"rnet"`` or ``"onet"``, on the CPU.

    Raises
    ------
    WeightsError
        When `facenet_pytorch` is not installed.
    """
    state: dict[str, torch.Tensor] = torch.load(_weights_path(name), map_location="cpu", weights_only=True)
    return state


@cache
def describe_weights() -> str:
    """First digits of the checksum of all three files of weights."""
    return hashlib.sha256(b"".join(_weights_path(name).read_bytes() for name in NETWORKS)).hexdigest()[:16]


def _weights_path(name: str) -> Path:
    spec = importlib.util.find_spec("facenet_pytorch")
    if spec is None or not spec.submodule_search_locations:
        raise WeightsError("the face detector needs the package facenet-pytorch 2.5.3; install it.")
    return Path(spec.submodule_search_locations[0]) / "data" / f"{name}.pt"


def _laid_out(weight: torch.Tensor, device: str) -> torch.Tensor:
    weight = weight.to(device)
    return weight.contiguous(memory_format=torch.channels_last) if weight.ndim == 4 else weight
