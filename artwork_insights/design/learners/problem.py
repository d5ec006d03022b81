"""One prediction task and its loss."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy.special import expit, logit

from artwork_insights.design.assignment import BoolArray
from artwork_insights.design.confounders import FloatArray
from artwork_insights.design.folds import IntArray
from artwork_insights.design.learners.bin_cache import CodeArray
from artwork_insights.design.learners.features import Features
from artwork_insights.design.learners.title_levels import TitleLevels

Objective = Literal["logistic", "squared_error"]
Gradients = Callable[[FloatArray], tuple[FloatArray, FloatArray]]
SMALLEST_HESSIAN = 1e-6


@dataclass(frozen=True, slots=True)
class Problem:
    """One prediction task.

    Attributes
    ----------
    features : Features of n rows
    target : array of shape (n,)
        0 and 1 for ``logistic``.
    weights : array of shape (n,)
        Mean about 1.
    objective : {"logistic", "squared_error"}
    absorb : array of shape (n,), int, optional
        Title codes that get a level of their own.
    treatment : array of shape (n,), optional
        A further input: the arm of each row, 0, 1, ... Trees take it as a column, linear models are fitted per arm.
    """

    features: Features
    target: FloatArray
    weights: FloatArray
    objective: Objective
    absorb: IntArray | None = None
    treatment: FloatArray | None = None

    @property
    def is_binary(self) -> bool:
        """Whether the target is 0 or 1."""
        return self.objective == "logistic"

    def some(self, rows: BoolArray) -> Problem:
        """The same task over some rows, with the bins of all."""
        absorb = None if self.absorb is None else self.absorb[rows]
        treatment = None if self.treatment is None else self.treatment[rows]
        features, target = self.features.some(rows), self.target[rows]
        return Problem(features, target, self.weights[rows], self.objective, absorb, treatment)

    def codes(self, rows: BoolArray, arm: float | None = None) -> CodeArray:
        """Bin numbers of rows, the treatment as last column; as if all rows were in `arm` where one is given."""
        codes = self.features.binned.codes[rows]
        return codes if self.treatment is None else np.column_stack([codes, self._arms(rows, arm).astype(np.uint8)])

    def values(self, rows: BoolArray, arm: float | None = None) -> FloatArray:
        """Raw features of rows, the treatment as last column; as if all rows were in `arm` where one is given."""
        values = self.features.values[rows]
        return values if self.treatment is None else np.column_stack([values, self._arms(rows, arm)])

    def _arms(self, rows: BoolArray, arm: float | None) -> FloatArray:
        assert self.treatment is not None
        return self.treatment[rows] if arm is None else np.full(int(rows.sum()), arm)

    def predict(self, margin: FloatArray) -> FloatArray:
        """Margin to prediction: identity, or the logistic function."""
        return np.asarray(expit(margin)) if self.is_binary else margin

    def margin(self, prediction: FloatArray) -> FloatArray:
        """Prediction to margin: identity, or log odds."""
        return np.asarray(logit(np.clip(prediction, 1e-6, 1 - 1e-6))) if self.is_binary else prediction

    def start(self, rows: BoolArray) -> float:
        """Margin of the mean of `rows`, from which trees start; 0 where titles have their own level."""
        if self.absorb is not None:
            return 0.0
        return float(self.margin(np.asarray(np.average(self.target[rows], weights=self.weights[rows]))))

    def level(self, margin: FloatArray, rows: BoolArray) -> FloatArray:
        """Level of each row's absorbed title given the margins of `rows`; zero without absorption."""
        levels = self._levels(rows)
        return np.zeros_like(margin) if levels is None else levels.solve(margin)

    def losses(self, margin: FloatArray, rows: BoolArray) -> FloatArray:
        """Log loss or squared error of each of `rows`, weighted, whose margins are given; shape (number of rows,)."""
        target = self.target[rows]
        prediction = self.predict(margin + self.level(margin, rows))
        if not self.is_binary:
            return np.asarray(self.weights[rows] * (target - prediction) ** 2)
        p = np.clip(prediction, 1e-9, 1 - 1e-9)
        return np.asarray(-self.weights[rows] * (target * np.log(p) + (1 - target) * np.log1p(-p)))

    def gradients(self, rows: BoolArray) -> Gradients:
        """Gradient and Hessian of the weighted loss over `rows`, as a function of what the trees add to the start.

        Levels are profiled out: they move with the margins, so that the gradient is that of the plain loss at the
        level plus the margin.
        """
        target, weights, start = self.target[rows], self.weights[rows], self.start(rows)
        levels = self._levels(rows)

        def at(margin: FloatArray) -> tuple[FloatArray, FloatArray]:
            prediction = self.predict(margin + (start if levels is None else levels.solve(margin, 1)))
            slope = np.maximum(prediction * (1 - prediction), SMALLEST_HESSIAN) if self.is_binary else 1.0
            return weights * (prediction - target), weights * slope

        return at

    def _levels(self, rows: BoolArray) -> TitleLevels | None:
        if self.absorb is None:
            return None
        return TitleLevels(self.absorb[rows], self.target[rows], self.weights[rows], is_binary=self.is_binary)

    def standardised(self) -> tuple[Problem, float, float]:
        """Give the problem at least one column and a numeric target of mean 0 and SD 1; return mean and SD too.

        XGBoost makes no split that gains less than 1e-6, whatever the unit, and holds targets in single precision.
        """
        problem = self
        if problem.features.values.shape[1] == 0:
            problem = replace(problem, features=Features(np.zeros((len(problem.target), 1))))
        if problem.is_binary:
            return problem, 0.0, 1.0
        centre = float(np.average(problem.target, weights=problem.weights))
        scale = float(np.sqrt(np.average((problem.target - centre) ** 2, weights=problem.weights))) or 1.0
        return replace(problem, target=(problem.target - centre) / scale), centre, scale
