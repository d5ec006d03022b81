"""Nuisance models with fixed settings: the grid search has tests of its own and would take nine tenths of the time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from artwork_insights.design import treatment_model
from artwork_insights.design.learners import BoostingSettings
from artwork_insights.effects import nuisances

FIXED = BoostingSettings(max_depth=2, learning_rate=0.12, min_child_weight=5.0, rounds=80)
"""About what the grid search chose on three studies of `faulty_studies` (seeds 999983 to 999985, none counted): depth
2, rate .05 and 50 to 450 rounds; here with larger and fewer steps."""


@contextmanager
def fix_models() -> Iterator[None]:
    """Skip the grid search."""
    with (
        patch.object(nuisances, "tune", lambda *_, **__: FIXED),
        patch.object(treatment_model, "tune", lambda *_, **__: FIXED),
    ):
        yield
