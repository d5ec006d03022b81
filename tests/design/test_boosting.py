"""Boosting with absorbed titles: what it promises, and the plain ways that break the promise."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest

from artwork_insights.design.boosting import BoostingSettings, Problem, cross_fit, tune
from artwork_insights.design.confounders import title_means
from artwork_insights.design.folds import assign_title_folds

SETTINGS = BoostingSettings(max_depth=2, learning_rate=0.15, min_child_weight=5.0, rounds=100)
SUM_ATOL = 1e-6  # eight Newton steps; XGBoost's margins are in single precision


def shape_of(x):
    return np.sin(2 * x[:, 0]) + (x[:, 1] > 0)


@pytest.fixture(scope="module")
def cells():
    """400 titles of 3 artworks; titles differ ten times as much as artworks do."""
    rng = np.random.default_rng(0)
    title = np.repeat(np.arange(400), 3)
    x = rng.normal(size=(1200, 2))
    quality = 10 * rng.normal(size=400)[title]
    folds = assign_title_folds(title, 5, rng)
    return title, x, quality, rng.uniform(0.5, 2, 1200), folds, rng


def outcome_problem(cells, **options):
    title, x, quality, weights, _, _ = cells
    noise = 0.2 * np.random.default_rng(1).normal(size=len(title))
    options.setdefault("absorb", title)
    return Problem(x, quality + shape_of(x) + noise, weights, "reg:squarederror", **options)


def treatment_problem(cells, **options):
    title, x, quality, weights, _, _ = cells
    chance = 1 / (1 + np.exp(-(quality / 5 + shape_of(x) - 0.5)))
    treatment = (np.random.default_rng(2).random(len(title)) < chance).astype(float)
    options.setdefault("absorb", title)
    return Problem(x, treatment, weights, "binary:logistic", **options)


@pytest.mark.parametrize("make", [outcome_problem, treatment_problem])
def test_predictions_add_up_to_the_titles_own_total_only_where_titles_are_absorbed(cells, make):
    title, _, _, weights, folds, _ = cells
    problem = make(cells)
    varying = np.ptp(problem.target.reshape(400, 3), axis=1) > 0
    predicted, plain = (
        np.bincount(title, weights=weights * cross_fit(p, folds, SETTINGS, 0)[0])
        for p in (problem, replace(problem, absorb=None))
    )
    total = np.bincount(title, weights=weights * problem.target)
    np.testing.assert_allclose(predicted[varying], total[varying], atol=SUM_ATOL)
    assert np.abs(plain - total)[varying].mean() > 0.3


def recovered_share(cells, prediction):
    """Slope of predicted on true differences inside titles: 1 when the shape is fully recovered."""
    title, x, _, weights, _, _ = cells
    true = shape_of(x) - title_means(shape_of(x), title, weights)
    found = prediction - title_means(prediction, title, weights)
    return (weights * found) @ true / ((weights * true) @ true), np.corrcoef(found, true)[0, 1]


def test_a_non_linear_shape_inside_titles_is_recovered_where_simpler_fits_lose_it(cells):
    title, _, _, weights, folds, _ = cells
    problem = outcome_problem(cells)
    demeaned = replace(problem, target=problem.target - title_means(problem.target, title, weights), absorb=None)
    plain = replace(problem, absorb=None)
    share, correlation = recovered_share(cells, cross_fit(problem, folds, SETTINGS, 0)[0])
    assert 0.9 < share < 1.05
    assert correlation > 0.97
    share_demeaned, _ = recovered_share(cells, cross_fit(demeaned, folds, SETTINGS, 0)[0])
    assert share_demeaned < 0.75  # 1 - 1/3 is left with three artworks per title
    _, correlation_plain = recovered_share(cells, cross_fit(plain, folds, SETTINGS, 0)[0])
    assert correlation_plain < 0.7


def test_propensities_are_calibrated_inside_titles(cells):
    _, _, _, _, folds, _ = cells
    problem = treatment_problem(cells)
    varying = np.repeat(np.ptp(problem.target.reshape(400, 3), axis=1) > 0, 3)
    propensity = cross_fit(problem, folds, SETTINGS, 0)[0][varying]
    target = problem.target[varying]
    assert ((propensity > 0) & (propensity < 1)).all()
    for low, high in ((0, 0.25), (0.25, 0.5), (0.5, 0.75), (0.75, 1)):
        inside = (propensity > low) & (propensity <= high)
        error = np.sqrt(0.25 / inside.sum())
        assert abs(propensity[inside].mean() - target[inside].mean()) < 3 * error + 0.03


def test_a_model_never_sees_the_fold_that_it_predicts(cells):
    """Targets of a fold may move its titles' levels, never the differences inside its titles."""
    title, _, _, weights, folds, _ = cells
    problem = outcome_problem(cells)
    held_out = folds == 2
    first = cross_fit(problem, folds, SETTINGS, 0)[0]
    changed = replace(problem, target=np.where(held_out, np.roll(problem.target, 1), problem.target))
    second = cross_fit(changed, folds, SETTINGS, 0)[0]
    inside = [p - title_means(p, title, weights) for p in (first, second)]
    np.testing.assert_allclose(inside[0][held_out], inside[1][held_out], atol=1e-5)
    assert np.abs(inside[0] - inside[1])[~held_out].max() > 0.1


