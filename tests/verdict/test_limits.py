from __future__ import annotations

import dataclasses

import pytest

from artwork_insights.diagnostic import Diagnostic
from artwork_insights.study.limits import VerdictLimits
from artwork_insights.verdict.limits import hold_against_limits

BALANCE = Diagnostic("balance", 0.15, 0.1, False, "They differ by 0.15 SD.")
GAP = Diagnostic("design_gap", 3.0, 2.58, False, "They differ by 3.0 errors.")
UNSEEN = Diagnostic("unconfoundedness", 0.10, 0.06, True, "It would have to be stronger than genre.")


def held(check, **limits):
    return hold_against_limits([check], VerdictLimits(**limits))[0]


@pytest.mark.parametrize("check", [BALANCE, GAP, UNSEEN, Diagnostic("made_up", 1.0, 2.0, True, "New.")])
def test_without_a_limit_of_the_study_a_check_stays_as_it_is(check):
    assert held(check) is check


def test_a_looser_limit_passes_what_failed_and_says_so():
    loose = held(BALANCE, balance=0.2)
    assert (loose.passed, loose.limit) == (True, 0.2)
    assert loose.sentence == "They differ by 0.15 SD. The study's own limit is 0.2, so that this counts as passed."


def test_a_stricter_limit_fails_what_passed():
    strict = held(dataclasses.replace(BALANCE, value=0.05, passed=True), balance=0.02)
    assert (strict.passed, strict.limit) == (False, 0.02)


def test_what_stays_on_its_side_of_the_limit_keeps_its_outcome_and_its_sentence():
    still = held(BALANCE, balance=0.12)
    assert still == dataclasses.replace(BALANCE, limit=0.12)


def test_agreeing_designs_only_inform_at_any_limit():
    assert held(GAP, design_gap=4.0).passed is None
    assert held(dataclasses.replace(GAP, value=2.0, passed=None), design_gap=1.0).passed is False


def test_the_robustness_value_is_held_against_a_multiple_of_the_strongest_confounder():
    assert held(UNSEEN, unconfoundedness=2.0).passed is False
    assert held(UNSEEN, unconfoundedness=2.0).limit == pytest.approx(0.12)
    assert held(UNSEEN, unconfoundedness=1.5).passed is True
    no_effect = dataclasses.replace(UNSEEN, limit=None, passed=None)
    assert held(no_effect, unconfoundedness=2.0) is no_effect


def test_a_failure_for_another_reason_is_no_matter_of_the_limit():
    few_rows = Diagnostic("overlap", 0.7, 0.5, False, "Worth only 12 rows.", blocking=True)
    assert held(few_rows, overlap=0.3) == dataclasses.replace(few_rows, limit=0.3)


def test_a_severe_failure_that_the_study_accepts_blocks_no_longer():
    severe = dataclasses.replace(BALANCE, value=0.6, blocking=True)
    assert held(severe, balance=1.0).blocking is False
    assert held(severe, balance=0.2).blocking is True


@pytest.mark.parametrize(
    ("name", "value", "limit", "blocking"),
    [
        ("balance", 0.4, 0.1, False), ("balance", 0.6, 0.1, True), ("split_halves", 0.12, 0.08, False),
        ("split_halves", 0.2, 0.08, True), ("placebo_treatment", 0.2, 0.096, True),
        ("random_common_cause", 1.5, 1.0, False), ("random_common_cause", 2.5, 1.0, True),
        ("zero_confounder", 2.5, 1.0, True), ("subset_stability", 3.0, 2.03, False),
        ("subset_stability", 4.5, 2.03, True), ("subset_stability", 4.5, 2.63, False),
    ],
)  # fmt: skip
def test_how_severe_a_failure_is_follows_from_its_value_and_its_rule(name, value, limit, blocking):
    for mark in (True, False):  # whatever the check says of itself
        assert held(Diagnostic(name, value, limit, False, "It failed.", mark)).blocking is blocking
    assert held(Diagnostic(name, value, limit, True, "It passed.")).blocking is False


@pytest.mark.parametrize("name", ["overlap", "detector", "serving_policy", "placebo_outcome", "made_up"])
def test_a_severity_that_takes_more_than_one_value_is_left_to_the_check(name):
    for mark in (True, False):
        assert held(Diagnostic(name, 0.4, 0.5, False, "It failed.", mark)).blocking is mark


def test_a_study_stretches_what_chance_allows_and_what_was_severe_counts_no_more():
    halves = Diagnostic("split_halves", 0.2, 0.08, False, "They differ.")
    assert held(halves, split_halves=1.5) == dataclasses.replace(halves, limit=pytest.approx(0.12), blocking=True)
    loose = held(halves, split_halves=3.0)
    assert (loose.passed, loose.limit, loose.blocking) == (True, pytest.approx(0.24), False)
    moved = Diagnostic("zero_confounder", 0.8, 1.0, True, "It moves by 0.8.")
    assert held(moved, zero_confounder=0.5).passed is False
    ways = Diagnostic("specification_curve", 0.6, 0.5, True, "6 of 10 agree.")
    assert held(ways, specification_curve=0.8).passed is False


def test_what_only_informs_is_not_made_to_decide_by_a_limit_of_the_study():
    across = Diagnostic("placebo_outcome", 5.0, 2.6, None, "Told across titles.")
    assert held(across, placebo_outcome=3.0) is across
    siblings = Diagnostic("interference", 0.01, 0.05, None, "They go together.")
    assert held(siblings, interference=0.001) is siblings


def test_a_limit_of_the_study_leaves_alone_what_is_measured_in_another_unit():
    variance_left = Diagnostic("overlap", 0.2, 0.05, True, "20% of the differences in lightness are not explained.")
    assert held(variance_left, overlap=0.3) is variance_left


def test_a_value_without_a_limit_is_decided_by_the_rule():
    assert held(Diagnostic("outcome_r2", 0.3, None, None, "It predicts 30 %.")).passed is True
    assert held(Diagnostic("outcome_r2", -0.3, None, None, "It misleads.")).passed is False
    assert held(Diagnostic("outcome_r2", None, None, None, "Not known.")).passed is None


def test_a_value_beside_the_limit_of_the_size_is_left_alone():
    moved = Diagnostic("leave_one_block_out", 2.0, 5.0, True, "It moves by 2 errors.")
    assert held(moved, leave_one_block_out=3.0) is moved
