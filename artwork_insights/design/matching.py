"""Matched pairs: nearest neighbours on the logit of the propensity, within strata, without using an artwork twice.

Greedy, in random order: when the treated with the largest propensity choose first, as is common, each of them takes a
control somewhat below it, and in simulations with a caliper of .2 SD the pairs kept ten times the bias. Both sides are
sorted once; a treated row looks for the nearest free control to its left and to its right, and what is taken is skipped
by path-halving pointers (Tarjan 1975), so that a million against a million is O(n log n) and needs no distance matrix.
The random order is one of blocks of neighbours, and within blocks, so that memory is read where it was just read; pairs
are as near as in an order of single rows, and a million is matched several times faster.
"""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real

import numpy as np
import numpy.typing as npt

from artwork_insights.design.confounders import FloatArray
from artwork_insights.design.folds import IntArray, encode_titles
from artwork_insights.design.reading import as_numbers, check_count
from artwork_insights.errors import NotIdentifiedError

_CLIP = 1e-6
_BLOCK = 256


@dataclass(frozen=True, slots=True)
class MatchedPairs:
    """Pairs of one treated and one control row, in the order of the treated rows.

    Attributes
    ----------
    treated, control : arrays of shape (m,), int
        Row numbers. A treated row stands in one pair at most; so does a control row unless it may be used again.
    distance : array of shape (m,)
        Absolute difference of the logits of the propensity.
    caliper : float or None
        Largest distance allowed, on the logit.
    n_unmatched : int
        Treated rows without a control within the caliper and their stratum.
    """

    treated: IntArray
    control: IntArray
    distance: FloatArray
    caliper: float | None
    n_unmatched: int

    def differences(self, outcome: npt.ArrayLike) -> FloatArray:
        """Treated less control outcome of each pair; shape (m,)."""
        values = as_numbers("outcome", outcome)
        if len(values) <= max(self.treated.max(initial=-1), self.control.max(initial=-1)):
            raise NotIdentifiedError(f"the outcome has {len(values)} rows, fewer than were matched; give one per row.")
        return np.asarray(values[self.treated] - values[self.control])


def match_pairs(
    propensity: npt.ArrayLike,
    treated: npt.ArrayLike,
    *,
    strata: npt.ArrayLike | None = None,
    caliper_sd: float | None = 0.2,
    replace: bool = False,
    seed: int = 0,
) -> MatchedPairs:
    """Match each treated row with the nearest control on the logit of the propensity.

    Parameters
    ----------
    propensity : array of shape (n,)
        In [0, 1].
    treated : array of shape (n,)
        Zeros and ones, or truth values.
    strata : array of shape (n,), optional
        Pairs are formed only inside a stratum: the title, or genre and country.
    caliper_sd : float, optional
        Largest distance, in SD of the logit pooled over both sides (0.2 after Austin 2011); None for no limit.
    replace : bool
        Whether a control may stand in several pairs.
    seed : int
        Of the order in which treated rows choose; decides among equal propensities too.

    Returns
    -------
    MatchedPairs

    Raises
    ------
    NotIdentifiedError
        Lengths differ, a propensity is missing or outside [0, 1], a stratum is missing, or one side is empty.

    References
    ----------
    Austin (2011), Optimal caliper widths for propensity-score matching.
    """
    score, is_treated, stratum = _check(propensity, treated, strata)
    check_count("seed", seed, 0)
    if caliper_sd is not None and (not isinstance(caliper_sd, Real) or not caliper_sd >= 0):
        raise NotIdentifiedError(f"caliper_sd={caliper_sd!r} is no distance; use a number from 0 up, or None.")
    caliper = None if caliper_sd is None else caliper_sd * _pooled_sd(score, is_treated)
    shuffled = np.random.default_rng(seed).permutation(len(score))
    order = shuffled[np.lexsort((score[shuffled], stratum[shuffled]))]
    controls, seekers = order[~is_treated[order]], order[is_treated[order]]
    places = _Places(controls, seekers, score, stratum)
    limit = np.inf if caliper is None else caliper
    found = places.nearest(limit) if replace else places.nearest_free(limit, seeking_order(len(seekers), seed))
    matched = found >= 0
    pairs = np.column_stack([seekers[matched], controls[found[matched]]])
    pairs = pairs[np.argsort(pairs[:, 0])]
    distance = np.abs(score[pairs[:, 0]] - score[pairs[:, 1]])
    return MatchedPairs(pairs[:, 0], pairs[:, 1], distance, caliper, int((~matched).sum()))


