"""A graphics processor is used where XGBoost was built for one, the driver counts one, and the rows are many."""

from __future__ import annotations

import ctypes
from types import SimpleNamespace

import pytest

from artwork_insights.design.learners import device


def driver(devices, status=0):
    def count(pointer):
        pointer._obj.value = devices
        return status

    return lambda name: SimpleNamespace(cuInit=lambda flags: status, cuDeviceGetCount=count)


def absent(name):
    raise OSError(name)


@pytest.mark.parametrize(
    ("library", "built", "expected"),
    [(driver(2), True, "cuda"), (driver(0), True, "cpu"), (driver(1, 100), True, "cpu"), (absent, True, "cpu"),
     (driver(2), False, "cpu")],
)  # fmt: skip
def test_the_driver_is_asked(monkeypatch, library, built, expected):
    monkeypatch.setattr(ctypes, "CDLL", library)
    monkeypatch.setattr(device.xgboost, "build_info", lambda: {"USE_CUDA": built})
    device.has_cuda.cache_clear()
    assert device.choose_device(1_000_000) == expected
    assert device.choose_device(1_000) == "cpu"
    device.has_cuda.cache_clear()
