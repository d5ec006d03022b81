"""Cross-fitting with absorbed titles: what every learner promises, and the plain ways that break the promise."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize

from artwork_insights.design.confounders import title_means
from artwork_insights.design.learners import Features, cross_fit
from artwork_insights.design.learners.cross_fitting import StackedSettings, stacking_shares
from artwork_insights.design.learners.light_gbm import LightGBMSettings
from artwork_insights.design.learners.linear import LinearSettings
from artwork_insights.design.learners.random_forest import RandomForestSettings
from tests.design.learners.cells import (
    FOLDS,
    SETTINGS,
    TITLE,
    WEIGHTS,
    X,
    outcome_problem,
    recovered_share,
    treatment_problem,
    without_titles,
)

SUM_ATOL = 1e-6  # eight Newton steps; XGBoost's margins are in single precision
FOREST = RandomForestSettings(trees=20)
LIGHT = LightGBMSettings(num_leaves=4, learning_rate=0.15, rounds=100)
STACK = StackedSettings((("xgboost", SETTINGS), ("lasso", LinearSettings(0.01)), ("random_forest", FOREST)))
LEARNERS = [SETTINGS, LIGHT, LinearSettings(), LinearSettings(0.01), FOREST, STACK]
NAMES = ["xgboost", "lightgbm", "linear", "lasso", "random_forest", "stacked"]
PROBLEMS = [outcome_problem, treatment_problem]
every_learner = pytest.mark.parametrize("settings", LEARNERS, ids=NAMES)


@every_learner
@pytest.mark.parametrize("make", PROBLEMS)
def test_predictions_add_up_to_the_titles_own_total_only_where_titles_are_absorbed(settings, make):
    problem = make()
    varying = np.ptp(problem.target.reshape(400, 3), axis=1) > 0
    predicted, plain = (
        np.bincount(TITLE, weights=WEIGHTS * cross_fit(p, FOLDS, settings, 0)[0])
        for p in (problem, replace(problem, absorb=None))
    )
    total = np.bincount(TITLE, weights=WEIGHTS * problem.target)
    np.testing.assert_allclose(predicted[varying], total[varying], atol=SUM_ATOL)
    assert np.abs(plain - total)[varying].mean() > 0.3


@pytest.mark.parametrize("settings", [SETTINGS, LIGHT], ids=["xgboost", "lightgbm"])
def test_a_non_linear_shape_inside_titles_is_recovered_where_simpler_fits_lose_it(settings):
    problem = outcome_problem()
    demeaned = replace(problem, target=problem.target - title_means(problem.target, TITLE, WEIGHTS), absorb=None)
    share, correlation = recovered_share(cross_fit(problem, FOLDS, settings, 0)[0])
    assert 0.9 < share < 1.05
    assert correlation > 0.97
    share_demeaned, _ = recovered_share(cross_fit(demeaned, FOLDS, settings, 0)[0])
    assert share_demeaned < 0.75  # 1 - 1/3 is left with three artworks per title
    _, correlation_plain = recovered_share(cross_fit(replace(problem, absorb=None), FOLDS, settings, 0)[0])
    assert correlation_plain < 0.7


@pytest.mark.parametrize("settings", [SETTINGS, LIGHT, FOREST, STACK], ids=["xgboost", "lightgbm", "forest", "stack"])
def test_learners_of_shapes_beat_the_straight_line_where_the_shape_is_not_straight(settings):
    """The step and the wave explain .5 + .25 of the variance; a line finds less than two thirds of it."""
    problem = without_titles(outcome_problem())
    noise = 0.2**2
    errors = [np.mean((problem.target - cross_fit(problem, FOLDS, s, 0)[0]) ** 2) for s in (settings, LinearSettings())]
    assert errors[0] < 5 * noise < errors[1]


@every_learner
def test_propensities_are_calibrated(settings):
    for problem in (treatment_problem(), without_titles(treatment_problem())):
        varying = np.repeat(np.ptp(problem.target.reshape(400, 3), axis=1) > 0, 3)
        used = varying if problem.absorb is not None else np.ones(1200, dtype=bool)
        propensity, target = cross_fit(problem, FOLDS, settings, 0)[0][used], problem.target[used]
        assert ((propensity > 0) & (propensity < 1)).all()
        for low, high in ((0, 0.25), (0.25, 0.5), (0.5, 0.75), (0.75, 1)):
            inside = (propensity > low) & (propensity <= high)
            error = np.sqrt(0.25 / inside.sum())
            assert abs(propensity[inside].mean() - target[inside].mean()) < 3 * error + 0.05


@every_learner
def test_a_model_never_sees_the_fold_that_it_predicts(settings):
    """Targets of a fold may move its titles' levels, never the differences inside its titles."""
    problem = outcome_problem()
    held_out = FOLDS == 2
    changed = replace(problem, target=np.where(held_out, np.roll(problem.target, 1), problem.target))
    predictions = [cross_fit(p, FOLDS, settings, 0)[0] for p in (problem, changed)]
    inside = [p - title_means(p, TITLE, WEIGHTS) for p in predictions]
    scale = np.abs(np.concatenate(inside)).max()
    if not isinstance(settings, StackedSettings):  # its members' predictions elsewhere move the shares a little
        np.testing.assert_allclose(inside[0][held_out], inside[1][held_out], atol=1e-5 * scale)
    assert np.abs(inside[0] - inside[1])[~held_out].max() > 1e-3 * scale


