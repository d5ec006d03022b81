"""Out-of-fold predictions of treatment and outcome from arrays: what every estimator here rests on, handed out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from artwork_insights.design.confounders import FloatArray
from artwork_insights.design.learners import Learner
from artwork_insights.effects.arrays import sample_from_arrays
from artwork_insights.effects.average import fit_in_place
from artwork_insights.study import DesignName


@dataclass(frozen=True, slots=True)
class OutOfFoldPredictions:
    """Predictions of n cells by models that saw none of their title; medians over repetitions.

    NaN where the design cannot use a cell because its title does not vary in the treatment.

    Attributes
    ----------
    design : {"pooled", "mundlak", "within"}
    propensity : array of shape (n,)
        Chance of the component, or expected treatment.
    outcome_prediction : array of shape (n,)
        Expected outcome given the confounders, whatever the treatment.
    outcome_control, outcome_treated : arrays of shape (n,)
        Expected outcome without and with the component; `outcome_prediction` for a continuous treatment and `within`.
    outcome_residual, treatment_residual : arrays of shape (n,)
        Outcome and treatment less their predictions, title means taken out but under `pooled`: what
        `fit_causal_forest`, `moderate` and `placebo_within_titles` take.
    """

    design: DesignName
    propensity: FloatArray
    outcome_prediction: FloatArray
    outcome_control: FloatArray
    outcome_treated: FloatArray
    outcome_residual: FloatArray
    treatment_residual: FloatArray


def predict_nuisances(
    outcome: npt.ArrayLike,
    treatment: npt.ArrayLike,
    confounders: pd.DataFrame | npt.ArrayLike,
    clusters: npt.ArrayLike | None = None,
    *,
    design: DesignName | None = None,
    weights: npt.ArrayLike | None = None,
    learner: Learner = "xgboost",
    folds: int | npt.ArrayLike = 5,
    repeats: int = 1,
    seed: int = 0,
) -> OutOfFoldPredictions:
    """Cross-fit both models of `estimate_average_effect` and hand the predictions out; nothing is trimmed.

    Parameters
    ----------
    outcome, treatment, confounders, clusters, design, weights, learner, folds, repeats, seed
        As in `estimate_average_effect`, which makes the same predictions from them.

    Raises
    ------
    NotIdentifiedError
        As `estimate_average_effect`.

    References
    ----------
    Chernozhukov et al. (2018), Double/debiased machine learning for treatment and structural parameters.
    """
    sample = sample_from_arrays(outcome, treatment, confounders, clusters, weights=weights)
    fit, place = fit_in_place(sample, design, learner, folds, repeats, 0.0, seed)

    def spread(values: FloatArray) -> FloatArray:
        """Values of the cells used, each where its row stood; NaN elsewhere."""
        found = np.full(len(sample.outcome), np.nan)
        found[place] = values
        return found

    names = ("treatment", "outcome", "outcome_control", "outcome_treated")
    medians = [spread(np.median([getattr(one, name) for one in fit.repetitions], axis=0)) for name in names]
    residuals = [spread(values) for values in fit.residuals()]
    return OutOfFoldPredictions(fit.design, *medians, *residuals)
