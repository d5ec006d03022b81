"""LaLonde's job training: regressions, weighting, matched pairs and balance as published or computed in R.

Sources stand in ``causal/lalonde/gold.json``: Imbens and Xu (2024) for the regressions, MatchIt 4.5.1 for balance,
matched pairs and coarsened exact matching. The experiment is the truth that the observational samples must recover.
"""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from artwork_insights import check_overlap, estimate_average_effect, measure_balance
from artwork_insights.mechanisms.regression import fit_clustered_ols

COVARIATES = ["age", "education", "black", "hispanic", "married", "nodegree", "re74", "re75", "u74", "u75"]
OF_MATCHIT = ["age", "educ", "race", "married", "nodegree", "re74", "re75"]
LOGIT_ATOL = 0.01  # the tolerance stated for what rests on a fitted propensity
MATCHIT_ATOL = 1e-6


@pytest.fixture(scope="module")
def folder(reference_data):
    return reference_data / "causal" / "lalonde"


@pytest.fixture(scope="module")
def gold(folder):
    checks = json.loads((folder / "gold.json").read_text())["checks"]
    return {check["id"]: (check["expected"], check["tol"]) for check in checks}


@pytest.fixture(scope="module")
def matchit(folder):
    return pd.read_csv(folder / "matchit_lalonde.csv")


def regress(frame, outcome, covariates=(), weights=None):
    """Least squares with HC1 errors: every row is a cluster of its own."""
    found = fit_clustered_ols(
        frame[outcome], frame[["treat", *covariates]].to_numpy(float), np.arange(len(frame)), weights=weights
    )
    return found.coefficients[0], found.std_errors[0]


def logit(frame, covariates=COVARIATES):
    design = sm.add_constant(frame[covariates].astype(float))
    return sm.GLM(frame["treat"], design, sm.families.Binomial()).fit(tol=1e-12).fittedvalues.to_numpy()


REGRESSIONS = {
    "ldw_exp_diff": ("ldw", "re78", []),
    "ldw_exp_reg": ("ldw", "re78", COVARIATES),
    "nsw_exp_diff": ("nsw", "re78", []),
    "ldw_cps_diff": ("ldw_cps", "re78", []),
    "ldw_cps_reg": ("ldw_cps", "re78", COVARIATES),
    "ldw_psid_diff": ("ldw_psid", "re78", []),
    "ldw_psid_reg": ("ldw_psid", "re78", COVARIATES),
    "placebo_re75_ldw_reg": ("ldw", "re75", [n for n in COVARIATES if n not in ("re75", "u75")]),
    "placebo_re75_ldw_cps_reg": ("ldw_cps", "re75", [n for n in COVARIATES if n not in ("re75", "u75")]),
    "placebo_re75_ldw_psid_reg": ("ldw_psid", "re75", [n for n in COVARIATES if n not in ("re75", "u75")]),
}


@pytest.mark.parametrize("check", REGRESSIONS)
def test_regressions_and_their_errors_are_the_published_ones(folder, gold, check):
    data, outcome, covariates = REGRESSIONS[check]
    expected, tolerance = gold[check]
    found = regress(pd.read_csv(folder / f"{data}.csv"), outcome, covariates)
    assert found == pytest.approx((expected["est"], expected["se_HC1"]), abs=tolerance)


@pytest.mark.parametrize("data", ["ldw_cps", "ldw_psid"])
def test_weighting_by_the_odds_gives_the_att_of_r(folder, gold, data):
    frame = pd.read_csv(folder / f"{data}.csv")
    p = logit(frame)
    expected, _ = gold[f"{data}_ipw_logit_att"]
    found = regress(frame, "re78", weights=np.where(frame["treat"] == 1, 1.0, p / (1 - p)))
    assert found == pytest.approx((expected["est"], expected["se_HC1"]), abs=LOGIT_ATOL)
    (row,) = measure_balance(frame[["re74"]], frame["treat"], propensity=p, estimand="ATT")
    assert abs(row.smd_before) > 1
    assert abs(row.smd_after) < 0.3


@pytest.mark.parametrize("data", ["ldw_cps", "ldw_psid"])
def test_regression_on_the_trimmed_sample_is_that_of_r(folder, gold, data):
    frame = pd.read_csv(folder / f"{data}.csv")
    p = logit(frame)
    expected, _ = gold[f"{data}_crump_0.1_0.9"]
    inside = (p >= 0.1) & (p <= 0.9)
    assert check_overlap(frame["treat"], p, trim=0.1).n_after == inside.sum() == expected["n"]
    found = regress(frame[inside], "re78", COVARIATES)
    assert found == pytest.approx((expected["reg_est"], expected["reg_se_HC1"]), abs=LOGIT_ATOL)


