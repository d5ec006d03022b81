"""A small catalogue with fixed settings of the learners, so that tests of behaviour do not pay for the grid search."""

from __future__ import annotations

import numpy as np
import pytest

from artwork_insights.design import treatment_model
from artwork_insights.design.learners import BoostingSettings
from artwork_insights.effects import nuisances

QUICK = BoostingSettings(max_depth=2, learning_rate=0.2, min_child_weight=5.0, rounds=25)


@pytest.fixture
def quick_grid(monkeypatch):
    """The grid search answers at once."""
    for module in (treatment_model, nuisances):
        monkeypatch.setattr(module, "tune", lambda *_: QUICK)


@pytest.fixture(scope="session")
def catalogue():
    """Outcome, treatment, confounders, titles, and genres of 60 titles of 3 to 6 artworks, effect 0.5."""
    rng = np.random.default_rng(0)
    title = np.repeat(np.arange(60), rng.integers(3, 7, 60))
    n, quality = len(title), rng.normal(size=60)
    x = rng.normal(size=(n, 2))
    treatment = (rng.random(n) < 1 / (1 + np.exp(-x[:, 0] - 0.5 * quality[title]))).astype(float)
    outcome = np.sin(x[:, 0]) + quality[title] + 0.5 * treatment + 0.3 * rng.normal(size=n)
    return outcome, treatment, x, title, np.array(["Drama", "Comedy", "Horror"])[title % 3]
