"""Every process has its own core: OpenVINO must not bind the threads of all processes to the first one."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from artwork_insights.features.openvino_runtime import OPTIONS

openvino = pytest.importorskip("openvino")


def is_bound(options: dict[str, object]) -> bool:
    """Whether a thread may use fewer cores than this process while a network runs."""
    image = openvino.opset13.parameter([1, 16, 512, 512], np.float32)
    weights = openvino.opset13.constant(np.ones((32, 16, 3, 3), np.float32))
    network = openvino.opset13.convolution(image, weights, [1, 1], [0, 0], [0, 0], [1, 1])
    request = openvino.Core().compile_model(openvino.Model([network], [image]), "CPU", options).create_infer_request()
    ours, seen = os.sched_getaffinity(0), False
    for _ in range(3):
        request.start_async({0: np.ones((1, 16, 512, 512), np.float32)})
        while not seen and not request.wait_for(1):
            threads = [int(task.name) for task in Path("/proc/self/task").iterdir()]
            seen = any(os.sched_getaffinity(thread) < ours for thread in threads)
        request.wait()
    return seen


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="Linux tells which cores a thread may use")
def test_no_thread_of_a_network_is_bound_to_a_core():
    assert not is_bound(OPTIONS)
    if len(os.sched_getaffinity(0)) > 1:
        assert is_bound(OPTIONS | {"ENABLE_CPU_PINNING": True})  # the control
