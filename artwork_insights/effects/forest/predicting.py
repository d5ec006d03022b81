"""What a grown forest says: effects at given modifiers, with errors from the spread between half-samples of titles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special, stats

from artwork_insights.design.assignment import BoolArray
from artwork_insights.design.confounders import FloatArray
from artwork_insights.design.folds import IntArray
from artwork_insights.design.reading import check_share
from artwork_insights.effects.forest.bags import Bag, sums_of_bags

MOST_AT_ONCE = 20_000


@dataclass(frozen=True, slots=True)
class ConditionalEffects:
    """Effects at given modifiers.

    Attributes
    ----------
    effects, std_errors : arrays of shape (n,)
        In the outcome's unit per unit of treatment; NaN where no tree has a filled leaf.
    degrees_of_freedom : array of shape (n,)
        Bags that speak, less one.
    """

    effects: FloatArray
    std_errors: FloatArray
    degrees_of_freedom: FloatArray

    def interval(self, level: float = 0.95) -> FloatArray:
        """Confidence limits by cell at `level`, a share such as 0.95, for each cell on its own; shape (n, 2)."""
        half = (
            stats.t.ppf(0.5 + check_share("level", level) / 2, np.maximum(self.degrees_of_freedom, 1)) * self.std_errors
        )
        return np.column_stack([self.effects - half, self.effects + half])


def predict_out_of_sample(bags: Sequence[Bag], modifiers: FloatArray) -> FloatArray:
    """Effects at modifiers of other titles, without errors; shape (n,)."""
    effects = np.full(len(modifiers), np.nan)
    for values, place, rows in _in_parts(modifiers):
        numerator, denominator = (sums.mean(axis=(0, 1)) for sums in sums_of_bags(bags, values))
        found = np.divide(numerator, denominator, out=np.full(len(values), np.nan), where=denominator > 0)
        effects[rows] = found[place]
    return effects


def _in_parts(modifiers: FloatArray) -> Iterator[tuple[FloatArray, IntArray, IntArray]]:
    """Distinct modifiers, at most 20,000 at once; the place of each row that has one of them, and those rows.

    They are often few: a genre and a country. Sums of 60 bags of 4 splits at a million different ones would not fit
    into memory.
    """
    values, place = np.unique(modifiers, axis=0, return_inverse=True)
    place = place.ravel()
    order = np.argsort(place, kind="stable")
    for start in range(0, len(values), MOST_AT_ONCE):
        low, high = np.searchsorted(place, [start, start + MOST_AT_ONCE], sorter=order)
        rows = order[low:high]
        yield values[start : start + MOST_AT_ONCE], place[rows] - start, rows


def predict_cells(bags: Sequence[Bag], modifiers: FloatArray, title: IntArray | None) -> ConditionalEffects:
    """Combine the bags; with `title`, each row by the bags that leave its title out."""
    found = np.empty((3, len(modifiers)))
    for values, place, rows in _in_parts(modifiers):
        found[:, rows] = _combine(bags, values, place, None if title is None else title[rows])
    return ConditionalEffects(*found)


def _combine(bags: Sequence[Bag], values: FloatArray, place: IntArray, title: IntArray | None) -> FloatArray:
    """Effects, errors and degrees of freedom of n rows at `values[place]`; shape (3, n)."""
    numerator, denominator = sums_of_bags(bags, values)
    speaks = np.ones((len(bags), len(place)), dtype=bool)
    if title is not None:
        speaks = np.stack([~bag.in_bag[title] for bag in bags])
    total = np.zeros((2, len(place)))
    for b, used in enumerate(speaks):
        total[0, used] += numerator[b].mean(axis=0)[place[used]]
        total[1, used] += denominator[b].mean(axis=0)[place[used]]
    n_bags = speaks.sum(axis=0)
    known = total[1] > 0
    effects = np.divide(total[0], total[1], out=np.full(len(place), np.nan), where=known)
    variance = _variance(numerator, denominator, np.nan_to_num(effects), place, speaks)
    jacobian = np.divide(total[1], n_bags, out=np.ones(len(place)), where=n_bags > 0)
    errors = np.sqrt(variance) / np.where(known, jacobian, 1.0)
    usable = known & (n_bags >= 2)
    return np.stack([np.where(known, effects, np.nan), np.where(usable, errors, np.nan), np.maximum(n_bags - 1.0, 0.0)])


def _variance(
    numerator: FloatArray, denominator: FloatArray, effects: FloatArray, place: IntArray, speaks: BoolArray
) -> FloatArray:
    """Variance of the mean score: between half-samples, less chance within them, plus that of finitely many bags."""
    n_splits, n_bags = numerator.shape[1], speaks.sum(axis=0)
    between, within = np.zeros(len(effects)), np.zeros(len(effects))
    for b, used in enumerate(speaks):
        rows = place[used]
        score = numerator[b][:, rows] - effects[used] * denominator[b][:, rows]
        between[used] += score.mean(axis=0) ** 2
        within[used] += score.var(axis=0, ddof=1)
    between /= np.maximum(n_bags - 1, 1)
    noise = within / np.maximum(n_bags, 1) / n_splits
    return np.asarray(positive_variance(between, noise, n_bags) + between / np.maximum(n_bags, 1))


def positive_variance(between: FloatArray, noise: FloatArray, n_bags: npt.NDArray[np.int64]) -> FloatArray:
    """Posterior mean of a variance that is at least zero, given `between` less `noise` and a flat prior.

    Plain subtraction can be negative; a variance that is cut off at zero gives intervals of no length.
    """
    estimate = between - noise
    spread = np.maximum(between, noise) * np.sqrt(2 / np.maximum(n_bags, 1))
    ratio = np.divide(estimate, spread, out=np.zeros_like(estimate), where=spread > 0)
    # mean of a normal cut off at zero; erfcx keeps the ratio of density to tail exact far out
    return np.asarray(estimate + spread * np.sqrt(2 / np.pi) / special.erfcx(-ratio / np.sqrt(2)))
