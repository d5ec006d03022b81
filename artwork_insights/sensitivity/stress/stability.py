r"""Which titles and groups carry an estimate: random subsets estimated anew, and leave-out effects from the scores.

An estimate over a share f of the titles, drawn at random, differs from that over the whole by

.. math:: d = (1/f - 1)^{1/2}\,s\,z + r\,f^{-1/2}\,s\,z' - r\,s\,z_0

where s is the standard error of the whole, r the chance in the making of one fit in standard errors, and z, z', z_0
are independent with variance one: the draw of the titles, the making of the subset's fit, and that of the whole, which
is in the difference of every subset. Given that the error is right, the squared length of k differences under their
covariance, :math:`d^\top V^{-1} d`, is about chi-squared with k degrees of freedom.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from artwork_insights.design.assignment import BoolArray, label_arrays
from artwork_insights.design.confounders import FloatArray
from artwork_insights.design.folds import IntArray, encode_titles
from artwork_insights.design.reading import as_numbers, as_positive, check_share
from artwork_insights.diagnostic import Diagnostic
from artwork_insights.errors import NotIdentifiedError

SUBSET_SHARE = 0.8
REFIT_NOISE = 0.24
"""Chance in the making of one fit, in standard errors (docs/placebos.md, *chance in the making*)."""
FALSE_ALARM = 0.001
"""Chance that a sound estimate fails, whatever the number of subsets."""


@dataclass(frozen=True, slots=True)
class SubsetStability:
    """Estimates over random subsets of the titles.

    Attributes
    ----------
    share : float
        Of the titles in a subset.
    effects : tuple of float
        One per subset, in the outcome's unit.
    spread : float
        Root mean square difference from the whole, over what the standard error and chance in the making predict; about
        1 where the error is right.
    p_value : float
        Chance of so large a spread where it is.
    """

    share: float
    effects: tuple[float, ...]
    spread: float
    p_value: float


@dataclass(frozen=True, slots=True)
class LeftOutGroup:
    """The estimate without one group, from the scores.

    Attributes
    ----------
    modifier, group : str
        E.g. ``"genre"`` and ``"Drama"``.
    effect : float
        Without it, in the outcome's unit.
    share : float
        Of the estimate's weight that the group holds, in [0, 1].
    """

    modifier: str
    group: str
    effect: float
    share: float


@dataclass(frozen=True, slots=True)
class Carriers:
    """Who carries the estimate.

    Attributes
    ----------
    groups : tuple of LeftOutGroup
        Largest influence first.
    n_titles_to_zero : int or None
        Fewest titles without which the estimate would be zero or of the other sign; None where none will do.
    n_titles : int
    """

    groups: tuple[LeftOutGroup, ...]
    n_titles_to_zero: int | None
    n_titles: int


def draw_subset(block: ArrayLike, share: float, rng: np.random.Generator) -> BoolArray:
    """Rows of a random share of the titles (or independent blocks of titles); shape (n,)."""
    codes = encode_titles(block)
    n_blocks = int(codes.max(initial=-1)) + 1
    kept = np.zeros(n_blocks, dtype=bool)
    kept[rng.permutation(n_blocks)[: round(check_share("share", share) * n_blocks)]] = True
    return kept[codes]


def measure_stability(
    effects: Sequence[float], whole: float, std_error: float, share: float = SUBSET_SHARE
) -> SubsetStability:
    """Hold estimates over subsets against what the standard error of the whole and chance in the making predict.

    Raises
    ------
    NotIdentifiedError
        Without subsets, or for an error that is not positive.
    """
    found = as_numbers("subset effects", effects)
    check_share("share", share)
    if not len(found) or not np.isfinite(found).all() or not np.isfinite(whole) or not 0 < std_error < np.inf:
        raise NotIdentifiedError("stability needs at least one subset estimate, the whole, and a positive error.")
    moved = (found - whole) / std_error
    own, common = 1 / share - 1 + REFIT_NOISE**2 / share, REFIT_NOISE**2
    # V = own I + common 11', inverted by Sherman and Morrison
    ratio = ((moved**2).sum() - common / (own + len(moved) * common) * moved.sum() ** 2) / own
    spread = float(np.sqrt(ratio / len(found)))
    return SubsetStability(share, tuple(map(float, found)), spread, float(stats.chi2.sf(ratio, len(found))))


def largest_spread(n_subsets: int) -> float:
    """Spread that chance alone passes once in 1,000 with so many subsets: 3.3 with one, 2.6 with two, 2.0 with five."""
    return float(np.sqrt(stats.chi2.isf(FALSE_ALARM, n_subsets) / n_subsets))


def find_carriers(
    numerator: ArrayLike,
    denominator: ArrayLike,
    title: ArrayLike,
    groups: Mapping[str, ArrayLike],
    weights: ArrayLike | None = None,
) -> Carriers:
    """Leave out each group in turn, and as few titles as turn the sign, without fitting anything anew.

    Parameters
    ----------
    numerator, denominator : array of shape (n,)
        Scores: the estimate is the ratio of their weighted sums.
    title : array of shape (n,)
    groups : mapping from modifier to labels of shape (n,)
    weights : array of shape (n,), optional

    References
    ----------
    Broderick, Giordano and Meager (2020), An automatic finite-sample robustness metric. Here without approximation:
    the estimate's sign is that of a sum over titles, so the titles with the largest sums are the fewest.
    """
    top, bottom = as_numbers("numerator", numerator), as_numbers("denominator", denominator)
    n = len(top)
    weight = np.ones(n) if weights is None else as_positive("weights", weights, n)
    codes, labels = encode_titles(title), label_arrays(dict(groups))
    for name, column in {"denominator": bottom, "title": codes, **labels}.items():
        if len(column) != n:
            raise NotIdentifiedError(f"{name} has {len(column)} rows and the numerator {n}; give one row per cell.")
    total = float(weight @ bottom) if n else 0.0
    if total <= 0:
        raise NotIdentifiedError("the scores have no weight; there is no estimate to take apart.")
    whole = float(weight @ top) / total
    left_out = [
        one for name, column in labels.items() for one in _leave_groups_out(name, column, weight * top, weight * bottom)
    ]
    left_out.sort(key=lambda one: (-abs(one.effect - whole), one.modifier, one.group))
    sums = _sums(weight * top, codes)
    return Carriers(tuple(left_out), _fewest_to_zero(sums), len(sums))


def _leave_groups_out(modifier: str, column: np.ndarray, top: FloatArray, bottom: FloatArray) -> list[LeftOutGroup]:
    names, code = np.unique(column.astype(str), return_inverse=True)
    code = code.astype(np.int64)
    tops, bottoms = _sums(top, code), _sums(bottom, code)
    rest = bottoms.sum() - bottoms
    return [
        LeftOutGroup(modifier, str(name), float((tops.sum() - tops[k]) / rest[k]), float(bottoms[k] / bottoms.sum()))
        for k, name in enumerate(names)
        if rest[k] > 1e-9 * bottoms.sum()
    ]


def _sums(values: FloatArray, code: IntArray) -> FloatArray:
    return np.bincount(code, weights=values).astype(np.float64)


def _fewest_to_zero(sums: FloatArray) -> int | None:
    total = float(sums.sum())
    towards = np.sort(sums * (1 if total > 0 else -1))[::-1]
    left = abs(total) - np.cumsum(towards)
    reached = np.flatnonzero(left <= 0)
    return int(reached[0]) + 1 if len(reached) and total else None


def subset_stability_diagnostic(found: SubsetStability | None, carriers: Carriers | None) -> Diagnostic:
    """Whether estimates over random subsets of the titles spread no more than chance passes once in 1,000.

    An unstable estimate is a caveat; its rule says where the error is so far off that no interval is worth reading. The
    groups and titles that carry it are told, and decide nothing: one genre may rightly carry an effect.
    """
    told = _tell(carriers)
    if found is None:
        return Diagnostic("subset_stability", None, None, None, f"No subset was estimated anew.{told}")
    n, limit = len(found.effects), largest_spread(len(found.effects))
    passed = found.spread <= limit
    subsets = f"{n} random subsets" if n > 1 else "a random subset"
    text = (
        f"Over {subsets} of {found.share:.0%} of the titles the estimate spreads {found.spread:.1f} times as far as "
        "its error and the chance in making it anew predict"
    )
    sentence = f"{text}.{told}" if passed else f"{text}: a few titles decide it, or its error is too small.{told}"
    return Diagnostic("subset_stability", found.spread, limit, passed, sentence)


def _tell(carriers: Carriers | None) -> str:
    if carriers is None or carriers.n_titles_to_zero is None:
        return ""
    n, n_all = carriers.n_titles_to_zero, carriers.n_titles
    return f" Its sign would turn without {n:,} of the {n_all:,} titles, those that speak for it most."
