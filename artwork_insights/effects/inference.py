r"""Errors of ratios of weighted sums, clustered by title, for one group of cells or for thousands at once.

Every estimator of `effects/scores.py` is :math:`\hat\theta = \sum_i w_i a_i / \sum_i w_i b_i`. With :math:`s_g` the
share of title g in the denominator and :math:`m_g` its share in the estimate less its expectation, the variance is

.. math:: \hat V = \sum_g m_g^2 / (1 - s_g),

the leverage correction CR2 of Bell and McCaffrey (2002) for a weighted mean whose weights are inverse variances. Where
few titles carry the estimate, the degrees of freedom are Satterthwaite's under the same working model,

.. math:: \nu = 1 / \Big(\sum_g s_g^2 + \big(\sum_g s_g^2/(1-s_g)\big)^2 - \sum_g s_g^4/(1-s_g)^2\Big),

which is G - 1 for G titles of equal weight and less for unequal ones.

Sources: Bell and McCaffrey (2002), Bias reduction in standard errors for linear regression with multi-stage samples;
Imbens and Kolesar (2016), Robust standard errors in small samples; Cameron, Gelbach and Miller (2011), Robust inference
with multiway clustering; MacKinnon, Nielsen and Webb (2021), Wild bootstrap and asymptotic inference with multiway
clustering, for the guard of the two-way variance.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from artwork_insights.design.confounders import FloatArray
from artwork_insights.design.folds import IntArray

FEW_TITLES = 50
FEWEST_TO_CROSS = 30


@dataclass(frozen=True, slots=True)
class ClusteredMeans:
    """Ratios of sums in K groups, with errors clustered by title.

    Attributes
    ----------
    effect, std_error, degrees_of_freedom : arrays of shape (K,)
        NaN where fewer than two titles carry the group; infinite degrees of freedom without clusters.
    n_titles : array of shape (K,), int
        Titles with rows in the group.
    n_effective_titles : array of shape (K,)
        Kish's number of titles by their shares in the denominator, 1 / sum of squared shares.
    pair_group, pair_title : arrays of shape (m,), int
        The groups and titles that have rows in common.
    influence : array of shape (m,)
        What the pair's title adds to its group's effect less its expectation; squares sum to the one-way variance.
    """

    effect: FloatArray
    std_error: FloatArray
    degrees_of_freedom: FloatArray
    n_titles: IntArray
    n_effective_titles: FloatArray
    pair_group: IntArray
    pair_title: IntArray
    influence: FloatArray


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Rows gathered by group and cluster."""

    group: IntArray
    cluster: IntArray
    of_row: IntArray

    def total(self, values: FloatArray) -> FloatArray:
        return np.bincount(self.of_row, weights=values, minlength=len(self.group)).astype(np.float64)


