"""The grid search takes what predicts best out of fold, and no more trees than predict as well."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest

from artwork_insights.design.learners import BoostingSettings, Learner, cross_fit, tune, tuning
from artwork_insights.design.learners.boosting import GRID, LARGEST_NUMBER_OF_ROUNDS
from artwork_insights.design.learners.light_gbm import LightGBMSettings
from artwork_insights.design.learners.tuning import grid_search
from tests.design.learners.cells import FOLDS, SETTINGS, WEIGHTS, X, outcome_problem, treatment_problem, without_titles


def test_the_grid_crosses_depth_rate_and_leaf_size_with_at_least_a_thousand_rounds():
    assert len({(s.max_depth, s.learning_rate, s.min_child_weight) for s in GRID}) == 12
    assert LARGEST_NUMBER_OF_ROUNDS >= 1000


def test_the_settings_that_predict_best_are_taken():
    problem = outcome_problem()
    weak = BoostingSettings(1, 0.001, 5.0, 300)
    assert grid_search(problem, FOLDS, 0, [weak, SETTINGS]).max_depth == 2
    noise = replace(problem, target=np.random.default_rng(5).normal(size=len(X)), absorb=None)
    deep = BoostingSettings(6, 0.5, 1.0, 300)
    assert grid_search(noise, FOLDS, 0, [deep, weak]).max_depth == 1  # nothing to learn: the weaker wins
    assert grid_search(noise, FOLDS, 0, [deep]).rounds == 10  # the fewest


@pytest.mark.parametrize("absorbs", [True, False])
@pytest.mark.parametrize("make", [outcome_problem, treatment_problem])
def test_the_choice_is_near_the_best_of_cross_fitting_every_candidate(make, absorbs):
    """Propensities must be compared on the scale of the log odds that they are made from, titles absorbed or not."""
    problem = make() if absorbs else without_titles(make())
    grid = [replace(SETTINGS, rounds=300), replace(SETTINGS, max_depth=6, learning_rate=0.3, rounds=300)]

    def loss(settings):
        predicted = cross_fit(problem, FOLDS, settings, 0)[0]
        if not problem.is_binary:
            return np.average((problem.target - predicted) ** 2, weights=WEIGHTS)
        p = np.clip(predicted, 1e-9, 1 - 1e-9)
        return np.average(-np.log(np.where(problem.target == 1, p, 1 - p)), weights=WEIGHTS)

    losses = [loss(replace(settings, rounds=rounds)) for settings in grid for rounds in (10, 40, 80, 150, 300)]
    found = loss(grid_search(problem, FOLDS, 0, grid))
    assert found < 1.05 * min(losses)  # trees are added up to one standard error past the best
    assert found < 0.9 * max(losses)


def test_hopeless_settings_are_tried_on_one_fold_only_and_growth_stops_early(monkeypatch):
    calls = []
    real = tuning.stop_early

    def counted(fold, settings, seed):
        loss, rounds = real(fold, settings, seed)
        calls.append((settings, int(np.flatnonzero(fold.held_out)[0]), rounds))
        return loss, rounds

    monkeypatch.setattr(tuning, "stop_early", counted)
    grid = [replace(SETTINGS, learning_rate=rate, rounds=1000) for rate in (0.001, 0.002, 0.003, 0.1, 0.2, 0.3)]
    chosen = grid_search(outcome_problem(), FOLDS, 0, grid)
    first = int(np.flatnonzero(FOLDS == 0)[0])
    going_on = {settings.learning_rate for settings, fold, _ in calls if fold != first}
    assert len(calls) == 6 + 2 * 2
    assert len(going_on) == 2
    assert chosen.learning_rate in going_on <= {0.1, 0.2, 0.3}
    assert chosen.rounds < 600


@pytest.mark.parametrize("absorbs", [True, False])
def test_of_many_rows_shapes_are_screened_on_a_draw_of_whole_titles_and_the_small_rate_goes_on(monkeypatch, absorbs):
    problem = outcome_problem() if absorbs else without_titles(outcome_problem())
    calls = []
    real = tuning.stop_early

    def counted(fold, settings, seed):
        calls.append((settings, fold.problem))
        return real(fold, settings, seed)

    monkeypatch.setattr(tuning, "stop_early", counted)
    monkeypatch.setattr(tuning, "FEWEST_TO_SCREEN", 5)
    monkeypatch.setattr(tuning, "LARGEST_SCREEN", len(X) // 2)
    hopeless = [replace(SETTINGS, max_depth=1, min_child_weight=10.0**9 + k) for k in range(3)]
    shapes = [*hopeless, SETTINGS, replace(SETTINGS, max_depth=3), replace(SETTINGS, max_depth=4)]
    grid = [replace(shape, learning_rate=rate, rounds=300) for shape in shapes for rate in (0.05, 0.2)]
    chosen = grid_search(problem, FOLDS, 0, grid)
    fast, slow, full = calls[:6], calls[6:9], calls[9:]
    assert {settings.learning_rate for settings, _ in fast} == {0.2}
    assert {settings.learning_rate for settings, _ in slow + full} == {0.05}
    assert {settings.max_depth for settings, _ in slow} == {2, 3, 4}
    assert len(full) == 2
    assert chosen.learning_rate == 0.05
    assert chosen.max_depth in {settings.max_depth for settings, _ in full}
    assert all(0.3 < len(part.target) / len(X) < 0.7 for _, part in fast + slow)
    assert all(len(part.target) == len(X) for _, part in full)
    if absorbs:
        part = fast[0][1]
        whole = np.bincount(problem.absorb, minlength=problem.absorb.max() + 1)
        found = np.bincount(part.absorb, minlength=len(whole))
        assert set(found[found > 0] - whole[found > 0]) == {0}
    monkeypatch.setattr(tuning, "FEWEST_TO_SCREEN", 10**6)
    calls.clear()
    grid_search(problem, FOLDS, 0, grid)
    assert all(len(part.target) == len(X) for _, part in calls)  # too few titles to draw from


@pytest.mark.parametrize("learner", ["xgboost", "lightgbm"])
def test_the_choice_does_not_depend_on_the_number_of_threads(learner, monkeypatch):
    for name in ("GRID", "LIGHT_GRID"):
        monkeypatch.setattr(tuning, name, tuple(replace(s, rounds=60) for s in getattr(tuning, name)[::4]))
    found = []
    for cores in (1, 3):
        monkeypatch.setattr(os, "cpu_count", lambda cores=cores: cores)
        found.append(tune(treatment_problem(), FOLDS, 0, learner))
    assert found[0] == found[1]


def test_every_learner_has_a_name_and_reports_its_settings(monkeypatch):
    monkeypatch.setattr(tuning, "GRID", (replace(SETTINGS, rounds=20),))
    monkeypatch.setattr(tuning, "LIGHT_GRID", (LightGBMSettings(4, 0.15, 20),))
    for learner in get_args(Learner):
        settings = tune(without_titles(outcome_problem()), FOLDS, 0, learner)
        assert settings.as_dict()
        assert all(isinstance(value, float) for value in settings.as_dict().values())


def test_trees_are_added_as_long_as_the_loss_is_within_a_standard_error_of_its_smallest_and_no_further():
    """More than the best number, which leaves shrunken confounding in the residuals; far fewer than all."""
    problem = outcome_problem()
    fold = SETTINGS.prepare(problem.standardised()[0], FOLDS == 0)
    settings = replace(SETTINGS, rounds=1000)
    _, chosen = tuning.stop_early(fold, settings, 0)
    trees, by_rounds = fold.start(settings, 0), {}
    while trees.rounds < 1000:
        trees.grow(10)
        losses = fold.problem.losses(trees.held_out_margin(), fold.held_out)
        by_rounds[trees.rounds] = np.bincount(problem.absorb[fold.held_out], weights=losses)
    best = min(by_rounds, key=lambda rounds: by_rounds[rounds].sum())
    titles = np.unique(problem.absorb[fold.held_out])

    def errors_above(rounds):
        worse = (by_rounds[rounds] - by_rounds[best])[titles]
        return worse.sum() / (worse.std() * np.sqrt(len(titles)))

    assert best < chosen < 1000
    assert errors_above(chosen) <= 1 < errors_above(1000)
