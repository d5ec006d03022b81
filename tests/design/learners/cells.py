"""400 titles of 3 artworks; titles differ ten times as much as artworks do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from artwork_insights.design.confounders import title_means
from artwork_insights.design.folds import assign_title_folds
from artwork_insights.design.learners import BoostingSettings, Features, Problem

SETTINGS = BoostingSettings(max_depth=2, learning_rate=0.15, min_child_weight=5.0, rounds=100)
RNG = np.random.default_rng(0)
TITLE = np.repeat(np.arange(400), 3)
X = RNG.normal(size=(1200, 2))
QUALITY = 10 * RNG.normal(size=400)[TITLE]
FOLDS = assign_title_folds(TITLE, 5, RNG)
WEIGHTS = RNG.uniform(0.5, 2, 1200)
FEATURES = Features(X)


def shape_of(x):
    return np.sin(2 * x[:, 0]) + (x[:, 1] > 0)


def outcome_problem():
    noise = 0.2 * np.random.default_rng(1).normal(size=1200)
    return Problem(FEATURES, QUALITY + shape_of(X) + noise, WEIGHTS, "squared_error", absorb=TITLE)


def treatment_problem():
    chance = 1 / (1 + np.exp(-(QUALITY / 5 + shape_of(X) - 0.5)))
    treatment = (np.random.default_rng(2).random(1200) < chance).astype(float)
    return Problem(FEATURES, treatment, WEIGHTS, "logistic", absorb=TITLE)


def without_titles(problem):
    """The same shape with no title quality in the target, and no levels."""
    if problem.objective == "squared_error":
        return replace(problem, target=problem.target - QUALITY, absorb=None)
    chance = 1 / (1 + np.exp(-(2 * shape_of(X) - 1)))
    return replace(problem, target=(np.random.default_rng(2).random(1200) < chance).astype(float), absorb=None)


def recovered_share(prediction):
    """Slope of predicted on true differences inside titles: 1 when the shape is fully recovered; and correlation."""
    true = shape_of(X) - title_means(shape_of(X), TITLE, WEIGHTS)
    found = prediction - title_means(prediction, TITLE, WEIGHTS)
    return (WEIGHTS * found) @ true / ((WEIGHTS * true) @ true), np.corrcoef(found, true)[0, 1]
