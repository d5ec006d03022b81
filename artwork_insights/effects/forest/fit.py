r"""A causal forest on out-of-fold residuals: effects by cell, with errors that know of titles.

At modifiers :math:`x`, with :math:`N_b(x)` and :math:`D_b(x)` the means of :math:`w t y` and :math:`w t^2` in the leaf
of tree :math:`b` over titles that did not decide its splits,

.. math:: \hat\theta(x) = \sum_b N_b(x) / \sum_b D_b(x).

A cell is predicted by the bags whose half-sample leaves its title out. Errors come from the little bags of Athey,
Tibshirani and Wager (2019, section 4.1), here of titles: the variance of the score
:math:`\psi = N - \hat\theta D` between half-samples, less what the splits inside a bag would make it vary by chance.
EconML's own forest subsamples rows and has no errors clustered by title.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special, stats

from artwork_insights.design.assignment import BoolArray
from artwork_insights.design.confounders import FloatArray
from artwork_insights.design.folds import IntArray, encode_titles
from artwork_insights.design.reading import as_numbers, as_positive, check_count
from artwork_insights.effects.forest.bags import Bag, Residuals, Size, grow_bags, sums_of_bags
from artwork_insights.effects.forest.modifiers import ModifierColumns, learn_columns, sum_by_modifier
from artwork_insights.errors import NotIdentifiedError

FULL_SIZE = Size(bags=60, splits=4, trees=3)
SMALLEST_NUMBER_OF_TITLES = 40


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
        """Confidence limits by cell at `level`, for each cell on its own; shape (n, 2)."""
        half = stats.t.ppf(0.5 + level / 2, np.maximum(self.degrees_of_freedom, 1)) * self.std_errors
        return np.column_stack([self.effects - half, self.effects + half])


@dataclass(frozen=True, slots=True)
class CausalForestFit:
    """A fitted forest.

    Attributes
    ----------
    conditional : ConditionalEffects of the n cells
        Each by the bags that have not seen its title.
    importance : dict from modifier to float
        Share of the heterogeneity that splits on each modifier account for, largest first; sums to 1.
    columns : ModifierColumns
    bags : tuple of Bag
    """

    conditional: ConditionalEffects
    importance: dict[str, float]
    columns: ModifierColumns
    bags: tuple[Bag, ...]

    @property
    def conditional_effects(self) -> FloatArray:
        """Effect of each cell, from other titles; shape (n,)."""
        return self.conditional.effects

    @property
    def std_errors(self) -> FloatArray:
        """Standard errors of `conditional_effects`; shape (n,)."""
        return self.conditional.std_errors

    def interval(self, level: float = 0.95) -> FloatArray:
        """Confidence limits of `conditional_effects`; shape (n, 2)."""
        return self.conditional.interval(level)

    def predict(self, modifiers: pd.DataFrame | npt.ArrayLike) -> ConditionalEffects:
        """Effects at modifiers of titles that the forest has not seen.

        Raises
        ------
        TableError
            When a modifier of the fit is missing.
        """
        return _predict(self.bags, self.columns.encode(modifiers), None)


def fit_causal_forest(
    outcome_residual: npt.ArrayLike,
    treatment_residual: npt.ArrayLike,
    modifiers: pd.DataFrame | npt.ArrayLike,
    clusters: npt.ArrayLike,
    *,
    weights: npt.ArrayLike | None = None,
    size: Size = FULL_SIZE,
    seed: int = 0,
) -> CausalForestFit:
    """Fit a causal forest that is honest across titles.

    Parameters
    ----------
    outcome_residual, treatment_residual : arrays of shape (n,)
        Outcome and treatment less their out-of-fold predictions.
    modifiers : DataFrame of n rows or array of shape (n, k)
        What the effect may vary with: numbers, truth values or text.
    clusters : array of shape (n,)
        Titles.
    weights : array of shape (n,), optional
    size : Size
        Bags, splits in each and trees in each split; at least 2 bags and 2 splits.
    seed : int
        The same seed gives the same numbers on any number of processor cores.

    Returns
    -------
    CausalForestFit

    Raises
    ------
    NotIdentifiedError
        With fewer than 40 titles, where no modifier varies, nothing of the treatment is left, or lengths differ.
    """
    columns = learn_columns(modifiers)
    data = make_residuals(outcome_residual, treatment_residual, columns.encode(modifiers), clusters, weights)
    check_count("seed", seed, 0)
    if size.bags < 2 or size.splits < 2 or size.trees < 1:
        raise NotIdentifiedError(f"{size}: errors need at least 2 bags of at least 2 splits of a tree.")
    bags = grow_bags(data, size, seed)
    importance = np.sum([bag.importance for bag in bags], axis=0)
    total = importance.sum()
    return CausalForestFit(
        _predict(bags, data.modifiers, data.title),
        sum_by_modifier(columns.all_blocks, importance / total if total > 0 else importance),
        columns,
        bags,
    )


def make_residuals(
    outcome_residual: npt.ArrayLike,
    treatment_residual: npt.ArrayLike,
    modifiers: FloatArray,
    clusters: npt.ArrayLike,
    weights: npt.ArrayLike | None,
) -> Residuals:
    """Check what a forest is fitted on."""
    y, t = as_numbers("outcome residual", outcome_residual), as_numbers("treatment residual", treatment_residual)
    w = np.ones_like(y) if weights is None else as_positive("weights", weights, len(y))
    title = encode_titles(clusters)
    lengths = {len(y), len(t), len(w), len(title), len(modifiers)}
    if len(lengths) > 1:
        raise NotIdentifiedError("residuals, modifiers, clusters and weights need one row per cell.")
    if modifiers.shape[1] == 0:
        raise NotIdentifiedError("no modifier varies; there is nothing that the effect could vary with.")
    n_titles = int(title.max()) + 1 if len(title) else 0
    if n_titles < SMALLEST_NUMBER_OF_TITLES:
        raise NotIdentifiedError(f"{n_titles} titles; a causal forest needs at least {SMALLEST_NUMBER_OF_TITLES}.")
    if not (np.isfinite(y).all() and np.isfinite(t).all()):
        raise NotIdentifiedError("some residuals are missing; leave those rows out.")
    if not t.any():
        raise NotIdentifiedError(
            "the treatment's residuals are all zero; nothing of it is left to learn an effect from."
        )
    return Residuals(y, t, modifiers, title, w)


def predict_out_of_sample(bags: Sequence[Bag], modifiers: FloatArray) -> FloatArray:
    """Effects at modifiers of other titles, without errors; shape (n,)."""
    distinct, place = np.unique(modifiers, axis=0, return_inverse=True)
    numerator, denominator = (sums.mean(axis=(0, 1)) for sums in sums_of_bags(bags, distinct))
    effects = np.divide(numerator, denominator, out=np.full(len(distinct), np.nan), where=denominator > 0)
    return np.asarray(effects[place.ravel()])


def _predict(bags: Sequence[Bag], modifiers: FloatArray, title: IntArray | None) -> ConditionalEffects:
    """Combine the bags; with `title`, each row by the bags that leave its title out."""
    distinct, place = np.unique(modifiers, axis=0, return_inverse=True)  # often few: a genre and a country
    numerator, denominator = sums_of_bags(bags, distinct)
    place = place.ravel()
    speaks = np.ones((len(bags), len(modifiers)), dtype=bool)
    if title is not None:
        speaks = np.stack([~bag.in_bag[title] for bag in bags])
    total = np.zeros((2, len(modifiers)))
    for b, used in enumerate(speaks):
        total[0, used] += numerator[b].mean(axis=0)[place[used]]
        total[1, used] += denominator[b].mean(axis=0)[place[used]]
    n_bags = speaks.sum(axis=0)
    known = total[1] > 0
    effects = np.divide(total[0], total[1], out=np.full(len(modifiers), np.nan), where=known)
    variance = _variance(numerator, denominator, np.nan_to_num(effects), place, speaks)
    jacobian = np.divide(total[1], n_bags, out=np.ones(len(modifiers)), where=n_bags > 0)
    errors = np.sqrt(variance) / np.where(known, jacobian, 1.0)
    usable = known & (n_bags >= 2)
    return ConditionalEffects(
        np.where(known, effects, np.nan), np.where(usable, errors, np.nan), np.maximum(n_bags - 1.0, 0.0)
    )


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
