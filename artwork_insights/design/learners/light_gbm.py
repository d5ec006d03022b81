"""LightGBM: trees that grow leaf by leaf, with the gradients and title levels of the other boosting library."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import lightgbm
import numpy as np

from artwork_insights.design.assignment import BoolArray
from artwork_insights.design.confounders import FloatArray
from artwork_insights.design.learners.boosting import LARGEST_NUMBER_OF_ROUNDS
from artwork_insights.design.learners.features import MANY_ROWS
from artwork_insights.design.learners.growing import Fold, GrowingTrees, NamedNumbers
from artwork_insights.design.learners.problem import Problem

FIXED = {
    "objective": "none",
    "lambda_l2": 1.0,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "feature_fraction_bynode": 0.8,
    "feature_pre_filter": False,
    "min_data_in_leaf": 5,
    "deterministic": True,
    "force_col_wise": True,
    "num_threads": 1,
    "verbosity": -1,
}


@dataclass(frozen=True, slots=True)
class LightGBMSettings(NamedNumbers):
    """What the grid search decides for LightGBM.

    Attributes
    ----------
    num_leaves : int
        Leaves of a tree.
    learning_rate : float
        Shrinkage per round.
    rounds : int
        Number of trees.
    """

    num_leaves: int
    learning_rate: float
    rounds: int

    def prepare(self, problem: Problem, held_out: BoolArray) -> LightGBMFold:
        """Bin the rows of one fold."""
        return LightGBMFold(problem, held_out)

    def margins(
        self, problem: Problem, held_out: BoolArray, seed: int, arms: tuple[float, ...] = ()
    ) -> list[FloatArray]:
        """Fit on the other rows; margins of the held-out ones as they are, then as if in each arm."""
        return self.prepare(problem, held_out).margins(self, seed, arms)


LIGHT_GRID = tuple(
    LightGBMSettings(leaves, rate, LARGEST_NUMBER_OF_ROUNDS) for leaves, rate in product((31, 12, 4), (0.05, 0.15))
)


class LightGBMFold(Fold[LightGBMSettings]):
    """Binned rows of one fold."""

    def __init__(self, problem: Problem, held_out: BoolArray) -> None:
        super().__init__(problem, held_out)
        label = problem.target[self.trained_on]
        values = problem.values(self.trained_on)
        self.has_splits = bool(np.ptp(problem.codes(self.trained_on), axis=0).max() > 0)  # else LightGBM refuses
        self.fixed = {**FIXED, "max_bin": 63 if len(problem.target) <= MANY_ROWS else 255}
        self.train = lightgbm.Dataset(values, label, params=self.fixed, free_raw_data=True).construct()

    def start(self, settings: LightGBMSettings, seed: int) -> GrowingTrees:
        """Begin with no trees."""
        return _Trees(self, settings, seed)


class _Trees(GrowingTrees):
    def __init__(self, fold: LightGBMFold, settings: LightGBMSettings, seed: int) -> None:
        super().__init__(fold)
        self.fold = fold
        chosen = {"num_leaves": settings.num_leaves, "learning_rate": settings.learning_rate, "seed": seed}
        self.booster = lightgbm.Booster({**fold.fixed, **chosen}, fold.train)

    def add_tree(self) -> None:
        if self.fold.has_splits:
            self.booster.update(fobj=lambda margin, _: self.gradients(margin))

    def sum_of_trees(self, first: int, arm: float | None = None) -> FloatArray:
        rows = self.fold.problem.values(self.fold.held_out, arm)
        newly = self.booster.current_iteration() - first
        if newly <= 0:  # LightGBM stops by itself where no split is left
            return np.zeros(len(rows))
        margin = self.booster.predict(rows, start_iteration=first, num_iteration=newly, raw_score=True, num_threads=1)
        return np.asarray(margin, dtype=np.float64)
