r"""Is there heterogeneity to see? The best linear predictor of the effect from the forest's predictions.

With scores :math:`a, b` whose ratio of weighted sums is the average effect (AIPW has b = 1; the partially linear
model's give a regression of residual on residual) and predictions :math:`\hat\tau` from earlier titles,
:math:`\beta` solves

.. math:: \sum_i w_i \, (a_i - b_i \, \beta' z_i) \, z_i = 0, \qquad z_i = (1, \hat\tau_i - \bar\tau_{fold(i)}).

The second coefficient is 1 where predicted differences are the true ones, 0 where they are noise (Chernozhukov,
Demirer, Duflo and Fernandez-Val 2018, with the predictions centred fold by fold, so that only the order and spread
inside a fold count).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from artwork_insights.design.confounders import FloatArray
from artwork_insights.design.folds import IntArray, encode_titles
from artwork_insights.effects.forest.held_out import HeldOut, HeldOutNumber

SMALLEST_SPREAD = 1e-6


@dataclass(frozen=True, slots=True)
class Calibration:
    """What predicted differences between effects are worth on titles that were not learned from.

    Attributes
    ----------
    mean_effect : HeldOutNumber
        Average effect on the tested titles, in the outcome's unit.
    mean_predicted : float
        What the forest predicted for it.
    slope : HeldOutNumber
        True difference per predicted difference; 1 where predictions are right, 0 where they are noise.
    n_titles : int
        Tested.
    """

    mean_effect: HeldOutNumber
    mean_predicted: float
    slope: HeldOutNumber
    n_titles: int


def calibrate(
    numerator: FloatArray, denominator: FloatArray, held_out: HeldOut, title: IntArray, weights: FloatArray
) -> Calibration | None:
    """Regress scores on predictions from earlier titles.

    Parameters
    ----------
    numerator, denominator : arrays of shape (n,)
        Scores of one repetition, or their mean over repetitions.
    held_out : HeldOut of the n cells
    title, weights : arrays of shape (n,)

    Returns
    -------
    Calibration, or None
        Where the forest predicts the same effect for every title of a fold, so that there is nothing to test.
    """
    rows = held_out.tested & (weights > 0)
    a, b, w = numerator[rows], denominator[rows], weights[rows]
    predicted, code = held_out.predicted[rows], encode_titles(title[rows])
    centred = centre_within(predicted, held_out.fold[rows], w * b)
    if (w * b).sum() <= 0 or centred.std() <= SMALLEST_SPREAD * np.abs(predicted).max(initial=0.0):
        return None
    z = np.column_stack([np.ones_like(centred), centred])
    scale = np.array([1.0, centred.std()])
    z = z / scale
    bread = np.linalg.inv(z.T @ (z * (w * b)[:, None]))
    beta = bread @ (z.T @ (w * a))
    score = z * (w * (a - b * (z @ beta)))[:, None]
    n_titles = int(code.max()) + 1
    summed = np.column_stack([np.bincount(code, weights=column) for column in score.T])
    covariance = bread @ (summed.T @ summed) @ bread * n_titles / (n_titles - 1)
    numbers = [
        HeldOutNumber(float(beta[k] / scale[k]), float(np.sqrt(covariance[k, k]) / scale[k]), n_titles - 1)
        for k in (0, 1)
    ]
    return Calibration(numbers[0], float(np.average(predicted, weights=w * b)), numbers[1], n_titles)


def centre_within(values: FloatArray, fold: IntArray, weights: FloatArray) -> FloatArray:
    """Values less the weighted mean of their fold."""
    mass = np.bincount(fold, weights=weights)
    total = np.bincount(fold, weights=weights * values)
    mean = np.divide(total, mass, out=np.zeros_like(total), where=mass > 0)
    return np.asarray(values - mean[fold])