class _Places:
    """For each seeker, the sorted controls of its stratum and where it would stand among them."""

    def __init__(self, controls: IntArray, seekers: IntArray, score: FloatArray, stratum: IntArray) -> None:
        self.control_score, self.seeker_score = score[controls], score[seekers]
        strata = stratum[controls]
        self.first = np.searchsorted(strata, stratum[seekers], side="left")
        self.last = np.searchsorted(strata, stratum[seekers], side="right")
        both = np.lexsort((np.r_[np.zeros(len(controls)), np.ones(len(seekers))], score[np.r_[controls, seekers]],
                           stratum[np.r_[controls, seekers]]))  # fmt: skip
        before = np.cumsum(both < len(controls))  # controls up to each place of the merged order
        rank = np.empty(len(both), dtype=np.int64)
        rank[both] = before
        self.place = rank[len(controls) :]

    def nearest(self, limit: float) -> IntArray:
        """Nearest control of each seeker, -1 where none is within `limit`."""
        left, right = self.place - 1, self.place
        gap_left = np.where(left >= self.first, self._gap(left), np.inf)
        gap_right = np.where(right < self.last, self._gap(right), np.inf)
        best = np.where(gap_left <= gap_right, left, right)
        return np.where(np.minimum(gap_left, gap_right) <= limit, best, -1)

    def nearest_free(self, limit: float, order: IntArray) -> IntArray:
        """The same without using a control twice; seekers choose in `order`."""
        n = len(self.control_score)
        scores, wanted = self.control_score.tolist(), self.seeker_score.tolist()
        place, first, last = self.place.tolist(), self.first.tolist(), self.last.tolist()
        to_left, to_right = list(range(n + 1)), list(range(n + 1))  # to_left is shifted by one: 0 is before the first
        found = [-1] * len(wanted)
        for seeker in order.tolist():
            at = place[seeker]
            while to_left[at] != at:
                to_left[at] = at = to_left[to_left[at]]
            left = at - 1
            at = place[seeker]
            while to_right[at] != at:
                to_right[at] = at = to_right[to_right[at]]
            right = at
            target = wanted[seeker]
            gap_left = target - scores[left] if left >= first[seeker] else np.inf
            gap_right = scores[right] - target if right < last[seeker] else np.inf
            best, gap = (left, gap_left) if gap_left <= gap_right else (right, gap_right)
            if gap <= limit and gap < np.inf:
                found[seeker] = best
                to_left[best + 1], to_right[best] = best, best + 1
        return np.array(found, dtype=np.int64)

    def _gap(self, index: IntArray) -> FloatArray:
        inside = np.clip(index, 0, len(self.control_score) - 1)
        return np.asarray(np.abs(self.control_score[inside] - self.seeker_score))


def seeking_order(n: int, seed: int) -> IntArray:
    """Order in which n treated rows, sorted by stratum and propensity, choose a control; shape (n,)."""
    rng = np.random.default_rng(seed)
    blocks = rng.permutation(-(-n // _BLOCK)) * _BLOCK
    parts = [start + rng.permutation(min(_BLOCK, n - start)) for start in blocks.tolist()]
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)


def _pooled_sd(score: FloatArray, treated: npt.NDArray[np.bool_]) -> float:
    return float(np.sqrt((score[treated].var() + score[~treated].var()) / 2))


def _check(
    propensity: npt.ArrayLike, treated: npt.ArrayLike, strata: npt.ArrayLike | None
) -> tuple[FloatArray, npt.NDArray[np.bool_], IntArray]:
    p, given = as_numbers("propensity", propensity), as_numbers("treatment", treated)
    labels = np.zeros(len(p), dtype=np.int64) if strata is None else encode_titles(strata)
    for name, values in (("treated", given), ("strata", labels)):
        if len(values) != len(p):
            raise NotIdentifiedError(f"{name} has {len(values)} rows and the propensity {len(p)}; give one per row.")
    if not ((p >= 0) & (p <= 1)).all():
        n_bad = int((~((p >= 0) & (p <= 1))).sum())
        raise NotIdentifiedError(
            f"{n_bad} propensities are missing or outside 0 to 1; give a probability for each row."
        )
    if not np.isin(given, (0, 1)).all():
        raise NotIdentifiedError("matching needs a treatment of zeros and ones; cut a continuous one into two first.")
    is_treated = given.astype(bool)
    if is_treated.all() or not is_treated.any():
        raise NotIdentifiedError("matching needs treated and control rows; all rows are on one side.")
    clipped = np.clip(p, _CLIP, 1 - _CLIP)
    return np.log(clipped / (1 - clipped)), is_treated, labels.astype(np.int64)
