r"""Rosenbaum bounds: how far hidden bias could change what matched pairs say (Rosenbaum 2002, chapter 4).

Two artworks of a pair that look alike may still differ in their odds of having the component, by at most a factor
Gamma. Given the absolute differences, the chance that the larger value is the treated one then lies between
1 / (1 + Gamma) and Gamma / (1 + Gamma), and so do the p-value and the Hodges-Lehmann estimate of an additive effect.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import optimize, stats

from artwork_insights.design.confounders import FloatArray
from artwork_insights.design.folds import encode_titles
from artwork_insights.design.reading import as_numbers, check_count, check_share
from artwork_insights.errors import NotIdentifiedError

Variant = Literal["exact", "normal"]
McNemarVariant = Literal["exact", "normal_corrected"]
LARGEST_GAMMA = 1000.0
LARGEST_EXACT = 2_000
_ALTERNATIVES = ("greater", "less")
_HALVINGS = 52


@dataclass(frozen=True, slots=True)
class RosenbaumBound:
    """What pairs say where hidden bias is at most Gamma.

    Attributes
    ----------
    gamma : float
        Largest ratio of the odds of treatment within a pair, >= 1.
    p_lower, p_upper : float
        Smallest and largest one-sided p-value of no effect.
    effect_lower, effect_upper : float or None
        Smallest and largest Hodges-Lehmann estimate, in the unit of the outcome; None for a binary outcome.
    """

    gamma: float
    p_lower: float
    p_upper: float
    effect_lower: float | None
    effect_upper: float | None


@dataclass(frozen=True, slots=True)
class RosenbaumBounds:
    """Bounds over several Gammas.

    Attributes
    ----------
    bounds : tuple of RosenbaumBound
        In the order of the Gammas asked for.
    critical_gamma : float
        Gamma at which the largest p-value reaches `alpha`: 1 where the pairs are not significant even without hidden
        bias; 1,000 where no smaller one suffices.
    statistic : float
        Sum of the ranks of the positive differences, or number of discordant pairs won by the treated.
    n_pairs, n_informative : int
        Pairs, and differences that the test uses: of pairs, or of clusters, whose two sides differ.
    alternative : {"greater", "less"}
        Direction of the one-sided test.
    variant : str
        ``"normal"`` (without continuity correction), ``"exact"``, or ``"normal_corrected"``.
    alpha : float
    """

    bounds: tuple[RosenbaumBound, ...]
    critical_gamma: float
    statistic: float
    n_pairs: int
    n_informative: int
    alternative: str
    variant: str
    alpha: float


def rosenbaum_bounds(
    treated: npt.ArrayLike,
    control: npt.ArrayLike,
    gammas: Sequence[float] = (1.0, 1.25, 1.5, 2.0, 3.0),
    *,
    clusters: npt.ArrayLike | None = None,
    variant: Variant = "normal",
    alternative: Literal["greater", "less"] | None = None,
    alpha: float = 0.05,
) -> RosenbaumBounds:
    """Bounds of Wilcoxon's signed-rank test and of the Hodges-Lehmann estimate over matched pairs.

    Parameters
    ----------
    treated, control : arrays of shape (n,)
        Outcomes of the two members of each pair; pairs must be independent, or say their cluster.
    gammas : sequence of float
        Each at least 1.
    clusters : array of shape (n,), optional
        Titles: the differences of a title's pairs are averaged to one, and Gamma is then about all of them together.
    variant : {"normal", "exact"}
        Normal approximation without continuity correction, or the exact distribution (up to 2,000 pairs). Pairs
        without a difference are left out of the test and ties share their mean rank.
    alternative : {"greater", "less"}, optional
        By default the direction in which the pairs point.
    alpha : float
        Level of `critical_gamma`.

    Returns
    -------
    RosenbaumBounds

    Raises
    ------
    NotIdentifiedError
        Lengths differ, a value is missing, no pair differs, or a Gamma is below 1.

    References
    ----------
    Rosenbaum (2002), Observational studies, sections 4.3.3 to 4.3.5.
    """
    differences = _differences(treated, control)
    difference = differences if clusters is None else _average(differences, clusters)
    values = _check_gammas(gammas)
    informative = difference[difference != 0]
    if not len(informative):
        raise NotIdentifiedError("no pair differs in its outcome; there is nothing to bound.")
    if variant == "exact" and len(informative) > LARGEST_EXACT:
        raise NotIdentifiedError(f"the exact test takes up to {LARGEST_EXACT:,} pairs; use variant='normal'.")
    ranks = stats.rankdata(np.abs(informative))
    won = float(ranks[informative > 0].sum())
    chosen = alternative or ("greater" if won >= ranks.sum() / 2 else "less")
    _require_known("alternative", chosen, _ALTERNATIVES)
    _require_known("variant", variant, ("normal", "exact"))
    statistic = won if chosen == "greater" else float(ranks.sum() - won)

    def tail(chance: float) -> float:
        return _signed_rank_tail(ranks, statistic, chance, variant)

    bounds = []
    for gamma in values:
        low, high = 1 / (1 + gamma), gamma / (1 + gamma)
        bounds.append(
            RosenbaumBound(
                gamma,
                tail(low),
                tail(high),
                _hodges_lehmann(difference, gamma, high),
                _hodges_lehmann(difference, gamma, low),
            )
        )
    critical = _critical_gamma(tail, alpha)
    return RosenbaumBounds(
        tuple(bounds), critical, statistic, len(differences), len(informative), chosen, variant, alpha
    )


def mcnemar_bounds(
    treated_only: int,
    control_only: int,
    gammas: Sequence[float] = (1.0, 1.25, 1.5, 2.0, 3.0),
    *,
    variant: McNemarVariant = "exact",
    alpha: float = 0.05,
) -> RosenbaumBounds:
    """Bounds of McNemar's test for a binary outcome.

    Parameters
    ----------
    treated_only, control_only : int
        Discordant pairs in which only the treated, and only the control, has the outcome.
    variant : {"exact", "normal_corrected"}
        Binomial P(X >= observed), or its normal approximation with continuity correction (Rosenbaum 2002, table 4.1).
        The R function ``binarysens`` prints P(X > observed), which is one pair off.

    Returns
    -------
    RosenbaumBounds
        In the direction in which the pairs point; without effects, which a binary outcome does not have.
    """
    values = _check_gammas(gammas)
    _require_known("variant", variant, ("exact", "normal_corrected"))
    n = check_count("treated_only", treated_only, 0) + check_count("control_only", control_only, 0)
    if n == 0:
        raise NotIdentifiedError("found no discordant pairs; give counts of which at least one is positive.")
    most = max(treated_only, control_only)

    def tail(chance: float) -> float:
        if variant == "exact":
            return float(stats.binom.sf(most - 1, n, chance))
        return float(stats.norm.sf((most - 0.5 - n * chance) / np.sqrt(n * chance * (1 - chance))))

    bounds = tuple(RosenbaumBound(g, tail(1 / (1 + g)), tail(g / (1 + g)), None, None) for g in values)
    direction = "greater" if treated_only >= control_only else "less"
    return RosenbaumBounds(bounds, _critical_gamma(tail, alpha), float(most), n, n, direction, variant, alpha)


def _signed_rank_tail(ranks: FloatArray, statistic: float, chance: float, variant: Variant) -> float:
    """P(T >= statistic) where each rank counts with probability `chance`."""
    if variant == "normal":
        mean, spread = chance * ranks.sum(), np.sqrt(chance * (1 - chance) * (ranks**2).sum())
        return float(stats.norm.sf((statistic - mean) / spread))
    doubled = np.rint(2 * ranks).astype(np.int64)  # mean ranks of ties are halves
    mass = np.zeros(int(doubled.sum()) + 1)
    mass[0], reach = 1.0, 0
    for step in doubled.tolist():
        mass[step : reach + step + 1] = mass[step : reach + step + 1] * (1 - chance) + mass[: reach + 1] * chance
        mass[:step] *= 1 - chance
        reach += step
    return float(min(mass[round(2 * statistic) :].sum(), 1.0))


def _hodges_lehmann(difference: FloatArray, gamma: float, chance: float) -> float:
    """The shift at which the signed-rank statistic of the shifted differences falls below its expectation.

    Conventions are those of ``hlsens`` of the R package rbounds: without hidden bias the pairs that the test leaves out
    are left out here too; where a range of shifts meets the expectation, its upper end counts. Both matter only where
    differences are tied.
    """
    values = np.sort(difference if gamma > 1 else difference[difference != 0])
    n = len(values)
    expected = chance * n * (n + 1) / 2

    def above(shift: float) -> float:
        """Walsh averages above the shift: the signed-rank statistic of the shifted differences."""
        partners = n - np.searchsorted(values, 2 * shift - values, side="right")
        return float(partners.sum() + (values > shift).sum()) / 2

    low, high = float(values[0]), float(values[-1])
    if above(low) < expected:
        return low
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if above(middle) < expected - 1e-9 else (middle, high)
    return high


def _critical_gamma(tail: Callable[[float], float], alpha: float) -> float:
    """Gamma at which the largest p-value is `alpha`."""
    check_share("alpha", alpha)
    if tail(0.5) >= alpha:
        return 1.0
    if tail(LARGEST_GAMMA / (1 + LARGEST_GAMMA)) < alpha:
        return LARGEST_GAMMA
    return float(optimize.brentq(lambda gamma: tail(gamma / (1 + gamma)) - alpha, 1.0, LARGEST_GAMMA, xtol=1e-9))


def _differences(treated: npt.ArrayLike, control: npt.ArrayLike) -> FloatArray:
    first, second = as_numbers("treated outcome", treated), as_numbers("control outcome", control)
    if first.shape != second.shape:
        raise NotIdentifiedError(
            f"treated and control hold the two outcomes of each pair, found shapes {first.shape} and {second.shape}; "
            "give two arrays of one length."
        )
    whole = np.isfinite(first) & np.isfinite(second)
    difference = np.where(whole, first, np.nan) - np.where(whole, second, np.nan)
    if not np.isfinite(difference).all():
        raise NotIdentifiedError(f"{int((~np.isfinite(difference)).sum())} pairs lack an outcome; leave them out.")
    return difference


def _average(differences: FloatArray, clusters: npt.ArrayLike) -> FloatArray:
    """Mean difference of each cluster; shape (g,)."""
    codes = encode_titles(clusters)
    if len(codes) != len(differences):
        raise NotIdentifiedError(
            f"clusters have {len(codes)} rows and the pairs {len(differences)}; give one per pair."
        )
    return np.asarray(np.bincount(codes, weights=differences) / np.bincount(codes))


def _check_gammas(gammas: Sequence[float]) -> tuple[float, ...]:
    values = tuple(float(gamma) for gamma in as_numbers("list of Gammas", np.atleast_1d(np.asarray(gammas))))
    if not values or not all(1 <= gamma < np.inf for gamma in values):
        found = f"{min(values):g}" if values else "none"
        raise NotIdentifiedError(f"Gamma is a ratio of odds of at least 1, found {found}; 1 is no hidden bias.")
    return values


def _require_known(what: str, value: str, known: Sequence[str]) -> None:
    if value not in known:
        raise NotIdentifiedError(f"{what} {value!r} is not known; use {' or '.join(map(repr, known))}.")