def test_variants_keep_the_level_of_the_rows_as_they_are(cells):
    _, x, _, _, folds, _ = cells
    problem = outcome_problem(cells)
    same, moved = cross_fit(problem, folds, SETTINGS, 0, [x, x * [1, 0] + [0, 5]])[1:]
    base = cross_fit(problem, folds, SETTINGS, 0)[0]
    np.testing.assert_array_equal(same, base)
    step = (moved - base)[x[:, 1] < 0]
    assert 0.8 < step.mean() < 1.1  # the second column's step of 1 is switched on, the title's level is not


@pytest.mark.parametrize("cores", [1, 3])
def test_results_do_not_depend_on_the_number_of_threads(cells, monkeypatch, cores):
    _, _, _, _, folds, _ = cells
    expected = cross_fit(treatment_problem(cells), folds, SETTINGS, 0)[0]
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    np.testing.assert_array_equal(cross_fit(treatment_problem(cells), folds, SETTINGS, 0)[0], expected)


def test_the_seed_decides_the_fit(cells):
    _, _, _, _, folds, _ = cells
    first, again, other = (cross_fit(outcome_problem(cells), folds, SETTINGS, seed)[0] for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 1e-3


@pytest.mark.parametrize(("factor", "shift"), [(1e-6, 0.0), (1e6, 0.0), (1.0, 1e4)])
@pytest.mark.parametrize("absorbs", [True, False])
def test_predictions_follow_the_unit_of_the_target(cells, factor, shift, absorbs):
    """XGBoost alone splits nothing that gains less than 1e-6: rates of one in a thousand would not be learnt."""
    _, _, _, _, folds, _ = cells
    problem = outcome_problem(cells)
    problem = problem if absorbs else replace(problem, absorb=None)
    rescaled = replace(problem, target=factor * problem.target + shift)
    first, second = (cross_fit(p, folds, SETTINGS, 0)[0] for p in (problem, rescaled))
    np.testing.assert_allclose((second - shift) / factor, first, atol=1e-3)


def test_without_columns_the_prediction_is_the_mean_of_the_other_folds(cells):
    title, _, _, weights, folds, _ = cells
    problem = replace(outcome_problem(cells), features=np.empty((1200, 0)))
    plain = cross_fit(replace(problem, absorb=None), folds, SETTINGS, 0)[0]
    for fold in range(5):
        others = np.average(problem.target[folds != fold], weights=weights[folds != fold])
        np.testing.assert_allclose(plain[folds == fold], others, atol=0.1)  # 1 % of the SD: trees see subsamples
    np.testing.assert_allclose(
        cross_fit(problem, folds, SETTINGS, 0)[0], title_means(problem.target, title, weights), atol=1e-6
    )


def test_the_grid_search_takes_the_settings_that_predict_best_out_of_fold(cells):
    _, x, _, _, folds, _ = cells
    problem = outcome_problem(cells)
    weak = BoostingSettings(1, 0.001, 5.0, 300)
    assert tune(problem, folds, 0, [weak, SETTINGS]).max_depth == 2
    noise = replace(problem, target=np.random.default_rng(5).normal(size=len(x)), absorb=None)
    deep = BoostingSettings(6, 0.5, 1.0, 300)
    assert tune(noise, folds, 0, [deep, replace(weak, max_depth=1)]).max_depth == 1  # nothing to learn: the weaker wins
    assert tune(noise, folds, 0, [deep]).rounds == 25


@pytest.mark.parametrize("absorbs", [True, False])
@pytest.mark.parametrize("make", [outcome_problem, treatment_problem])
def test_the_grid_search_agrees_with_cross_fitting_every_candidate(cells, make, absorbs):
    """Propensities must be compared on the scale of the log odds that they are made from, titles absorbed or not."""
    _, _, _, weights, folds, _ = cells
    problem = make(cells) if absorbs else replace(make(cells), absorb=None)
    grid = [replace(SETTINGS, rounds=300), replace(SETTINGS, max_depth=6, learning_rate=0.3, rounds=300)]
    candidates = [replace(settings, rounds=rounds) for settings in grid for rounds in (25, 50, 100, 200, 300)]

    def loss(settings):
        predicted = cross_fit(problem, folds, settings, 0)[0]
        if make is outcome_problem:
            errors = (problem.target - predicted) ** 2
        else:
            p = np.clip(predicted, 1e-9, 1 - 1e-9)
            errors = -np.log(np.where(problem.target == 1, p, 1 - p))
        sizes = np.bincount(folds)
        return sum(np.average(errors[folds == f], weights=weights[folds == f]) * sizes[f] for f in range(5))

    assert tune(problem, folds, 0, grid) == min(candidates, key=loss)
