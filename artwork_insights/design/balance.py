"""Covariate balance: how alike treated and untreated artworks are, before and after weighting."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from artwork_insights.design.assignment import Assignment
from artwork_insights.design.confounders import FloatArray, title_means


@dataclass(frozen=True, slots=True)
class BalanceRow:
    """Balance of one confounder (or one block such as the embedding, by its worst column after weighting).

    Attributes
    ----------
    confounder : str
        Name of the column or block.
    smd_before, smd_after : float
        Standardised mean difference (treated less control over the SD pooled over both arms before weighting),
        before and after inverse-propensity weighting.
    smd_within_title : float
        The same after title means are taken out, before weighting.
    variance_ratio_before, variance_ratio_after : float
        Treated over control variance.
    """

    confounder: str
    smd_before: float
    smd_after: float
    smd_within_title: float
    variance_ratio_before: float
    variance_ratio_after: float


def measure_balance(assignment: Assignment, propensity: FloatArray) -> tuple[BalanceRow, ...]:
    """Balance of every confounder, one row per block (its worst column after weighting).

    Parameters
    ----------
    assignment : Assignment of n cells with a binary treatment
        Cells in overlap.
    propensity : array of shape (n,)
        In (0, 1).

    Returns
    -------
    tuple of BalanceRow, in the order of the confounders
    """
    treated = assignment.treatment == 1
    inverse = assignment.weights / np.where(treated, propensity, 1 - propensity)
    values = assignment.confounders.values
    values = np.where(np.isnan(values), np.nanmean(values, axis=0), values) if np.isnan(values).any() else values
    distance = values - title_means(values, assignment.title, assignment.weights)
    before, ratio_before = standardised_difference(values, treated, assignment.weights, assignment.weights)
    after, ratio_after = standardised_difference(values, treated, inverse, assignment.weights)
    within, _ = standardised_difference(distance, treated, assignment.weights, assignment.weights, scale_of=values)
    rows = []
    for block in dict.fromkeys(assignment.confounders.blocks):
        columns = [k for k, name in enumerate(assignment.confounders.blocks) if name == block]
        worst = max(columns, key=lambda k: abs(after[k]))
        name = block if len(columns) == 1 else assignment.confounders.names[worst]
        rows.append(
            BalanceRow(
                name,
                float(before[worst]),
                float(after[worst]),
                float(within[worst]),
                float(ratio_before[worst]),
                float(ratio_after[worst]),
            )
        )
    return tuple(rows)


def standardised_difference(
    values: FloatArray,
    treated: np.ndarray[tuple[int], np.dtype[np.bool_]],
    weights: FloatArray,
    scale_weights: FloatArray,
    scale_of: FloatArray | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Weighted difference in means over the pooled SD of both arms before weighting, and the variance ratio.

    Parameters
    ----------
    values : array of shape (n, k)
    treated : array of shape (n,)
    weights : array of shape (n,)
        Of the means and of the variance ratio.
    scale_weights : array of shape (n,)
        Of the SD that differences are divided by, so that weighting cannot hide imbalance by inflating it.
    scale_of : array of shape (n, k), optional
        Values whose SD is the yardstick; `values` itself by default.

    Returns
    -------
    smd, variance_ratio : arrays of shape (k,)
        0 and 1 where a column does not vary.
    """
    scale_of = values if scale_of is None else scale_of
    mean_treated, variance_treated = _moments(values[treated], weights[treated])
    mean_control, variance_control = _moments(values[~treated], weights[~treated])
    _, scale_treated = _moments(scale_of[treated], scale_weights[treated])
    _, scale_control = _moments(scale_of[~treated], scale_weights[~treated])
    scale = np.sqrt((scale_treated + scale_control) / 2)
    varies = scale > 1e-9 * np.maximum(1.0, np.abs(mean_control))  # else rounding would be divided by rounding
    smd = np.divide(mean_treated - mean_control, scale, out=np.zeros_like(scale), where=varies)
    varies &= variance_control > 0
    ratio = np.divide(variance_treated, variance_control, out=np.ones_like(scale), where=varies)
    return smd, ratio


def _moments(values: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    mean = np.average(values, axis=0, weights=weights)
    return mean, np.average((values - mean) ** 2, axis=0, weights=weights)