def _pair(group: IntArray, cluster: IntArray) -> _Pairs:
    size = int(cluster.max(initial=-1)) + 1
    codes, of_row = np.unique(group * size + cluster, return_inverse=True)
    return _Pairs(codes // max(size, 1), codes % max(size, 1), of_row)


def clustered_means(
    numerator: FloatArray,
    denominator: FloatArray,
    weights: FloatArray,
    title: IntArray,
    group: IntArray,
    *,
    crossed: IntArray | None = None,
    clustered: bool = True,
) -> ClusteredMeans:
    """Weighted means of scores within groups.

    Parameters
    ----------
    numerator, denominator, weights : arrays of shape (n,)
    title, group : arrays of shape (n,), int
        Codes 0, 1, ...; titles may lie in several groups.
    crossed : array of shape (n,), int, optional
        A second clustering, e.g. by country; used in the groups where both sides have at least 30.
    clustered : bool
        False for rows that stand alone: the variance of double machine learning as published, without a factor for
        small samples, and normal critical values.

    Returns
    -------
    ClusteredMeans
    """
    means, pairs, share = _one_way(numerator, denominator, weights, title, group, clustered=clustered)
    size = len(means.effect)
    if not clustered:
        return replace(means, degrees_of_freedom=np.full(size, np.inf))
    # By shares in the denominator, as Satterthwaite's number is: the smaller number of titles by the weights of their
    # outcomes (`outcome_weights`) would switch to a formula that knows nothing of those weights, and gives about G - 1.
    few = means.n_effective_titles < FEW_TITLES
    satterthwaite = _satterthwaite(pairs.group, share, size)
    means = replace(means, degrees_of_freedom=np.where(few, satterthwaite, means.n_titles - 1.0))
    return means if crossed is None else _cross(means, numerator, denominator, weights, title, group, crossed)


def _one_way(
    a: FloatArray, b: FloatArray, weights: FloatArray, title: IntArray, group: IntArray, *, clustered: bool
) -> tuple[ClusteredMeans, _Pairs, FloatArray]:
    pairs = _pair(group, title)
    size = int(group.max(initial=-1)) + 1
    tops, bottoms = pairs.total(weights * a), pairs.total(weights * b)
    top = np.bincount(pairs.group, weights=tops, minlength=size)
    bottom = np.bincount(pairs.group, weights=bottoms, minlength=size)
    n_titles = np.bincount(pairs.group, minlength=size)
    bottom = np.where(bottom > 0, bottom, np.nan)
    effect = top / bottom
    share = bottoms / bottom[pairs.group]
    influence = (tops - effect[pairs.group] * bottoms) / bottom[pairs.group]
    if clustered:
        rest = 1 - share
        influence = influence / np.sqrt(np.where(rest > 1e-12, rest, np.nan))
    variance = np.bincount(pairs.group, weights=influence**2, minlength=size)
    squares = np.bincount(pairs.group, weights=share**2, minlength=size)
    alone = (n_titles < 2) | ~np.isfinite(variance)
    nothing = np.where(alone, np.nan, 0.0)
    means = ClusteredMeans(
        effect + nothing,
        np.sqrt(variance) + nothing,
        nothing,
        n_titles,
        1 / np.where(squares > 0, squares, np.nan),
        pairs.group,
        pairs.cluster,
        influence,
    )
    return means, pairs, share


def _satterthwaite(group: IntArray, share: FloatArray, size: int) -> FloatArray:
    rest = np.where(share < 1 - 1e-12, 1 - share, np.nan)

    def total(values: FloatArray) -> FloatArray:
        return np.bincount(group, weights=values, minlength=size).astype(np.float64)

    return np.asarray(1 / (total(share**2) + total(share**2 / rest) ** 2 - total(share**4 / rest**2)))


def _cross(
    means: ClusteredMeans,
    a: FloatArray,
    b: FloatArray,
    weights: FloatArray,
    title: IntArray,
    group: IntArray,
    crossed: IntArray,
) -> ClusteredMeans:
    """Two-way variance V(title) + V(crossed) - V(both), never below either one-way variance."""
    n_crossed = np.bincount(_pair(group, crossed).group, minlength=len(means.effect))
    wide = (means.n_titles >= FEWEST_TO_CROSS) & (n_crossed >= FEWEST_TO_CROSS)
    if not wide.any():
        return means
    both = _pair(title, crossed).of_row
    other = _one_way(a, b, weights, crossed, group, clustered=True)[0]
    cells = _one_way(a, b, weights, both, group, clustered=True)[0]
    one, two = means.std_error**2, other.std_error**2
    variance = np.maximum(np.maximum(one, two), one + two - cells.std_error**2)
    fewest = np.minimum(means.degrees_of_freedom, n_crossed - 1.0)
    return replace(
        means,
        std_error=np.where(wide, np.sqrt(variance), means.std_error),
        degrees_of_freedom=np.where(wide, fewest, means.degrees_of_freedom),
    )


def effective_number(shares: FloatArray, member: IntArray, group: IntArray) -> FloatArray:
    """Kish's number of members (assets, titles) that carry each group, (sum q)^2 / sum q^2; shape (K,).

    Parameters
    ----------
    shares : array of shape (n,)
        What each row weighs in the estimate, not negative.
    member, group : arrays of shape (n,), int
    """
    pairs = _pair(group, member)
    size = int(group.max(initial=-1)) + 1
    held = pairs.total(shares)
    squares = np.bincount(pairs.group, weights=held**2, minlength=size)
    total = np.bincount(pairs.group, weights=held, minlength=size)
    return np.divide(total**2, squares, out=np.zeros(size), where=squares > 0)


def count_members(member: IntArray, group: IntArray) -> IntArray:
    """Number of different members (assets, titles) in each group; shape (K,)."""
    return np.bincount(_pair(group, member).group, minlength=int(group.max(initial=-1)) + 1)
