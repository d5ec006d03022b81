r"""How far a recommender that favours likers could have moved a take rate, and the odds at which an effect vanishes.

Of the audience of a title, an artwork was shown to the share :math:`s`, and the share :math:`p` of those took it.
*Likers* are those who would take the title if shown this artwork. Assume that the odds of being shown it differ
between likers and others by a factor of at most :math:`\Gamma`. By Bayes' rule that is the same as: the odds of liking
among those *not* shown differ from :math:`p / (1 - p)` by a factor of at most :math:`\Gamma`. So the rate of the
artwork, had the whole audience seen it, lies between

.. math:: s p + (1 - s) \frac{p}{p + \Gamma (1 - p)}
          \quad\text{and}\quad
          s p + (1 - s) \frac{\Gamma p}{1 - p + \Gamma p},

and both ends are reached by some policy: the bounds are sharp. They need one number that the log holds (s) and none
that it does not. The idea of an odds bound is Rosenbaum's (2002, Observational Studies, chapter 4), of a bound on one
mean at a time the marginal sensitivity model's (Tan 2006, JASA 101); here the unseen variable is the outcome itself,
which is the worst that it can be, since the recommender looks for just that. Bounds of two artworks hold together: each
speaks of people that were not shown it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from artwork_insights.design.confounders import FloatArray
from artwork_insights.design.reading import as_numbers, check_number
from artwork_insights.errors import NotIdentifiedError

LARGEST_GAMMA = 1e6
STEPS = 80  # halvings of log Gamma: far beyond double precision


@dataclass(frozen=True, slots=True)
class ServingBounds:
    """What two rates could be, had the whole audience seen both artworks.

    Attributes
    ----------
    gamma : float
        Odds of being shown an artwork differ between its likers and others by at most this factor.
    treated, control : (float, float)
        Lowest and highest rate of each.
    difference, ratio : (float, float)
        Treated less control, and treated over control.
    """

    gamma: float
    treated: tuple[float, float]
    control: tuple[float, float]
    difference: tuple[float, float]
    ratio: tuple[float, float]


@dataclass(frozen=True, slots=True)
class ServingGamma:
    """Selection of the audience that would explain an effect away.

    Attributes
    ----------
    gamma : float or None
        Where a policy favours likers of the artworks that did better, and shows the others to anyone: the odds ratio
        at which nothing is left of the effect. None where no policy could do it.
    gamma_limit : float or None
        The same for the nearer limit of the interval, 1 where it already holds zero.
    gamma_any_policy : float or None
        Where it also shows the artworks that did worse to those who do not like them. Never above `gamma`.
    largest_shift : float
        How far the first policy could move the effect at most, in takes per impression.
    """

    gamma: float | None
    gamma_limit: float | None
    gamma_any_policy: float | None
    largest_shift: float


def lowest_rate(rate: ArrayLike, share: ArrayLike, gamma: float) -> FloatArray:
    """Lowest rate of the whole audience, where likers had up to `gamma` times the odds of being shown the artwork.

    Parameters
    ----------
    rate, share : array or number
        Rate among those shown, in [0, 1]; share of the audience that was shown the artwork, in [0, 1].
    gamma : float
        At least 1.
    """
    p, s = np.asarray(rate, dtype=np.float64), np.asarray(share, dtype=np.float64)
    return np.asarray(s * p + (1 - s) * p / (p + gamma * (1 - p)))


def highest_rate(rate: ArrayLike, share: ArrayLike, gamma: float) -> FloatArray:
    """Highest rate of the whole audience, where others had up to `gamma` times the odds; see `lowest_rate`."""
    return np.asarray(1 - lowest_rate(1 - np.asarray(rate, dtype=np.float64), share, gamma))


def bound_served_difference(
    treated_rate: float, treated_share: float, control_rate: float, control_share: float, gamma: float
) -> ServingBounds:
    """Bound the difference and the ratio of two artworks' rates under a serving policy that is not known.

    Parameters
    ----------
    treated_rate, control_rate : float
        Takes / impressions, in [0, 1].
    treated_share, control_share : float
        Share of the title's impressions that each artwork had, in [0, 1].
    gamma : float
        At least 1; 1 means that likers were as likely as others to be shown the artwork.

    Raises
    ------
    NotIdentifiedError
        For numbers outside their ranges.
    """
    for name, value in (
        ("treated_rate", treated_rate), ("treated_share", treated_share),
        ("control_rate", control_rate), ("control_share", control_share),
    ):  # fmt: skip
        if not 0 <= check_number(name, value) <= 1:
            raise NotIdentifiedError(f"{name}={value!r} is no share; it lies between 0 and 1.")
    if check_number("gamma", gamma) < 1:
        raise NotIdentifiedError(f"gamma={gamma!r} is below 1; it says by how much the odds differ, 1 for not at all.")
    treated = _range(treated_rate, treated_share, gamma)
    control = _range(control_rate, control_share, gamma)
    ratio = tuple(a / b if b > 0 else np.inf for a, b in zip(treated, control[::-1], strict=True))
    return ServingBounds(
        float(gamma), treated, control, (treated[0] - control[1], treated[1] - control[0]), (ratio[0], ratio[1])
    )


def find_serving_gamma(
    effect: float,
    rates: ArrayLike,
    shares: ArrayLike,
    coefficients: ArrayLike,
    *,
    interval: tuple[float, float] | None = None,
) -> ServingGamma:
    """Find the odds ratio at which an effect is nothing but the audience that artworks were shown to.

    Any linear estimate is a sum of rates times coefficients; the policy lowers the rates with coefficients of the
    effect's sign as far as `lowest_rate` allows.

    Parameters
    ----------
    effect : float
        In takes per impression.
    rates, shares : array of shape (n,)
        Take rate of each cell, and its share of the impressions of the title in the country, in [0, 1].
    coefficients : array of shape (n,)
        What one more take per impression in the cell adds to the effect: 1 / n1 in n1 treated cells and - 1 / n0 in n0
        others for a difference in means.
    interval : (float, float), optional
        Of the effect.

    Raises
    ------
    NotIdentifiedError
        For numbers outside their ranges, or columns of different lengths.
    """
    p, s, c = (as_numbers(*pair) for pair in (("rates", rates), ("shares", shares), ("coefficients", coefficients)))
    if not len(p) == len(s) == len(c) or not len(p):
        raise NotIdentifiedError(f"rates, shares and coefficients have {len(p)}, {len(s)} and {len(c)} rows.")
    if not (((p >= 0) & (p <= 1) & (s >= 0) & (s <= 1)).all() and np.isfinite(c).all()):
        raise NotIdentifiedError("rates and shares lie between 0 and 1, and coefficients are numbers.")
    sign = -1.0 if check_number("effect", effect) < 0 else 1.0
    c = c * sign
    nearer = None if interval is None else min(sign * limit for limit in interval)
    return ServingGamma(
        _solve(abs(effect), p, s, c, any_policy=False),
        None if nearer is None else _solve(max(nearer, 0.0), p, s, c, any_policy=False),
        _solve(abs(effect), p, s, c, any_policy=True),
        float(np.clip(c, 0, None) @ ((1 - s) * p)),
    )


def gamma_of_shift(shift: float, rates: FloatArray, shares: FloatArray, coefficients: FloatArray) -> float | None:
    """Odds ratio between likers and others that moves an estimate by `shift` >= 0; None where none does."""
    return _solve(shift, rates, shares, coefficients, any_policy=False)


def _range(rate: float, share: float, gamma: float) -> tuple[float, float]:
    return float(lowest_rate(rate, share, gamma)), float(highest_rate(rate, share, gamma))


def _solve(shift: float, p: FloatArray, s: FloatArray, c: FloatArray, *, any_policy: bool) -> float | None:
    """Smallest gamma that moves the estimate by `shift`; shifts grow with gamma, so halving finds it."""

    def moved(gamma: float) -> float:
        down = float(np.clip(c, 0, None) @ (p - lowest_rate(p, s, gamma)))
        return down + (float(np.clip(-c, 0, None) @ (highest_rate(p, s, gamma) - p)) if any_policy else 0.0)

    if shift <= 0:
        return 1.0
    if moved(LARGEST_GAMMA) < shift:
        return None
    low, high = 0.0, float(np.log(LARGEST_GAMMA))
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if moved(float(np.exp(middle))) >= shift else (middle, high)
    return float(np.exp(high))
