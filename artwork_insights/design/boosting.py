"""XGBoost nuisance models: tuned once by grid search with folds grouped by title, then cross-fitted.

Every fit runs on one thread and fits run side by side, so that the numbers do not depend on how many cores there are.

A problem may *absorb* titles: every title j gets its own level a_j, set so that the weighted sum of predictions equals
that of the target in the title, and the trees learn only what differs inside titles (the level is profiled out, so the
gradient is that of the plain loss at a_j + f_i). Three things follow. An unobserved quality of the title, often several
times as large as anything the artwork does, adds no noise to what is learnt. A non-linear f is not attenuated, as it is
when the target alone is demeaned. Propensities add up to the number of treated artworks of their title, as they must
given the title's treated share.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import product
from typing import Literal

import numpy as np
import numpy.typing as npt
import xgboost
from scipy.special import expit

from artwork_insights.design.folds import IntArray

FloatArray = npt.NDArray[np.float64]
Objective = Literal["binary:logistic", "reg:squarederror"]
LARGEST_NUMBER_OF_ROUNDS = 300
NUMBER_OF_BINS = 64
LEVEL_STEPS = 8
ROUNDS = (25, 50, 100, 200, 300)


@dataclass(frozen=True, slots=True)
class BoostingSettings:
    """What the grid search decides.

    Attributes
    ----------
    max_depth : int
        Depth of a tree.
    learning_rate : float
        Shrinkage per round.
    min_child_weight : float
        Smallest sum of Hessians in a leaf.
    rounds : int
        Number of trees.
    """

    max_depth: int
    learning_rate: float
    min_child_weight: float
    rounds: int

    def as_dict(self) -> dict[str, float]:
        """Settings by name, for reports."""
        return {name: float(getattr(self, name)) for name in self.__slots__}


GRID = tuple(
    BoostingSettings(depth, rate, child, LARGEST_NUMBER_OF_ROUNDS)
    for depth, rate, child in product((2, 4), (0.05, 0.15), (5.0, 30.0))
)


@dataclass(frozen=True, slots=True)
class Problem:
    """One prediction task.

    Attributes
    ----------
    features : array of shape (n, k)
        May hold NaN.
    target : array of shape (n,)
        0 and 1 for ``binary:logistic``.
    weights : array of shape (n,)
        Mean about 1.
    objective : str
        XGBoost's name of the loss.
    absorb : array of shape (n,), int, optional
        Title codes that get a level of their own.
    """

    features: FloatArray
    target: FloatArray
    weights: FloatArray
    objective: Objective
    absorb: IntArray | None = None

    def matrix(self, rows: npt.NDArray[np.bool_], reference: xgboost.DMatrix | None = None) -> xgboost.QuantileDMatrix:
        """Quantised rows; quantised like `reference` where given."""
        return xgboost.QuantileDMatrix(
            self.features[rows],
            label=self.target[rows],
            weight=self.weights[rows],
            ref=reference,
            max_bin=NUMBER_OF_BINS,
            nthread=1,
        )

    def loss(self, margin: FloatArray, rows: npt.NDArray[np.bool_]) -> float:
        """Weighted mean log loss or squared error over `rows`, whose boosting margins are given."""
        target, weights = self.target[rows], self.weights[rows]
        prediction = self.predict(margin + self.level(margin, rows))
        if self.objective == "reg:squarederror":
            return float(np.average((target - prediction) ** 2, weights=weights))
        p = np.clip(prediction, 1e-9, 1 - 1e-9)
        return float(-np.average(target * np.log(p) + (1 - target) * np.log1p(-p), weights=weights))

    def predict(self, margin: FloatArray) -> FloatArray:
        """Margin to prediction: identity, or the logistic function."""
        return margin if self.objective == "reg:squarederror" else np.asarray(expit(margin))

    def level(self, margin: FloatArray, rows: npt.NDArray[np.bool_]) -> FloatArray:
        """Level of each row's absorbed title given the margins of `rows`; zero without absorption."""
        if self.absorb is None:
            return np.zeros_like(margin)
        return _Levels(self, rows).solve(margin, LEVEL_STEPS)


class _Levels:
    """Levels of absorbed titles over fixed rows; each solution is the start of the next."""

    def __init__(self, problem: Problem, rows: npt.NDArray[np.bool_]) -> None:
        assert problem.absorb is not None
        self.is_binary = problem.objective == "binary:logistic"
        self.groups, self.weights = problem.absorb[rows], problem.weights[rows]
        mass = np.bincount(self.groups, weights=self.weights)
        self.inverse_mass = np.divide(1.0, mass, out=np.zeros_like(mass), where=mass > 0)
        self.target_mean = self.mean(problem.target[rows])
        share = np.clip(self.target_mean, 1e-3, 1 - 1e-3)
        self.share = share
        self.level = np.log(share / (1 - share)) if self.is_binary else np.zeros_like(share)

    def mean(self, values: FloatArray) -> FloatArray:
        """Weighted mean per title."""
        return np.asarray(np.bincount(self.groups, weights=self.weights * values) * self.inverse_mass)

    def solve(self, margin: FloatArray, steps: int) -> FloatArray:
        """Level of each row; for log odds by damped Newton steps."""
        if not self.is_binary:
            return np.asarray((self.target_mean - self.mean(margin))[self.groups])
        for _ in range(steps):
            p = expit(margin + self.level[self.groups])
            slope = np.maximum(self.mean(p * (1 - p)), 1e-6)
            self.level = self.level + np.clip((self.share - self.mean(p)) / slope, -1.0, 1.0)
        return np.asarray(self.level[self.groups])


