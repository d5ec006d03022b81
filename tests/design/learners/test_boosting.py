"""Trees on shared bins: as if each had its own data, whoever trains beside them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import xgboost

from artwork_insights.design.learners import BoostingSettings, Features, boosting, cross_fit
from artwork_insights.design.learners.light_gbm import LightGBMSettings
from tests.design.learners.cells import FOLDS, SETTINGS, X, outcome_problem, treatment_problem, without_titles

LIGHT = LightGBMSettings(num_leaves=4, learning_rate=0.15, rounds=100)


def test_our_bins_and_gradients_predict_as_well_as_xgboost_left_to_itself():
    """The witness bins and differentiates on its own, so trees differ; their errors must not."""
    problem = without_titles(treatment_problem())
    held_out = FOLDS == 0
    ours = cross_fit(problem, FOLDS, SETTINGS, 0)[0][held_out]
    witness = xgboost.XGBClassifier(
        max_depth=2, learning_rate=0.15, min_child_weight=5.0, n_estimators=100, reg_lambda=1.0, subsample=0.8,
        colsample_bynode=0.8, max_bin=64, random_state=0, n_jobs=1,
    ).fit(X[~held_out], problem.target[~held_out], sample_weight=problem.weights[~held_out])  # fmt: skip
    theirs = witness.predict_proba(X[held_out])[:, 1]
    loss = [-np.log(np.where(problem.target[held_out] == 1, p, 1 - p)).mean() for p in (ours, theirs)]
    assert loss[0] == pytest.approx(loss[1], rel=0.04)
    assert np.corrcoef(ours, theirs)[0, 1] > 0.97  # 240 rows of Bernoulli noise; each samples its own rows


@pytest.mark.parametrize("settings", [SETTINGS, LIGHT], ids=["xgboost", "lightgbm"])
def test_boosters_side_by_side_on_one_matrix_grow_the_trees_that_they_grow_alone(settings):
    fold = settings.prepare(treatment_problem(), FOLDS == 0)
    tried = [replace(settings, learning_rate=rate, rounds=30) for rate in (0.05, 0.1, 0.2, 0.3)] * 3
    alone = [fold.margins(one, 0, ())[0] for one in tried[:4]]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda one: fold.margins(one, 0, ())[0], tried))
    for k, margin in enumerate(together):
        np.testing.assert_array_equal(margin, alone[k % 4])
    assert np.abs(alone[0] - alone[1]).max() > 0.01


@pytest.mark.parametrize("settings", [SETTINGS, LIGHT], ids=["xgboost", "lightgbm"])
def test_held_out_margins_read_in_pieces_are_those_read_at_once(settings):
    problem = without_titles(treatment_problem())
    trees = settings.prepare(problem, FOLDS == 0).start(settings, 0)
    for _ in range(4):
        trees.grow(25)
        pieces = trees.held_out_margin()
    np.testing.assert_allclose(pieces, trees.offset + trees.sum_of_trees(0), atol=1e-5)
    p = np.average(problem.target[FOLDS != 0], weights=problem.weights[FOLDS != 0])
    assert trees.offset == pytest.approx(np.log(p / (1 - p)))


def test_of_many_rows_trees_see_all_rows_and_columns_so_that_chance_has_no_part(monkeypatch):
    def margins(seed):
        return SETTINGS.prepare(outcome_problem(), FOLDS == 0).margins(SETTINGS, seed, ())[0]

    assert np.abs(margins(0) - margins(1)).max() > 1e-3  # few rows: each tree draws its own
    monkeypatch.setattr(boosting, "MANY_ROWS", 100)
    np.testing.assert_array_equal(margins(0), margins(1))


def test_only_the_order_of_a_feature_counts():
    problem = outcome_problem()
    warped = replace(problem, features=Features(np.column_stack([np.exp(3 * X[:, 0]), X[:, 1] ** 3])))
    first, second = (cross_fit(p, FOLDS, SETTINGS, 0)[0] for p in (problem, warped))
    np.testing.assert_array_equal(first, second)


def test_settings_are_reported_by_name():
    assert BoostingSettings(2, 0.1, 5.0, 40).as_dict() == {
        "max_depth": 2.0, "learning_rate": 0.1, "min_child_weight": 5.0, "rounds": 40.0,
    }  # fmt: skip
