"""Learners by name reach both models, and predictions made elsewhere take their place."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

from artwork_insights.design import treatment_model
from artwork_insights.design.assignment import make_assignment
from artwork_insights.design.confounders import Confounders
from artwork_insights.design.learners import tuning
from artwork_insights.design.learners.light_gbm import LightGBMSettings
from artwork_insights.design.learners.linear import LinearSettings
from artwork_insights.effects import nuisances as module
from artwork_insights.effects.design_fit import fit_design
from artwork_insights.effects.nuisances import Nuisances, fit_nuisances, fold_labels
from artwork_insights.effects.sample import AnalysisSample
from artwork_insights.errors import NotIdentifiedError


@pytest.fixture(scope="module")
def sample(catalogue):
    outcome, treatment, x, title, _ = catalogue
    return AnalysisSample(make_assignment(treatment, Confounders(x, ("a", "b"), ("a", "b")), title), outcome)


@pytest.fixture(scope="module")
def folds(sample):
    return fold_labels(sample, 4, 1, np.random.default_rng(0))


def test_linear_learners_are_those_of_scikit_learn_fitted_per_arm(sample, folds):
    found, settings = fit_nuisances(sample, "pooled", folds[0], 0, learner="linear")
    assert settings.treatment == settings.outcome == LinearSettings()
    x, t, y = sample.assignment.confounders.values, sample.assignment.treatment, sample.outcome
    for fold in range(4):
        train, test = folds[0] != fold, folds[0] == fold
        propensity = LogisticRegression(C=1e12, tol=1e-10, max_iter=1000).fit(x[train], t[train]).predict_proba(x[test])
        np.testing.assert_allclose(found.treatment[test], propensity[:, 1], atol=1e-5)
        np.testing.assert_allclose(found.outcome[test], LinearRegression().fit(x[train], y[train]).predict(x[test]))
        for arm, predicted in ((0, found.outcome_control), (1, found.outcome_treated)):
            own = train & (t == arm)
            np.testing.assert_allclose(predicted[test], LinearRegression().fit(x[own], y[own]).predict(x[test]))


def test_the_learner_asked_for_is_tuned_for_both_models_once(sample, folds, monkeypatch):
    asked = []

    def tune(problem, folds, seed, learner):
        asked.append((problem.objective, learner))
        return LinearSettings(0.01)

    for place in (module, treatment_model):
        monkeypatch.setattr(place, "tune", tune)
    twice = [*folds, *fold_labels(sample, 4, 1, np.random.default_rng(1))]
    fit = fit_design(sample, "pooled", twice, trim=0.01, seed=0, learner="lasso")
    assert asked == [("logistic", "lasso"), ("squared_error", "lasso")]
    assert fit.settings.outcome == LinearSettings(0.01)
    assert len(fit.repetitions) == 2


@pytest.mark.parametrize("design", ["pooled", "mundlak", "within"])
def test_predictions_given_are_used_as_they_are(sample, folds, design):
    fitted = fit_design(sample, design, folds, trim=0.05, seed=0, learner="linear")
    n = len(sample.outcome)
    whole = Nuisances(*(np.full(n, np.nan) for _ in range(4)))
    for name in ("treatment", "outcome", "outcome_control", "outcome_treated"):
        getattr(whole, name)[fitted.keep] = getattr(fitted.repetitions[0], name)
        getattr(whole, name)[fitted.eligible & ~fitted.keep] = 0.001  # outside the overlap
    given = fit_design(sample, design, [], trim=0.05, seed=0, nuisances=[whole])
    assert given.settings is None
    np.testing.assert_array_equal(given.keep, fitted.keep)
    estimand = "ATO" if design == "within" else "ATE"
    assert given.estimate(estimand).effect == fitted.estimate(estimand).effect
    moved = replace(whole, outcome=whole.outcome + sample.assignment.treatment)
    changed = fit_design(sample, design, [], trim=0.05, seed=0, nuisances=[moved]).estimate("ATO", plr=True)
    assert abs(changed.effect - fitted.estimate("ATO", plr=True).effect) > 0.3


def test_predictions_that_do_not_fit_are_refused_in_a_sentence(sample):
    half = np.full(len(sample.outcome), 0.5)
    good = Nuisances(half, half, half, half)
    bad = {
        "no predictions were given": [],
        "have shape": [replace(good, outcome=half[1:])],
        "are missing in 1 rows": [replace(good, outcome_treated=np.where(np.arange(len(half)) == 3, np.nan, half))],
    }
    for words, nuisances in bad.items():
        with pytest.raises(NotIdentifiedError, match=words):
            fit_design(sample, "pooled", [], trim=0.05, seed=0, nuisances=nuisances)
    certain = replace(good, treatment=np.where(np.arange(len(half)) == 3, 1.0, half))
    fit = fit_design(sample, "pooled", [], trim=0.0, seed=0, nuisances=[certain])
    assert fit.estimate("ATO", plr=True).score == "plr"  # which divides by no propensity
    with pytest.raises(NotIdentifiedError, match="between 0 and 1"):
        fit.estimate("ATE")
    assert fit_design(sample, "pooled", [], trim=0.05, seed=0, nuisances=[good]).settings is None


@pytest.mark.parametrize("learner", ["linear", "lasso", "random_forest", "lightgbm"])
def test_every_learner_finds_the_planted_effect(sample, folds, learner, monkeypatch):

    monkeypatch.setattr(tuning, "LIGHT_GRID", (LightGBMSettings(4, 0.1, 100),))
    estimate = fit_design(sample, "mundlak", folds, trim=0.05, seed=0, learner=learner).estimate("ATE")
    assert abs(estimate.effect - 0.5) < 3 * estimate.std_error
    assert estimate.std_error < 0.15
