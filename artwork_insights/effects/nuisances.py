"""Cross-fitted models of treatment and outcome: what must be fitted but is not the question."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from artwork_insights.design.boosting import BoostingSettings, Problem, cross_fit, tune
from artwork_insights.design.confounders import FloatArray
from artwork_insights.design.folds import IntArray, assign_title_folds
from artwork_insights.design.treatment_model import fit_treatment_model
from artwork_insights.effects.sample import AnalysisSample
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.study import DesignName


@dataclass(frozen=True, slots=True)
class Settings:
    """Tuned settings of both models; tuned once per hypothesis and reused by every design, fold and repetition."""

    treatment: BoostingSettings
    outcome: BoostingSettings


@dataclass(frozen=True, slots=True)
class Nuisances:
    """Out-of-fold predictions of one repetition.

    Attributes
    ----------
    treatment : array of shape (n,)
        Propensity, or expected treatment.
    outcome : array of shape (n,)
        Expected outcome given confounders, whatever the treatment.
    outcome_control, outcome_treated : arrays of shape (n,)
        Expected outcome without and with the component; both equal `outcome` for a continuous treatment.
    """

    treatment: FloatArray
    outcome: FloatArray
    outcome_control: FloatArray
    outcome_treated: FloatArray


def fold_labels(
    sample: AnalysisSample, folds: int | npt.ArrayLike, repeats: int, rng: np.random.Generator
) -> list[IntArray]:
    """Grouped folds for each repetition, or the labels given, as they are.

    Raises
    ------
    NotIdentifiedError
        When labels are given for several repetitions, have another length, or split a title.
    """
    title = sample.assignment.title
    if repeats < 1:
        raise NotIdentifiedError(f"repeats={repeats}: fit at least once.")
    if isinstance(folds, (int, np.integer)):
        return [assign_title_folds(title, int(folds), rng) for _ in range(repeats)]
    labels = np.unique(np.asarray(folds), return_inverse=True)[1].astype(np.int64)
    if len(labels) != len(title) or repeats != 1:
        raise NotIdentifiedError("fold labels need one label per row and repeats=1.")
    if len(np.unique(np.column_stack([title, labels]), axis=0)) > len(np.unique(title)):
        raise NotIdentifiedError("the fold labels split a title over folds; give all artworks of a title one label.")
    return [labels]


def fit_nuisances(
    sample: AnalysisSample,
    design: DesignName,
    folds: IntArray,
    seed: int,
    settings: Settings | None = None,
) -> tuple[Nuisances, Settings]:
    """Fit both models under a design; tune them first where no settings are given.

    The outcome of a condition is modelled with the treatment among the inputs and predicted for both of its values, so
    that the augmented score is doubly robust; and once more without it, as the partially linear model asks, so that a
    gap between the two tells of a model that does not fit.

    Under `mundlak` and `within` titles are absorbed: the level of a title is the mean residual of its own cells. That
    uses the outcomes of the title as a fixed effect does: given the treated share, which both designs condition on, the
    level does not depend on which of its artworks were treated where cells weigh the same, and little where not.
    Without it, an unobserved title quality would stay in the residuals and, divided by small propensities, swamp the
    effect.
    """
    assignment = sample.assignment
    model = fit_treatment_model(assignment, design, folds, seed, settings.treatment if settings else None)
    covariates = model.covariates.values
    treatment = assignment.treatment[:, None]
    absorb = None if design == "pooled" else assignment.title
    arms = assignment.is_binary and design != "within"
    features = np.hstack([covariates, treatment]) if arms else covariates
    problem = Problem(features, sample.outcome, assignment.weights, "reg:squarederror", absorb=absorb)
    chosen = settings.outcome if settings else tune(problem, folds, seed + 1)
    tuned = Settings(model.settings, chosen)
    whatever = replace(problem, features=covariates)
    outcome = cross_fit(whatever, folds, chosen, seed + 2)[0]
    if not arms:
        return Nuisances(model.prediction, outcome, outcome, outcome), tuned
    variants = [np.hstack([covariates, np.full_like(treatment, arm)]) for arm in (0.0, 1.0)]
    _, control, treated = cross_fit(problem, folds, chosen, seed + 1, variants)
    return Nuisances(model.prediction, outcome, control, treated), tuned
