"""What each design conditions on, and how well the treatment is predicted from it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from artwork_insights.design.assignment import make_assignment
from artwork_insights.design.confounders import Confounders
from artwork_insights.design.folds import assign_title_folds
from artwork_insights.design.learners import BoostingSettings
from artwork_insights.design.treatment_model import (
    calibration_by_tenth,
    design_covariates,
    fit_treatment_model,
    treatment_auc,
    treatment_variance_left,
)

SETTINGS = BoostingSettings(2, 0.15, 5.0, 50)


@pytest.fixture(scope="module")
def assignment():
    rng = np.random.default_rng(0)
    title = np.repeat(np.arange(80), 5)
    x = np.column_stack([rng.normal(size=400), rng.normal(size=80)[title]])
    treated = rng.random(400) < 1 / (1 + np.exp(-2 * x[:, 0] - rng.normal(size=80)[title]))
    return make_assignment(treated, Confounders(x, ("x", "budget"), ("x", "budget")), title)


def test_designs_differ_in_the_title_means_they_hold_fixed(assignment):
    assert design_covariates(assignment, "pooled").names == ("x", "budget")
    within = ("x", "budget", "title mean of x", "x less title mean")
    assert design_covariates(assignment, "within").names == within
    mundlak = design_covariates(assignment, "mundlak")
    assert mundlak.names == (*within, "title mean of the treatment")
    np.testing.assert_allclose(mundlak.values[:, -1], assignment.treated_share())


def test_propensities_lie_inside_zero_and_one_and_titles_add_up_outside_pooled(assignment):
    folds = assign_title_folds(assignment.title, 5, np.random.default_rng(0))
    varying = assignment.in_varying_title()
    for design in ("pooled", "mundlak", "within"):
        propensity = fit_treatment_model(assignment, design, folds, 0, SETTINGS).prediction
        assert ((propensity > 0) & (propensity < 1)).all()
        predicted, treated = (
            np.bincount(assignment.title[varying], weights=values[varying])
            for values in (propensity, assignment.treatment)
        )
        assert np.allclose(predicted, treated, atol=1e-5) == (design != "pooled")


def test_auc_is_the_chance_of_ranking_a_treated_cell_above_an_untreated_one(assignment):
    score = assignment.confounders.values[:, 0]
    treated = assignment.treatment == 1
    u = mannwhitneyu(score[treated], score[~treated]).statistic
    assert treatment_auc(assignment, score) == pytest.approx(u / (treated.sum() * (~treated).sum()), abs=1e-12)


def test_calibration_counts_every_cell_once_and_compares_means(assignment):
    score = np.random.default_rng(1).random(400)
    tenths = calibration_by_tenth(assignment, score)
    assert sum(n for *_, n in tenths) == 400
    assert np.average([observed for _, observed, _ in tenths], weights=[n for *_, n in tenths]) == pytest.approx(
        assignment.treatment.mean()
    )
    lowest = score <= np.quantile(score, 0.1)
    assert tenths[0][:2] == pytest.approx((score[lowest].mean(), assignment.treatment[lowest].mean()))


def test_variance_left_is_one_without_knowledge_and_zero_with_all_of_it(assignment):
    assert treatment_variance_left(assignment, np.full(400, assignment.treatment.mean())) == pytest.approx(1)
    assert treatment_variance_left(assignment, assignment.treatment) == 0
    assert treatment_variance_left(assignment, 1 - assignment.treatment) == 1  # worse than the mean is clipped
