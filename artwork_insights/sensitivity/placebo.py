"""Placebo treatment: permuted over assets within titles, each asset carrying all its countries."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from artwork_insights.design.folds import encode_titles
from artwork_insights.design.reading import as_numbers, as_positive, check_count
from artwork_insights.diagnostic import Diagnostic
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.mechanisms.regression import (
    FloatArray,
    IntArray,
    is_nested,
    sweep_group_means,
)

NUMBERS_AT_ONCE = 2_000_000
"""Draws times assets held at once (16 MB per array)."""


@dataclass(frozen=True, slots=True)
class Placebo:
    """Effects of a treatment that cannot work.

    Attributes
    ----------
    effects : tuple of float
        One placebo effect per draw, in the outcome's unit.
    rejection_share : float
        Share of draws whose 95 % interval excludes zero; near 0.05 where the inference is right.
    p_value : float
        Share of placebo effects at least as large as the estimate in absolute value (with the estimate counted once).
    observed : float
        The estimate made the same way with the real treatment.
    """

    effects: tuple[float, ...]
    rejection_share: float
    p_value: float
    observed: float


def placebo_within_titles(
    outcome_residual: ArrayLike,
    treatment: ArrayLike,
    asset: ArrayLike,
    title: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    draws: int,
    seed: int,
) -> Placebo:
    """Deal the treatments of a title out anew among its assets and estimate again.

    An effect is the weighted slope of the outcome residual on the treatment, both less their title means, with errors
    clustered by title, ``G / (G - 1)`` and t(G - 1) over the G titles that vary. Assets are dealt, not rows: an asset's
    countries share what else the asset has, so that dealing rows rejects true nulls far too often. Everything that a
    draw needs are two sums per asset, so nothing is refitted and memory does not grow with the draws.

    Parameters
    ----------
    outcome_residual : array of shape (n,)
        Outcome less its prediction from confounders, one per cell.
    treatment : array of shape (n,)
        The same in all cells of an asset; boolean or a number.
    asset, title : array of shape (n,)
        Labels; each asset belongs to one title.
    weights : array of shape (n,), optional
        Precision weights.
    draws, seed : int
        Number of permutations, at least 1, and the seed.

    Raises
    ------
    NotIdentifiedError
        Fewer than two titles have assets that differ in the treatment; the treatment differs between the cells of one
        asset; an asset has two titles; lengths differ, or a number is missing.
    """
    check_count("draws", draws, 1)
    check_count("seed", seed, 0)
    left, importance, dose, starts = _sums_by_asset(outcome_residual, treatment, asset, title, weights)
    sizes = np.diff(np.r_[starts, len(dose)])
    owner = np.repeat(np.arange(len(starts)), sizes)
    observed, _ = _slopes(dose[None, :], left, importance, starts, owner)
    rng = np.random.default_rng(seed)
    effects, statistics = [], []
    at_once = max(1, NUMBERS_AT_ONCE // len(dose))
    for first in range(0, draws, at_once):
        keys = rng.random((min(at_once, draws - first), len(dose))) + owner
        dealt = dose[np.argsort(keys, axis=1)]
        slopes, ratios = _slopes(dealt, left, importance, starts, owner)
        effects.append(slopes)
        statistics.append(ratios)
    placebo_effects, ratios = np.concatenate(effects), np.concatenate(statistics)
    critical = float(stats.t.ppf(0.975, len(starts) - 1))
    as_large = int(np.sum(np.abs(placebo_effects) >= abs(observed[0]) * (1 - 1e-12)))
    return Placebo(
        tuple(float(value) for value in placebo_effects),
        float(np.mean(np.abs(ratios) > critical)),
        (1 + as_large) / (1 + draws),
        float(observed[0]),
    )


def placebo_diagnostic(placebo: Placebo) -> Diagnostic:
    """Whether placebos are called effects no more often than 1 in 20, three binomial errors allowed.

    It speaks of the comparison inside titles, by the partially linear model, and not of an estimate made another way.
    Blocking at more than three times that share: then the intervals are far too narrow for any answer.
    """
    draws, share = len(placebo.effects), placebo.rejection_share
    limit = 0.05 + 3 * math.sqrt(0.05 * 0.95 / draws)
    passed = share <= limit
    text = (
        "In the comparison inside titles (the partially linear one), a component dealt out at random among a title's "
        f"own artworks seems to work in {share:.0%} of {draws} trials"
    )
    sentence = (
        f"{text}, about as often as chance allows."
        if passed
        else f"{text} where chance allows 5%: that comparison is less certain than its interval says."
    )
    return Diagnostic("placebo_treatment", share, limit, passed, sentence, blocking=share > 0.15)


def _sums_by_asset(
    outcome_residual: ArrayLike,
    treatment: ArrayLike,
    asset: ArrayLike,
    title: ArrayLike,
    weights: ArrayLike | None,
) -> tuple[FloatArray, FloatArray, FloatArray, IntArray]:
    """Per asset of the titles that vary, sorted by title: weighted residual, weight, treatment; and title starts."""
    left, dose = as_numbers("outcome residual", outcome_residual), as_numbers("treatment", treatment)
    row_weights = np.ones(len(left)) if weights is None else as_positive("weights", weights, len(left))
    titles, assets = encode_titles(title), encode_titles(asset)
    for name, column in (("treatment", dose), ("asset", assets), ("title", titles)):
        if len(column) != len(left):
            raise NotIdentifiedError(f"{name} has {len(column)} rows and the outcome {len(left)}; give one per cell.")
    if not len(left) or not (np.isfinite(left).all() and np.isfinite(dose).all()):
        raise NotIdentifiedError("a placebo needs rows, each with an outcome and a treatment; leave the others out.")
    if not is_nested(assets, titles):
        raise NotIdentifiedError("an asset belongs to two titles; give each asset one title.")
    first = np.unique(assets, return_index=True)[1]
    if np.any(dose != dose[first][assets]):
        raise NotIdentifiedError(
            "the treatment differs between the cells of one asset; a placebo is dealt to whole assets."
        )
    swept = sweep_group_means(left[:, None], titles, row_weights)[:, 0]
    sums: FloatArray = np.bincount(assets, row_weights * swept).astype(np.float64)
    importance: FloatArray = np.bincount(assets, row_weights).astype(np.float64)
    owner, given = titles[first], dose[first]
    highest, lowest = np.full(int(titles.max()) + 1, -np.inf), np.full(int(titles.max()) + 1, np.inf)
    np.maximum.at(highest, owner, given)
    np.minimum.at(lowest, owner, given)
    order = np.argsort(owner, kind="stable")
    order = order[(highest > lowest)[owner[order]]]
    starts = np.flatnonzero(np.r_[True, np.diff(owner[order]) > 0]) if len(order) else np.zeros(0, dtype=np.intp)
    if len(starts) < 2:
        raise NotIdentifiedError(
            f"{len(starts)} titles have artworks with and without the component; a placebo within titles needs 2."
        )
    return sums[order], importance[order], given[order], starts


def _slopes(
    dealt: FloatArray, left: FloatArray, importance: FloatArray, starts: IntArray, owner: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Slope and t statistic of each row of `dealt` (draws, assets), clustered by title."""
    means = np.add.reduceat(dealt * importance, starts, axis=1) / np.add.reduceat(importance, starts)
    swept = dealt - means[:, owner]
    products = np.add.reduceat(swept * left, starts, axis=1)
    squares = np.add.reduceat(swept**2 * importance, starts, axis=1)
    total = squares.sum(axis=1)
    slopes = products.sum(axis=1) / total
    scores = products - slopes[:, None] * squares
    n_titles = len(starts)
    errors = np.sqrt((scores**2).sum(axis=1) * n_titles / (n_titles - 1)) / total
    return slopes, np.divide(slopes, errors, out=np.zeros_like(slopes), where=errors > 0)
