"""Scores of images with their uncertainty: differences with intervals, the chance of being best, and ties."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from artwork_insights.advising.components import Component

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
DRAWS = 20_000
DRAWS_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Difference:
    """A predicted difference in the outcome, in the outcome's unit.

    Attributes
    ----------
    effect : float
    low, high : float
        Interval of what the components do on average.
    likely_low, likely_high : float
        Range in which the difference between these very images is expected, whatever else they differ in.
    """

    effect: float
    low: float
    high: float
    likely_low: float
    likely_high: float

    @property
    def is_told_apart(self) -> bool:
        """Whether the interval of the average leaves out zero."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, slots=True)
class Scores:
    """n images under k components that may be added.

    Attributes
    ----------
    components : tuple of Component
        Without missing loadings.
    level : float
        Of the intervals, at least; a finding whose verdict was read from a wider interval, because several questions
        were asked, keeps that level.
    left : float
        Standard deviation of what images differ in for reasons that no component covers; >= 0.
    """

    components: tuple[Component, ...]
    level: float
    left: float = 0.0

    @property
    def values(self) -> FloatArray:
        """Predicted outcome of each image up to a constant, shape (n,)."""
        return np.asarray(np.sum([component.scores for component in self.components], axis=0))

    def contrast(self, weights: FloatArray) -> Difference:
        """Weighted sum of the scores (weights of shape (n,) that add up to 0), with its interval.

        The covariance of two findings is not known, so the standard errors of the components are added: no
        correlation between findings can make the true error larger than their sum.
        """
        effect = float(weights @ self.values)
        half = sum(self._critical(component) * _error(component, weights) for component in self.components)
        other = float(stats.norm.ppf(0.5 + self.level / 2)) * self.left * math.sqrt(float(weights @ weights))
        likely = math.hypot(half, other)
        return Difference(effect, effect - half, effect + half, effect - likely, effect + likely)

    def difference(self, one: int, other: int) -> Difference:
        """Image `one` less image `other`."""
        weights = np.zeros(len(self.values))
        weights[one] += 1.0
        weights[other] -= 1.0
        return self.contrast(weights)

    def chance_of_best(self, eligible: BoolArray, rng: np.random.Generator) -> FloatArray:
        """Probability that each eligible image has the highest score; equal images share it. Shape (n,), 0 elsewhere.

        The estimates are drawn from their joint distribution: Student's t with the fewest degrees of freedom, normal
        within a component, and between components with errors so widened (by the square root of the number of
        components in which images differ) that no contrast is drawn with less than the sum of its standard errors. To
        each image is added what images differ in for other reasons.
        """
        chances = np.zeros(len(eligible))
        rows = np.flatnonzero(eligible)
        differing = [component for component in self.components if component.tells_apart()]
        freedom = min((component.degrees_of_freedom for component in differing), default=np.inf)
        for _ in range(DRAWS // DRAWS_AT_ONCE):
            drawn = np.zeros((DRAWS_AT_ONCE, len(rows)))
            for component in differing:
                noise = rng.standard_normal((DRAWS_AT_ONCE, len(component.effect))) @ _root(component.covariance)
                spread = np.sqrt(len(differing)) * _student(freedom, rng)
                drawn += (component.effect + spread[:, None] * noise) @ component.loadings[rows].T
            drawn += self.left * rng.standard_normal(drawn.shape)
            best = drawn >= drawn.max(axis=1, keepdims=True) - 1e-12
            chances[rows] += (best / best.sum(axis=1, keepdims=True)).mean(axis=0)
        return chances / (DRAWS // DRAWS_AT_ONCE)

    def alike(self, one: int, other: int) -> bool:
        """Whether two images have the same score whatever the estimates are."""
        return all(np.array_equal(c.loadings[one], c.loadings[other]) for c in self.components)

    def _critical(self, component: Component) -> float:
        level = max(self.level, component.finding.verdict.level)
        return float(stats.t.ppf(0.5 + level / 2, component.degrees_of_freedom))


def order_images(values: FloatArray, inside: BoolArray) -> tuple[int, ...]:
    """Rows from best to worst: those inside what the study has seen first; equal ones in the order given."""
    rows = [int(row) for row in np.argsort(-values, kind="stable")]
    return (*(row for row in rows if inside[row]), *(row for row in rows if not inside[row]))


def find_ties(scores: Scores, order: Sequence[int], inside: BoolArray) -> dict[int, tuple[int, ...]]:
    """For each image inside, the others inside that it cannot be told apart from, in the order of the ranking."""
    rows = [row for row in order if inside[row]]
    return {
        row: tuple(other for other in rows if other != row and not scores.difference(row, other).is_told_apart)
        for row in rows
    }


def _error(component: Component, weights: FloatArray) -> float:
    contrast = weights @ component.loadings
    variance = float(contrast @ component.covariance @ contrast)
    return math.sqrt(max(variance, 0.0))


def _root(covariance: FloatArray) -> FloatArray:
    """A matrix R with R' R = covariance."""
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray(np.sqrt(values.clip(0))[:, None] * vectors.T)


def _student(freedom: float, rng: np.random.Generator) -> FloatArray:
    """Factors that make normal draws Student's t, shape (DRAWS_AT_ONCE,)."""
    if np.isinf(freedom):
        return np.ones(DRAWS_AT_ONCE)
    return np.asarray(np.sqrt(freedom / rng.chisquare(freedom, DRAWS_AT_ONCE)))
