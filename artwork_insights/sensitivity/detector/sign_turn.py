r"""How different the detector's errors would have to be on artwork that does well for the sign of an effect to turn.

Errors that do not depend on the outcome only shrink an effect: no such error turns its sign while the detector is
better than chance, and none makes an effect out of nothing. What can turn a sign is a detector that errs *differently*
on artwork that does well and on artwork that does poorly. Given the outcome's half h, (D* - (1 - Sp_h)) / J_h is an
unbiased stand-in for D, so with the outcome's residual r the numerator of the true slope is

.. math:: E[r D] = \sum_h E\big[r\,1\{h\}\,(D^* - 1 + Sp_h)/J_h\big],

which needs no model. The direction that hurts a positive effect: components missed where artwork does poorly (there the
sensitivity is lower by d), and seen where there are none where it does well (there the specificity is lower by e).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
from scipy import optimize, stats

from artwork_insights.design.confounders import title_means
from artwork_insights.design.folds import encode_titles
from artwork_insights.design.reading import as_numbers, as_positive, check_share
from artwork_insights.effects.inference import clustered_means
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.sensitivity.detector.rates import DetectorRates

FloatArray = npt.NDArray[np.float64]
LEAST_SKILL = 0.02
"""Sensitivity plus specificity less one at which a search ends: below, the detector guesses."""
CURVE_POINTS = 21


@dataclass(frozen=True, slots=True)
class DetectorSignTurn:
    """Differences in error rates, between artwork that does well and poorly, at which an effect turns.

    All are shares in [0, 1]; None where no difference does it while the detector is better than chance in both halves.

    Attributes
    ----------
    sensitivity_difference : float or None
        How much more often it must miss the component in the half that hurts the effect, specificity being equal.
    specificity_difference : float or None
        How much more often it must see what is not there in the other half, sensitivity being equal.
    both : float or None
        Both at once, by the same amount: the least difference, to be compared with a robustness value.
    both_interval : float or None
        Both at once, at which the interval takes zero in; 0 where it holds zero already.
    curve : tuple of (float, float)
        Pairs of specificity and sensitivity differences at which the sign turns.
    sensitivity, specificity : float
        Elsewhere.
    level : float
        Of the interval.
    """

    sensitivity_difference: float | None
    specificity_difference: float | None
    both: float | None
    both_interval: float | None
    curve: tuple[tuple[float, float], ...]
    sensitivity: float
    specificity: float
    level: float


@dataclass(frozen=True, slots=True)
class _Halves:
    outcome: FloatArray
    detected: FloatArray
    weights: FloatArray
    title: npt.NDArray[np.int64]
    sign: float

    def slope(self, missed: float, phantom: float, rates: DetectorRates) -> tuple[float, float]:
        """Numerator of the true slope, signed so that the estimate is positive, and its error."""
        helped = self.sign * self.outcome > 0
        se = np.where(helped, rates.sensitivity, rates.sensitivity - missed)
        sp = np.where(helped, rates.specificity - phantom, rates.specificity)
        truth = (self.detected - (1 - sp)) / (se + sp - 1)
        product = self.sign * self.outcome * (truth - np.average(truth, weights=self.weights))
        one = np.ones(len(product))
        mean = clustered_means(product, one, self.weights, self.title, np.zeros(len(product), dtype=np.int64))
        return float(mean.effect[0]), float(mean.std_error[0])


def detector_sign_turn(
    outcome_residual: npt.ArrayLike,
    detected: npt.ArrayLike,
    *,
    sensitivity: float = 1.0,
    specificity: float = 1.0,
    clusters: npt.ArrayLike | None = None,
    weights: npt.ArrayLike | None = None,
    by_title: bool = False,
    level: float = 0.95,
) -> DetectorSignTurn:
    """Find the differences in error rates that would turn the sign of a partially linear effect.

    Parameters
    ----------
    outcome_residual : array of shape (n,)
        Outcome less its prediction from the confounders. Artwork "does well" where it is above zero.
    detected : array of shape (n,)
        0 and 1.
    sensitivity, specificity : float
        In the half where the detector errs no more than it should.
    clusters : array of shape (n,), optional
        Titles.
    weights : array of shape (n,), optional
    by_title : bool
        Whether title means are taken out of the outcome (`mundlak`, `within`).
    level : float
        Of the interval.

    Raises
    ------
    NotIdentifiedError
        For input that does not fit, or a component that is nowhere or everywhere.
    """
    rates = DetectorRates(sensitivity, specificity)
    halves = _read(outcome_residual, detected, clusters, weights, by_title)
    critical = _critical(level, halves.title)

    def turn(missed: float, phantom: float) -> float:
        return halves.slope(missed, phantom, rates)[0]

    def limit(missed: float, phantom: float) -> float:
        value, error = halves.slope(missed, phantom, rates)
        return value - critical * error

    most = rates.skill - LEAST_SKILL
    most_missed, most_phantom = min(most, rates.sensitivity), min(most, rates.specificity)
    missed_alone = _root(lambda d: turn(d, 0.0), most_missed)
    phantom_alone = _root(lambda e: turn(0.0, e), most_phantom)
    both = _root(lambda d: turn(d, d), min(most_missed, most_phantom))
    curve = []
    farthest = most_phantom if phantom_alone is None else phantom_alone
    for phantom in farthest * np.sin(np.linspace(0, np.pi / 2, CURVE_POINTS)):  # denser at the end, where it falls
        missed = _root(partial(turn, phantom=float(phantom)), most_missed)
        if missed is not None:
            curve.append((float(phantom), missed))
    return DetectorSignTurn(
        missed_alone,
        phantom_alone,
        both,
        _root(lambda d: limit(d, d), min(most_missed, most_phantom)),
        tuple(curve),
        rates.sensitivity,
        rates.specificity,
        level,
    )


def _root(function: Callable[[float], float], most: float) -> float | None:
    """Smallest difference in [0, most] at which a function is no longer positive; None where it stays so."""
    if function(0.0) <= 0:
        return 0.0
    if function(most) > 0:
        return None
    return float(optimize.brentq(function, 0.0, most, xtol=1e-5))


def _critical(level: float, title: npt.NDArray[np.int64]) -> float:
    return float(stats.t.ppf(0.5 + check_share("level", level) / 2, max(int(title.max()), 1)))


def _read(
    outcome: npt.ArrayLike,
    detected: npt.ArrayLike,
    clusters: npt.ArrayLike | None,
    weights: npt.ArrayLike | None,
    by_title: bool,
) -> _Halves:
    left, seen = as_numbers("outcome_residual", outcome), as_numbers("detected", detected)
    n = len(left)
    if len(seen) != n or n < 2 or not np.isfinite(left).all():
        raise NotIdentifiedError(
            f"outcome_residual has {n} rows and detected {len(seen)}; give the same number, at least 2, none missing."
        )
    if not np.isin(seen, (0.0, 1.0)).all() or seen.min() == seen.max():
        raise NotIdentifiedError("`detected` must hold both 0 and 1, and nothing else.")
    if by_title and clusters is None:
        raise NotIdentifiedError("by_title needs `clusters`: the title of every row.")
    w = np.ones(n) if weights is None else as_positive("weights", weights, n)
    title = encode_titles(np.arange(n) if clusters is None else np.asarray(clusters, dtype=object))
    if len(title) != n:
        raise NotIdentifiedError(f"clusters have {len(title)} rows and the outcome {n}; give one per row.")
    left = left - (title_means(left, title, w) if by_title else np.average(left, weights=w))
    slope = float(np.sum(w * left * (seen - np.average(seen, weights=w))))
    return _Halves(left, seen, w, title, 1.0 if slope >= 0 else -1.0)
