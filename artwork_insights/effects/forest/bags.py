"""Little bags of trees: trees that share a half-sample of titles, their leaves estimated on titles they have not seen.

In each bag half of the titles are drawn. They are split several times into titles that decide the structure of a few
trees (grown by EconML) and titles whose cells fill the leaves with sums, so that no title decides a split and fills a
leaf that it made (honesty of Wager and Athey 2018, here across titles; half-samples of titles after Athey and
Wager 2019).
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from artwork_insights.design.assignment import BoolArray
from artwork_insights.design.confounders import FloatArray
from artwork_insights.design.folds import IntArray
from artwork_insights.design.learners.side_by_side import number_of_threads

SMALLEST_LEAF_ROWS = 5
MOST_ROWS_PER_TREE = 4_000
SHARE_OF_ROWS = 0.8


class Tree(Protocol):
    """A grown tree of EconML."""

    def apply(self, X: FloatArray, check_input: bool = True) -> IntArray:
        """Leaf of every row."""


@dataclass(frozen=True, slots=True)
class Residuals:
    """What a forest is fitted on.

    Attributes
    ----------
    outcome, treatment, weights : arrays of shape (n,)
    modifiers : array of shape (n, k)
    title : array of shape (n,)
        Codes 0 to g - 1.
    """

    outcome: FloatArray
    treatment: FloatArray
    modifiers: FloatArray
    title: IntArray
    weights: FloatArray

    @property
    def n_titles(self) -> int:
        """Number of titles, g."""
        return int(self.title.max()) + 1

    def rows(self, keep: BoolArray | IntArray) -> Residuals:
        """Select rows; titles are numbered anew."""
        title = np.unique(self.title[keep], return_inverse=True)[1].astype(np.int64)
        return Residuals(self.outcome[keep], self.treatment[keep], self.modifiers[keep], title, self.weights[keep])


@dataclass(frozen=True, slots=True)
class FilledTree:
    """A tree and, for every node, the means of w t y and w t^2 over the cells that fill it; 0 where none does."""

    tree: Tree
    numerator: FloatArray
    denominator: FloatArray


@dataclass(frozen=True, slots=True)
class Bag:
    """Trees of one half-sample.

    Attributes
    ----------
    in_bag : array of shape (g,), bool
        Titles of the half-sample.
    splits : tuple of tuples of FilledTree
        Trees by the split into structure and leaf titles that they share.
    importance : array of shape (k,)
    """

    in_bag: BoolArray
    splits: tuple[tuple[FilledTree, ...], ...]
    importance: FloatArray

    def sums(self, modifiers: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Forest-weighted numerators and denominators at these modifiers; each of shape (splits, n)."""
        numerator = np.zeros((len(self.splits), len(modifiers)))
        denominator = np.zeros_like(numerator)
        for s, trees in enumerate(self.splits):
            for filled in trees:
                leaf = filled.tree.apply(modifiers, check_input=False)
                numerator[s] += filled.numerator[leaf]
                denominator[s] += filled.denominator[leaf]
            numerator[s] /= len(trees)
            denominator[s] /= len(trees)
        return numerator, denominator


@dataclass(frozen=True, slots=True)
class Size:
    """How large a forest is: bags, splits in each bag, and trees in each split."""

    bags: int
    splits: int
    trees: int


def grow_bags(data: Residuals, size: Size, seed: int) -> tuple[Bag, ...]:
    """Grow all bags; the same seed gives the same bags on any number of processor cores."""
    seeds = np.random.SeedSequence(seed).spawn(size.bags)
    with ThreadPoolExecutor(number_of_threads()) as pool:  # EconML grows its trees outside Python's lock
        return tuple(pool.map(lambda child: _grow_bag(data, size, np.random.default_rng(child)), seeds))


def sums_of_bags(bags: Sequence[Bag], modifiers: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Numerators and denominators of every bag at these modifiers; each of shape (bags, splits, n)."""
    with ThreadPoolExecutor(number_of_threads()) as pool:
        found = list(pool.map(lambda bag: bag.sums(modifiers), bags))
    return np.stack([numerator for numerator, _ in found]), np.stack([denominator for _, denominator in found])


def _grow_bag(data: Residuals, size: Size, rng: np.random.Generator) -> Bag:
    g = data.n_titles
    half = rng.permutation(g)[: g // 2]
    in_bag = np.zeros(g, dtype=bool)
    in_bag[half] = True
    splits, importance = [], np.zeros(data.modifiers.shape[1])
    for _ in range(size.splits):
        shuffled = rng.permutation(half)
        decides, fills = np.zeros(g, dtype=bool), np.zeros(g, dtype=bool)
        decides[shuffled[: len(half) // 2]] = True
        fills[shuffled[len(half) // 2 :]] = True
        trees, share = _grow_trees(data, decides[data.title], size.trees, int(rng.integers(2**31)))
        leaves = np.flatnonzero(fills[data.title])
        splits.append(tuple(fill_leaves(tree, data, leaves) for tree in trees))
        importance += share
    return Bag(in_bag, tuple(splits), importance)


def _grow_trees(data: Residuals, decides: BoolArray, trees: int, seed: int) -> tuple[Sequence[Tree], FloatArray]:
    """Grow trees on the structure titles, in units of their own residuals so that no unit is too small to split."""
    from econml.grf import CausalForest  # takes seconds to import

    n, n_titles = int(decides.sum()), len(np.unique(data.title[decides]))
    y, t = data.outcome[decides], data.treatment[decides]
    forest = CausalForest(
        n_estimators=trees,
        min_samples_leaf=int(max(SMALLEST_LEAF_ROWS, np.ceil(n / n_titles))),
        max_samples=min(SHARE_OF_ROWS, MOST_ROWS_PER_TREE / n),
        honest=False,
        inference=False,
        fit_intercept=False,
        n_jobs=1,
        random_state=seed,
    )
    forest.fit(
        data.modifiers[decides],
        t[:, None] / (t.std() or 1.0),
        y[:, None] / (y.std() or 1.0),
        sample_weight=data.weights[decides],
    )
    return forest.estimators_, np.nan_to_num(forest.feature_importances())


def fill_leaves(tree: Tree, data: Residuals, rows: IntArray) -> FilledTree:
    """Fill the leaves of a tree with these rows: weighted means of t y and of t^2."""
    leaf = tree.apply(data.modifiers[rows], check_input=False)
    nodes = int(tree.tree_.node_count)  # type: ignore[attr-defined]
    t, y, w = data.treatment[rows], data.outcome[rows], data.weights[rows]
    mass = np.bincount(leaf, weights=w, minlength=nodes)
    means = [
        np.divide(np.bincount(leaf, weights=v, minlength=nodes), mass, out=np.zeros(nodes), where=mass > 0)
        for v in (w * t * y, w * t * t)
    ]
    return FilledTree(tree, means[0], means[1])
