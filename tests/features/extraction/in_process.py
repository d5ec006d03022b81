"""Measuring in the process of the test, which is quicker for a few small pictures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest

from artwork_insights.features.extraction import engine
from artwork_insights.features.extraction.engine import Result
from artwork_insights.features.extraction.measure import Measurer
from artwork_insights.features.extraction.plan import MeasurePlan


def measure_in_process(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let no process be started; returns the list to which each address is added when it is measured."""
    measured: list[str] = []

    class Here:
        def __init__(self, plan: MeasurePlan, n_workers: int, seconds_per_image: float) -> None:
            self._plan = plan

        def __enter__(self) -> Here:
            return self

        def __exit__(self, *_: object) -> None:
            return

        def measure(self, addresses: Iterable[str]) -> Iterator[Result]:
            measurer: Measurer | None = None
            for address in addresses:
                measurer = measurer or Measurer(self._plan)
                measured.append(address)
                yield measurer.measure_file(address)

    monkeypatch.setattr(engine, "Crew", Here)
    return measured