def test_balance_before_matching_is_that_of_matchit(gold, matchit):
    frame = matchit[OF_MATCHIT].assign(distance=logit_of_matchit(matchit))
    rows = measure_balance(frame, matchit["treat"], estimand="ATT")
    smd, ratio, largest = ({r.confounder.replace("=", ""): value(r) for r in rows} for value in (
        lambda r: r.smd_before, lambda r: r.variance_ratio_before, lambda r: r.ks_before,
    ))  # fmt: skip
    for found, check in ((smd, "smd"), (ratio, "ratio"), (largest, "ks")):
        name = {"smd": "matchit_pre_balance", "ratio": "matchit_pre_varratio", "ks": "matchit_pre_eCDF_max"}[check]
        expected = {key: None if value == "NA" else value for key, value in gold[name][0].items()}
        assert found == pytest.approx(expected, abs=MATCHIT_ATOL), check


def logit_of_matchit(matchit):
    """The propensity of MatchIt's vignette: main effects."""
    frame = pd.get_dummies(matchit[["treat", *OF_MATCHIT]], columns=["race"], drop_first=True, dtype=float)
    return logit(frame, [name for name in frame if name != "treat"])


def test_balance_after_matching_and_after_coarsened_exact_matching_is_that_of_matchit(folder, gold, matchit):
    pairs = pd.read_csv(folder / "matchit_nearest_pairs.csv")
    matched = in_pairs(pairs, matchit)["treat"].index
    weights = {
        "matchit_nearest_balance": matchit.index.isin(matched).astype(float),
        "matchit_cem_custom": pd.read_csv(folder / "matchit_cem_custom_weights.csv")["weight"].to_numpy(),
    }
    frame = matchit[OF_MATCHIT].assign(distance=logit_of_matchit(matchit))
    after = {
        name: {
            row.confounder.replace("=", ""): row.smd_after
            for row in measure_balance(frame, matchit["treat"], estimand="ATT", balancing_weights=chosen)
        }
        for name, chosen in weights.items()
    }
    expected, tolerance = gold["matchit_nearest_balance"]
    assert after["matchit_nearest_balance"] == pytest.approx(expected, abs=tolerance)
    exact = [after["matchit_cem_custom"][name] for name in ("raceblack", "racehispan", "married", "nodegree")]
    assert exact == pytest.approx([0] * 4, abs=1e-9), "what is matched exactly has no difference left"
    assert abs(after["matchit_nearest_balance"]["raceblack"]) > 1


def in_pairs(pairs, matchit):
    """Rows of both members of each pair, with the number of their pair."""
    rows = [matchit.set_index("unit").index.get_indexer(pairs[side]) for side in pairs.columns[:2]]
    return matchit.iloc[np.concatenate(rows)].assign(pair=np.tile(np.arange(len(pairs)), 2))


def test_the_att_of_given_pairs_has_the_clustered_error_of_r(folder, gold, matchit):
    frame = in_pairs(pd.read_csv(folder / "matchit_nearest_pairs.csv"), matchit)
    covariates = pd.get_dummies(frame[OF_MATCHIT], columns=["race"], drop_first=True, dtype=float)
    expected, tolerance = gold["matchit_nearest_att"]
    plain = fit_clustered_ols(frame["re78"], frame["treat"], frame["pair"])
    adjusted = fit_clustered_ols(frame["re78"], covariates.assign(treat=frame["treat"])[["treat", *covariates]],
                                 frame["pair"])  # fmt: skip
    assert (plain.coefficients[0], plain.std_errors[0]) == pytest.approx(
        (expected["diff"], expected["se_cluster"]), abs=tolerance
    )
    assert (adjusted.coefficients[0], adjusted.std_errors[0]) == pytest.approx(
        (expected["adj"], expected["adj_se_cluster"]), abs=tolerance
    )


def test_the_att_under_given_weights_is_that_of_matchit(folder, gold, matchit):
    weights = pd.read_csv(folder / "matchit_cem_custom_weights.csv")["weight"].to_numpy()
    expected, tolerance = gold["matchit_cem_custom"]
    kept = weights > 0
    assert (matchit["treat"][kept].sum(), kept.sum()) == (expected["n_treated"], 86 + expected["n_control"])
    assert regress(matchit[kept], "re78", weights=weights[kept])[0] == pytest.approx(expected["att"], abs=tolerance)


@pytest.mark.parametrize("learner", ["linear", pytest.param("random_forest", marks=pytest.mark.long)])
def test_the_experiment_is_recovered_where_there_is_overlap(folder, gold, learner):
    """And not without the comparison: the difference in means of the same sample is off by 10,000."""
    truth = gold["ldw_exp_diff"][0]["est"]
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
