"""Levels of absorbed titles.

A problem may *absorb* titles: every title j gets its own level a_j, set so that the weighted sum of predictions equals
that of the target in the title, and the learner need only find what differs inside titles. Three things follow. An
unobserved quality of the title, often several times as large as anything the artwork does, adds no noise to what is
learnt. A non-linear f is not attenuated, as it is when the target alone is demeaned. Propensities add up to the number
of treated artworks of their title, as they must given the title's treated share.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from artwork_insights.design.confounders import FloatArray
from artwork_insights.design.folds import IntArray

STEPS = 8


class TitleLevels:
    """Levels of titles over fixed rows; each solution is the start of the next.

    Parameters
    ----------
    title : array of shape (n,), int
        Codes, not necessarily without gaps.
    target, weights : arrays of shape (n,)
    is_binary : bool
        Whether predictions are the logistic function of margins, or the margins.
    """

    def __init__(self, title: IntArray, target: FloatArray, weights: FloatArray, *, is_binary: bool) -> None:
        self.title = np.unique(title, return_inverse=True)[1]
        self.is_binary, self.weights = is_binary, weights
        self.inverse_mass = 1.0 / np.bincount(self.title, weights=weights)
        self.target_mean = self.mean(target)
        self.share = np.clip(self.target_mean, 1e-3, 1 - 1e-3)
        self.level = np.log(self.share / (1 - self.share)) if is_binary else np.zeros_like(self.share)

    def mean(self, values: FloatArray) -> FloatArray:
        """Weighted mean per title."""
        return np.asarray(np.bincount(self.title, weights=self.weights * values) * self.inverse_mass)

    def solve(self, margin: FloatArray, steps: int = STEPS) -> FloatArray:
        """Level of each row; for log odds by damped Newton steps."""
        if not self.is_binary:
            return np.asarray((self.target_mean - self.mean(margin))[self.title])
        for _ in range(steps):
            p = expit(margin + self.level[self.title])
            slope = np.maximum(self.mean(p * (1 - p)), 1e-6)
            self.level = self.level + np.clip((self.share - self.mean(p)) / slope, -1.0, 1.0)
        return np.asarray(self.level[self.title])
