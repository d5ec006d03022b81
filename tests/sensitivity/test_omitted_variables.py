"""Bounds under omitted confounders: the 401(k) gold, planted confounders, a bootstrap, clusters, refusals."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from doubleml import DoubleMLData, DoubleMLIRM, DoubleMLPLR
from doubleml.utils import PSProcessorConfig
from scipy.stats import binom
from sklearn.linear_model import LinearRegression, LogisticRegression

from artwork_insights.errors import NotIdentifiedError
from artwork_insights.sensitivity.omitted_variables import (
    contour_of,
    omitted_variable_bounds,
    scores_from_predictions,
)
from artwork_insights.sensitivity.robustness import robustness_value

CONTROLS = ["age", "inc", "educ", "fsize", "marr", "twoearn", "db", "pira", "hown"]


@pytest.fixture(scope="module")
def pension(reference_data):
    folder = reference_data / "causal" / "pension401k"
    frame = pd.read_csv(folder / "pension.csv").astype(float)
    frame["fold"] = pd.read_csv(folder / "folds.csv")["fold"]
    frame["inc"], frame["age"] = frame["inc"] / 1e4, frame["age"] / 10
    checks = json.loads((folder / "gold_computed.json").read_text())["checks"]
    return frame, {check["id"]: check for check in checks}


def out_of_fold(frame, target):
    prediction = np.empty(len(frame))
    for fold in range(5):
        inside = (frame["fold"] == fold).to_numpy()
        model = LinearRegression().fit(frame.loc[~inside, CONTROLS], frame.loc[~inside, target])
        prediction[inside] = model.predict(frame.loc[inside, CONTROLS])
    return prediction


@pytest.fixture(scope="module")
def bounds(pension):
    frame, _ = pension
    return omitted_variable_bounds(
        frame["net_tfa"], frame["e401"], treatment_prediction=out_of_fold(frame, "e401"),
        outcome_prediction=out_of_fold(frame, "net_tfa"), strength_outcome=0.04, strength_treatment=0.03,
    )  # fmt: skip


def test_effect_bounds_and_robustness_value_equal_the_gold(bounds, pension):
    estimate, check = pension[1]["plr_ols_fixedfolds"], pension[1]["plr_ols_fixedfolds_sens"]
    assert bounds.effect == pytest.approx(estimate["expected"]["coef"], abs=estimate["tol"])
    assert bounds.std_error == pytest.approx(estimate["expected"]["se"], abs=estimate["tol"])
    assert bounds.effect_lower == pytest.approx(check["expected"]["theta_lower"], abs=check["tol"])
    assert bounds.effect_upper == pytest.approx(check["expected"]["theta_upper"], abs=check["tol"])
    assert bounds.robustness_value == pytest.approx(check["expected"]["rv"], abs=check["tol"])


def test_the_errors_of_the_two_limits_are_those_of_the_gold_exchanged(bounds, pension):
    """DoubleML adds the influence of the bias with the other sign; the next test shows which is right."""
    check = pension[1]["plr_ols_fixedfolds_sens"]["expected"]
    reaches = (check["theta_lower"] - check["ci_lower"], check["ci_upper"] - check["theta_upper"])
    assert bounds.effect_lower - bounds.interval_lower == pytest.approx(reaches[1], abs=1e-3)
    assert bounds.interval_upper - bounds.effect_upper == pytest.approx(reaches[0], abs=1e-3)


def by_arm(frame, arm):
    """Least squares on the rows of one arm, predicted for all rows out of fold."""
    prediction = np.empty(len(frame))
    for fold in range(5):
        inside = (frame["fold"] == fold).to_numpy()
        fitted_on = ~inside & (frame["e401"] == arm).to_numpy()
        model = LinearRegression().fit(frame.loc[fitted_on, CONTROLS], frame.loc[fitted_on, "net_tfa"])
        prediction[inside] = model.predict(frame.loc[inside, CONTROLS])
    return prediction


def test_doubly_robust_bounds_equal_the_gold(pension):
    """Least squares in each arm and an unpenalised logit; the limits are exchanged as above."""
    frame, checks = pension
    chance = np.empty(len(frame))
    for fold in range(5):
        inside = (frame["fold"] == fold).to_numpy()
        model = LogisticRegression(C=np.inf, max_iter=5000, tol=1e-8).fit(
            frame.loc[~inside, CONTROLS], frame.loc[~inside, "e401"]
        )
        chance[inside] = model.predict_proba(frame.loc[inside, CONTROLS])[:, 1]
    found = omitted_variable_bounds(
        frame["net_tfa"], frame["e401"], treatment_prediction=np.clip(chance, 0.01, 0.99), score="ATE",
        outcome_control=by_arm(frame, 0), outcome_treated=by_arm(frame, 1),
        strength_outcome=0.04, strength_treatment=0.03,
    )  # fmt: skip
    estimate, expected = checks["irm_ate_ols_logit_fixedfolds"], checks["irm_ate_ols_logit_fixedfolds_sens"]["expected"]
    assert found.effect == pytest.approx(estimate["expected"]["coef"], abs=estimate["tol"])
    assert found.effect_lower == pytest.approx(expected["theta_lower"], abs=estimate["tol"])
    assert found.effect_upper == pytest.approx(expected["theta_upper"], abs=estimate["tol"])
    assert found.robustness_value == pytest.approx(expected["rv"], abs=1e-5)
    assert found.robustness_value_alpha == pytest.approx(0, abs=1e-5)  # the interval holds zero
    reach = expected["theta_lower"] - expected["ci_lower"]
    assert found.interval_upper - found.effect_upper == pytest.approx(reach, rel=1e-4)


def test_a_bootstrap_of_the_bounds_gives_our_errors_and_not_the_exchanged_ones(bounds, pension):
    frame, _ = pension
    left = (frame["net_tfa"] - out_of_fold(frame, "net_tfa")).to_numpy()
    dose = (frame["e401"] - out_of_fold(frame, "e401")).to_numpy()
    rng, strength, low, high = np.random.default_rng(0), np.sqrt(0.04 * 0.03 / 0.97), [], []
    for _ in range(1500):
        rows = rng.integers(0, len(left), len(left))
        y, t = left[rows], dose[rows]
        effect = (t @ y) / (t @ t)
        bias = strength * np.sqrt(np.mean((y - effect * t) ** 2) / np.mean(t**2))
        low.append(effect - bias)
        high.append(effect + bias)
    ours = np.array([bounds.effect_lower - bounds.interval_lower, bounds.interval_upper - bounds.effect_upper]) / 1.645
    assert [np.std(low), np.std(high)] == pytest.approx(list(ours), rel=0.04)
    assert np.std(low) > 1.04 * ours[1]  # control: exchanged, they would not fit


def draw(seed, strength=0.8, n=6000):
    """A linear world with an omitted confounder; the effect is 1. Returns outcome, treatment, and what u explains."""
    rng = np.random.default_rng(seed)
    x, u = rng.normal(size=(2, n))
    treatment = 0.5 * x + strength * u + rng.normal(size=n)
    outcome = treatment + x + strength * u + rng.normal(size=n)
    short_t, short_y = 0.5 * x, 1.5 * x  # expectations given x alone
    share_treatment = strength**2 / (strength**2 + 1)
    left = strength**2 * (1 - share_treatment)  # of u's part of the outcome, given the treatment
    return outcome, treatment, short_t, short_y, left / (left + 1), share_treatment


def test_the_truth_lies_inside_the_bounds_of_the_omitted_confounder_and_outside_those_of_a_weaker_one():
    """The confounder is as bad as its strength allows, so the truth is the lower bound: one-sided limits cover 95 %."""
    covered, weakly_covered = [], []
    for seed in range(60):
        y, t, mt, my, share_y, share_t = draw(seed, n=2000)
        given = {"treatment_prediction": mt, "outcome_prediction": my}
        full = omitted_variable_bounds(y, t, strength_outcome=share_y, strength_treatment=share_t, **given)
        weak = omitted_variable_bounds(y, t, strength_outcome=share_y / 2, strength_treatment=share_t / 2, **given)
        assert full.effect_lower == pytest.approx(1, abs=0.1)
        covered.append(full.interval_lower < 1 < full.interval_upper)
        weakly_covered.append(weak.interval_lower < 1)
    assert sum(covered) >= binom.ppf(0.005, 60, 0.95)
    assert sum(weakly_covered) == 0


def test_doubly_robust_bounds_cover_where_a_planted_confounder_moves_the_average_and_not_without_it():
    rng = np.random.default_rng(0)
    n = 20_000
    x, u = rng.normal(size=n), rng.integers(0, 2, n)
    chance = 1 / (1 + np.exp(-0.5 * x))
    full = np.clip(chance + 0.2 * (u - 0.5), 0.02, 0.98)
    t = (rng.random(n) < full).astype(float)
    y = t + x + 0.8 * u + rng.normal(size=n)
    high = np.clip(chance + 0.1, 0.02, 0.98)  # chance of treatment where u = 1
    g0, g1 = x + 0.4 * (1 - high) / (1 - chance), 1 + x + 0.4 * high / chance
    predictions = {"treatment_prediction": chance, "outcome_control": g0, "outcome_treated": g1, "score": "ATE"}
    bounds = omitted_variable_bounds(y, t, strength_outcome=0.14, strength_treatment=0.06, **predictions)
    none = omitted_variable_bounds(y, t, strength_outcome=0.0, strength_treatment=0.0, **predictions)
    assert none.interval_lower > 1  # control: confounded
    assert bounds.interval_lower < 1 < bounds.interval_upper


def test_more_confounding_gives_wider_bounds_and_none_gives_the_estimate():
    y, t, mt, my, *_ = draw(0)
    found = [
        omitted_variable_bounds(
            y, t, treatment_prediction=mt, outcome_prediction=my, strength_outcome=s, strength_treatment=s
        )
        for s in (0.0, 0.01, 0.05, 0.2)
    ]
    widths = [b.effect_upper - b.effect_lower for b in found]
    assert widths[0] == 0
    assert widths == sorted(widths)
    assert len(set(widths)) == 4
    assert len({b.robustness_value for b in found}) == 1


def test_at_the_robustness_values_the_bound_and_its_limit_reach_zero():
    y, t, mt, my, *_ = draw(1)
    given = {"treatment_prediction": mt, "outcome_prediction": my}
    first = omitted_variable_bounds(y, t, **given)
    at = omitted_variable_bounds(
        y, t, strength_outcome=first.robustness_value, strength_treatment=first.robustness_value, **given
    )
    alpha = first.robustness_value_alpha
    near = omitted_variable_bounds(y, t, strength_outcome=alpha, strength_treatment=alpha, **given)
    assert at.effect_lower == pytest.approx(0, abs=1e-9)
    assert near.interval_lower == pytest.approx(0, abs=1e-9)
    assert alpha < first.robustness_value


def test_rows_repeated_within_titles_do_not_make_the_bounds_surer_and_without_titles_they_would():
    y, t, mt, my, *_ = draw(2, n=800)
    title = np.repeat(np.arange(len(y)), 5)
    once = omitted_variable_bounds(y, t, treatment_prediction=mt, outcome_prediction=my)
    five = [np.repeat(v, 5) for v in (y, t, mt, my)]
    given = {"treatment_prediction": five[2], "outcome_prediction": five[3]}
    clustered = omitted_variable_bounds(five[0], five[1], clusters=title, **given)
    naive = omitted_variable_bounds(five[0], five[1], **given)
    assert clustered.std_error == pytest.approx(once.std_error, rel=0.01)
    assert naive.std_error < 0.5 * once.std_error


def linear_residuals(seed=0, n=4000):
    """Outcome and treatment with their least squares predictions from a confounder that was seen; another was not."""
    rng = np.random.default_rng(seed)
    hidden, seen = rng.normal(size=(2, n))
    treatment = 0.6 * hidden + 0.5 * seen + rng.normal(size=n)
    outcome = 0.3 * treatment + 0.7 * hidden + 0.5 * seen + rng.normal(size=n)
    columns = seen[:, None]
    predictions = [LinearRegression().fit(columns, v).predict(columns) for v in (outcome, treatment)]
    return outcome, treatment, seen, predictions


def test_of_least_squares_the_robustness_value_is_the_classical_one():
    """Cinelli and Hazlett's value from t and degrees of freedom; the limits differ by the bias's own error alone."""
    outcome, treatment, seen, (my, mt) = linear_residuals()
    fit = sm.OLS(outcome, sm.add_constant(np.column_stack([treatment, seen]))).fit()
    classical = robustness_value(fit.params[1], fit.bse[1], fit.df_resid)
    ours = omitted_variable_bounds(outcome, treatment, treatment_prediction=mt, outcome_prediction=my, level=0.975)
    assert ours.robustness_value == pytest.approx(classical.robustness_value, rel=1e-3)
    assert ours.robustness_value_alpha == pytest.approx(classical.robustness_value_alpha, rel=0.02)


def test_titles_as_rows_would_claim_too_much():
    """Every row ten times: the robustness value stays; the classical one from a clustered t over titles grows."""
    outcome, treatment, _, (my, mt) = linear_residuals(n=400)
    ten = [np.repeat(v, 10) for v in (outcome, treatment, mt, my)]
    title = np.repeat(np.arange(40), 100)
    once = omitted_variable_bounds(outcome, treatment, treatment_prediction=mt, outcome_prediction=my)
    ours = omitted_variable_bounds(*ten[:2], treatment_prediction=ten[2], outcome_prediction=ten[3], clusters=title)
    assert ours.robustness_value == pytest.approx(once.robustness_value)
    assert robustness_value(ours.effect, ours.std_error, 39).robustness_value > 1.3 * ours.robustness_value


def test_repetitions_are_combined_by_the_median_and_equal_doubleml():
    """Three repetitions over folds, plr and doubly robust: estimate, bounds and robustness value of DoubleML."""
    rng = np.random.default_rng(5)
    n = 900
    x = rng.normal(size=(n, 3))
    chance = 1 / (1 + np.exp(-x[:, 0]))
    t = (rng.random(n) < chance).astype(float)
    y = t + x @ [1.0, 0.5, 0.0] + rng.normal(size=n)
    splits = []
    for _ in range(3):
        labels = rng.integers(0, 3, n)
        splits.append([(np.flatnonzero(labels != k), np.flatnonzero(labels == k)) for k in range(3)])
    data = DoubleMLData.from_arrays(x, y, t)
    plr = DoubleMLPLR(data, LinearRegression(), LinearRegression(), n_folds=3, n_rep=3, draw_sample_splitting=False)
    irm = DoubleMLIRM(
        data, LinearRegression(), LogisticRegression(), n_folds=3, n_rep=3, draw_sample_splitting=False,
        ps_processor_config=PSProcessorConfig(clipping_threshold=0.01),
    )  # fmt: skip
    for model, score, names in (
        (plr, "plr", {"outcome_prediction": "ml_l", "treatment_prediction": "ml_m"}),
        (irm, "ATE", {"outcome_control": "ml_g0", "outcome_treated": "ml_g1", "treatment_prediction": "ml_m"}),
    ):
        model.set_sample_splitting(splits).fit(store_predictions=True)
        model.sensitivity_analysis(cf_y=0.05, cf_d=0.04, rho=1.0)
        given = {ours: model.predictions[theirs][:, :, 0].T for ours, theirs in names.items()}
        if score == "ATE":
            given["treatment_prediction"] = np.clip(given["treatment_prediction"], 0.01, 0.99)
        found = omitted_variable_bounds(y, t, score=score, strength_outcome=0.05, strength_treatment=0.04, **given)
        expected = model.sensitivity_params
        assert found.effect == pytest.approx(model.coef[0], rel=1e-9)
        assert found.std_error == pytest.approx(model.se[0], rel=0.03)  # it takes the median of the upper limits
        assert found.effect_lower == pytest.approx(expected["theta"]["lower"][0], rel=1e-6)
        assert found.effect_upper == pytest.approx(expected["theta"]["upper"][0], rel=1e-6)
        assert found.robustness_value == pytest.approx(expected["rv"][0], rel=1e-3)


def test_the_contour_passes_through_the_bounds_and_through_zero_at_the_robustness_value():
    y, t, mt, my, *_ = draw(3)
    y, my = y - t, my - mt  # an effect that half of everything would explain away
    given = {"treatment_prediction": mt, "outcome_prediction": my}
    scores = scores_from_predictions(y, t, **given)
    found = omitted_variable_bounds(y, t, level=0.9, **given)
    value = found.robustness_value
    contour = contour_of(scores, 2 * value, 2 * value, level=0.9)
    middle = len(contour.strengths_outcome) // 2
    assert contour.strengths_outcome[middle] == pytest.approx(value)
    assert contour.effect[middle][middle] == pytest.approx(0, abs=1e-9)
    assert contour.effect[0][0] == contour.effect[0][-1] == pytest.approx(found.effect)
    row, column = 3, 17
    there = omitted_variable_bounds(
        y, t, level=0.9, strength_outcome=contour.strengths_outcome[row],
        strength_treatment=contour.strengths_treatment[column], **given,
    )  # fmt: skip
    assert contour.effect[row][column] == pytest.approx(there.effect_lower)
    assert contour.limit[row][column] == pytest.approx(there.interval_lower)
    assert contour.effect[column][row] != pytest.approx(there.effect_lower)  # control: the two axes are not alike


def test_the_contour_of_a_negative_effect_is_that_of_the_positive_one_turned_round():
    y, t, mt, my, *_ = draw(4, n=1000)
    up = contour_of(scores_from_predictions(y, t, treatment_prediction=mt, outcome_prediction=my), 0.2, 0.3)
    down = contour_of(scores_from_predictions(-y, t, treatment_prediction=mt, outcome_prediction=-my), 0.2, 0.3)
    assert np.array(down.effect) == pytest.approx(-np.array(up.effect))
    assert np.array(down.limit) == pytest.approx(-np.array(up.limit))


def test_propensities_that_do_not_fit_still_give_bounds_from_the_plain_mean_square():
    """All treated rows are called unlikely, so that the debiased mean square of the weights is negative."""
    t = np.tile([1.0, 0.0], 50)
    y = t + np.random.default_rng(0).normal(size=100)
    wrong = np.where(t == 1, 0.05, 0.95)
    found = omitted_variable_bounds(
        y, t, score="ATE", treatment_prediction=wrong, outcome_control=np.zeros(100), outcome_treated=np.ones(100)
    )
    spread = np.mean((y - t) ** 2) * np.mean((1 / np.minimum(wrong, 1 - wrong)) ** 2)
    assert found.largest_bias == pytest.approx(np.sqrt(spread))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"treatment_prediction": [[0.5] * 3] * 2}, r"predictions of \[1, 2\] repetitions"),
        ({"strength_treatment": 1.0}, "strength_treatment=1"),
        ({"rho": 2.0}, "rho=2"),
        ({"outcome_prediction": None}, "need outcome_prediction"),
        ({"treatment_prediction": [0.5]}, "one value per row"),
        ({"treatment_prediction": [0.5, np.nan, 0.5]}, "lack a value"),
        (
            {"score": "ATE", "outcome_control": [1, 1, 1], "outcome_treated": [1, 1, 1]}
            | {"treatment_prediction": [0, 1, 0.5]},
            "strictly between 0 and 1",
        ),
    ],
)
def test_what_cannot_be_bounded_is_refused_in_a_sentence(change, words):
    given = {"treatment_prediction": [0.5, 0.5, 0.5], "outcome_prediction": [1.0, 1.0, 1.0]} | change
    with pytest.raises(NotIdentifiedError, match=words):
        omitted_variable_bounds([1.0, 2.0, 3.0], [0, 1, 0], **given)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"score": "irm"}, "score 'irm' is not known"),
        ({"score": "ATE", "treatment": [1, 2, 1, 2]}, "a treatment of zeros and ones, some of each"),
        ({"weights": [1, 1, 1, -1]}, "weights must be positive numbers"),
        ({"clusters": [0, 1, 2]}, "clusters need one title per row"),
        ({"clusters": [0, 0, 0, 0]}, "at least 2 titles"),
        ({"level": 95}, "level=95 is not a share"),
        ({"null": np.nan}, "null=nan is not a number"),
    ],
)
def test_odd_input_is_refused_in_one_sentence(changes, sentence):
    right = {
        "outcome": [1.0, 2.0, 0.5, 3.0], "treatment": [0, 1, 0, 1], "treatment_prediction": [0.4, 0.5, 0.5, 0.6],
        "outcome_prediction": [1.0, 1.0, 1.0, 2.0], "outcome_control": [1.0] * 4, "outcome_treated": [2.0] * 4,
    }  # fmt: skip
    omitted_variable_bounds(**right)
    with pytest.raises(NotIdentifiedError, match=sentence):
        omitted_variable_bounds(**right | changes)
