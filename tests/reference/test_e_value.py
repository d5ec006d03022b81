"""E-values against the gold numbers of `causal/evalue` (R package EValue and the papers)."""

from __future__ import annotations

from math import log

import pytest

from artwork_insights.sensitivity.e_value import (
    e_value,
    e_value_of_counts,
    e_value_of_hazard_ratio,
    e_value_of_odds_ratio,
    e_value_of_slope,
    e_value_of_standardised_difference,
)
from tests.reference.gold import agree, checks_in, hold


@pytest.fixture(scope="module")
def gold(reference_data):
    return checks_in(reference_data / "causal" / "evalue" / "gold.json")


CASES = {
    "rr_3.9": lambda: e_value(3.9, 1.8, 8.7),
    "rr_0.8": lambda: e_value(0.8, 0.71, 0.91),
    "rr_10.73": lambda: e_value(10.73, 8.02, 14.36),
    "rr_ci_crosses": lambda: e_value(1.2, 0.9, 1.6),
    "or_common_5": lambda: e_value_of_odds_ratio(5.0, 3.0, 8.0, rare=False),
    "or_rare_.4": lambda: e_value_of_odds_ratio(0.4, 0.25, 0.64, rare=True),
    "hr_common_.56": lambda: e_value_of_hazard_ratio(0.56, 0.46, 0.69, rare=False),
    "md_.5_.25": lambda: e_value_of_standardised_difference(0.5, 0.25),
    "md_-.5_.2": lambda: e_value_of_standardised_difference(-0.5, 0.2),
    "ols_delta": lambda: e_value_of_slope(0.5, 0.1, 1.2, step=2.0),
}


@pytest.mark.parametrize("case", CASES)
def test_e_value_equals_the_gold(gold, case):
    result, check = CASES[case](), gold[case]
    expected, tolerance = check["expected"], check["tol"]
    nearer = "lower" if result.risk_ratio >= 1 else "upper"
    agree(
        f"{case}: risk ratio, limits, E-value, that of the nearer limit",
        [result.risk_ratio, result.lower, result.upper, result.e_value, result.e_value_limit],
        [*(expected["RR"][end] for end in ("point", "lower", "upper")), expected["E"]["point"], expected["E"][nearer]],
        tolerance,
    )


def test_every_check_of_the_gold_file_is_made(gold):
    elsewhere = {"rr_2.5_true1.5", "ols_.293", "rd_smoking"}  # below
    assert set(gold) == set(CASES) | elsewhere


def test_a_slope_over_the_outcomes_sd_equals_the_gold(gold):
    """The file gives the slope .293 and the results; .8 is the SD and the error follows from the lower limit."""
    expected = gold["ols_.293"]["expected"]
    error = log(expected["RR"]["point"] / expected["RR"]["lower"]) / 1.78 * 0.8
    result = e_value_of_slope(0.293, error, 0.8)
    assert result.risk_ratio == pytest.approx(expected["RR"]["point"], abs=1e-6)
    assert result.e_value == pytest.approx(expected["E"]["point"], abs=1e-6)
    assert result.e_value_limit == pytest.approx(expected["E"]["lower"], abs=1e-6)


def test_smoking_as_a_risk_difference_equals_ding_and_vanderweele_2016(gold):
    check = gold["rd_smoking"]
    result = e_value_of_counts(397, 78557, 51, 108778)
    hold(check, {"E": result.e_value, "lower": result.e_value_limit})


def test_a_ratio_moved_to_one_and_a_half_equals_the_gold(gold):
    """Moving 2.5 to a true 1.5 takes the E-value of their quotient."""
    assert e_value(2.5 / 1.5).e_value == pytest.approx(gold["rr_2.5_true1.5"]["expected"]["E"]["point"], abs=1e-6)
