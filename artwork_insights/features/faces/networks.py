"""P-Net, R-Net and O-Net of MTCNN with the weights inside the wheel of `facenet_pytorch` 2.5.3.

The networks are run from their state dicts, because importing the package itself takes seconds in every process: it
imports torchvision, which imports torch's compiler.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch.nn.functional import conv2d, linear, max_pool2d, prelu

from artwork_insights.errors import WeightsError

_BATCH = 512
_POOLS = {"pnet": (2, 0, 0), "rnet": (3, 3, 0), "onet": (3, 3, 2, 0)}  # side of the pooling after each convolution
_HEADS = {
    "pnet": ("conv4_1", "conv4_2"),
    "rnet": ("dense5_1", "dense5_2"),
    "onet": ("dense6_1", "dense6_2", "dense6_3"),
}
_HIDDEN = {"rnet": 4, "onet": 5}  # number of the dense layer between convolutions and heads


@dataclass(frozen=True, slots=True)
class Network:
    """One of the three networks.

    Attributes
    ----------
    name : {"pnet", "rnet", "onet"}
    state : dict of str to Tensor
        Its weights, convolutions in the channels-last layout.
    device : str
        Where it runs.
    """

    name: str
    state: dict[str, torch.Tensor]
    device: str

    def run(self, images: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Class probabilities first, then box shifts, then landmarks where the network has them; on the CPU.

        Parameters
        ----------
        images : Tensor of shape (n, 3, height, width)
            Scaled to [-1, 1].
        """
        batches = [self._forward(images[i : i + _BATCH].to(self.device)) for i in range(0, len(images), _BATCH)]
        return tuple(torch.cat(parts).cpu() for parts in zip(*batches, strict=True))

    def _forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        for number, side in enumerate(_POOLS[self.name], start=1):
            x = conv2d(x, self.state[f"conv{number}.weight"], self.state[f"conv{number}.bias"])
            x = prelu(x, self.state[f"prelu{number}.weight"])
            if side:
                x = max_pool2d(x, side, stride=2, ceil_mode=True)
        apply: Callable[..., torch.Tensor] = conv2d
        if self.name in _HIDDEN:
            layer, apply = _HIDDEN[self.name], linear
            x = x.permute(0, 3, 2, 1).flatten(1)
            x = linear(x, self.state[f"dense{layer}.weight"], self.state[f"dense{layer}.bias"])
            x = prelu(x, self.state[f"prelu{layer}.weight"])
        heads = [apply(x, self.state[f"{head}.weight"], self.state[f"{head}.bias"]) for head in _HEADS[self.name]]
        return heads[0].softmax(dim=1), *heads[1:]


def load_network(name: str, device: str = "cpu") -> Network:
    """Load ``"pnet"``, ``"rnet"`` or ``"onet"``.

    Raises
    ------
    WeightsError
        When `facenet_pytorch` is not installed.
    """
    spec = importlib.util.find_spec("facenet_pytorch")
    if spec is None or not spec.submodule_search_locations:
        raise WeightsError("the face detector needs the package facenet-pytorch 2.5.3; install it.")
    path = Path(spec.submodule_search_locations[0]) / "data" / f"{name}.pt"
    state = torch.load(path, map_location="cpu", weights_only=True)
    return Network(name, {key: _laid_out(value, device) for key, value in state.items()}, device)


def _laid_out(weight: torch.Tensor, device: str) -> torch.Tensor:
    weight = weight.to(device)
    return weight.contiguous(memory_format=torch.channels_last) if weight.ndim == 4 else weight
