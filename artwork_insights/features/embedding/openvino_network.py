"""A backbone of torchvision in OpenVINO, an extra."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from artwork_insights.features.openvino_runtime import OPTIONS, infer, load_openvino

if TYPE_CHECKING:
    import torch  # otherwise late: processes that embed nothing do without

FloatArray = npt.NDArray[np.float32]


def open_in_openvino(network: torch.nn.Module, side_px: int) -> Callable[[FloatArray], FloatArray]:
    """Turn a network into one that runs in OpenVINO.

    By the frontend itself and not by `openvino.convert_model`, which reports its use over the internet.

    Parameters
    ----------
    network : Module
        In evaluation mode, on the CPU.
    side_px : int
        Of its square input.

    Returns
    -------
    callable
        From a contiguous array of shape (1, 3, side_px, side_px) to one of shape (1, dimension).
    """
    import torch

    openvino = load_openvino()
    example = torch.zeros(1, 3, side_px, side_px)
    trace: Callable[..., object] = torch.jit.trace
    with torch.inference_mode(), warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of torch, about what OpenVINO's frontend reads
        traced = trace(network, example, check_trace=False)
    frontend = importlib.import_module("openvino.frontend").FrontEndManager().load_by_framework("pytorch")
    decoder = importlib.import_module("openvino.frontend.pytorch.ts_decoder").TorchScriptPythonDecoder(traced)
    model = frontend.convert(frontend.load(decoder))
    model.reshape([1, 3, side_px, side_px])
    request = openvino.Core().compile_model(model, "CPU", OPTIONS).create_infer_request()
    return lambda image: infer(request, image)[0]
