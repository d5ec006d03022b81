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
SIX_POINTS = np.concatenate([-WEBB, WEBB])
SIGNS = np.array([-1.0, 1.0])
MOST_AT_ONCE = 4_000_000
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
    points, name = (SIX_POINTS, "Webb") if len(share) < FEWEST_FOR_SIGNS else (SIGNS, "Rademacher")
    drawn = _draw(moved, share, points, draws, rng)

    def p_value(null: float) -> float:
        """Share of draws under `null` at least as far out as the estimate."""
        observed = abs(effect - null) / std_error
        return float(np.mean(drawn.distance(effect - null) >= observed - 1e-10))

    low, high = (_reach(p_value, effect, side * std_error, 1 - level) for side in (-1.0, 1.0))
    return WildBootstrap(effect, p_value(0.0), (low, high), draws, name)


@dataclass(frozen=True, slots=True)
class _Draws:
    """All that a draw's t statistic needs, whatever the null; arrays of shape (draws,).

    With multipliers r_g, residuals under the null m_g + d s_g (m what title g moves the estimate by, s its share and d
    the estimate less the null), the shift is a line in d, and the variance a parabola.
    """

    shift: FloatArray
    shift_by_share: FloatArray
    variance: tuple[FloatArray, FloatArray, FloatArray]

    def distance(self, d: float) -> FloatArray:
        """Absolute t statistic of each draw; shape (draws,)."""
        constant, linear, square = self.variance
        spread = np.sqrt(np.maximum(constant + 2 * d * linear + d**2 * square, 0.0))
        shift = np.abs(self.shift + d * self.shift_by_share)
        return np.asarray(np.divide(shift, spread, out=np.full(len(shift), np.inf), where=spread > 0))


def _draw(moved: FloatArray, share: FloatArray, points: FloatArray, draws: int, rng: np.random.Generator) -> _Draws:
    """Draw the multipliers of all titles, some draws at a time: all at once they would fill the memory."""
    step = max(1, MOST_AT_ONCE // len(share))
    parts = []
    for start in range(0, draws, step):
        r = rng.choice(points, (min(step, draws - start), len(share)))
        shift, by_share = r @ moved, r @ share
        u = r * moved - shift[:, None] * share  # of the null at the estimate itself
        v = (r - by_share[:, None]) * share  # and what each unit of distance to the null adds
        parts.append([shift, by_share, *((a * b) @ (1 / (1 - share)) for a, b in ((u, u), (u, v), (v, v)))])
    found = [np.concatenate(columns) for columns in zip(*parts, strict=True)]
    return _Draws(found[0], found[1], (found[2], found[3], found[4]))


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
