"""How strong the observed confounders are: the yardstick for an unobserved one.

In linear models by partial R2 (Cinelli and Hazlett 2020, Making sense of sensitivity); in double machine learning by
what both models lose when the confounder is left out (Chernozhukov et al. 2022, Long story short, section 4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from artwork_insights.design.reading import as_numbers
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.mechanisms.regression import (
    FloatArray,
    as_weights,
    fill_missing,
    group_codes,
    sweep_group_means,
)
from artwork_insights.sensitivity.bias_scores import BiasScores
from artwork_insights.sensitivity.robustness import benchmark_bound, equal_strength


@dataclass(frozen=True, slots=True)
class ConfounderStrength:
    """Strength of one observed confounder, or of one block such as the embedding.

    Attributes
    ----------
    confounder : str
        Name of the column or block.
    partial_r2_treatment : float
        With the treatment, given the other confounders, in [0, 1].
    partial_r2_outcome : float
        With the outcome, given treatment and the other confounders, in [0, 1].
    equal_strength : float
        Equal partial R2 of an unseen confounder that could bias as much as one just as strong as this, in [0, 1];
        to be held against a robustness value. 1 where nothing as strong is possible.
    """

    confounder: str
    partial_r2_treatment: float
    partial_r2_outcome: float
    equal_strength: float


@dataclass(frozen=True, slots=True)
class ConfounderBenchmark:
    """An unseen confounder just as strong as an observed one, as a point of the contour.

    Attributes
    ----------
    confounder : str
        Name of the column or block.
    strength_treatment, strength_outcome : float
        Shares of what is left of treatment and outcome that it would explain, in [0, 1].
    equal_strength : float
        The equal share with both that could bias as much; 1 where nothing as strong is possible.
    effect_bound, limit_bound : float or None
        The effect beside it at worst, and the confidence limit on that side; None where nothing as strong is possible.
    method : {"gains", "linear"}
        Models fitted again without it, or partial R2 of linear models.
    rho : float or None
        How far its bias is from the worst case, signed; known from gains alone.
    effect_without : float or None
        The estimate when it is left out; known from gains alone.
    e_value : float or None
        E-value that an unseen confounder needs to move the interval as leaving this one out does, >= 1.
    """

    confounder: str
    strength_treatment: float
    strength_outcome: float
    equal_strength: float
    effect_bound: float | None
    limit_bound: float | None
    method: Literal["gains", "linear"]
    rho: float | None = None
    effect_without: float | None = None
    e_value: float | None = None


@dataclass(frozen=True, slots=True)
class Gains:
    """What both models lose without a confounder.

    Attributes
    ----------
    strength_treatment, strength_outcome : float
        Shares as an omitted-variable bound takes them, in [0, 1].
    rho : float
        Change of the estimate over the largest that these strengths allow, in [-1, 1].
    """

    strength_treatment: float
    strength_outcome: float
    rho: float


def gains_of(full: BiasScores, without: BiasScores) -> Gains:
    """Gains in fit that a confounder brings, from scores with and without it over the same rows and repetitions.

    With sigma^2 and nu^2 of both, the outcome's strength is the share of sigma^2 that the confounder takes away over
    what it leaves, the treatment's is the growth of nu^2; medians over repetitions, negative ones count as none.
    """
    sigma, sigma_without = full.outcome_variance, without.outcome_variance
    nu, nu_without = full.weight_variance, without.weight_variance
    with_outcome = np.divide(sigma_without - sigma, sigma, out=np.zeros_like(sigma), where=sigma > 0)
    with_treatment = (nu - nu_without) / nu_without
    change = without.numerator.sum(axis=1) / without.denominator.sum(axis=1) - (
        full.numerator.sum(axis=1) / full.denominator.sum(axis=1)
    )
    most = np.sqrt(np.maximum(sigma_without - sigma, 0.0) * np.maximum(nu - nu_without, 0.0))
    rho = np.sign(change) * np.clip(np.divide(np.abs(change), most, out=np.ones_like(most), where=most > 0), 0, 1)
    return Gains(
        float(np.median(np.clip(with_treatment, 0, 1))),
        float(np.median(np.clip(with_outcome, 0, 1))),
        float(np.median(rho)),
    )


def measure_confounders(
    outcome: ArrayLike,
    treatment: ArrayLike,
    confounders: ArrayLike,
    names: Sequence[str],
    *,
    weights: ArrayLike | None = None,
    absorb: ArrayLike | None = None,
) -> tuple[ConfounderStrength, ...]:
    """Measure each confounder's partial R2 with treatment and outcome in linear models; strongest first.

    Parameters
    ----------
    outcome, treatment : array of shape (n,)
    confounders : array of shape (n, k)
        NaN is filled with the mean.
    names : sequence of str
        One per column; columns of the same name count as one block.
    weights, absorb : array of shape (n,), optional
        As in the estimate; labels of groups whose means are swept out.

    Raises
    ------
    NotIdentifiedError
        Names, rows or weights that do not fit, or something that is no number where one is needed.
    """
    matrix = np.asarray(confounders)
    if matrix.ndim != 2 or len(names) != matrix.shape[1]:
        found = f"shape {matrix.shape}" if matrix.ndim != 2 else f"{matrix.shape[1]} confounders"
        raise NotIdentifiedError(f"{len(names)} names do not fit {found}; give one name per column.")
    n_rows, n_columns = matrix.shape
    filled = fill_missing(confounders, n_rows)[:, :n_columns]
    importance = as_weights(weights, n_rows)
    codes = np.zeros(n_rows, dtype=np.intp) if absorb is None else group_codes(absorb)
    dose, left = as_numbers("treatment", treatment), as_numbers("outcome", outcome)
    if not len(dose) == len(left) == len(codes) == n_rows:
        raise NotIdentifiedError(
            f"the treatment has {len(dose)} rows, the outcome {len(left)}, the groups {len(codes)} and the confounders "
            f"{n_rows}; give one of each per row."
        )
    columns = np.column_stack([dose, left, filled])
    swept = sweep_group_means(columns, codes, importance) * np.sqrt(importance)[:, None]
    lengths = np.linalg.norm(swept, axis=0)
    triangle = np.asarray(np.linalg.qr(swept / np.where(lengths > 0, lengths, 1.0), mode="r"), dtype=np.float64)
    labels = np.array([None, None, *names], dtype=object)
    strengths = [_strength(triangle, labels, name) for name in dict.fromkeys(names)]
    return tuple(sorted(strengths, key=lambda strength: (-strength.equal_strength, strength.confounder)))


def _strength(triangle: FloatArray, labels: np.ndarray, name: str) -> ConfounderStrength:
    others = np.flatnonzero([label is not None and label != name for label in labels])
    block = np.flatnonzero(labels == name)
    with_treatment = _partial_r2(triangle, 0, others, block)
    with_outcome = _partial_r2(triangle, 1, np.r_[0, others], block)
    try:
        bound_treatment, bound_outcome = benchmark_bound(with_treatment, with_outcome)
    except (NotIdentifiedError, ZeroDivisionError):
        return ConfounderStrength(name, with_treatment, with_outcome, 1.0)
    share = bound_outcome * bound_treatment / (1 - bound_treatment)
    return ConfounderStrength(name, with_treatment, with_outcome, equal_strength(share))


def _partial_r2(triangle: FloatArray, target: int, others: np.ndarray, block: np.ndarray) -> float:
    """Share of the residual variance of `target` given `others` that `block` explains."""
    before = _left(triangle, target, others)
    after = _left(triangle, target, np.r_[others, block].astype(np.intp))
    return 0.0 if before < 1e-18 else min(max(1 - after / before, 0.0), 1.0)


def _left(triangle: FloatArray, target: int, columns: np.ndarray) -> float:
    if not len(columns):
        return float(triangle[:, target] @ triangle[:, target])
    solution = np.linalg.lstsq(triangle[:, columns], triangle[:, target], rcond=1e-9)[0]
    rest = triangle[:, target] - triangle[:, columns] @ solution
    return float(rest @ rest)
