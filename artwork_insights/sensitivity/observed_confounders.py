"""How strong the observed confounders are: the yardstick for an unobserved one (Cinelli and Hazlett 2020)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from artwork_insights.errors import NotIdentifiedError
from artwork_insights.mechanisms.regression import (
    FloatArray,
    as_weights,
    fill_missing,
    group_codes,
    sweep_group_means,
)
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
    """
    n_rows, n_columns = np.asarray(confounders).shape
    if len(names) != n_columns:
        raise ValueError(f"{len(names)} names do not fit {n_columns} confounders; give one per column.")
    filled = fill_missing(confounders, n_rows)[:, :n_columns]
    importance = as_weights(weights, n_rows)
    codes = np.zeros(n_rows, dtype=np.intp) if absorb is None else group_codes(absorb)
    columns = np.column_stack([np.asarray(treatment, np.float64), np.asarray(outcome, np.float64), filled])
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
