"""Every process has its own core, and graphs of one shape give the numbers of the graph of any shape."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from artwork_insights.features import openvino_runtime
from artwork_insights.features.openvino_runtime import OPTIONS, ShapedNetwork

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


def shaped(most: int, often: int) -> ShapedNetwork:
    """Doubles its input and adds up its rows."""
    image = openvino.opset13.parameter([1, -1, -1], np.float32)
    double = openvino.opset13.multiply(image, np.float32(2))
    rows = openvino.opset13.reduce_sum(image, np.array([1]))
    return ShapedNetwork(openvino.Core(), openvino.Model([double, rows], [image], "double"), most=most, often=often)


def test_a_shape_that_comes_often_has_a_graph_of_its_own_and_the_same_numbers():
    network = shaped(most=2, often=3)
    for number in range(5):
        image = np.random.default_rng(number).random((1, 4, 6)).astype(np.float32)
        double, rows = network.run(image)
        np.testing.assert_array_equal(double, image * 2)
        np.testing.assert_allclose(rows, image.sum(axis=1), rtol=1e-6)
        assert len(network._of_shape) == (number >= 2)


def test_what_a_run_returns_outlives_the_next_one():
    network = shaped(most=1, often=1)
    first, second = (network.run(np.full((1, 2, 2), value, np.float32))[0] for value in (1, 5))
    assert first.max() == 2 and second.min() == 10


def test_the_graphs_that_are_kept_and_the_shapes_that_are_counted_are_bounded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(openvino_runtime, "_SHAPES_COUNTED", 10)
    network = shaped(most=2, often=1)
    for width in (1, 2, *range(3, 30)):
        network.run(np.zeros((1, 1, width), np.float32))
    assert [shape[2] for shape in network._of_shape] == [1, 2] and len(network._seen) <= 11
    for _ in range(8):
        network.run(np.zeros((1, 1, 50), np.float32))
    assert [shape[2] for shape in network._of_shape] == [2, 50]  # the one used longest ago made way
