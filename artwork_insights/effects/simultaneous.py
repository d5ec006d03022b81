"""Simultaneous intervals and joint tests of many estimates that share titles, from their influence functions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse, stats

from artwork_insights.design.confounders import FloatArray
from artwork_insights.design.folds import IntArray

DRAWS = 2000
FEW_DRAWS = 20_000
LARGEST_BLOCK = 4_000_000


@dataclass(frozen=True, slots=True)
class JointTest:
    """Test that several effects are all zero.

    Attributes
    ----------
    statistic : float
        Hotelling's, scaled to an F statistic.
    numerator_df, denominator_df : float
        Effects that are free, and what the titles leave.
    p_value : float
    """

    statistic: float
    numerator_df: float
    denominator_df: float
    p_value: float


def simultaneous_level(
    influence: FloatArray,
    title: IntArray,
    column: IntArray,
    *,
    level: float = 0.95,
    draws: int = DRAWS,
    rng: np.random.Generator,
) -> float:
    """Level of each interval at which all of them hold at once with probability `level` (sup-t).

    The largest of the standardised estimates is simulated by a Gaussian multiplier per title on their influence. It
    lies between `level`, where all estimates move together, and that of Bonferroni. Each estimate then takes the
    critical value of its own Student's t at that level, so that few titles widen their own interval only.

    Parameters
    ----------
    influence : array of shape (m,)
        Of title `title` in estimate `column`; sparse, so that thousands of groups cost what their rows cost.
    title, column : arrays of shape (m,), int

    References
    ----------
    Chernozhukov, Chetverikov and Kato (2013), Gaussian approximations and multiplier bootstrap for maxima.
    Montiel Olea and Plagborg-Moller (2019), Simultaneous confidence bands: theory, implementation, and an application.
    """
    n_columns = int(column.max(initial=-1)) + 1
    if n_columns <= 1:
        return level
    matrix = sparse.csr_matrix((influence, (title, column)))
    norms = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=0)).ravel())
    used = norms > 0
    if not used.any():
        return level
    transposed = sparse.csr_matrix((matrix[:, used] @ sparse.diags(1 / norms[used])).T)
    step = max(1, LARGEST_BLOCK // max(transposed.shape))
    largest = [
        np.abs(transposed @ rng.standard_normal((matrix.shape[0], min(step, draws - start)))).max(axis=0)
        for start in range(0, draws, step)
    ]
    return _level_each(np.concatenate(largest), level, int(used.sum()))


def bands(
    effect: FloatArray, std_error: FloatArray, degrees_of_freedom: npt.ArrayLike, level: float
) -> tuple[FloatArray, FloatArray]:
    """Lower and upper ends of t intervals at `level`; shape (k,) each."""
    half = stats.t.ppf(0.5 + level / 2, degrees_of_freedom) * std_error
    return effect - half, effect + half


def wald_test(effect: FloatArray, covariance: FloatArray, degrees_of_freedom: float) -> JointTest | None:
    """Test that all effects are zero by Hotelling's T-squared on the titles' degrees of freedom.

    Effects that the others determine count once. With nu degrees of freedom and q free effects,
    ``(nu - q + 1) / (nu q) T2`` is held against F(q, nu - q + 1) (Pustejovsky and Tipton 2018, the AHT test). None
    where nothing is free or the degrees of freedom do not suffice.
    """
    values, vectors = np.linalg.eigh(covariance)
    free = values > 1e-10 * max(float(values.max(initial=0.0)), 1e-300)
    q = int(free.sum())
    rest = degrees_of_freedom - q + 1
    if q == 0 or rest <= 0:
        return None
    squared = float((((vectors[:, free].T @ effect) ** 2) / values[free]).sum())
    if np.isinf(degrees_of_freedom):
        return JointTest(squared / q, q, np.inf, float(stats.chi2.sf(squared, q)))
    statistic = squared * rest / (degrees_of_freedom * q)
    return JointTest(statistic, q, rest, float(stats.f.sf(statistic, q, rest)))


def level_of_few(covariance: FloatArray, *, level: float = 0.95, rng: np.random.Generator) -> float:
    """`simultaneous_level` of few estimates whose covariance, shape (k, k), is known: the same law, drawn directly."""
    std_error = np.sqrt(np.diag(covariance))
    used = std_error > 1e-9 * std_error.max(initial=0.0)
    if used.sum() <= 1:
        return level
    correlation = (covariance / np.outer(std_error, std_error).clip(1e-300))[np.ix_(used, used)]
    values, vectors = np.linalg.eigh(correlation)
    draws = rng.standard_normal((FEW_DRAWS, int(used.sum()))) * np.sqrt(values.clip(0)) @ vectors.T
    return _level_each(np.abs(draws).max(axis=1), level, int(used.sum()))


def _level_each(largest: FloatArray, level: float, number: int) -> float:
    found = 1 - 2 * float(stats.norm.sf(np.quantile(largest, level)))
    return float(np.clip(found, level, 1 - (1 - level) / number))
