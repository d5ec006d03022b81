"""Fits share the cores with other processes."""

from __future__ import annotations

import os
import threading

import pytest

from artwork_insights.design.learners import side_by_side as module


def test_results_come_in_the_order_of_the_items():
    assert module.side_by_side(lambda number: number**2, range(5)) == [0, 1, 4, 9, 16]


@pytest.mark.parametrize(("share", "expected"), [(None, 4), (2, 2)])
def test_there_are_as_many_threads_as_cores_or_as_the_share_of_this_process(monkeypatch, share, expected):
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    monkeypatch.setattr(module, "_share", None)
    if share is not None:
        module.share_cores(share)
    assert module.number_of_threads() == expected
    meeting = threading.Barrier(expected, timeout=30)
    module.side_by_side(lambda _: meeting.wait(), range(expected))  # would break with fewer threads
