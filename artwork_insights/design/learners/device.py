"""Whether there is a graphics processor that XGBoost can use, asked of the driver without loading a framework."""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Literal

import xgboost

Device = Literal["cpu", "cuda"]
FEWEST_ROWS = 50_000  # below, moving the rows costs more than the trees


def choose_device(rows: int) -> Device:
    """CUDA where there is one and the rows are many; numbers then differ from the processor's in the last digits."""
    return "cuda" if rows >= FEWEST_ROWS and has_cuda() else "cpu"


@cache
def has_cuda() -> bool:
    """Whether XGBoost was built for CUDA and the driver counts at least one device."""
    if not xgboost.build_info().get("USE_CUDA", False):
        return False
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return False
    count = ctypes.c_int(0)
    return driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(count)) == 0 and count.value > 0
