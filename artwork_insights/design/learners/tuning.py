"""Settings of learners, chosen once per hypothesis by out-of-fold loss over folds grouped by title."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from artwork_insights.design.assignment import BoolArray
from artwork_insights.design.confounders import FloatArray
from artwork_insights.design.folds import IntArray
from artwork_insights.design.learners.boosting import GRID, BoostingSettings
from artwork_insights.design.learners.cross_fitting import LearnerSettings, SingleSettings, StackedSettings
from artwork_insights.design.learners.features import Features
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
LARGEST_SCREEN = 20_000
"""Rows on which every setting is tried."""
FEWEST_TO_SCREEN = 50
"""Titles held out, below which a draw of them says too little."""
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
    The number of rounds is the mean over folds. Of more than 20,000 rows, settings are screened on a draw of about so
    many (`_screen`), and two then tried on the first fold with all rows (successive halving, Jamieson and Talwalkar
    2016): what one fold of thousands of rows says of the better ones, two more would say again.
    """
    problem, _, _ = problem.standardised()
    drawn = _draw_rows(problem, folds, np.random.default_rng(seed))
    if drawn is not None:
        part = replace(problem.some(drawn), features=Features(problem.features.values[drawn], is_coarse=True))
        going_on = _screen(part, folds[drawn], seed, grid)
        stops = _stops(problem, folds, seed, going_on, [0])
    else:
        first = _stops(problem, folds, seed, grid, [0])
        better = _best(first, round(len(grid) / 3))
        going_on = [grid[s] for s in better]
        more = _stops(problem, folds, seed, going_on, range(1, min(VALIDATION_FOLDS, int(folds.max()) + 1)))
        stops = [first[s] + found for s, found in zip(better, more, strict=True)]
    best = _best(stops, 1)[0]
    mean = np.mean([rounds for _, rounds in stops[best]])
    return replace(going_on[best], rounds=max(STEP, STEP * round(mean / STEP)))


def _screen(part: Problem, folds: IntArray, seed: int, grid: Sequence[Growing]) -> list[Growing]:
    """The two best settings of the smallest learning rate, of the better half of the shapes of trees.

    Shapes are told apart at the largest rate, with a third of the trees. The smallest one makes the models: early
    stopping lets it learn more, and with as much learning the rates are alike (``benchmarks/left_behind.py``).
    """
    rates = [settings.learning_rate for settings in grid]
    fast = [settings for settings in grid if settings.learning_rate == max(rates)]
    better = [fast[s] for s in _best(_stops(part, folds, seed, fast, [0]), round(len(fast) / 2))]
    slow = [replace(shape, learning_rate=min(rates)) for shape in better]
    return [slow[s] for s in _best(_stops(part, folds, seed, slow, [0]), 2)]


def _stops(
    problem: Problem, folds: IntArray, seed: int, settings: Sequence[Growing], validation: Sequence[int]
) -> list[list[tuple[float, int]]]:
    """Loss and number of trees of each of the settings on each of the validation folds."""
    prepared = [settings[0].prepare(problem, folds == fold) for fold in validation]
    runs = [(one, fold) for one in settings for fold in prepared]
    found = side_by_side(lambda run: stop_early(run[1], run[0], seed), runs)
    return [found[start : start + len(prepared)] for start in range(0, len(found), max(1, len(prepared)))]


def _best(stops: Sequence[Sequence[tuple[float, int]]], number: int) -> list[int]:
    """Places of the settings with the smallest loss over their folds, at least one, the best first."""
    loss = [sum(loss for loss, _ in of_one) for of_one in stops]
    return sorted(range(len(stops)), key=loss.__getitem__)[: max(1, number)]


def _draw_rows(problem: Problem, folds: IntArray, rng: np.random.Generator) -> BoolArray | None:
    """Hardly ever more than 20,000 rows of whole absorbed titles, or of rows; None of fewer, or of too few titles."""
    n_rows = len(problem.target)
    if n_rows <= LARGEST_SCREEN:
        return None
    units = np.arange(n_rows) if problem.absorb is None else problem.absorb
    drawn = np.asarray((rng.random(int(units.max()) + 1) < 0.95 * LARGEST_SCREEN / n_rows)[units])
    held_out = len(np.unique(units[drawn & (folds == 0)]))
    return drawn if held_out >= FEWEST_TO_SCREEN else None


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
