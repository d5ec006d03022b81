"""What the check on the serving policy says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from artwork_insights.sensitivity.serving.policy import ServingPolicy, judge_serving

UNKNOWN = ServingPolicy(
    None, (), None, None, None, None, None, None, None, None, None, None, None, None, None, 1.66, 1.4, 1.29, None
)  # fmt: skip
KNOWN = replace(
    UNKNOWN, method="standardised", audiences=("segment",), effect=0.0098, std_error=0.0004, low=0.009, high=0.0106,
    raw_effect=0.0100, raw_std_error=0.0004, raw_low=0.0092, raw_high=0.0108, gap=-0.0002, gap_std_error=0.00005,
    covered_share=1.0, information_share=0.9, clipped_share=0.0, gamma_seen=1.02,
)  # fmt: skip


def test_without_audiences_the_odds_are_said_and_nothing_is_decided():
    check = judge_serving(UNKNOWN)
    assert check.passed is None
    assert check.value == 1.66
    assert "1.66 times the odds of others of being shown it" in check.sentence
    assert "Your winner may be its audience" not in check.sentence
    assert "Your winner may be its audience" in judge_serving(replace(UNKNOWN, gamma=1.1)).sentence
    assert "No preference" in judge_serving(replace(UNKNOWN, gamma=None)).sentence


def test_an_effect_that_stays_passes():
    check = judge_serving(KNOWN)
    assert check.passed is True
    assert check.sentence == (
        "With segment held alike, the effect stays: +9.80 takes per 1,000 impressions, +10.00 as shown."
    )


@pytest.mark.parametrize(
    ("changes", "passed", "blocking"),
    [
        ({"effect": 0.0085, "low": 0.0077, "gap": -0.0015, "gap_std_error": 0.0003}, False, False),
        ({"effect": 0.0085, "low": 0.0077, "gap": -0.0015, "gap_std_error": 0.0009}, True, False),  # chance
        ({"effect": 0.0094, "low": 0.0086, "gap": -0.0006, "gap_std_error": 0.0001}, True, False),  # under a tenth
        ({"effect": 0.0002, "low": -0.0006, "gap": -0.0098, "gap_std_error": 0.0003}, False, True),
        ({"effect": -0.005, "low": -0.006, "high": -0.004, "gap": -0.015, "gap_std_error": 0.0003}, False, True),
    ],
)
def test_an_effect_that_moves_fails_and_one_that_goes_blocks(changes, passed, blocking):
    check = judge_serving(replace(KNOWN, **changes))
    assert (check.passed, check.blocking) == (passed, blocking)
    assert ("Your winner may be its audience" in check.sentence) is not passed


def test_audiences_cut_too_finely_decide_nothing():
    check = judge_serving(replace(KNOWN, effect=0.0, low=-0.01, gap=-0.01, covered_share=0.3))
    assert check.passed is None
    assert "met 30% of its title's audience" in check.sentence
    assert judge_serving(replace(KNOWN, information_share=0.02)).passed is None


@pytest.mark.parametrize("covered", [0.25, 4.0])
def test_propensities_that_do_not_fit_the_log_decide_nothing(covered):
    check = judge_serving(replace(KNOWN, method="doubly_robust", covered_share=covered))
    assert check.passed is None
    assert f"stands for {covered:.0%} of its title's audience, where 100% is right" in check.sentence
