"""Average effects from predictions that were made elsewhere: any learner, any folds, our scores and errors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from artwork_insights.design.confounders import FloatArray
from artwork_insights.effects.arrays import read_column, sample_from_arrays
from artwork_insights.effects.average import DoubleScore, check_question, estimate_from_fit
from artwork_insights.effects.design_fit import fit_design
from artwork_insights.effects.estimates import EffectEstimate, Estimand
from artwork_insights.effects.nuisances import Nuisances
from artwork_insights.errors import NotIdentifiedError


def average_effect_from_predictions(
    outcome: npt.ArrayLike,
    treatment: npt.ArrayLike,
    *,
    propensity: npt.ArrayLike,
    outcome_control: npt.ArrayLike | None = None,
    outcome_treated: npt.ArrayLike | None = None,
    outcome_prediction: npt.ArrayLike | None = None,
    clusters: npt.ArrayLike | None = None,
    weights: npt.ArrayLike | None = None,
    estimand: Estimand = "ATE",
    score: DoubleScore = "aipw",
) -> EffectEstimate:
    """Estimate an average effect from out-of-fold predictions, as they are: nothing is fitted and nothing trimmed.

    Parameters
    ----------
    outcome, treatment : arrays of shape (n,)
        As in `estimate_average_effect`.
    propensity : array of shape (n,)
        Expected treatment: a probability inside (0, 1) for `aipw`; for `plr` any prediction, such as a linear one.
    outcome_control, outcome_treated : arrays of shape (n,), optional
        Expected outcome without and with the component; needed for `aipw`.
    outcome_prediction : array of shape (n,), optional
        Expected outcome whatever the treatment; needed for `plr` where the two above are not given.
    clusters : array of shape (n,) or (n, 2), optional
        Errors are clustered by them; without them they are those of DoubleML.
    weights : array of shape (n,), optional
    estimand : {"ATE", "ATT", "ATO"}
        For `aipw`.
    score : {"aipw", "plr"}
        A continuous treatment always takes `plr`.

    Raises
    ------
    NotIdentifiedError
        For a missing prediction, a wrong length, or a propensity of 0 or 1 under `aipw`.

    References
    ----------
    Chernozhukov et al. (2018), Double/debiased machine learning for treatment and structural parameters.
    """
    sample = sample_from_arrays(outcome, treatment, None, clusters, weights=weights)
    binary = sample.assignment.is_binary
    check_question(estimand, score)
    n = len(sample.outcome)
    p = _read("propensity", propensity, n)
    doubly_robust = binary and score == "aipw"
    if doubly_robust and not ((p > 0) & (p < 1)).all():
        raise NotIdentifiedError("propensities must lie inside 0 and 1; leave out or clip those that do not.")
    given = {
        "outcome_control": outcome_control,
        "outcome_treated": outcome_treated,
        "outcome_prediction": outcome_prediction,
    }
    found = {name: _read(name, values, n) for name, values in given.items() if values is not None}
    nuisances = _complete(p, found, doubly_robust=doubly_robust)
    no_trim = 0.0 if doubly_robust else -np.inf  # a linear probability may lie outside 0 and 1
    fit = fit_design(sample, "pooled", (), trim=no_trim, seed=0, nuisances=[nuisances])
    return estimate_from_fit(replace(fit, clustered=clusters is not None), estimand, score, seed=0)


def _read(name: str, values: npt.ArrayLike, n: int) -> FloatArray:
    found = read_column(name, values)
    if len(found) != n:
        raise NotIdentifiedError(f"{name} has {len(found)} rows and the outcome {n}; give one prediction per row.")
    if not np.isfinite(found).all():
        raise NotIdentifiedError(f"{name} is missing in {int((~np.isfinite(found)).sum())} of {n} rows.")
    return found


def _complete(p: FloatArray, found: dict[str, FloatArray], *, doubly_robust: bool) -> Nuisances:
    arms = [found.get("outcome_control"), found.get("outcome_treated")]
    whatever = found.get("outcome_prediction")
    if arms[0] is not None and arms[1] is not None:
        return Nuisances(p, p * arms[1] + (1 - p) * arms[0] if whatever is None else whatever, arms[0], arms[1])
    if doubly_robust:
        raise NotIdentifiedError("score 'aipw' needs both outcome_control and outcome_treated.")
    if whatever is None:
        raise NotIdentifiedError("score 'plr' needs outcome_prediction.")
    return Nuisances(p, whatever, whatever, whatever)
