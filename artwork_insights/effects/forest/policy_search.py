r"""The best shallow rule: an exhaustive search over trees of depth at most two.

A cell's reward is :math:`w (a - c \, b)`, its score less the cost of the component; a rule is worth the sum over the
cells it gives the component to (Athey and Wager 2021; Zhou, Athey and Wager 2023). All trees of depth two are compared:
for each pair of modifiers the rewards are added up in a table of bin by bin, so that the search costs one pass over the
cells per pair and then only tables. A split of a text is any set of its levels (at the root, up to `MOST_SUBSET_LEVELS`
levels; above, sets that keep the order of mean rewards, and single levels); a split of a number is a limit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from artwork_insights.design.assignment import BoolArray
from artwork_insights.design.confounders import FloatArray
from artwork_insights.design.folds import IntArray

MOST_SUBSET_LEVELS = 10
MOST_BINS = 16
SMALLEST_LEVEL_TITLES = 5
OTHER = "other"


@dataclass(frozen=True, slots=True)
class PolicyModifier:
    """A modifier in bins.

    Attributes
    ----------
    name : str
    labels : tuple of str, length m
        Levels of a text; for a number the upper limit of each bin but the last.
    is_ordered : bool
        Whether it is a number.
    code : array of shape (n,), int
        Bin of each cell.
    size : int
        Number of bins.
    """

    name: str
    labels: tuple[str, ...]
    is_ordered: bool
    code: IntArray
    size: int


@dataclass(frozen=True, slots=True)
class Branch:
    """What is done on one side of the root: by bins of a modifier, or the same for all (`modifier` -1).

    Attributes
    ----------
    modifier : int
    treat : array of bool
        By bin of the modifier; a single value where there is none.
    """

    modifier: int
    treat: BoolArray


@dataclass(frozen=True, slots=True)
class Rule:
    """A tree of depth at most two.

    Attributes
    ----------
    root : int
        Modifier of the first split; -1 for none.
    left_bins : array of bool
        Bins of the root that go left; everything goes left without a root.
    left, right : Branch
    """

    root: int
    left_bins: BoolArray
    left: Branch
    right: Branch

    def treats(self, modifiers: Sequence[PolicyModifier], n: int) -> BoolArray:
        """Whether each of n cells is given the component."""
        sides = [_follow(branch, modifiers, n) for branch in (self.left, self.right)]
        goes_left = np.ones(n, dtype=bool) if self.root < 0 else self.left_bins[modifiers[self.root].code]
        return np.where(goes_left, sides[0], sides[1])


def _follow(branch: Branch, modifiers: Sequence[PolicyModifier], n: int) -> BoolArray:
    if branch.modifier < 0:
        return np.full(n, bool(branch.treat[0]))
    return np.asarray(branch.treat[modifiers[branch.modifier].code])


def bin_modifiers(modifiers: pd.DataFrame, title: IntArray) -> tuple[PolicyModifier, ...]:
    """Put modifiers into bins: numbers at quantiles, levels held by fewer than 5 titles together; drop constants."""
    found = []
    for name in modifiers.columns:
        column = modifiers[name].infer_objects()
        is_number = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
        is_number = is_number and column.nunique() > 2 and bool(column.notna().all())
        modifier = _bin_number(str(name), column) if is_number else _bin_text(str(name), column, title)
        if modifier.size > 1:
            found.append(modifier)
    return tuple(found)


def _bin_number(name: str, column: pd.Series) -> PolicyModifier:
    values = column.to_numpy(dtype=np.float64)
    limits = np.unique(np.quantile(values, np.arange(1, MOST_BINS) / MOST_BINS, method="lower"))
    limits = limits[limits < values.max()]
    code = np.searchsorted(limits, values, side="left").astype(np.int64)
    return PolicyModifier(name, tuple(f"{limit:g}" for limit in limits), True, code, len(limits) + 1)


def _bin_text(name: str, column: pd.Series, title: IntArray) -> PolicyModifier:
    text = column.astype("str").where(column.notna(), "missing").to_numpy(dtype=object).astype(str)
    holders = pd.DataFrame({"level": text, "title": title}).groupby("level")["title"].nunique()
    rare = list(holders.index[holders < SMALLEST_LEVEL_TITLES])
    if len(rare) > 1:
        text = np.where(np.isin(text, rare), OTHER, text)
    levels, code = np.unique(text, return_inverse=True)
    return PolicyModifier(name, tuple(map(str, levels)), False, code.astype(np.int64), len(levels))


def search_rule(reward: FloatArray, modifiers: Sequence[PolicyModifier], depth: int) -> Rule:
    """Rule of at most this depth (0, 1 or 2) with the largest sum of rewards; the simpler one among equals.

    Parameters
    ----------
    reward : array of shape (n,)
        Weighted score less cost of each cell.
    """
    total = float(reward.sum())
    everyone = Branch(-1, np.array([total > 0]))
    best = Rule(-1, np.array([True]), everyone, everyone)
    best_value = max(total, 0.0)
    slack = 1e-9 * float(np.abs(reward).sum())
    if depth >= 1 and modifiers:
        sums = [_sums(reward, m.code, m.size)[None] for m in modifiers]
        value, branches = _best_branches(sums, modifiers)
        if value[0] > best_value + slack:
            best, best_value = Rule(-1, np.array([True]), branches[0], branches[0]), float(value[0])
    if depth < 2:
        return best
    for root, modifier in enumerate(modifiers):
        left_bins = _partitions(modifier, _sums(reward, modifier.code, modifier.size))
        tables = [_table(reward, modifier, other) for other in modifiers]
        left = [left_bins @ table for table in tables]
        right = [table.sum(axis=0) - part for table, part in zip(tables, left, strict=True)]
        (value_left, chosen_left), (value_right, chosen_right) = (
            _best_branches(side, modifiers) for side in (left, right)
        )
        value = value_left + value_right
        p = int(value.argmax())
        if value[p] > best_value + slack:
            best_value = float(value[p])
            best = Rule(root, left_bins[p].astype(bool), chosen_left[p], chosen_right[p])
    return best


def _table(reward: FloatArray, first: PolicyModifier, second: PolicyModifier) -> FloatArray:
    flat = _sums(reward, first.code * second.size + second.code, first.size * second.size)
    return flat.reshape(first.size, second.size)


def _sums(reward: FloatArray, code: IntArray, size: int) -> FloatArray:
    return np.asarray(np.bincount(code, weights=reward, minlength=size), dtype=np.float64)


def _partitions(modifier: PolicyModifier, sums: FloatArray) -> FloatArray:
    """Ways to send bins left, one row each, no two of them mirror images; shape (p, bins)."""
    m = modifier.size
    if modifier.is_ordered:
        return np.tril(np.ones((m, m)))[:-1]
    if m <= MOST_SUBSET_LEVELS:
        numbers = np.arange(1, 2 ** (m - 1))
        return ((numbers[:, None] >> np.arange(m)) & 1).astype(np.float64)
    counts = np.maximum(np.bincount(modifier.code, minlength=m), 1)
    order = np.argsort(sums / counts, kind="stable")
    prefixes = np.zeros((m - 1, m))
    for k in range(m - 1):
        prefixes[k, order[: k + 1]] = 1.0
    return np.vstack([prefixes, np.eye(m)])


def _best_branches(sums: Sequence[FloatArray], modifiers: Sequence[PolicyModifier]) -> tuple[FloatArray, list[Branch]]:
    """Best single split of each of p sets of cells, given their sums by bin of every modifier (each p x bins)."""
    total = sums[0].sum(axis=1)
    value = np.maximum(total, 0.0)
    branches = [Branch(-1, np.array([t > 0])) for t in total]
    for k, (table, modifier) in enumerate(zip(sums, modifiers, strict=True)):
        gain, treat = _split_number(table) if modifier.is_ordered else (np.maximum(table, 0).sum(axis=1), table > 0)
        for p in np.flatnonzero(gain > value + 1e-9 * np.abs(table).sum(axis=1)):
            value[p], branches[p] = gain[p], Branch(k, treat[p])
    return value, branches


def _split_number(table: FloatArray) -> tuple[FloatArray, BoolArray]:
    below = np.cumsum(table, axis=1)[:, :-1]
    above = table.sum(axis=1, keepdims=True) - below
    gains = np.maximum(below, 0) + np.maximum(above, 0)
    at = gains.argmax(axis=1)
    rows = np.arange(len(table))
    is_low = np.arange(table.shape[1]) <= at[:, None]
    treat = np.where(is_low, below[rows, at][:, None] > 0, above[rows, at][:, None] > 0)
    return gains[rows, at], treat
