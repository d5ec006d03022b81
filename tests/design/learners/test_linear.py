"""Linear learners against independent implementations."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.optimize import minimize
from sklearn.linear_model import Lasso

from artwork_insights.design.learners import Features, cross_fit, tune
from artwork_insights.design.learners.linear import PENALTIES, LinearSettings, fit_path
from artwork_insights.errors import NotIdentifiedError
from tests.design.learners.cells import FOLDS, WEIGHTS, X, outcome_problem, treatment_problem, without_titles

RNG = np.random.default_rng(0)
N = 500
INPUTS = np.column_stack([np.ones(N), RNG.normal(size=(N, 6))])
COEFFICIENTS = np.array([0.3, 1.0, -0.5, 0.25, 0.0, 0.0, 0.0])
OUTCOME = INPUTS @ COEFFICIENTS + RNG.normal(size=N)
TREATED = (RNG.random(N) < 1 / (1 + np.exp(-INPUTS @ COEFFICIENTS))).astype(float)
ROW_WEIGHTS = RNG.uniform(0.5, 2, N)


def test_unpenalised_fits_are_those_of_statsmodels():
    ours = fit_path(INPUTS, OUTCOME, ROW_WEIGHTS, [0.0], binary=False)[0]
    np.testing.assert_allclose(ours, sm.WLS(OUTCOME, INPUTS, weights=ROW_WEIGHTS).fit().params, atol=1e-9)
    ours = fit_path(INPUTS, TREATED, ROW_WEIGHTS, [0.0], binary=True)[0]
    model = sm.GLM(TREATED, INPUTS, family=sm.families.Binomial(), freq_weights=ROW_WEIGHTS)
    np.testing.assert_allclose(ours, model.fit(tol=1e-12).params, atol=1e-7)


def test_columns_that_say_the_same_change_no_prediction():
    twice = np.column_stack([INPUTS, INPUTS[:, 1] - INPUTS[:, 2]])
    for target, binary in ((OUTCOME, False), (TREATED, True)):
        first = fit_path(INPUTS, target, ROW_WEIGHTS, [0.0], binary=binary)[0]
        second = fit_path(twice, target, ROW_WEIGHTS, [0.0], binary=binary)[0]
        np.testing.assert_allclose(INPUTS @ first, twice @ second, atol=1e-6)


@pytest.mark.parametrize("penalty", [0.3, 0.05, 0.002])
def test_the_lasso_is_that_of_scikit_learn(penalty):
    unit = np.sqrt(np.average((OUTCOME - np.average(OUTCOME, weights=ROW_WEIGHTS)) ** 2, weights=ROW_WEIGHTS))
    ours = fit_path(INPUTS, OUTCOME, ROW_WEIGHTS, [0.5, penalty], binary=False)[1]
    witness = Lasso(alpha=penalty * unit, tol=1e-12, max_iter=100_000).fit(INPUTS[:, 1:], OUTCOME, ROW_WEIGHTS)
    np.testing.assert_allclose(ours, [witness.intercept_, *witness.coef_], atol=1e-6)


def test_the_penalised_logistic_model_minimises_its_objective():
    penalty = 0.05
    ours = fit_path(INPUTS, TREATED, ROW_WEIGHTS, [penalty], binary=True)[0]

    def objective(doubled):
        up, down = np.split(doubled, 2)  # coefficients as a difference of two that are not negative
        margin = INPUTS @ (up - down)
        loss = np.average(np.logaddexp(0, margin) - TREATED * margin, weights=ROW_WEIGHTS)
        return loss + penalty * (up + down)[1:].sum()

    witness = minimize(objective, np.zeros(14), bounds=[(0, None)] * 14, method="L-BFGS-B", options={"ftol": 1e-14})
    np.testing.assert_allclose(ours, np.subtract(*np.split(witness.x, 2)), atol=2e-4)
    assert objective(np.concatenate([np.maximum(ours, 0), np.maximum(-ours, 0)])) <= witness.fun + 1e-9
    assert (ours[4:] == 0).any()


def test_a_separated_sample_ends_in_finite_log_odds():
    separated = (INPUTS[:, 1] > 0).astype(float)
    assert np.isfinite(fit_path(INPUTS, separated, ROW_WEIGHTS, [0.0], binary=True)).all()


def test_arms_are_fitted_apart():
    arm = (RNG.random(1200) < 0.5).astype(float)
    target = 1 + X[:, 0] + arm * (2 - 3 * X[:, 0])  # no noise: each arm has its own exact line
    problem = replace(without_titles(outcome_problem()), target=target, treatment=arm)
    as_is, without, with_it = cross_fit(problem, FOLDS, LinearSettings(), 0, arms=(0.0, 1.0))
    np.testing.assert_allclose(as_is, target, atol=1e-8)
    np.testing.assert_allclose(without, 1 + X[:, 0], atol=1e-8)
    np.testing.assert_allclose(with_it, 3 - 2 * X[:, 0], atol=1e-8)
    lonely = replace(problem, treatment=(FOLDS == 0).astype(float))
    with pytest.raises(NotIdentifiedError, match="leaves an arm without artworks"):
        cross_fit(lonely, FOLDS, LinearSettings(), 0, arms=(0.0, 1.0))


@pytest.mark.parametrize("make", [outcome_problem, treatment_problem])
def test_the_penalty_is_the_one_that_predicts_best_out_of_fold(make):
    """Among 40 columns of noise and two that matter, neither none nor all is best."""
    noise = np.random.default_rng(9).normal(size=(1200, 40))
    problem = replace(without_titles(make()), features=Features(np.hstack([X, noise])))
    chosen = tune(problem, FOLDS, 0, "lasso")
    assert PENALTIES[-1] < chosen.penalty < PENALTIES[0]

    def loss(settings):
        p = np.clip(cross_fit(problem, FOLDS, settings, 0)[0], 1e-9, None)
        if problem.is_binary:
            return -np.average(np.log(np.where(problem.target == 1, p, 1 - p)), weights=WEIGHTS)
        return np.average((problem.target - cross_fit(problem, FOLDS, settings, 0)[0]) ** 2, weights=WEIGHTS)

    losses = [loss(LinearSettings(penalty)) for penalty in PENALTIES]
    assert loss(chosen) == min(losses)
    assert loss(LinearSettings()) > loss(chosen)
