"""Settings of learners, chosen once per hypothesis by out-of-fold loss over folds grouped by title."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from artwork_insights.design.confounders import FloatArray
from artwork_insights.design.folds import IntArray
from artwork_insights.design.learners.boosting import GRID, BoostingSettings
from artwork_insights.design.learners.cross_fitting import LearnerSettings, SingleSettings, StackedSettings
from artwork_insights.design.learners.growing import Fold
from artwork_insights.design.learners.light_gbm import LIGHT_GRID, LightGBMSettings
from artwork_insights.design.learners.linear import LinearSettings, choose_penalty
from artwork_insights.design.learners.problem import Problem
from artwork_insights.design.learners.random_forest import RandomForestSettings
from artwork_insights.design.learners.side_by_side import side_by_side
from artwork_insights.study import Learner

STACKED: tuple[Learner, ...] = ("xgboost", "lightgbm", "random_forest", "lasso")
VALIDATION_FOLDS = 3
STEP = 10
PATIENCE = 5  # steps without gain before a booster stops
Growing = TypeVar("Growing", BoostingSettings, LightGBMSettings)


def tune(problem: Problem, folds: IntArray, seed: int, learner: Learner = "xgboost") -> LearnerSettings:
    """Choose the settings of a learner by name; folds are grouped by title by the caller."""
    if learner == "stacked":
        return StackedSettings(tuple((name, _tune_single(problem, folds, seed, name)) for name in STACKED))
    return _tune_single(problem, folds, seed, learner)


def _tune_single(problem: Problem, folds: IntArray, seed: int, learner: Learner) -> SingleSettings:
    if learner == "xgboost":
        return grid_search(problem, folds, seed, GRID)
    if learner == "lightgbm":
        return grid_search(problem, folds, seed, LIGHT_GRID)
    if learner == "lasso":
        return choose_penalty(problem, folds)
    return LinearSettings() if learner == "linear" else RandomForestSettings()


def grid_search(problem: Problem, folds: IntArray, seed: int, grid: Sequence[Growing]) -> Growing:
    """Choose settings and number of rounds of boosted trees by the loss on up to three of the folds.

    Every setting is tried on the first fold, the better third of them on two more. Each fit stops early (`stop_early`).
    The number of rounds is the mean over folds.
    """
    problem, _, _ = problem.standardised()
    _ = problem.features.binned if isinstance(grid[0], BoostingSettings) else None  # once, before threads start
    stops: dict[int, list[tuple[float, int]]] = {s: [] for s in range(len(grid))}

    def validate(tried: Sequence[int], validation: Sequence[int]) -> None:
        prepared = [grid[0].prepare(problem, folds == fold) for fold in validation]
        runs = [(s, fold) for s in tried for fold in prepared]
        found = side_by_side(lambda run: stop_early(run[1], grid[run[0]], seed), runs)
        for (s, _), stop in zip(runs, found, strict=True):
            stops[s].append(stop)

    validate(range(len(grid)), [0])
    going_on = sorted(stops, key=lambda s: stops[s][0][0])[: max(1, round(len(grid) / 3))]
    validate(going_on, range(1, min(VALIDATION_FOLDS, int(folds.max()) + 1)))
    best = min(going_on, key=lambda s: sum(loss for loss, _ in stops[s]))
    mean = np.mean([rounds for _, rounds in stops[best]])
    return replace(grid[best], rounds=max(STEP, STEP * round(mean / STEP)))


def stop_early(fold: Fold[Any], settings: BoostingSettings | LightGBMSettings, seed: int) -> tuple[float, int]:
    """Grow trees until the held-out loss is clearly past its smallest; that loss, and the most trees short of it.

    "Clearly" is by more than one standard error of the difference, over titles, for 50 rounds. Among numbers of trees
    that predict equally well the largest leaves the least confounding in the residuals: with the best number of trees
    alone, shrinkage left a bias of .6 standard errors in catalogues of a thousand artworks, with this rule .1
    (docs/effects.md). Undersmoothed nuisances: Newey and Robins (2018), Cross-fitting and fast remainder rates.
    """
    trees = fold.start(settings, seed)
    best, best_by_title, rounds = np.inf, np.empty(0), 0
    while trees.rounds < settings.rounds and trees.rounds - rounds < STEP * PATIENCE:
        trees.grow(min(STEP, settings.rounds - trees.rounds))
        by_title = _by_title(fold, fold.problem.losses(trees.held_out_margin(), fold.held_out))
        if (loss := float(by_title.sum())) < best:
            best, best_by_title = loss, by_title
        worse = by_title - best_by_title
        if worse.sum() <= np.sqrt(len(worse)) * worse.std():
            rounds = trees.rounds
    return best, rounds


def _by_title(fold: Fold[Any], losses: FloatArray) -> FloatArray:
    """Sum of the losses of each absorbed title, or the losses where rows stand alone."""
    title = fold.problem.absorb
    if title is None:
        return losses
    return np.asarray(np.bincount(np.unique(title[fold.held_out], return_inverse=True)[1], weights=losses), np.float64)
