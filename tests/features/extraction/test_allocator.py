from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest

from artwork_insights.features.extraction import allocator

LARGE_ARRAYS = """
import resource, sys
import numpy as np
from artwork_insights.features.extraction.allocator import keep_freed_memory
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        arrays = [np.ones(1_000_000) for _ in range(12)]
        del arrays
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
if sys.argv[1] == "kept":
    assert keep_freed_memory()
faults()
sys.stdout.write(str(faults()))
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="an allocator of another C library")
def test_freed_memory_is_used_again() -> None:
    kept, given_back = (
        int(
            subprocess.run([sys.executable, "-c", LARGE_ARRAYS, how], capture_output=True, check=True, text=True).stdout
        )
        for how in ("kept", "given back")
    )
    assert kept < 1000 < given_back


def test_another_c_library_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allocator.ctypes, "CDLL", lambda name: object())
    assert not allocator.keep_freed_memory()
    monkeypatch.setattr(allocator.sys, "platform", "darwin")
    assert not allocator.keep_freed_memory()
