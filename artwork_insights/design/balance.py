"""Covariate balance: how alike artwork with and without the component is, before and after weighting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from artwork_insights.design.assignment import BoolArray, make_assignment
from artwork_insights.design.balance_measures import (
    Arms,
    standardised_differences,
    variance_ratios,
    within_differences,
    yardstick,
)
from artwork_insights.design.confounders import Confounders, FloatArray, as_confounders
from artwork_insights.design.distribution_distance import ks_distances
from artwork_insights.design.reading import as_numbers
from artwork_insights.errors import NotIdentifiedError

BalanceEstimand = Literal["ATE", "ATT", "ATO"]
LARGEST_SMD = 0.1


@dataclass(frozen=True, slots=True)
class BalanceRow:
    """Balance of one column of the confounders. "After" is None where nothing was weighted.

    Attributes
    ----------
    confounder, block : str
        Name of the column, and of the confounder it comes from, e.g. ``"genre=Drama"`` of ``"genre"``.
    smd_before, smd_after : float
        Standardised mean difference: mean of the treated less that of the controls, over an SD that is always that
        before weighting.
    smd_within_title, smd_within_title_after : float or None
        The same inside titles: the average difference between the treated and the untreated artwork of one title,
        over the same SD; None where no title has both.
    variance_ratio_before, variance_ratio_after : float or None
        Treated over control variance; None for a column of two values, whose variance follows from its mean.
    ks_before, ks_after : float
        Largest difference between the two cumulative distributions (weighted Kolmogorov-Smirnov), in [0, 1].
    """

    confounder: str
    block: str
    smd_before: float
    smd_after: float | None
    smd_within_title: float | None
    smd_within_title_after: float | None
    variance_ratio_before: float | None
    variance_ratio_after: float | None
    ks_before: float
    ks_after: float | None

    @property
    def size(self) -> float:
        """Absolute difference after weighting, or before it where nothing was weighted."""
        return abs(self.smd_before if self.smd_after is None else self.smd_after)


@dataclass(frozen=True, slots=True)
class BlockBalance:
    """Balance of a confounder of several columns, such as the embedding.

    Attributes
    ----------
    block : str
    n_columns : int
    worst : BalanceRow
        Column that differs most after weighting (before it, where nothing was weighted).
    share_above : float
        Share of its columns that differ by more than 0.1 SD.
    """

    block: str
    n_columns: int
    worst: BalanceRow
    share_above: float


def measure_balance(
    confounders: pd.DataFrame | npt.ArrayLike | Confounders,
    treatment: npt.ArrayLike,
    *,
    weights: npt.ArrayLike | None = None,
    propensity: npt.ArrayLike | None = None,
    clusters: npt.ArrayLike | None = None,
    estimand: BalanceEstimand = "ATE",
    balancing_weights: npt.ArrayLike | None = None,
) -> tuple[BalanceRow, ...]:
    """Balance of every column, before and after weighting, over all rows and inside titles.

    Definitions as in MatchIt and cobalt. The SD is that of the treated for the ATT, and for the ATE and the ATO
    sqrt((s1^2 + s0^2) / 2) of both arms; always before weighting, so that weighting cannot hide a difference by
    widening its yardstick. A column of two values has the SD sqrt(p (1 - p)). A missing value counts as the
    column's mean.

    Parameters
    ----------
    confounders : DataFrame of n rows, array of shape (n, k), or Confounders
        Categories become one column per level.
    treatment : array of shape (n,)
        Zeros and ones.
    weights : array of shape (n,), optional
        Precision weights, positive, in force before and after.
    propensity : array of shape (n,), optional
        In (0, 1); "after" weighs by 1/p and 1/(1-p) for the ATE, 1 and p/(1-p) for the ATT, 1-p and p for the ATO.
    clusters : array of shape (n,), optional
        Titles, for the differences inside them.
    estimand : {"ATE", "ATT", "ATO"}
    balancing_weights : array of shape (n,), optional
        Instead of a propensity: weights of matching or another method, zero for rows left out.

    Returns
    -------
    tuple of BalanceRow, in the order of the columns

    Raises
    ------
    NotIdentifiedError
        When lengths differ, the treatment is not zeros and ones, or a propensity lies outside (0, 1).

    References
    ----------
    Austin (2009), Balance diagnostics for comparing the distribution of baseline covariates between treatment groups.
    Stuart, Lee, Leacy (2013), Prognostic score-based balance measures.
    """
    columns = as_confounders(confounders)
    n = len(columns.values)
    title = np.arange(n) if clusters is None else clusters
    assignment = make_assignment(treatment, columns, title, weights=weights)
    if not assignment.is_binary:
        raise NotIdentifiedError("balance is between two sides: the treatment must be zeros and ones.")
    if estimand not in get_args(BalanceEstimand):
        raise NotIdentifiedError(f"estimand {estimand!r} is not known; use 'ATE', 'ATT' or 'ATO'.")
    treated, base = assignment.treatment == 1, assignment.weights
    after = _after(treated, base, propensity, balancing_weights, estimand)
    values = _fill(columns.values)
    scale = yardstick(values, Arms(treated, base), treated_only=estimand == "ATT")
    arms = [Arms(treated, base), *([Arms(treated, after)] if after is not None else [])]
    smd = [standardised_differences(values, arm, scale) for arm in arms]
    within = [within_differences(values, arm, assignment.title, scale) for arm in arms]
    ratio = [variance_ratios(values, arm) for arm in arms]
    ks = ks_distances(values, treated, [arm.weights for arm in arms])
    return tuple(
        BalanceRow(
            columns.names[k],
            columns.blocks[k],
            float(smd[0][k]),
            _number(smd, 1, k),
            _number(within, 0, k),
            _number(within, 1, k),
            _number(ratio, 0, k),
            _number(ratio, 1, k),
            float(ks[0][k]),
            _number(ks, 1, k),
        )
        for k in range(len(columns.names))
    )


def summarise_blocks(rows: Sequence[BalanceRow]) -> tuple[BlockBalance, ...]:
    """One summary per confounder: its worst column, and the share of its columns above 0.1."""
    found = []
    for block in dict.fromkeys(row.block for row in rows):
        columns = [row for row in rows if row.block == block]
        above = sum(row.size > LARGEST_SMD for row in columns) / len(columns)
        found.append(BlockBalance(block, len(columns), max(columns, key=lambda row: row.size), above))
    return tuple(found)


def balancing_weights_of(treated: BoolArray, propensity: FloatArray, estimand: BalanceEstimand) -> FloatArray:
    """Weights that make both sides look like the population of the estimand; shape (n,)."""
    treated_weight, control_weight = {
        "ATE": (1 / propensity, 1 / (1 - propensity)),
        "ATT": (np.ones_like(propensity), propensity / (1 - propensity)),
        "ATO": (1 - propensity, propensity),
    }[estimand]
    return np.where(treated, treated_weight, control_weight)


def _after(
    treated: BoolArray,
    base: FloatArray,
    propensity: npt.ArrayLike | None,
    balancing_weights: npt.ArrayLike | None,
    estimand: BalanceEstimand,
) -> FloatArray | None:
    if propensity is not None and balancing_weights is not None:
        raise NotIdentifiedError("give a propensity or balancing_weights; both at once would say two things.")
    if propensity is not None:
        p = as_numbers("propensity", propensity)
        if len(p) != len(base) or not ((p > 0) & (p < 1)).all():
            raise NotIdentifiedError("propensity needs one value per row, above 0 and below 1; trim the others first.")
        return base * balancing_weights_of(treated, p, estimand)
    if balancing_weights is None:
        return None
    given = as_numbers("column of balancing_weights", balancing_weights)
    if len(given) != len(base) or not (np.isfinite(given) & (given >= 0)).all():
        raise NotIdentifiedError("balancing_weights needs one number per row, zero or above.")
    if not given[treated].any() or not given[~treated].any():
        raise NotIdentifiedError("balancing_weights leaves nobody on one side.")
    return base * given


def _fill(values: FloatArray) -> FloatArray:
    """Holes filled with column means; 0 where a column is empty."""
    holes = np.isnan(values)
    if not holes.any():
        return values
    seen = np.maximum((~holes).sum(axis=0), 1)
    return np.where(holes, np.where(holes, 0.0, values).sum(axis=0) / seen, values)


def _number(found: Sequence[FloatArray], which: int, k: int) -> float | None:
    if which >= len(found) or not np.isfinite(found[which][k]):
        return None
    return float(found[which][k])
