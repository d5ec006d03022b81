"""The three networks of the cascade in torch.

They are run from their state dicts, because importing `facenet_pytorch` itself takes seconds in every process: it
imports torchvision, which imports torch's compiler.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch.nn.functional import conv2d, linear, prelu

from artwork_insights.features.faces.networks import (
    NETWORKS,
    POOLS,
    PROPOSAL_FIELD,
    PROPOSAL_STRIDE,
    FloatArray,
    Networks,
    weights_path,
)

Layer = tuple[torch.Tensor, ...]

_BAND_PIXELS = 30_000  # larger activations leave the second cache, and P-Net takes twice as long
_BATCH = {"rnet": 64, "onet": 16}  # for the same reason
_LANES = 16  # channels of P-Net are padded to this, the width of a vector register


class TorchNetworks(Networks):
    """The networks in plain torch.

    Parameters
    ----------
    device : str
        ``"cpu"`` or ``"cuda"``.
    """

    def __init__(self, device: str = "cpu") -> None:
        if device != "cpu":
            keep_float32()
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
        return self.proposals(self._tensor(band))[0]

    @torch.inference_mode()
    def proposals(self, x: torch.Tensor, sizes: torch.Tensor | None = None) -> torch.Tensor:
        """Difference of the two class logits, then four shifts, at every place of a batch.

        Parameters
        ----------
        x : tensor of shape (n, 3, height, width), values in [-1, 1]
        sizes : int tensor of shape (n, 2), optional
            Height and width of each image where `x` pads them, by one pixel or more; at a place that sees beyond, the
            logit is -inf.

        Returns
        -------
        tensor of shape (n, rows, columns, 5)
        """
        *layers, (head, head_bias) = self._proposal
        for number, (weight, bias, slope) in enumerate(layers):
            x = prelu(conv2d(x, weight, bias), slope)
            if number == 0:
                x = pooled(x if sizes is None else _without_padding(x, sizes), 2)
        x = conv2d(x, head, head_bias).permute(0, 2, 3, 1)
        if sizes is not None:
            last = (sizes - 1) // 2 - 4  # rows and columns of proposals that an image of this size has
            rows, columns = (torch.arange(side, device=x.device)[None, :] for side in x.shape[1:3])
            beyond = (rows >= last[:, :1])[:, :, None] | (columns >= last[:, 1:])[:, None, :]
            x[..., 0].masked_fill_(beyond, -torch.inf)
        return x

    @torch.inference_mode()
    def classes(self, name: str, x: torch.Tensor) -> Layer:
        """Scores, box shifts and, from ``"onet"``, landmarks of crops of shape (n, 3, side, side) in [-1, 1]."""
        logits, *rest = classify_crops(self._states[name], name, x)
        return (logits[:, 1] - logits[:, 0]).sigmoid(), *rest

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


def keep_float32() -> None:
    """Let a GPU multiply in float32 as a CPU does; its default keeps 10 bits of 23, and finds other faces."""
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False


def _without_padding(x: torch.Tensor, sizes: torch.Tensor) -> torch.Tensor:
    """First activations, (n, channels, height - 2, width - 2), whose pooling ends where each image does."""
    image = torch.arange(len(x), device=x.device)
    lowest = torch.finfo(x.dtype).min
    x[image, :, sizes[:, 0] - 2] = lowest
    x[image, :, :, sizes[:, 1] - 2] = lowest
    return x


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
    state: dict[str, torch.Tensor] = torch.load(weights_path(name), map_location="cpu", weights_only=True)
    return state


def _laid_out(weight: torch.Tensor, device: str) -> torch.Tensor:
    weight = weight.to(device)
    return weight.contiguous(memory_format=torch.channels_last) if weight.ndim == 4 else weight
