"""The networks of the cascade in OpenVINO, an extra."""

from __future__ import annotations

import importlib
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import torch

from artwork_insights.features.faces.networks import NETWORKS, POOLS, PROPOSAL_STRIDE, Networks
from artwork_insights.features.faces.torch_networks import bands_of, proposal_layers, read_state, sigmoid
from artwork_insights.features.openvino_runtime import OPTIONS, ShapedNetwork, infer, load_openvino

FloatArray = npt.NDArray[np.float32]

_BATCHES = (4, 16, 64)  # few fixed shapes: a graph of its own is compiled for each
_SIDES = {"rnet": 24, "onet": 48}
_MULTIPLE_PX = 16
_MOST_SHAPES, _OFTEN = 64, 8  # 1 to 5 MB each; pictures of one size have a dozen shapes


class OpenVinoNetworks(Networks):
    """The same networks as `torch_networks.TorchNetworks`, on a CPU.

    Raises
    ------
    OutputError
        When the package openvino is not installed.
    """

    def __init__(self) -> None:
        openvino = load_openvino()
        self._core = openvino.Core()
        states = {name: read_state(name) for name in NETWORKS}
        self._proposal = ShapedNetwork(self._core, _proposal_graph(states["pnet"]), most=_MOST_SHAPES, often=_OFTEN)
        self._crops = {
            name: {n: self._request(_crop_graph(name, states[name], n)) for n in _BATCHES} for name in _SIDES
        }

    def _request(self, model: Any) -> Any:
        return self._core.compile_model(model, "CPU", OPTIONS).create_infer_request()

    def propose(self, level: FloatArray) -> tuple[FloatArray, FloatArray]:
        """See `networks.Networks`."""
        raw = np.concatenate([self._propose(level[0, rows]) for rows in bands_of(*level.shape[1:3])])
        return sigmoid(raw[..., 0]), raw[..., 1:]

    def _propose(self, band: FloatArray) -> FloatArray:
        """P-Net's outputs for one band, shape (rows, columns, 5); the band grows to one of few shapes and back.

        It grows by even numbers of pixels at the top and at the left, so that its own pixels keep their places in the
        pooling, which begins there and cuts windows off at the other end: the numbers are those of the band alone.
        """
        top, left = _growth(band.shape[0]), _growth(band.shape[1])
        grown = cv2.copyMakeBorder(band, top, 0, left, 0, cv2.BORDER_CONSTANT)
        (outputs,) = self._proposal.run(np.asarray(grown, dtype=np.float32)[None])
        return outputs[0, top // PROPOSAL_STRIDE :, left // PROPOSAL_STRIDE :]

    def classify(self, name: str, crops: FloatArray) -> list[FloatArray]:
        """See `networks.Networks`."""
        parts = []
        for start, n, size in _portions(len(crops)):
            batch = crops[start : start + n]
            if n < size:
                batch = np.concatenate([batch, np.zeros((size - n, *crops.shape[1:]), np.float32)])
            parts.append([output[:n] for output in infer(self._crops[name][size], np.ascontiguousarray(batch))])
        logits, *rest = (np.concatenate(outputs) for outputs in zip(*parts, strict=True))
        return [sigmoid(logits[:, 1] - logits[:, 0]), *rest]


def _growth(side: int) -> int:
    """Even number of pixels that brings a side to a multiple of 16, or to one less."""
    return (-(side + side % 2)) % _MULTIPLE_PX


def _portions(n: int) -> list[tuple[int, int, int]]:
    """Start, number of crops and size of the batch that holds them, until all are served."""
    portions, start = [], 0
    while start < n:
        left = n - start
        size = max((size for size in _BATCHES if size <= left), default=_BATCHES[0])
        portions.append((start, min(left, size), size))
        start += size
    return portions


def _image_input(ops: Any, shape: list[int]) -> tuple[Any, Any]:
    """A parameter of channels-last pixels, and the same scaled to [-1, 1] with the channels in front."""
    pixels = ops.parameter(shape, np.float32)
    scaled = ops.multiply(ops.subtract(pixels, np.float32(127.5)), np.float32(0.0078125))
    return pixels, ops.transpose(scaled, np.array([0, 3, 1, 2]))


def _convolved(ops: Any, x: Any, weight: torch.Tensor, bias: torch.Tensor) -> Any:
    convolved = ops.convolution(x, weight.contiguous().numpy(), [1, 1], [0, 0], [0, 0], [1, 1])
    return ops.add(convolved, bias.numpy()[None, :, None, None])


def _pooled(ops: Any, x: Any, side: int) -> Any:
    return ops.max_pool(x, [2, 2], [1, 1], [0, 0], [0, 0], [side, side], "ceil").output(0)


def _proposal_graph(state: dict[str, torch.Tensor]) -> Any:
    ops = importlib.import_module("openvino.opset13")
    pixels, x = _image_input(ops, [1, -1, -1, 3])
    *layers, head = proposal_layers(state)
    for number, (weight, bias, slope) in enumerate(layers):
        x = ops.prelu(_convolved(ops, x, weight, bias), slope.numpy())
        x = _pooled(ops, x, 2) if number == 0 else x
    heads = ops.transpose(_convolved(ops, x, *head), np.array([0, 2, 3, 1]))
    return importlib.import_module("openvino").Model([heads], [pixels], "pnet")


def _crop_graph(name: str, state: dict[str, torch.Tensor], n: int) -> Any:
    ops = importlib.import_module("openvino.opset13")
    side = _SIDES[name]
    pixels, x = _image_input(ops, [n, side, side, 3])
    for number, pool in enumerate(POOLS[name], start=1):
        x = _convolved(ops, x, state[f"conv{number}.weight"], state[f"conv{number}.bias"])
        x = ops.prelu(x, state[f"prelu{number}.weight"].numpy())
        x = _pooled(ops, x, pool) if pool else x
    hidden = len(POOLS[name]) + 1
    flat = ops.reshape(ops.transpose(x, np.array([0, 3, 2, 1])), np.array([n, -1]), special_zero=False)
    x = ops.prelu(_dense(ops, flat, state, f"dense{hidden}"), state[f"prelu{hidden}.weight"].numpy())
    heads = [f"dense{hidden + 1}_{head}" for head in (1, 2, 3)]
    outputs = [_dense(ops, x, state, head) for head in heads if f"{head}.weight" in state]
    return importlib.import_module("openvino").Model(outputs, [pixels], name)


def _dense(ops: Any, x: Any, state: dict[str, torch.Tensor], name: str) -> Any:
    weight, bias = state[f"{name}.weight"].numpy(), state[f"{name}.bias"].numpy()
    return ops.add(ops.matmul(x, weight, False, True), bias[None])
