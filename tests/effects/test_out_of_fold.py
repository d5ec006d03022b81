"""Predictions handed out are those that the estimators use, each in the row it belongs to."""

from __future__ import annotations

import numpy as np
import pytest

from artwork_insights import (
    average_effect_from_predictions,
    check_overlap,
    estimate_average_effect,
    fit_causal_forest,
    predict_nuisances,
)
from artwork_insights.errors import NotIdentifiedError


def make_rows(seed=0, n_titles=60):
    rng = np.random.default_rng(seed)
    title = np.repeat(np.arange(n_titles), rng.integers(3, 8, n_titles))
    rng.shuffle(title)
    x = rng.normal(size=(len(title), 2))
    treated = (rng.random(len(title)) < 1 / (1 + np.exp(-x[:, 0] - rng.normal(size=n_titles)[title]))).astype(float)
    treated[title == 0] = 1.0
    outcome = 0.3 * treated + x[:, 0] + rng.normal(size=n_titles)[title] + 0.5 * rng.normal(size=len(title))
    return outcome, treated, x, title


@pytest.mark.parametrize("learner", ["linear", "xgboost"])
def test_estimates_from_the_predictions_are_those_of_the_one_call(learner):
    outcome, treated, x, title = make_rows()
    found = predict_nuisances(outcome, treated, x, title, design="pooled", learner=learner, folds=3)
    direct = estimate_average_effect(outcome, treated, x, title, design="pooled", learner=learner, folds=3, trim=0.0)
    again = average_effect_from_predictions(
        outcome, treated, propensity=found.propensity, outcome_control=found.outcome_control,
        outcome_treated=found.outcome_treated, clusters=title,
    )  # fmt: skip
    assert again.effect == pytest.approx(direct.effect, rel=1e-9)
    assert again.std_error == pytest.approx(direct.std_error, rel=1e-9)


def test_each_prediction_stands_in_its_row_whatever_the_order():
    outcome, treated, x, title = make_rows(1)
    found = predict_nuisances(outcome, treated, x, title, learner="linear", folds=3)
    order = np.random.default_rng(2).permutation(len(title))
    moved = predict_nuisances(outcome[order], treated[order], x[order], title[order], learner="linear", folds=3)
    for name in ("propensity", "outcome_control", "outcome_residual"):
        np.testing.assert_allclose(getattr(moved, name), getattr(found, name)[order], rtol=1e-9, atol=1e-12)
    known = np.isfinite(found.propensity)
    assert np.corrcoef(found.outcome_prediction[known], outcome[known])[0, 1] > 0.8


def test_titles_that_do_not_vary_have_none_and_residuals_have_no_title_means():
    outcome, treated, x, title = make_rows(3)
    found = predict_nuisances(outcome, treated, x, title, learner="linear", folds=3)
    assert found.design == "mundlak"
    assert np.isnan(found.propensity[title == 0]).all()
    known = np.isfinite(found.propensity)
    assert np.abs(np.bincount(title[known], found.treatment_residual[known])).max() < 1e-9
    overlap = check_overlap(treated, found.propensity, clusters=title)
    assert overlap.n_after <= known.sum()


def test_residuals_go_straight_into_a_forest():
    outcome, treated, x, title = make_rows(4, n_titles=120)
    found = predict_nuisances(outcome, treated, x, title, learner="linear", folds=3)
    known = np.isfinite(found.propensity)
    columns = (found.outcome_residual[known], found.treatment_residual[known], x[known], title[known])
    forest = fit_causal_forest(*columns)
    assert forest.conditional_effects.shape == (known.sum(),)


def test_what_the_one_call_refuses_is_refused():
    outcome, treated, x, title = make_rows(5)
    with pytest.raises(NotIdentifiedError, match="learner 'magic' is not known"):
        predict_nuisances(outcome, treated, x, title, learner="magic")
    with pytest.raises(NotIdentifiedError, match="two values 1 and 2"):
        predict_nuisances(outcome, treated + 1, x, title)