@every_learner
def test_arms_keep_the_level_of_the_rows_as_they_are(settings):
    rng = np.random.default_rng(4)
    arm = (rng.random(1200) < 0.5).astype(float)
    problem = replace(outcome_problem(), treatment=arm)
    problem = replace(problem, target=problem.target + 3 * arm)
    as_is, without, with_it = cross_fit(problem, FOLDS, settings, 0, arms=(0.0, 1.0))
    np.testing.assert_allclose(np.where(arm == 1, with_it, without), as_is, atol=1e-9)
    straight = isinstance(settings, LinearSettings)  # fitted without levels: title quality is noise to the two lines
    assert np.mean(with_it - without) == pytest.approx(3, abs=2.0 if straight else 1.2)
    nothing = replace(outcome_problem(), treatment=arm)
    _, before, after = cross_fit(nothing, FOLDS, settings, 0, arms=(0.0, 1.0))
    assert abs(np.mean(after - before)) < 2.0


@every_learner
def test_results_do_not_depend_on_the_number_of_threads(settings, monkeypatch):
    found = []
    for cores in (1, 3):
        monkeypatch.setattr(os, "cpu_count", lambda cores=cores: cores)
        found.append(cross_fit(treatment_problem(), FOLDS, settings, 0)[0])
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("settings", [SETTINGS, LIGHT, FOREST], ids=["xgboost", "lightgbm", "random_forest"])
def test_the_seed_decides_the_fit(settings):
    first, again, other = (cross_fit(outcome_problem(), FOLDS, settings, seed)[0] for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 1e-3


@every_learner
@pytest.mark.parametrize(("factor", "shift"), [(1e-6, 0.0), (1e6, 0.0), (1.0, 1e4)])
def test_predictions_follow_the_unit_of_the_target(settings, factor, shift):
    """XGBoost alone splits nothing that gains less than 1e-6: rates of one in a thousand would not be learnt."""
    problem = outcome_problem()
    rescaled = replace(problem, target=factor * problem.target + shift)
    first, second = (cross_fit(p, FOLDS, settings, 0)[0] for p in (problem, rescaled))
    np.testing.assert_allclose((second - shift) / factor, first, atol=1e-3)


@pytest.mark.parametrize("settings", LEARNERS[:4], ids=NAMES[:4])
def test_without_columns_the_prediction_is_the_mean_of_the_other_folds(settings):
    problem = replace(outcome_problem(), features=Features(np.empty((1200, 0))))
    plain = cross_fit(replace(problem, absorb=None), FOLDS, settings, 0)[0]
    for fold in range(5):
        held_out = np.equal(FOLDS, fold)
        others = np.average(problem.target[~held_out], weights=WEIGHTS[~held_out])
        np.testing.assert_allclose(plain[held_out], others, atol=0.1)  # 1 % of the SD: trees see subsamples
    absorbed = cross_fit(problem, FOLDS, settings, 0)[0]
    np.testing.assert_allclose(absorbed, title_means(problem.target, TITLE, WEIGHTS), atol=1e-6)


@every_learner
def test_a_hole_that_tells_of_the_target_is_used(settings):
    hidden = np.random.default_rng(6).random(1200) < 0.3
    problem = without_titles(outcome_problem())
    holes = np.where(hidden[:, None] & [True, False], np.nan, X)
    target = 5.0 * hidden + 0.1 * np.random.default_rng(7).normal(size=1200)
    predicted = cross_fit(replace(problem, features=Features(holes), target=target), FOLDS, settings, 0)[0]
    assert np.corrcoef(predicted, target)[0, 1] > 0.95


def test_stacking_shares_are_those_of_a_constrained_minimiser():
    rng = np.random.default_rng(8)
    target = rng.normal(size=300)
    predictions = np.column_stack([target + rng.normal(size=300), 0.6 * target + rng.normal(size=300), -target])
    weights = rng.uniform(0.5, 2, 300)
    shares = stacking_shares(predictions, target, weights)
    centre = np.average(target, weights=weights)

    def loss(b):
        return np.average((target - centre - (predictions - centre) @ b) ** 2, weights=weights)

    witness = minimize(loss, np.full(3, 0.3), bounds=[(0, None)] * 3, method="L-BFGS-B").x
    np.testing.assert_allclose(shares, witness / witness.sum(), atol=1e-3)
    assert shares[2] == 0
    assert shares.sum() == pytest.approx(1)


def test_a_stack_leans_on_the_learner_that_predicts():
    problem = without_titles(outcome_problem())
    useless = LinearSettings(10.0)  # all coefficients are zero
    stack = StackedSettings((("lasso", useless), ("xgboost", SETTINGS)))
    stacked = cross_fit(problem, FOLDS, stack, 0)[0]
    alone = cross_fit(problem, FOLDS, SETTINGS, 1)[0]  # the second member's seed
    constant = cross_fit(problem, FOLDS, useless, 0)[0]
    assert np.abs(stacked - alone).mean() < 0.05
    assert np.abs(stacked - constant).mean() > 0.3
