"""Robustness values and bounds against the gold numbers of `causal/darfur` (R package sensemakr)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from artwork_insights.mechanisms.regression import fit_clustered_ols
from artwork_insights.sensitivity.observed_confounders import measure_confounders
from artwork_insights.sensitivity.robustness import benchmark_bound, confounded_estimate, robustness_value
from tests.reference.gold import agree, checks_in, hold

NAMES = ["age", "farmer_dar", "herder_dar", "pastvoted", "hhsize_darfur", "female"]


@pytest.fixture(scope="module")
def folder(reference_data):
    return reference_data / "causal" / "darfur"


@pytest.fixture(scope="module")
def gold(folder):
    return checks_in(folder / "gold.json")


@pytest.fixture(scope="module")
def darfur(folder):
    return pd.read_csv(folder / "darfur.csv")


@pytest.fixture(scope="module")
def fit(darfur):
    columns = darfur[["directlyharmed", *NAMES]]
    return fit_clustered_ols(darfur["peacefactor"], columns, absorb=darfur["village"], names=list(columns))


@pytest.fixture(scope="module")
def strengths(darfur):
    measured = measure_confounders(
        darfur["peacefactor"], darfur["directlyharmed"], darfur[NAMES], NAMES, absorb=darfur["village"]
    )
    return {strength.confounder: strength for strength in measured}


def test_the_regression_equals_the_paper(fit, gold):
    check = gold["darfur_ols"]
    effect, error = fit.coefficients[0], fit.std_errors[0]
    hold(check, {"est": effect, "se": error, "t": effect / error, "dof": fit.degrees_of_freedom})


def test_robustness_values_equal_sensemakr(fit, gold):
    check = gold["darfur_rv"]
    ours = robustness_value(fit.coefficients[0], fit.std_errors[0], fit.degrees_of_freedom)
    share = ours.partial_r2_treatment
    found = {"r2yd_x": share, "f2": share / (1 - share), "rv_q1": ours.robustness_value,
             "rv_q1_alpha05": ours.robustness_value_alpha}  # fmt: skip
    hold(check, found)


@pytest.mark.parametrize(
    ("name", "q", "alpha"),
    [
        ("darfur_rv_q0.5_a1", 0.5, 1.0),
        ("darfur_rv_q0.5_a0.05", 0.5, 0.05),
        ("darfur_rv_q1_a1", 1.0, 1.0),
        ("darfur_rv_q1_a0.05", 1.0, 0.05),
    ],
)
def test_robustness_values_at_other_shares_and_levels_equal_sensemakr(fit, gold, name, q, alpha):
    check = gold[name]
    ours = robustness_value(fit.coefficients[0], fit.std_errors[0], fit.degrees_of_freedom, q=q, alpha=alpha)
    agree(name, [ours.robustness_value_alpha], [check["expected"]], check["tol"])


def test_robustness_values_from_t_alone_equal_the_published_ones(gold):
    for case in gold["rv_from_t"]["expected"]:
        ours = robustness_value(case["t"], 1.0, case["dof"], alpha=case["alpha"])
        assert ours.robustness_value_alpha == pytest.approx(case["rv"], abs=gold["rv_from_t"]["tol"])
    assert robustness_value(2.0, 1.0, 10).robustness_value == pytest.approx(0.463325, abs=1e-6)


def test_partial_r2_with_the_outcome_equals_sensemakr(fit, strengths, gold):
    check = gold["darfur_partial_r2_all"]
    of_treatment = robustness_value(fit.coefficients[0], fit.std_errors[0], fit.degrees_of_freedom)
    assert of_treatment.partial_r2_treatment == pytest.approx(check["expected"]["directlyharmed"], abs=check["tol"])
    for name in NAMES:
        assert strengths[name].partial_r2_outcome == pytest.approx(check["expected"][name], abs=check["tol"])


@pytest.mark.parametrize("times", [1, 2, 3])
def test_bounds_by_female_equal_sensemakr(fit, strengths, gold, times):
    check = gold["darfur_bounds_female"]
    expected, tolerance = {key: values[times - 1] for key, values in check["expected"].items()}, check["tol"]
    female = strengths["female"]
    with_treatment, with_outcome = benchmark_bound(female.partial_r2_treatment, female.partial_r2_outcome, times=times)
    ours = confounded_estimate(
        fit.coefficients[0], fit.std_errors[0], fit.degrees_of_freedom, with_treatment, with_outcome
    )
    assert with_treatment == pytest.approx(expected["r2dz.x"], abs=tolerance)
    assert with_outcome == pytest.approx(expected["r2yz.dx"], abs=tolerance)
    assert ours.effect / ours.std_error == pytest.approx(expected["adjusted_t"], abs=10 * tolerance)
    limits = (expected["adjusted_lower_CI"], expected["adjusted_upper_CI"])
    agree(f"{times} x female: estimate, error, limits", [ours.effect, ours.std_error, *ours.interval],
          [expected["adjusted_estimate"], expected["adjusted_se"], *limits], tolerance)  # fmt: skip


def test_a_confounder_of_stated_strength_equals_sensemakr(fit, gold):
    check = gold["darfur_adjusted_.1_.15"]
    ours = confounded_estimate(fit.coefficients[0], fit.std_errors[0], fit.degrees_of_freedom, 0.1, 0.15)
    hold(check, {"est": ours.effect, "se": ours.std_error, "t": ours.effect / ours.std_error})


def test_female_is_the_yardstick_and_the_effect_outlasts_it(fit, strengths):
    """Cinelli and Hazlett 2020: even a confounder three times as strong as female would not change the sign."""
    strongest = max(strengths.values(), key=lambda strength: strength.equal_strength)
    ours = robustness_value(fit.coefficients[0], fit.std_errors[0], fit.degrees_of_freedom)
    assert strongest.confounder == "female"
    assert ours.robustness_value > strongest.equal_strength


def test_colombia_equals_sensemakr_and_is_overturned_by_past_votes(folder, gold):
    table = pd.read_csv(folder / "colombia.csv")
    columns = ["fat_2001to2005_gtd", "fat_2006to2010_gtd", "total_eligible", "santos10", "gdppc"]
    used = table[["yes_vote", "fat_2011to2015_gtd", *columns]].dropna()
    fit = fit_clustered_ols(used["yes_vote"], used[["fat_2011to2015_gtd", *columns]])
    check = gold["colombia_model2"]
    effect, error, degrees = fit.coefficients[0], fit.std_errors[0], fit.degrees_of_freedom
    ours = robustness_value(effect, error, degrees)
    found = {"est": effect, "se": error, "t": effect / error, "dof": degrees, "r2yd_x": ours.partial_r2_treatment,
             "rv_q": ours.robustness_value, "rv_qa": ours.robustness_value_alpha}  # fmt: skip
    hold(check, found)
    measured = measure_confounders(used["yes_vote"], used["fat_2011to2015_gtd"], np.asarray(used[columns]), columns)
    santos = next(strength for strength in measured if strength.confounder == "santos10")
    with_treatment, with_outcome = benchmark_bound(santos.partial_r2_treatment, santos.partial_r2_outcome)
    adjusted = confounded_estimate(effect, error, degrees, with_treatment, with_outcome)
    bound = check["expected"]["bound_1x_santos10"]
    found = [with_treatment, with_outcome, adjusted.effect, adjusted.std_error]
    agree("1 x santos10: both shares, estimate, error", found, list(bound.values())[:4], check["tol"])
    assert adjusted.effect / adjusted.std_error == pytest.approx(bound["adjusted_t"], abs=10 * check["tol"])
    assert ours.robustness_value < santos.equal_strength
