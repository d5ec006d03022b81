"""Wild cluster bootstrap of a ratio of weighted sums, for when few titles carry it.

It stands beside the interval of `effects/inference.py` as a second opinion that assumes no working variance. In
simulations with 8, 15 and 30 titles of very different sizes both covered about as often as they should (93.5 to 96.9 %
and 92.6 to 96.0 %); Satterthwaite's is closed and works for thousands of groups at once, so it is the interval, and the
bootstrap a diagnostic.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from artwork_insights.design.confounders import FloatArray
from artwork_insights.design.folds import IntArray
from artwork_insights.effects.inference import clustered_means
from artwork_insights.errors import NotIdentifiedError

FEWEST_FOR_SIGNS = 12
WEBB = np.sqrt(np.array([1.5, 1.0, 0.5]))
BISECTIONS = 20
FARTHEST = 1e4


@dataclass(frozen=True, slots=True)
class WildBootstrap:
    """Result of a wild cluster bootstrap.

    Attributes
    ----------
    effect : float
    p_value : float
        Two-sided, of no effect, with the null imposed.
    interval : (float, float)
        All effects that the test does not reject; infinite where it rejects none on that side.
    draws : int
    distribution : {"Rademacher", "Webb"}
        Of the multipliers: signs, or six points below 12 titles, where signs have too few different draws.
    """

    effect: float
    p_value: float
    interval: tuple[float, float]
    draws: int
    distribution: str


def wild_cluster_bootstrap(
    numerator: FloatArray,
    denominator: FloatArray,
    weights: FloatArray,
    title: IntArray,
    *,
    level: float = 0.95,
    draws: int = 1999,
    rng: np.random.Generator,
) -> WildBootstrap:
    """Bootstrap the t statistic of a ratio of sums by one multiplier per title.

    Parameters
    ----------
    numerator, denominator, weights : arrays of shape (n,)
        Scores as in `effects/scores.py`.
    title : array of shape (n,), int

    Raises
    ------
    NotIdentifiedError
        Where fewer than two titles carry weight.

    References
    ----------
    Cameron, Gelbach and Miller (2008), Bootstrap-based improvements for inference with clustered errors.
    Webb (2023), Reworking wild bootstrap-based inference for clustered errors.
    """
    found = clustered_means(numerator, denominator, weights, title, np.zeros(len(title), dtype=np.int64))
    effect, std_error = float(found.effect[0]), float(found.std_error[0])
    if not std_error > 0:
        raise NotIdentifiedError("the bootstrap needs at least 2 titles whose scores differ.")
    codes = np.unique(title, return_inverse=True)[1]
    bottom = np.bincount(codes, weights=weights * denominator)
    share = bottom / bottom.sum()
    moved = np.bincount(codes, weights=weights * numerator) / bottom.sum() - effect * share
    multipliers, name = _multipliers(len(share), draws, rng)

    def p_value(null: float) -> float:
        """Share of draws under `null` at least as far out as the estimate."""
        residual = multipliers * (moved + (effect - null) * share)
        shift = residual.sum(axis=1)
        spread = np.sqrt(((residual - shift[:, None] * share) ** 2 / (1 - share)).sum(axis=1))
        observed = abs(effect - null) / std_error
        return float(np.mean(np.abs(shift) >= (observed - 1e-10) * spread))

    low, high = (_reach(p_value, effect, side * std_error, 1 - level) for side in (-1.0, 1.0))
    return WildBootstrap(effect, p_value(0.0), (low, high), len(multipliers), name)


def _multipliers(n_titles: int, draws: int, rng: np.random.Generator) -> tuple[FloatArray, str]:
    if n_titles < FEWEST_FOR_SIGNS:
        return rng.choice(np.concatenate([-WEBB, WEBB]), (draws, n_titles)), "Webb"
    return rng.choice([-1.0, 1.0], (draws, n_titles)), "Rademacher"


def _reach(p_value: Callable[[float], float], effect: float, step: float, alpha: float) -> float:
    """The farthest value on one side of `effect` that is not rejected, by bisection."""
    inside, outside = 0.0, 2.0
    while p_value(effect + outside * step) > alpha:
        inside, outside = outside, 2 * outside
        if outside > FARTHEST:
            return float(np.copysign(np.inf, step))
    for _ in range(BISECTIONS):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if p_value(effect + middle * step) > alpha else (inside, middle)
    return effect + outside * step
