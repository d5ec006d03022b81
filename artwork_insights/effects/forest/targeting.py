r"""Does ranking by predicted effect find those who respond? The targeting operator characteristic.

TOC(q) is the effect among the share q of cells with the largest predicted effects, less the average effect; its
averages over q are the rank-weighted average treatment effects

.. math:: AUTOC = \int_0^1 TOC(q) \, dq, \qquad Qini = \int_0^1 q \, TOC(q) \, dq

of Yadlowsky, Fleming, Shah, Brunskill and Wager (2021). Predictions come from earlier titles, cells are ranked within
their fold, tied predictions share their place, and errors come from half-samples of titles.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from artwork_insights.design.confounders import FloatArray
from artwork_insights.design.folds import IntArray, encode_titles
from artwork_insights.effects.forest.held_out import HeldOut, HeldOutNumber

POINTS = 50
SHOWN_POINTS = 20
NUMBER_OF_DRAWS = 200


@dataclass(frozen=True, slots=True)
class TargetingCurve:
    """How much larger the effect is where the forest says so.

    Attributes
    ----------
    shares : tuple of float
        Shares of cells with the largest predicted effects, in (0, 1].
    gains : tuple of float
        Effect among them less the average effect, in the outcome's unit; 0 at a share of 1.
    low, high : tuple of float
        Confidence limits of each gain on its own, at `level`.
    autoc, qini : HeldOutNumber
        Averages of the curve; the first weighs small shares most.
    level : float
    n_titles : int
        Tested.
    """

    shares: tuple[float, ...]
    gains: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    autoc: HeldOutNumber
    qini: HeldOutNumber
    level: float
    n_titles: int


@dataclass(frozen=True, slots=True)
class _Ranked:
    """Cells in the order of their place, with sums that a resampling of titles reweights."""

    numerator: FloatArray
    denominator: FloatArray
    weight: FloatArray
    title: IntArray
    last: IntArray  # index of the last cell of each run of ties

    def curve(self, times: FloatArray, grid: FloatArray) -> FloatArray:
        """TOC on a grid of shares when each title counts as often as `times` says."""
        n = times[self.title]
        sums = [
            np.concatenate([[0.0], np.cumsum(n * column)[self.last]])
            for column in (self.weight, self.numerator, self.denominator)
        ]
        share = sums[0] / sums[0][-1]
        top, base = (np.interp(grid, share, column) for column in sums[1:])
        effect = np.divide(top, base, out=np.full(len(grid), np.nan), where=base > 0)
        return np.asarray(np.nan_to_num(effect - sums[1][-1] / sums[2][-1]))


def targeting_curve(
    numerator: FloatArray,
    denominator: FloatArray,
    held_out: HeldOut,
    title: IntArray,
    weights: FloatArray,
    *,
    seed: int,
    level: float = 0.95,
) -> TargetingCurve | None:
    """Measure the targeting operator characteristic on held-out titles.

    Parameters
    ----------
    numerator, denominator : arrays of shape (n,)
        Scores whose ratio of weighted sums is an average effect (`effects.scores`).
    held_out : HeldOut of the n cells
    title, weights : arrays of shape (n,)

    Returns
    -------
    TargetingCurve, or None
        Where all predictions of a fold are the same, so that there is no ranking.
    """
    rows = held_out.tested & (weights > 0)
    code = encode_titles(title[rows])
    place = rank_within(held_out.predicted[rows], held_out.fold[rows], weights[rows])
    if len(np.unique(place)) < 2:
        return None
    order = np.argsort(place, kind="stable")
    last = np.append(np.flatnonzero(np.diff(place[order]) > 0), len(order) - 1)
    w = weights[rows]
    ranked = _Ranked(
        (w * numerator[rows])[order], (w * denominator[rows])[order], w[order], code[order], last.astype(np.int64)
    )
    n_titles = int(code.max()) + 1
    grid = np.arange(1, POINTS + 1) / POINTS
    middle = ranked.curve(np.ones(n_titles), grid)
    draws = middle + _spread_of(n_titles) * np.stack(
        [ranked.curve(times, grid) - middle for times in _half_samples(n_titles, seed)]
    )
    half = float(stats.t.ppf(0.5 + level / 2, n_titles - 1)) * draws.std(axis=0, ddof=1)
    kept = np.linspace(0, POINTS - 1, SHOWN_POINTS + 1).round().astype(int)[1:]
    shares, gains, low, high = (
        tuple(float(v) for v in line[kept]) for line in (grid, middle, middle - half, middle + half)
    )
    autoc, qini = (_average(middle, draws, weight, n_titles) for weight in (np.ones(POINTS), grid))
    return TargetingCurve(shares, gains, low, high, autoc, qini, level, n_titles)


def rank_within(predicted: FloatArray, fold: IntArray, weights: FloatArray) -> FloatArray:
    """Share of its fold's weight that is predicted above a cell, ties in the middle; shape (n,), in (0, 1)."""
    place = np.empty(len(predicted))
    for k in np.unique(fold):
        inside = fold == k
        values, code = np.unique(-predicted[inside], return_inverse=True)
        mass = np.bincount(code, weights=weights[inside], minlength=len(values))
        place[inside] = ((np.cumsum(mass) - mass / 2) / mass.sum())[code]
    return place


def _half_samples(n_titles: int, seed: int) -> FloatArray:
    """Draws of half of the titles without replacement; shape (draws, titles)."""
    rng = np.random.default_rng(seed)
    times = np.zeros((NUMBER_OF_DRAWS, n_titles))
    for draw in times:
        draw[rng.permutation(n_titles)[: n_titles // 2]] = 1.0
    return times


def _spread_of(n_titles: int) -> float:
    """What the spread between half-samples is multiplied by; 1 where the titles can be halved."""
    return float(np.sqrt((n_titles // 2) / (n_titles - n_titles // 2)))


def _average(middle: FloatArray, draws: FloatArray, weight: FloatArray, n_titles: int) -> HeldOutNumber:
    error = float((draws @ weight / POINTS).std(ddof=1))
    return HeldOutNumber(float(middle @ weight / POINTS), error, n_titles - 1)
