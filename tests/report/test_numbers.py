"""Numbers as a reader sees them."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artwork_insights.effects.estimates import EffectEstimate
from artwork_insights.report import numbers
from artwork_insights.report.findings import OutcomeUnit


def parse(text: str) -> float:
    return float(text.replace("−", "-").replace(",", "").replace("+", ""))


@pytest.mark.parametrize(
    ("value", "decimals", "shown"),
    [
        (1234567.891, 1, "1,234,567.9"),
        (-0.5, 2, "−0.50"),
        (-0.001, 2, "0.00"),
        (math.nan, 2, "not known"),
        (math.inf, 2, "∞"),
        (-math.inf, 2, "−∞"),
        (None, 2, "not known"),
    ],
)
def test_plain_numbers_have_separators_a_real_minus_and_no_negative_zero(value, decimals, shown):
    assert numbers.plain(value, decimals) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(3.1, "+3.10"), (-3.1, "−3.10"), (0.0, "0.00"), (-0.001, "0.00"), (None, "not known")]
)
def test_signed_numbers_carry_their_sign_and_zero_carries_none(value, shown):
    assert numbers.signed(value) == shown


@given(st.floats(-1e9, 1e9), st.integers(0, 4))
def test_a_signed_number_reads_back_as_the_rounded_value(value, decimals):
    assert parse(numbers.signed(value, decimals)) == pytest.approx(value, abs=0.5001 * 10**-decimals)


@pytest.mark.parametrize(
    ("p", "shown"), [(0.013, "p = 0.013"), (0.00099, "p < 0.001"), (0.001, "p = 0.001"), (1.0, "p = 1.000")]
)
def test_small_p_values_are_not_shown_as_zero(p, shown):
    assert numbers.p_is(p).replace("\u00a0", " ").replace("\u202f", " ") == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(0.05, "0.05"), (4.0, "4"), (0.04123, "0.0412"), (1234.5, "1,234"), (-0.1, "−0.1")]
)
def test_significant_digits_drop_trailing_zeros(value, shown):
    assert numbers.significant(value) == shown


@pytest.mark.parametrize(
    ("std_error", "decimals"), [(0.25, 2), (1.3, 1), (13, 0), (130, 0), (0.021, 3), (1e-9, 4), (0, 2), (math.nan, 2)]
)
def test_a_standard_error_is_shown_to_two_significant_digits(std_error, decimals):
    assert numbers.decimals_for(std_error) == decimals


def test_a_rate_is_shown_per_thousand_impressions(finding):
    scale = numbers.scale_of(OutcomeUnit("take rate", True), 0.00025)
    assert scale.effect(0.0031) == "+3.10"
    assert scale.level(0.0252) == "25.2"
    assert scale.unit == "takes per 1,000 impressions"


def test_another_outcome_keeps_its_own_unit_and_a_slope_says_per_what():
    scale = numbers.scale_of(OutcomeUnit("imdb_score", False), 0.09, "per unit of face area")
    assert scale.effect(-0.12) == "−0.120"
    assert scale.unit_with_per == "imdb score per unit of face area"


def test_an_interval_reads_from_low_to_high(finding):
    scale = numbers.scale_of(OutcomeUnit("take rate", True), finding.estimate.std_error)
    words = scale.interval(finding.estimate).split()
    assert words[::2] == ["from", "to"]
    low, high = finding.estimate.interval()
    assert [parse(words[1]), parse(words[3])] == pytest.approx([1000 * low, 1000 * high], abs=0.005)


def test_relative_effects_need_a_base(finding):
    relative: Callable[[EffectEstimate, float, float], str | None] = numbers.relative_effect
    assert relative(finding.estimate, 0.0, 0.95) is None
    assert relative(finding.estimate, math.nan, 0.95) is None
    shown = relative(finding.estimate, 0.031, 0.95)
    assert shown is not None
    assert shown.startswith("+10.0\u202f% (from +8.4\u202f% to ")


@pytest.mark.parametrize(("level", "shown"), [(0.95, "95 %"), (0.9, "90 %"), (0.975, "97.5 %"), (0.999, "99.9 %")])
def test_an_interval_is_called_by_its_level(level, shown):
    assert numbers.interval_name(level).replace("\u202f", " ") == f"{shown} interval"


def test_a_scale_shows_intervals_at_its_own_level(finding):
    scale = numbers.scale_of(OutcomeUnit("take rate", True), finding.estimate.std_error, level=0.8)
    assert scale.interval(finding.estimate) == scale.between(*finding.estimate.interval(0.8))
