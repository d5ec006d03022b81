"""LaLonde's job training: regressions, imputation, weighting and trimming as published or computed in R.

Sources stand in ``causal/lalonde/gold.json``: Imbens and Xu (2024), LaLonde (1986), R 4.2.2. The experiment is the
truth that the observational samples must recover. What MatchIt made is in ``test_matched_lalonde.py``.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from artwork_insights import check_overlap, estimate_average_effect, measure_balance
from artwork_insights.effects.predictions import average_effect_from_predictions
from tests.reference.gold import checks_in, hold
from tests.reference.lalonde import COVARIATES, logit, regress


@pytest.fixture(scope="module")
def folder(reference_data):
    return reference_data / "causal" / "lalonde"


@pytest.fixture(scope="module")
def gold(folder):
    return checks_in(folder / "gold.json")


BEFORE_1975 = [name for name in COVARIATES if name not in ("re75", "u75")]
REGRESSIONS = {
    "ldw_exp_diff": ("ldw", "re78", []),
    "ldw_exp_reg": ("ldw", "re78", COVARIATES),
    "nsw_exp_diff": ("nsw", "re78", []),
    "ldw_cps_diff": ("ldw_cps", "re78", []),
    "ldw_cps_reg": ("ldw_cps", "re78", COVARIATES),
    "ldw_psid_diff": ("ldw_psid", "re78", []),
    "ldw_psid_reg": ("ldw_psid", "re78", COVARIATES),
    "placebo_re75_ldw_reg": ("ldw", "re75", BEFORE_1975),
    "placebo_re75_ldw_cps_reg": ("ldw_cps", "re75", BEFORE_1975),
    "placebo_re75_ldw_psid_reg": ("ldw_psid", "re75", BEFORE_1975),
}


@pytest.mark.parametrize("check", REGRESSIONS)
def test_regressions_and_their_errors_are_the_published_ones(folder, gold, check):
    data, outcome, covariates = REGRESSIONS[check]
    effect, error = regress(pd.read_csv(folder / f"{data}.csv"), outcome, covariates)
    hold(gold[check], {"est": effect, "se_HC1": error})


@pytest.mark.parametrize(("check", "data"), [("ldw_cps_oaxaca", "ldw_cps"), ("ldw_psid_oaxaca", "ldw_psid")])
def test_a_regression_of_the_controls_imputes_the_published_att(folder, gold, check, data):
    """Under one propensity for all, the doubly robust ATT is what the imputation leaves: residuals of the controls, on
    whom it was fitted, add up to nothing."""
    frame = pd.read_csv(folder / f"{data}.csv")
    design, control = sm.add_constant(frame[COVARIATES].astype(float)), frame["treat"] == 0
    imputed = sm.OLS(frame["re78"][control], design[control]).fit().predict(design)
    estimate = average_effect_from_predictions(
        frame["re78"], frame["treat"], propensity=np.full(len(frame), frame["treat"].mean()),
        outcome_control=imputed, outcome_treated=imputed, estimand="ATT",
    )  # fmt: skip
    hold(gold[check], {"est": estimate.effect})


@pytest.mark.parametrize(
    ("check", "data"), [("ldw_cps_ipw_logit_att", "ldw_cps"), ("ldw_psid_ipw_logit_att", "ldw_psid")]
)
def test_weighting_by_the_odds_gives_the_att_of_r(folder, gold, check, data):
    frame = pd.read_csv(folder / f"{data}.csv")
    p = logit(frame, COVARIATES)
    effect, error = regress(frame, "re78", weights=np.where(frame["treat"] == 1, 1.0, p / (1 - p)))
    hold(gold[check], {"est": effect, "se_HC1": error})
    (row,) = measure_balance(frame[["re74"]], frame["treat"], propensity=p, estimand="ATT")
    assert abs(row.smd_before) > 1
    assert abs(row.smd_after) < 0.3


@pytest.mark.parametrize(
    ("check", "data"), [("ldw_cps_crump_0.1_0.9", "ldw_cps"), ("ldw_psid_crump_0.1_0.9", "ldw_psid")]
)
def test_regression_on_the_trimmed_sample_is_that_of_r(folder, gold, check, data):
    frame = pd.read_csv(folder / f"{data}.csv")
    p = logit(frame, COVARIATES)
    inside = (p >= 0.1) & (p <= 0.9)
    n = check_overlap(frame["treat"], p, trim=0.1).n_after
    assert n == inside.sum()
    effect, error = regress(frame[inside], "re78", COVARIATES)
    n_treated = int(frame["treat"][inside].sum())
    hold(gold[check], {"n": n, "n_treated": n_treated, "reg_est": effect, "reg_se_HC1": error})


@pytest.mark.parametrize("learner", ["linear", pytest.param("random_forest", marks=pytest.mark.long)])
def test_the_experiment_is_recovered_where_there_is_overlap(folder, gold, learner):
    """And not without the comparison: the difference in means of the same sample is off by 10,000."""
    truth = gold["ldw_exp_diff"]["expected"]["est"]
    frame = pd.read_csv(folder / "ldw_cps.csv")
    estimate = estimate_average_effect(
        frame["re78"], frame["treat"], frame[COVARIATES], estimand="ATT", learner=learner, trim=0.1, seed=1
    )
    low, high = estimate.interval()
    assert low < truth < high
    assert estimate.std_error < 1000, "an interval that holds everything would prove nothing"
    assert 300 < estimate.n_cells < 700
    naive, error = regress(frame, "re78")
    assert naive + 10 * error < truth