def _absorbing_loss(
    problem: Problem, rows: npt.NDArray[np.bool_]
) -> Callable[[FloatArray, xgboost.DMatrix], tuple[FloatArray, FloatArray]]:
    target, weights, levels = problem.target[rows], problem.weights[rows], _Levels(problem, rows)

    def gradients(margin: FloatArray, _: xgboost.DMatrix) -> tuple[FloatArray, FloatArray]:
        margin = margin.astype(np.float64)
        prediction = problem.predict(margin + levels.solve(margin, 1))
        if not levels.is_binary:
            return weights * (prediction - target), weights
        return weights * (prediction - target), weights * np.maximum(prediction * (1 - prediction), 1e-6)

    return gradients


def _train(
    problem: Problem, train: xgboost.DMatrix, settings: BoostingSettings, seed: int, rows: npt.NDArray[np.bool_]
) -> xgboost.Booster:
    parameters = {
        "objective": problem.objective,
        "max_depth": settings.max_depth,
        "learning_rate": settings.learning_rate,
        "min_child_weight": settings.min_child_weight,
        "lambda": 1.0,
        "subsample": 0.8,
        "colsample_bynode": 0.8,
        "tree_method": "hist",
        "max_bin": NUMBER_OF_BINS,
        "seed": seed,
        "nthread": 1,
    }
    if problem.absorb is not None:
        parameters["base_score"] = 0.5 if problem.objective == "binary:logistic" else 0.0
        loss = _absorbing_loss(problem, rows)
        return xgboost.train(parameters, train, num_boost_round=settings.rounds, obj=loss)
    parameters["base_score"] = float(np.average(problem.target[rows], weights=problem.weights[rows]))
    return xgboost.train(parameters, train, num_boost_round=settings.rounds)


def _margin(booster: xgboost.Booster, features: FloatArray) -> FloatArray:
    matrix = xgboost.DMatrix(features, nthread=1)
    return np.asarray(booster.predict(matrix, output_margin=True), dtype=np.float64)


def _per_fold(task: Callable[[int], list[FloatArray]], folds: IntArray) -> list[list[FloatArray]]:
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        return list(pool.map(task, range(int(folds.max()) + 1)))


def _staged(booster: xgboost.Booster, matrix: xgboost.DMatrix, rounds: int) -> FloatArray:
    margin = booster.predict(matrix, iteration_range=(0, rounds), output_margin=True)
    return np.asarray(margin, dtype=np.float64)


def _standardised(problem: Problem) -> tuple[Problem, float, float]:
    """The problem with at least one column and a numeric target of mean 0 and SD 1; the mean and the SD taken out.

    XGBoost makes no split that gains less than 1e-6, whatever the unit, and holds targets in single precision.
    """
    if problem.features.shape[1] == 0:
        problem = replace(problem, features=np.zeros((len(problem.target), 1)))
    if problem.objective == "binary:logistic":
        return problem, 0.0, 1.0
    centre = float(np.average(problem.target, weights=problem.weights))
    scale = float(np.sqrt(np.average((problem.target - centre) ** 2, weights=problem.weights))) or 1.0
    return replace(problem, target=(problem.target - centre) / scale), centre, scale


def tune(problem: Problem, folds: IntArray, seed: int, grid: Sequence[BoostingSettings] = GRID) -> BoostingSettings:
    """Choose settings and number of rounds by out-of-fold loss; folds are grouped by title by the caller."""
    problem, _, _ = _standardised(problem)

    def losses(fold: int) -> list[FloatArray]:
        held_out = folds == fold
        train = problem.matrix(~held_out)
        test = problem.matrix(held_out, train)
        found = []
        for settings in grid:
            booster = _train(problem, train, settings, seed, ~held_out)
            found.append(
                np.array(
                    [
                        problem.loss(_staged(booster, test, min(rounds, settings.rounds)), held_out) * held_out.sum()
                        for rounds in ROUNDS
                    ]
                )
            )
        return found

    total = np.sum(np.array(_per_fold(losses, folds)), axis=0)
    best_settings, best_rounds = np.unravel_index(int(total.argmin()), total.shape)
    best = grid[int(best_settings)]
    return BoostingSettings(
        best.max_depth, best.learning_rate, best.min_child_weight, min(ROUNDS[int(best_rounds)], best.rounds)
    )


def cross_fit(
    problem: Problem,
    folds: IntArray,
    settings: BoostingSettings,
    seed: int,
    variants: Sequence[FloatArray] = (),
) -> list[FloatArray]:
    """Predict each fold by a model fitted on the others.

    Parameters
    ----------
    variants : sequence of arrays of shape (n, k)
        Further feature matrices to predict for the held-out rows, such as the same rows with another treatment; an
        absorbed title keeps the level that it has under `problem.features`.

    Returns
    -------
    list of arrays of shape (n,)
        Predictions for `problem.features`, then for each variant.
    """
    problem, centre, scale = _standardised(problem)

    def predict(fold: int) -> list[FloatArray]:
        held_out = folds == fold
        booster = _train(problem, problem.matrix(~held_out), settings, seed, ~held_out)
        margins = [_margin(booster, features[held_out]) for features in (problem.features, *variants)]
        level = problem.level(margins[0], held_out)
        return [centre + scale * problem.predict(margin + level) for margin in margins]

    predictions = [np.empty(len(folds)) for _ in range(1 + len(variants))]
    for fold, parts in enumerate(_per_fold(predict, folds)):
        for whole, part in zip(predictions, parts, strict=True):
            whole[folds == fold] = part
    return predictions
