"""The weighted two-sample Kolmogorov-Smirnov distance, for many columns and several sets of weights at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from artwork_insights.design.assignment import BoolArray
from artwork_insights.design.confounders import FloatArray


def ks_distances(values: FloatArray, treated: BoolArray, weights: Sequence[FloatArray]) -> list[FloatArray]:
    """Largest absolute difference between the weighted cumulative distributions of the treated and the controls.

    One sort per column serves all sets of weights: O(k n log n).

    Parameters
    ----------
    values : array of shape (n, k)
        Without NaN.
    treated : array of shape (n,)
    weights : sequence of m arrays of shape (n,)
        Zero or above, with something on each side.

    Returns
    -------
    list of m arrays of shape (k,), in [0, 1]

    References
    ----------
    Smirnov (1948), Table for estimating the goodness of fit of empirical distributions.
    """
    signed = np.column_stack(
        [np.where(treated, weight / weight[treated].sum(), -weight / weight[~treated].sum()) for weight in weights]
    )
    found = np.zeros((len(weights), values.shape[1]))
    for k, column in enumerate(values.T):
        order = np.argsort(column)
        ordered = column[order]
        last_of_ties = np.flatnonzero(ordered[1:] > ordered[:-1])  # at the very end both have reached 1
        if len(last_of_ties):
            found[:, k] = np.abs(np.cumsum(signed[order], axis=0)[last_of_ties]).max(axis=0)
    return list(np.clip(found, 0.0, 1.0))
