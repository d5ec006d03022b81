"""OpenVINO, an extra: how every network is run in it.

One thread, because processes share the cores. Float32: bfloat16 saves a sixth of the time where the processor has it,
and then finds other faces than one without.
"""

from __future__ import annotations

import importlib
from typing import Any

from artwork_insights.errors import OutputError

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
