"""Predictions of effects for titles that come later in a random order, by forests fitted on the titles before them.

Whether heterogeneity exists must be tested on titles that the forest has not seen. Ordinary cross-fitting is not good
enough: two folds that predict each other use the same noise twice, and a test that adds them up rejects true nulls too
often. Titles are put in a random order, and each fold is predicted from the folds before it alone, so that the parts
of a test add up like independent ones (sequential validation, Wager 2024).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from artwork_insights.design.assignment import BoolArray
from artwork_insights.design.confounders import FloatArray
from artwork_insights.design.folds import IntArray, assign_title_folds
from artwork_insights.design.reading import check_share
from artwork_insights.effects.forest.bags import Residuals, Size, grow_bags
from artwork_insights.effects.forest.predicting import predict_out_of_sample

NUMBER_OF_FOLDS = 5
FIRST_TESTED = 2
HELD_OUT_SIZE = Size(bags=12, splits=2, trees=3)


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Cells whose effect was predicted from earlier titles.

    Attributes
    ----------
    predicted : array of shape (n,)
        NaN for the titles of the first folds, which are only learned from.
    fold : array of shape (n,), int
    """

    predicted: FloatArray
    fold: IntArray

    @property
    def tested(self) -> BoolArray:
        """Cells with a prediction; shape (n,)."""
        return ~np.isnan(self.predicted)


@dataclass(frozen=True, slots=True)
class HeldOutNumber:
    """A number measured on titles that were not learned from.

    Attributes
    ----------
    value, std_error : float
        The error is clustered by title.
    degrees_of_freedom : float
        For t critical values.
    """

    value: float
    std_error: float
    degrees_of_freedom: float

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Confidence interval at `level`, a share such as 0.95."""
        half = float(stats.t.ppf(0.5 + check_share("level", level) / 2, self.degrees_of_freedom)) * self.std_error
        return self.value - half, self.value + half

    @property
    def p_value(self) -> float:
        """One-sided p-value of a number that is not above zero."""
        if self.std_error == 0:
            return 0.0 if self.value > 0 else 1.0
        return float(stats.t.sf(self.value / self.std_error, self.degrees_of_freedom))


def predict_held_out(data: Residuals, seed: int, size: Size = HELD_OUT_SIZE) -> HeldOut:
    """Predict each of the last three of five folds of titles from the folds before it."""
    rng = np.random.default_rng(seed)
    fold = assign_title_folds(data.title, NUMBER_OF_FOLDS, rng)
    predicted = np.full(len(fold), np.nan)
    for k in range(FIRST_TESTED, NUMBER_OF_FOLDS):
        bags = grow_bags(data.rows(fold < k), size, int(rng.integers(2**31)))
        predicted[fold == k] = predict_out_of_sample(bags, data.modifiers[fold == k])
    return HeldOut(predicted, fold)
