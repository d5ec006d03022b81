"""Cross-fitting: each fold is predicted by a model fitted on the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from scipy.optimize import nnls

from artwork_insights.design.confounders import FloatArray
from artwork_insights.design.folds import IntArray
from artwork_insights.design.learners.boosting import BoostingSettings
from artwork_insights.design.learners.light_gbm import LightGBMSettings
from artwork_insights.design.learners.linear import LinearSettings
from artwork_insights.design.learners.problem import Problem
from artwork_insights.design.learners.random_forest import RandomForestSettings
from artwork_insights.design.learners.side_by_side import side_by_side

SingleSettings: TypeAlias = BoostingSettings | LightGBMSettings | LinearSettings | RandomForestSettings


@dataclass(frozen=True, slots=True)
class StackedSettings:
    """Several learners, averaged with weights that are found out of fold.

    Attributes
    ----------
    members : mapping from learner to its settings, as a tuple of pairs
    """

    members: tuple[tuple[str, SingleSettings], ...]

    def as_dict(self) -> dict[str, float]:
        """Settings by learner and name, for reports."""
        return {
            f"{learner} {name}": value
            for learner, settings in self.members
            for name, value in settings.as_dict().items()
        }


LearnerSettings: TypeAlias = SingleSettings | StackedSettings


def cross_fit(
    problem: Problem, folds: IntArray, settings: LearnerSettings, seed: int, arms: Sequence[float] = ()
) -> list[FloatArray]:
    """Predict each fold by a model fitted on the others.

    Learners other than the boosting libraries know no title levels while they are fitted; all get them where they
    predict, so that predictions add up to the title's own total. The level of a title is the one that it has with its
    treatment as it is.

    Parameters
    ----------
    arms : sequence of float
        Arms of `problem.treatment` to predict for all rows.

    Returns
    -------
    list of arrays of shape (n,)
        Predictions with the treatment as it is, then for each arm.
    """
    if isinstance(settings, StackedSettings):
        return _stack(problem, folds, settings, seed, arms)
    problem, centre, scale = problem.standardised()

    def predict(fold: int) -> list[FloatArray]:
        held_out = folds == fold
        margins = settings.margins(problem, held_out, seed, tuple(arms))
        level = problem.level(margins[0], held_out)
        return [centre + scale * problem.predict(margin + level) for margin in margins]

    predictions = [np.empty(len(folds)) for _ in range(1 + len(arms))]
    for fold, parts in enumerate(side_by_side(predict, range(int(folds.max()) + 1))):
        for whole, part in zip(predictions, parts, strict=True):
            whole[folds == fold] = part
    return predictions


def _stack(
    problem: Problem, folds: IntArray, settings: StackedSettings, seed: int, arms: Sequence[float]
) -> list[FloatArray]:
    """Average the members' out-of-fold predictions; the shares in a fold come from the targets of the other folds.

    Ahrens, Hansen, Schaffer, Wiemann (2025), Model averaging and double machine learning (short-stacking).
    """
    members = [cross_fit(problem, folds, single, seed + m, arms) for m, (_, single) in enumerate(settings.members)]
    of_learner = np.column_stack([predictions[0] for predictions in members])
    stacked = [np.empty(len(folds)) for _ in range(1 + len(arms))]
    for fold in range(int(folds.max()) + 1):
        others = folds != fold
        shares = stacking_shares(of_learner[others], problem.target[others], problem.weights[others])
        for which, whole in enumerate(stacked):
            inside = np.column_stack([predictions[which][folds == fold] for predictions in members])
            whole[folds == fold] = inside @ shares
    return stacked


def stacking_shares(predictions: FloatArray, target: FloatArray, weights: FloatArray) -> FloatArray:
    """Shares of learners by non-negative least squares, made to add up to one.

    Parameters
    ----------
    predictions : array of shape (n, m)
    target, weights : arrays of shape (n,)

    Returns
    -------
    array of shape (m,)
    """
    root = np.sqrt(weights)
    centre = np.average(target, weights=weights)  # shares add up to one, so a constant may be taken out
    found = nnls((predictions - centre) * root[:, None], (target - centre) * root)[0]
    total = found.sum()
    return np.asarray(found / total) if total > 0 else np.full(len(found), 1 / len(found))
