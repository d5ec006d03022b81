"""Linear models: least squares and logistic regression, plain or with an L1 penalty, one per arm.

Coordinate descent on the weighted Gram matrix (Friedman, Hastie, Tibshirani 2010, Regularization paths for generalized
linear models via coordinate descent); the logistic model repeats it on its quadratic approximation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from artwork_insights.design.assignment import BoolArray
from artwork_insights.design.confounders import FloatArray
from artwork_insights.design.folds import IntArray
from artwork_insights.design.learners.growing import NamedNumbers
from artwork_insights.design.learners.problem import SMALLEST_HESSIAN, Problem
from artwork_insights.design.learners.side_by_side import side_by_side
from artwork_insights.errors import NotIdentifiedError

PENALTIES = tuple(float(p) for p in np.geomspace(0.5, 5e-4, 16))
LARGEST_MARGIN = 30.0  # a separated sample would send log odds to infinity
NEWTON_STEPS = 25
SWEEPS = 200
TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class LinearSettings(NamedNumbers):
    """A linear model on inputs of SD 1.

    Attributes
    ----------
    penalty : float
        On the sum of absolute coefficients, per unit of weight and, for a numeric target, per SD of the target; 0
        means least squares, or unpenalised maximum likelihood.
    """

    penalty: float = 0.0

    def margins(
        self, problem: Problem, held_out: BoolArray, seed: int, arms: tuple[float, ...] = ()
    ) -> list[FloatArray]:
        """Fit on the other rows; margins of the held-out ones as they are, then as if in each arm."""
        del seed  # nothing is drawn
        return [margins[0] for margins in _paths(problem, held_out, (self.penalty,), arms)]


def choose_penalty(problem: Problem, folds: IntArray) -> LinearSettings:
    """Penalty of the smallest out-of-fold loss over grouped folds."""
    problem, _, _ = problem.standardised()

    def losses(fold: int) -> list[float]:
        held_out = folds == fold
        (margins,) = _paths(problem, held_out, PENALTIES)
        return [float(problem.losses(margin, held_out).sum()) for margin in margins]

    total = np.sum(side_by_side(losses, range(int(folds.max()) + 1)), axis=0)
    return LinearSettings(PENALTIES[int(total.argmin())])


def _paths(
    problem: Problem, held_out: BoolArray, penalties: Sequence[float], arms: tuple[float, ...] = ()
) -> list[FloatArray]:
    """Margins of shape (number of penalties, held-out rows), as they are and as if in each arm."""
    inputs = np.column_stack([np.ones(len(problem.target)), problem.features.filled])
    arm_of = np.zeros(len(problem.target)) if problem.treatment is None else problem.treatment
    by_arm: dict[float, FloatArray] = {}
    for arm in np.unique(arm_of):
        rows = ~held_out & (arm_of == arm)
        if not rows.any():
            raise NotIdentifiedError("a fold leaves an arm without artworks to learn from; use fewer or other folds.")
        path = fit_path(inputs[rows], problem.target[rows], problem.weights[rows], penalties, binary=problem.is_binary)
        by_arm[float(arm)] = path @ inputs[held_out].T
    factual = np.empty((len(penalties), int(held_out.sum())))
    for arm, margins in by_arm.items():
        inside = arm_of[held_out] == arm
        factual[:, inside] = margins[:, inside]
    return [factual, *(by_arm[arm] for arm in arms)]


def fit_path(
    inputs: FloatArray, target: FloatArray, weights: FloatArray, penalties: Sequence[float], *, binary: bool
) -> FloatArray:
    """Coefficients for each penalty, largest first; the first column of `inputs` is the unpenalised constant.

    Parameters
    ----------
    inputs : array of shape (n, k)
    target, weights : arrays of shape (n,)

    Returns
    -------
    array of shape (number of penalties, k)
    """
    weights = weights / weights.sum()
    coefficients = np.zeros(inputs.shape[1])
    if not binary:
        gram, moments = _normal_equations(inputs, target, weights)
        unit = float(np.sqrt(weights @ (target - weights @ target) ** 2))
    path = []
    for penalty in penalties:
        if binary:
            coefficients = _logistic(inputs, target, weights, penalty, coefficients)
        else:
            coefficients = _quadratic(gram, moments, penalty * unit, coefficients)
        path.append(coefficients)
    return np.array(path)


def _normal_equations(inputs: FloatArray, target: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    weighted = inputs * weights[:, None]
    return weighted.T @ inputs, weighted.T @ target


def _logistic(
    inputs: FloatArray, target: FloatArray, weights: FloatArray, penalty: float, start: FloatArray
) -> FloatArray:
    """Newton steps, each a quadratic problem."""
    coefficients = start
    for _ in range(NEWTON_STEPS):
        margin = np.clip(inputs @ coefficients, -LARGEST_MARGIN, LARGEST_MARGIN)
        p = expit(margin)
        curvature = np.maximum(p * (1 - p), SMALLEST_HESSIAN)
        working = margin + (target - p) / curvature
        gram, moments = _normal_equations(inputs, working, weights * curvature)
        newer = _quadratic(gram, moments, penalty, coefficients)
        step = np.abs(newer - coefficients).max()
        coefficients = newer
        if step < TOLERANCE or np.abs(inputs @ coefficients).max() > LARGEST_MARGIN:
            break
    return coefficients


def _quadratic(gram: FloatArray, moments: FloatArray, penalty: float, start: FloatArray) -> FloatArray:
    """Minimise b'Gb / 2 - m'b + penalty * sum |b_j|, j > 0; the shortest solution where several are as good."""
    if penalty == 0:
        return np.asarray(np.linalg.lstsq(gram, moments, rcond=1e-12)[0])
    coefficients = start.copy()
    gradient = moments - gram @ coefficients
    for _ in range(SWEEPS):
        largest = 0.0
        for j in np.flatnonzero(gram.diagonal() > TOLERANCE):
            pull = gradient[j] + gram[j, j] * coefficients[j]
            shrunken = np.sign(pull) * max(abs(pull) - (penalty if j else 0.0), 0.0) / gram[j, j]
            step = shrunken - coefficients[j]
            if step:
                gradient -= gram[j] * step
                coefficients[j] = shrunken
                largest = max(largest, abs(step))
        if largest < TOLERANCE:
            break
    return coefficients
