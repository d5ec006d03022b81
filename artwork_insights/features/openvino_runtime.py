"""OpenVINO, an extra: how every network is run in it.

One thread, because processes share the cores. Float32: bfloat16 saves a sixth of the time where the processor has it,
and then finds other faces than one without.
"""

from __future__ import annotations

import importlib
from collections import Counter, OrderedDict
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from artwork_insights.errors import OutputError

FloatArray = npt.NDArray[np.float32]

OPTIONS = {
    "INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32",
    "ENABLE_CPU_PINNING": False,  # or the threads of all processes share the first core
    "CPU_RUNTIME_CACHE_CAPACITY": 0,  # or every new shape of image costs memory for good
}  # fmt: skip


def load_openvino() -> Any:
    """The package.

    Raises
    ------
    OutputError
        When it is not installed.
    """
    try:
        return importlib.import_module("openvino")
    except ImportError as error:
        raise OutputError(
            "runtime 'openvino' needs the package openvino: pip install 'artwork-insights[openvino]', "
            "or use --runtime torch."
        ) from error


class ShapedNetwork:
    """A network with a graph of its own for every input shape that comes often, and one graph for all other shapes.

    A graph for one shape runs faster than one for any shape, a sixth for lettering and a third for P-Net, but many runs
    pay for its making. Both the graphs and the shapes that are counted are bounded, so that memory does not grow with
    the number of shapes.

    Parameters
    ----------
    core : openvino.Core
    model : openvino.Model
        Of one input, whose sides may be left open.
    most : int
        Graphs of one shape that are kept; the one used longest ago makes way.
    often : int
        Runs from which a shape has a graph of its own while there is room; where another must make way, eight times as
        many.
    """

    def __init__(self, core: Any, model: Any, *, most: int, often: int) -> None:
        self._core = core
        self._model = model
        self._any_shape = self._request(model)
        self._of_shape: OrderedDict[tuple[int, ...], Any] = OrderedDict()
        self._seen: Counter[tuple[int, ...]] = Counter()
        self._most, self._often = most, often

    def run(self, images: FloatArray) -> list[FloatArray]:
        """All outputs for one contiguous input."""
        return infer(self._request_for(images.shape), images)

    def _request_for(self, shape: tuple[int, ...]) -> Any:
        if shape in self._of_shape:
            self._of_shape.move_to_end(shape)
            return self._of_shape[shape]
        self._seen[shape] += 1
        is_full = len(self._of_shape) >= self._most
        if self._seen[shape] < self._often * (_PATIENCE if is_full else 1):
            if len(self._seen) > _SHAPES_COUNTED:
                self._seen.clear()
            return self._any_shape
        if is_full:
            self._of_shape.popitem(last=False)
        model = self._model.clone()
        model.reshape(list(shape))
        self._seen.pop(shape)
        self._of_shape[shape] = self._request(model)
        return self._of_shape[shape]

    def _request(self, model: Any) -> Any:
        return self._core.compile_model(model, "CPU", OPTIONS).create_infer_request()


_PATIENCE = 8
_SHAPES_COUNTED = 10_000


def infer(request: Any, images: FloatArray) -> list[FloatArray]:
    """All outputs of a network for one contiguous input, copied from where the next run writes its own."""
    results: Sequence[Any] = request.infer([images], share_inputs=True, share_outputs=True).values()
    return [np.array(output, dtype=np.float32) for output in results]
