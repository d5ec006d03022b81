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

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from artwork_insights.design.confounders import FloatArray
from artwork_insights.design.folds import IntArray, distinct, encode_titles
from artwork_insights.design.reading import as_positive, check_count
from artwork_insights.effects.arrays import read_column
from artwork_insights.effects.forest.bags import Bag, Residuals, Size, grow_bags
from artwork_insights.effects.forest.modifiers import ModifierColumns, learn_columns, sum_by_modifier
from artwork_insights.effects.forest.predicting import ConditionalEffects, predict_cells
from artwork_insights.errors import NotIdentifiedError

LARGEST_NUMBER_OF_CELLS = 50_000
FULL_SIZE = Size(bags=60, splits=4, trees=3)
SMALLEST_NUMBER_OF_TITLES = 40


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
    n_cells : int
        Cells that the forest was grown on.
    note : str
        That it was grown on a draw of whole titles, where there were too many cells; else empty.
    """

    conditional: ConditionalEffects
    importance: dict[str, float]
    columns: ModifierColumns
    bags: tuple[Bag, ...]
    n_cells: int = 0
    note: str = ""

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
        return predict_cells(self.bags, self.columns.encode(modifiers), None)


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

    Above 50,000 cells it is grown on a random draw of whole titles with at most so many cells (at least 40 titles),
    and its `note` says so; every cell gets an effect all the same.

    Parameters
    ----------
    outcome_residual, treatment_residual : arrays of shape (n,)
        Outcome and treatment less their out-of-fold predictions.
    modifiers : DataFrame of n rows or array of shape (n, k)
        What the effect may vary with: numbers, truth values or text.
    clusters : array of shape (n,)
        Titles, or blocks of titles that share a picture.
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
    _check_size(size)
    columns = learn_columns(modifiers)
    data = make_residuals(outcome_residual, treatment_residual, columns.encode(modifiers), clusters, weights)
    check_count("seed", seed, 0)
    rows = capped_rows(data.title, seed)
    bags = grow_bags(data.rows(rows), size, seed)
    bags = tuple(_among_all_titles(bag, distinct(data.title[rows]), data.n_titles) for bag in bags)
    importance = np.sum([bag.importance for bag in bags], axis=0)
    total = importance.sum()
    return CausalForestFit(
        predict_cells(bags, data.modifiers, data.title),
        sum_by_modifier(columns.all_blocks, importance / total if total > 0 else importance),
        columns,
        bags,
        len(rows),
        ""
        if len(rows) == len(data.title)
        else f"The forest was grown on {len(rows):,} of {len(data.title):,} cells, a random draw of titles.",
    )


def capped_rows(title: IntArray, seed: int) -> IntArray:
    """Rows a forest is grown on: all, or those of randomly drawn whole titles with at most 50,000, of 40 at least."""
    if len(title) <= LARGEST_NUMBER_OF_CELLS:
        return np.arange(len(title))
    order = np.random.default_rng(seed).permutation(int(title.max()) + 1)
    fits = np.bincount(title)[order].cumsum() <= LARGEST_NUMBER_OF_CELLS
    fits[:SMALLEST_NUMBER_OF_TITLES] = True
    drawn = np.zeros(len(order), dtype=bool)
    drawn[order[fits]] = True
    return np.flatnonzero(drawn[title])


def _among_all_titles(bag: Bag, drawn: IntArray, n_titles: int) -> Bag:
    """The bag with its half-sample marked among all titles; those not drawn are in no bag."""
    in_bag = np.zeros(n_titles, dtype=bool)
    in_bag[drawn] = bag.in_bag
    return replace(bag, in_bag=in_bag)


def _check_size(size: Size) -> None:
    if not isinstance(size, Size):
        raise NotIdentifiedError(
            f"size={size!r} is no size of a forest; use {FULL_SIZE} of artwork_insights.effects.forest.bags."
        )
    for name, value in (("bags", size.bags), ("splits", size.splits), ("trees", size.trees)):
        check_count(name, value, 1)
    if size.bags < 2 or size.splits < 2:
        raise NotIdentifiedError(f"{size}: errors need at least 2 bags of at least 2 splits of a tree.")


def make_residuals(
    outcome_residual: npt.ArrayLike,
    treatment_residual: npt.ArrayLike,
    modifiers: FloatArray,
    clusters: npt.ArrayLike,
    weights: npt.ArrayLike | None,
) -> Residuals:
    """Check what a forest is fitted on."""
    y, t = read_column("outcome residual", outcome_residual), read_column("treatment residual", treatment_residual)
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
