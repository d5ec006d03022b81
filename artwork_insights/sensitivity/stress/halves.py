r"""Two random halves of the titles must agree: an A/A test of the errors, many splits without fitting anything anew.

The effect in each half and its error follow from the scores of the estimate, by the same code that made the estimate.
Splits are dealt at random, so the halves differ by chance alone, and the 95 % interval of their difference must leave
out zero in one split of twenty. It does so more often where errors are too small, as when rows of one title are taken
for independent. Given the data the splits are independent draws, hence the binomial p-value.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from artwork_insights.design.confounders import FloatArray
from artwork_insights.design.folds import IntArray, encode_titles
from artwork_insights.design.reading import as_numbers, as_positive, check_count
from artwork_insights.diagnostic import Diagnostic
from artwork_insights.effects.inference import clustered_means
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.sensitivity.placebo import placebo_within_titles

FEWEST_TITLES = 20
"""Ten in each half: with fewer, Student's t does not hold for the difference."""
RIGHT_SHARE = 0.05
NUMBERS_AT_ONCE = 1_000_000


@dataclass(frozen=True, slots=True)
class SplitHalves:
    """Differences between random halves.

    Attributes
    ----------
    of : str
        Halves of what: ``"titles"``, or ``"artworks without the component"``.
    differences : tuple of float
        First half less second, one per split, in the outcome's unit.
    rejection_share : float
        Share of splits whose 95 % interval of the difference leaves out zero, in [0, 1]; 0.05 where errors are right.
    p_value : float
        Chance of so many or more such splits where errors are right (binomial, one-sided).
    n_titles : int
        Titles that can be split.
    """

    of: str
    differences: tuple[float, ...]
    rejection_share: float
    p_value: float
    n_titles: int


def split_halves(
    numerator: ArrayLike,
    denominator: ArrayLike,
    title: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    clusters: ArrayLike | None = None,
    splits: int = 400,
    seed: int = 0,
    of: str = "titles",
) -> SplitHalves:
    """Split the titles in two at random, many times, and compare the halves.

    Parameters
    ----------
    numerator, denominator : array of shape (n,)
        Scores: the estimate is the ratio of their weighted sums.
    title : array of shape (n,)
        Whole titles (or independent blocks of titles) go into one half.
    weights : array of shape (n,), optional
    clusters : array of shape (n,), optional
        What the errors of the estimate are clustered by; the titles by default. Anything finer is what this attacks.
    splits, seed : int

    Raises
    ------
    NotIdentifiedError
        For missing or unequal input, or fewer than 20 titles with weight in the denominator.
    """
    top, bottom = as_numbers("numerator", numerator), as_numbers("denominator", denominator)
    n = len(top)
    weight = np.ones(n) if weights is None else as_positive("weights", weights, n)
    codes = encode_titles(title)
    cluster = codes if clusters is None else encode_titles(clusters)
    for name, column in (("denominator", bottom), ("title", codes), ("clusters", cluster)):
        if len(column) != n:
            raise NotIdentifiedError(f"{name} has {len(column)} rows and the numerator {n}; give one row per cell.")
    if not (np.isfinite(top).all() and np.isfinite(bottom).all()):
        raise NotIdentifiedError("some scores are missing; leave those rows out.")
    check_count("splits", splits, 1)
    check_count("seed", seed, 0)
    n_titles = int((np.bincount(codes, weights=np.abs(bottom)) > 0).sum()) if n else 0
    if n_titles < FEWEST_TITLES:
        raise NotIdentifiedError(f"{n_titles} titles carry the estimate; two halves need at least {FEWEST_TITLES}.")
    tops, bottoms, owner = _sum_by_cluster(top * weight, bottom * weight, codes, cluster)
    difference, ratio, freedom = _compare(tops, bottoms, owner, splits, np.random.default_rng(seed))
    n_rejected = int((np.abs(ratio) > stats.t.ppf(1 - RIGHT_SHARE / 2, freedom)).sum())
    return SplitHalves(
        of,
        tuple(map(float, difference)),
        n_rejected / splits,
        float(stats.binom.sf(n_rejected - 1, splits, RIGHT_SHARE)),
        n_titles,
    )


