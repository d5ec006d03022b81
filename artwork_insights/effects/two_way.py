r"""Errors of several estimates at once, clustered by title, and by a second cluster such as country too.

With :math:`u_g` what title g adds to the c estimates less their expectation, :math:`u_h` what country h adds, and
:math:`u_{gh}` what both have in common, the covariance is

.. math:: \hat V = \sum_g u_g u_g' + \sum_h u_h u_h' - \sum_{gh} u_{gh} u_{gh}'.

A difference of sums need be no covariance. So no variance is smaller than either one-way variance, and negative
eigenvalues of the correlation are set to zero.

Sources: Cameron, Gelbach and Miller (2011), Robust inference with multiway clustering, section 2.3 for the eigenvalues;
MacKinnon, Nielsen and Webb (2021), Wild bootstrap and asymptotic inference with multiway clustering, for the variance.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from artwork_insights.design.confounders import FloatArray
from artwork_insights.design.folds import IntArray, distinct
from artwork_insights.effects.inference import FEWEST_TO_CROSS

DETERMINED = 1e-12


def clusterings(title: IntArray, crossed: IntArray | None) -> tuple[IntArray, ...]:
    """Title alone, or title, second cluster and what both have in common where each side has at least 30.

    Parameters
    ----------
    title, crossed : arrays of shape (n,), int
        Codes.

    Returns
    -------
    tuple of one or three arrays of shape (n,)
    """
    if crossed is None or min(len(distinct(title)), len(distinct(crossed))) < FEWEST_TO_CROSS:
        return (title,)
    both = np.unique(title * (int(crossed.max()) + 1) + crossed, return_inverse=True)[1]
    return title, crossed, both.astype(np.int64)


def clustered_influence(
    moved: FloatArray, share: FloatArray, cluster: IntArray, *, clustered: bool = True
) -> FloatArray:
    """What each cluster adds to c ratios of sums, with the leverage correction of `effects/inference.py`.

    Parameters
    ----------
    moved, share : arrays of shape (n, c)
        What each row adds to each estimate less its expectation, and its share of each denominator.
    cluster : array of shape (n,), int
    clustered : bool
        False for rows that stand alone: without the correction.

    Returns
    -------
    array of shape (g, c)
        Its cross product is the covariance of the estimates.
    """
    size = int(cluster.max(initial=-1)) + 1
    sums = [np.bincount(cluster, weights=column, minlength=size) for column in moved.T]
    if not clustered:
        return np.column_stack(sums)
    rest = [1 - np.bincount(cluster, weights=column, minlength=size) for column in share.T]
    return np.column_stack(
        [
            np.divide(total, np.sqrt(np.maximum(left, DETERMINED)), out=np.zeros(size), where=left > DETERMINED)
            for total, left in zip(sums, rest, strict=True)
        ]
    )


def joint_covariance(influences: Sequence[FloatArray]) -> FloatArray:
    """Covariance of c estimates from the influence of each clustering in `clusterings`; shape (c, c).

    Parameters
    ----------
    influences : sequence of one or three arrays of shape (g, c)
        By title, or by title, second cluster and both.
    """
    one = influences[0].T @ influences[0]
    if len(influences) == 1:
        return np.asarray(one, dtype=np.float64)
    two, both = (found.T @ found for found in influences[1:])
    raw = one + two - both
    variance = np.max([np.diag(one), np.diag(two), np.diag(raw)], axis=0)
    std_error = np.sqrt(variance)
    known = std_error > 0
    correlation = np.divide(raw, np.outer(std_error, std_error), out=np.eye(len(raw)), where=np.outer(known, known))
    np.fill_diagonal(correlation, 1.0)
    values, vectors = np.linalg.eigh(correlation)
    if values[0] < 0:
        correlation = (vectors * values.clip(0)) @ vectors.T
        length = np.sqrt(np.diag(correlation))
        correlation = correlation / np.outer(length, length)
    return np.asarray(correlation * np.outer(std_error, std_error), dtype=np.float64)
