"""The treatment model: cross-fitted propensity of a component, or expected value of a continuous treatment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.metrics import roc_auc_score

from artwork_insights.design.assignment import Assignment
from artwork_insights.design.confounders import Confounders, FloatArray, add_title_means
from artwork_insights.design.folds import IntArray
from artwork_insights.design.learners import Features, Learner, LearnerSettings, Problem, cross_fit, tune
from artwork_insights.study import DesignName


@dataclass(frozen=True, slots=True)
class TreatmentModel:
    """Out-of-fold predictions of the treatment.

    Attributes
    ----------
    prediction : array of shape (n,)
        Propensity in (0, 1) for a condition, else the expected treatment.
    problem : Problem of n rows
        What was predicted, and from what under the design; the outcome model takes the same binned features.
    settings : LearnerSettings
        As tuned.
    """

    prediction: FloatArray
    problem: Problem
    settings: LearnerSettings


def design_covariates(assignment: Assignment, design: DesignName) -> Confounders:
    """Confounders under a design.

    `pooled` takes them as they are; `mundlak` adds their title means and the title mean of the treatment, own cell
    included; `within` adds the title means of the confounders only, since its residuals are demeaned afterwards.
    """
    if design == "pooled":
        return assignment.confounders
    covariates = add_title_means(assignment.confounders, assignment.title, assignment.weights)
    if design == "within":
        return covariates
    share = assignment.treated_share()[:, None]
    return Confounders(
        np.hstack([covariates.values, share]),
        (*covariates.names, "title mean of the treatment"),
        (*covariates.blocks, "title mean of the treatment"),
    )


def design_features(assignment: Assignment, design: DesignName) -> Features:
    """What both models see under a design, binned and filled once for all repetitions."""
    return Features(design_covariates(assignment, design).values)


def treatment_problem(assignment: Assignment, design: DesignName, features: Features | None = None) -> Problem:
    """What the treatment model learns.

    Under `mundlak` and `within` titles are absorbed: predictions add up to the title's own treated share (or mean),
    which both designs condition on, and the learner need only find what differs within titles.
    """
    return Problem(
        features or design_features(assignment, design),
        assignment.treatment,
        assignment.weights,
        "logistic" if assignment.is_binary else "squared_error",
        absorb=None if design == "pooled" else assignment.title,
    )


def fit_treatment_model(
    assignment: Assignment,
    design: DesignName,
    folds: IntArray,
    seed: int,
    settings: LearnerSettings | None = None,
    learner: Learner = "xgboost",
    features: Features | None = None,
) -> TreatmentModel:
    """Cross-fit the treatment model; tune it first where no settings are given.

    `features` are those of `design_features`, made here where they are not given: several repetitions share them.
    """
    problem = treatment_problem(assignment, design, features)
    settings = settings or tune(problem, folds, seed, learner)
    prediction = cross_fit(problem, folds, settings, seed)[0]
    if assignment.is_binary:
        prediction = np.clip(prediction, 1e-6, 1 - 1e-6)
    return TreatmentModel(prediction, problem, settings)


def treatment_auc(assignment: Assignment, propensity: FloatArray) -> float:
    """Out-of-fold area under the ROC curve, weighted."""
    return float(roc_auc_score(assignment.treatment, propensity, sample_weight=assignment.weights))


def calibration_by_tenth(assignment: Assignment, propensity: FloatArray) -> tuple[tuple[float, float, int], ...]:
    """Mean propensity, treated share and number of cells in each tenth of the propensity."""
    edges = np.quantile(propensity, np.linspace(0, 1, 11))
    tenth = np.clip(np.searchsorted(edges, propensity, side="right") - 1, 0, 9)
    return tuple(
        (float(propensity[tenth == t].mean()), float(assignment.treatment[tenth == t].mean()), int((tenth == t).sum()))
        for t in range(10)
        if (tenth == t).any()
    )


def treatment_variance_left(assignment: Assignment, prediction: FloatArray) -> float:
    """Share of the treatment's variance that the covariates leave unexplained, clipped to [0, 1]."""
    weights = assignment.weights
    spread = np.average(
        (assignment.treatment - np.average(assignment.treatment, weights=weights)) ** 2, weights=weights
    )
    left = np.average((assignment.treatment - prediction) ** 2, weights=weights)
    return float(np.clip(left / spread, 0.0, 1.0))