def _sum_by_cluster(
    top: FloatArray, bottom: FloatArray, title: IntArray, cluster: IntArray
) -> tuple[FloatArray, FloatArray, IntArray]:
    """Sums of each pair of title and cluster, and the title of each pair."""
    size = int(cluster.max()) + 1
    pairs, of_row = np.unique(title * size + cluster, return_inverse=True)
    tops = np.bincount(of_row, weights=top).astype(np.float64)
    bottoms = np.bincount(of_row, weights=bottom).astype(np.float64)
    return tops, bottoms, np.asarray(pairs // size, dtype=np.int64)


def _compare(
    tops: FloatArray, bottoms: FloatArray, owner: IntArray, splits: int, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Difference, its ratio to its error and its degrees of freedom, each of shape (splits,)."""
    n_titles, n_pairs = int(owner.max()) + 1, len(tops)
    in_first = np.arange(n_titles) < n_titles // 2
    found: list[tuple[FloatArray, FloatArray, FloatArray]] = []
    at_once = max(1, NUMBERS_AT_ONCE // n_pairs)
    for start in range(0, splits, at_once):
        k = min(at_once, splits - start)
        first = rng.permuted(np.tile(in_first, (k, 1)), axis=1)[:, owner]
        half = (2 * np.arange(k)[:, None] + first).ravel()
        means = clustered_means(
            np.tile(tops, k), np.tile(bottoms, k), np.ones(k * n_pairs), np.tile(np.arange(n_pairs), k), half
        )
        effect, variance = means.effect.reshape(k, 2), (means.std_error**2).reshape(k, 2)
        total = variance.sum(axis=1)
        # Welch and Satterthwaite: degrees of freedom of a difference of two means with errors of their own
        freedom = total**2 / (variance**2 / means.degrees_of_freedom.reshape(k, 2)).sum(axis=1)
        difference = effect[:, 1] - effect[:, 0]
        found.append((difference, np.where(total > 0, difference / np.sqrt(total), 0.0), freedom))
    difference, ratio, freedom = (np.concatenate(column) for column in zip(*found, strict=True))
    usable = np.isfinite(ratio) & np.isfinite(freedom)
    if not usable.all():
        raise NotIdentifiedError("in some halves nothing can be compared: a few titles carry nearly all of the weight.")
    return difference, ratio, freedom


def split_controls(
    outcome_residual: ArrayLike,
    treatment: ArrayLike,
    asset: ArrayLike,
    title: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    splits: int = 400,
    seed: int = 0,
) -> SplitHalves:
    """Split each title's untreated artworks in two at random, many times, and compare the halves.

    No artwork in it has the component, so no effect of it, nor any difference between effects, is in the numbers.

    Parameters
    ----------
    outcome_residual : array of shape (n,)
        Outcome less its prediction without the component.
    treatment, asset, title : array of shape (n,)
        As in `placebo_within_titles`; rows whose treatment is 0 are used.
    weights : array of shape (n,), optional
    splits, seed : int

    Raises
    ------
    NotIdentifiedError
        Fewer than 20 titles with two untreated artworks.
    """
    residual, given = as_numbers("outcome residual", outcome_residual), as_numbers("treatment", treatment)
    assets, titles = encode_titles(asset), encode_titles(title)
    n = len(residual)
    weight = np.ones(n) if weights is None else as_positive("weights", weights, n)
    for name, column in (("treatment", given), ("asset", assets), ("title", titles)):
        if len(column) != n:
            raise NotIdentifiedError(f"{name} has {len(column)} rows and the outcome {n}; give one row per cell.")
    check_count("splits", splits, 1)
    control = given == 0
    assets, titles = encode_titles(assets[control]), encode_titles(titles[control])
    first = np.unique(assets, return_index=True)[1]
    n_titles = int((np.bincount(titles[first]) > 1).sum()) if len(first) else 0
    if n_titles < FEWEST_TITLES:
        raise NotIdentifiedError(f"{n_titles} titles have two artworks without the component; {FEWEST_TITLES} needed.")
    label = _alternate(titles[first], np.random.default_rng(check_count("seed", seed, 0)))
    dealt = placebo_within_titles(
        residual[control], label[assets], assets, titles, weight[control], draws=splits, seed=seed
    )
    n_rejected = round(dealt.rejection_share * splits)
    p_value = float(stats.binom.sf(n_rejected - 1, splits, RIGHT_SHARE))
    return SplitHalves("artworks without the component", dealt.effects, dealt.rejection_share, p_value, n_titles)


def _alternate(title: IntArray, rng: np.random.Generator) -> FloatArray:
    """A label for half of the artworks of each title, rounded up or down by chance; shape (number of artworks,)."""
    order = np.lexsort((rng.random(len(title)), title))
    starts = np.r_[True, np.diff(title[order]) > 0]
    place = np.arange(len(title)) - np.maximum.accumulate(np.where(starts, np.arange(len(title)), 0))
    label = np.empty(len(title))
    label[order] = (place + rng.integers(0, 2, int(title.max()) + 1)[title[order]]) % 2
    return label


def split_diagnostic(found: tuple[SplitHalves, ...]) -> Diagnostic:
    """Whether halves differ no more often than 1 in 20, three binomial errors allowed; of the kinds, the worst.

    An excess is a caveat; the rule says where the errors are far too small for any answer.
    """
    if not found:
        sentence = "Too few titles to hold one random half against the other."
        return Diagnostic("split_halves", None, None, None, sentence)
    worst = max(found, key=lambda one: one.rejection_share)
    splits, share = len(worst.differences), worst.rejection_share
    limit = RIGHT_SHARE + 3 * math.sqrt(RIGHT_SHARE * (1 - RIGHT_SHARE) / splits)
    passed = share <= limit
    text = f"Two random halves of the {worst.of} seem to differ in {share:.0%} of {splits} splits"
    sentence = (
        f"{text}, about as often as chance allows."
        if passed
        else f"{text} where chance allows 5%: the intervals are narrower than they should be."
    )
    return Diagnostic("split_halves", share, limit, passed, sentence)
