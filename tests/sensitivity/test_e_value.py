from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from artwork_insights.errors import NotIdentifiedError
from artwork_insights.sensitivity.e_value import (
    e_value,
    e_value_of_counts,
    e_value_of_difference,
    e_value_of_hazard_ratio,
    e_value_of_odds_ratio,
    e_value_of_omission,
    e_value_of_slope,
    e_value_of_standardised_difference,
)

PAPER_ATOL = 5e-3  # the paper prints two decimals

ratios = st.floats(1e-3, 1e3)


def test_e_value_matches_the_paper():
    result = e_value(3.9, 1.8, 8.7)  # VanderWeele and Ding 2017: 7.26 and 3.0
    assert result.e_value == pytest.approx(7.26, abs=PAPER_ATOL)
    assert result.e_value_limit == pytest.approx(3.0, abs=PAPER_ATOL)


@given(ratios)
def test_e_value_is_at_least_one_and_at_least_the_ratio(ratio):
    assert e_value(ratio).e_value >= max(1.0, ratio)


@given(ratios, st.floats(1, 10), st.floats(1, 10))
def test_turning_the_ratio_round_changes_nothing(ratio, below, above):
    one = e_value(ratio, ratio / below, ratio * above)
    other = e_value(1 / ratio, 1 / ratio / above, 1 / ratio * below)
    assert one.e_value == pytest.approx(other.e_value, rel=1e-9)
    assert one.e_value_limit == pytest.approx(other.e_value_limit, rel=1e-5, abs=1e-6)


@given(ratios, st.floats(1.0, 10), st.floats(1.0, 10))
def test_the_limit_is_never_stronger_than_the_estimate(ratio, below, above):
    result = e_value(ratio, ratio / below, ratio * above)
    assert 1 <= result.e_value_limit <= result.e_value * (1 + 1e-12)


@given(ratios)
def test_a_confounder_of_exactly_this_strength_explains_the_ratio_away(ratio):
    """Ding and VanderWeele's bounding factor: RR1 RR2 / (RR1 + RR2 - 1) equals the ratio when both are the E-value."""
    strength = e_value(ratio).e_value
    bound = strength**2 / (2 * strength - 1)
    assert bound == pytest.approx(max(ratio, 1 / ratio), rel=1e-9)


@given(st.floats(0.01, 0.5), st.floats(-0.5, 2), st.floats(0, 1), st.floats(0, 1))
def test_a_difference_is_the_ratio_of_the_two_rates(base, relative, below, above):
    effect = base * relative
    result = e_value_of_difference(effect, effect - below * base, effect + above * base, base)
    assert result.risk_ratio == pytest.approx(1 + relative)
    assert result.e_value == pytest.approx(e_value(1 + relative).e_value, rel=1e-6)


def test_an_interval_that_holds_no_difference_has_limit_one():
    assert e_value_of_difference(0.001, -0.02, 0.022, 0.01).e_value_limit == 1.0


def test_without_an_interval_there_is_no_limit():
    assert e_value(2.5).e_value_limit is None


@pytest.mark.parametrize("ratio", [0.0, -1.0, math.nan, math.inf])
def test_a_ratio_that_is_not_positive_is_refused(ratio):
    with pytest.raises(NotIdentifiedError, match="risk ratio"):
        e_value(ratio)


def test_a_ratio_outside_its_interval_is_refused():
    with pytest.raises(NotIdentifiedError, match="outside its interval"):
        e_value(2.0, 2.5, 3.0)


def test_an_effect_larger_than_the_base_rate_is_refused():
    with pytest.raises(NotIdentifiedError, match="whole base rate"):
        e_value_of_difference(-0.02, -0.03, -0.01, 0.01)


def test_conversions_agree_where_the_scales_meet():
    assert e_value_of_odds_ratio(4.0, 2.0, 8.0, rare=True) == e_value(4.0, 2.0, 8.0)
    assert e_value_of_odds_ratio(4.0, rare=False).risk_ratio == 2.0
    assert e_value_of_hazard_ratio(3.0, rare=True) == e_value(3.0)
    assert e_value_of_hazard_ratio(1.0, rare=False).e_value == 1.0
    assert e_value_of_standardised_difference(0.0, 0.1).e_value == 1.0


def test_a_table_without_a_clear_difference_has_limit_one():
    assert e_value_of_counts(11, 100, 10, 100).e_value_limit == 1.0


def test_a_confounder_left_out_is_as_strong_as_the_quotient_of_the_limits():
    """D'Agostino McGowan and Greevy (2020): the E-value of limit over limit, on the side nearer to 1."""
    full, without = e_value(1.5, 1.2, 1.9), e_value(1.8, 1.6, 2.1)
    assert e_value_of_omission(full, without) == pytest.approx(e_value(1.6 / 1.2).e_value)
    assert e_value_of_omission(without, full) == pytest.approx(e_value(1.6 / 1.2).e_value)
    assert e_value_of_omission(full, full) == 1.0


def test_a_preventive_effect_is_held_against_its_upper_limits_and_turning_both_round_changes_nothing():
    full, without = e_value(1 / 1.5, 1 / 1.9, 1 / 1.2), e_value(1 / 1.8, 1 / 2.1, 1 / 1.6)
    assert e_value_of_omission(full, without) == pytest.approx(e_value(1.6 / 1.2).e_value)


def test_an_omitted_confounder_of_known_bias_is_bounded_by_its_e_value():
    """Ding and VanderWeele: a confounder that multiplies odds and risk by no more than E cannot move a ratio by more
    than the quotient; one planted with strength 3 on both sides moves it by less than what E = 3 allows."""
    rate, share = np.array([0.05, 0.15]), np.array([0.3, 0.6])  # of takes by confounder; of the confounder by side
    crude = (share[1] * rate[1] + (1 - share[1]) * rate[0]) / (share[0] * rate[1] + (1 - share[0]) * rate[0])
    full, without = e_value(1.0, 0.9, 1.1), e_value(crude, 0.9 * crude, 1.1 * crude)
    found = e_value_of_omission(full, without)
    assert crude > 1.2  # control: it does confound
    assert found <= max(rate[1] / rate[0], share[1] / share[0])


def test_without_intervals_or_positive_limits_there_is_no_yardstick():
    assert e_value_of_omission(e_value(1.5), e_value(1.5, 1.2, 1.9)) is None
    assert e_value_of_omission(e_value(1.5, -0.2, 3), e_value(1.5, 1.2, 1.9)) is None


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: e_value("a"), "is not a number"),
        (lambda: e_value(2.0, math.nan, 3.0), "lower=nan is not a number"),
        (lambda: e_value_of_odds_ratio(-2.0, rare=False), "positive odds ratio"),
        (lambda: e_value_of_hazard_ratio(0.0, rare=True), "positive hazard ratio"),
        (lambda: e_value_of_standardised_difference(0.5, -0.1), "in standard deviations"),
        (lambda: e_value_of_standardised_difference(900.0, 0.1), "in standard deviations"),
        (lambda: e_value_of_slope(0.5, 0.1, 0.0), "positive outcome_sd"),
        (lambda: e_value_of_difference(0.1, 0.0, "b", 0.2), "upper='b' is not a number"),
        (lambda: e_value_of_counts(5.5, 10, 3, 10), "treated_takes=5.5 is not a whole number"),
        (lambda: e_value_of_counts(5, 10, 3, 10, level=95), "level=95 is not a share"),
    ],
)
def test_what_has_no_e_value_is_refused_in_a_sentence(call, words):
    with pytest.raises(NotIdentifiedError, match=words):
        call()
