from __future__ import annotations

import pytest

from artwork_insights.diagnostic import Diagnostic
from artwork_insights.effects.estimates import EffectEstimate
from artwork_insights.study.limits import VerdictLimits
from artwork_insights.verdict.case import Surroundings
from artwork_insights.verdict.judge import judge
from artwork_insights.verdict.rules import NEEDS
from artwork_insights.verdict.verdict import Statement

LARGE = 1_000_000
MADE = (
    Diagnostic("measurement", 0.95, 0.8, True, "The detector is right."),
    Diagnostic("serving_policy", 0.1, 1.0, True, "Audiences alike, the effect stays."),
    Diagnostic("interference", 0.4, 0.05, True, "Siblings do not matter."),
    Diagnostic("negative_control", 0.4, 2.6, True, "The control shows nothing."),
    Diagnostic("leave_one_block_out", 0.5, 8.0, True, "Without shape it moves by 0.5 errors."),
    Diagnostic("unconfoundedness", 0.12, 0.04, True, "It would have to be stronger than shape."),
    Diagnostic("hidden_bias", 1.8, None, None, "Gamma 1.8."),
)
BALANCE = Diagnostic("balance", 0.2, 0.1, False, "They differ in shape.")
SEVERE = Diagnostic("balance", 0.7, 0.1, False, "They differ in shape by 0.7 SD.", blocking=True)


def estimate(low, high, n_titles=60):
    half = (high - low) / 2 / 1.959964
    return EffectEstimate("ATE", "mundlak", "aipw", (low + high) / 2, half, LARGE, 900, 300, n_titles)


def verdict(interval=(0.002, 0.006), checks=MADE, smallest=0.001, **changes):
    return judge(estimate(*interval), smallest, checks, **changes)


def said(statements):
    return " ".join(statement.say(lambda effect: f"{1000 * effect:+.1f}") for statement in statements)


def without(name):
    return [check for check in MADE if check.name != name]


def test_high_credibility_needs_every_need_met_nothing_failed_and_the_size_relied_on():
    assert verdict().credibility == "high"
    assert verdict(checks=[*MADE, BALANCE]).credibility == "moderate"
    assert verdict(checks=[*MADE, SEVERE]).credibility == "low"
    assert verdict(checks=[]).credibility == "moderate"


@pytest.mark.parametrize("need", NEEDS, ids=lambda need: need.checks[0])
def test_each_need_that_is_not_met_lowers_credibility_and_says_what_is_not_known(need):
    left = [check for check in MADE if check.name not in need.checks]
    found = verdict(checks=left)
    assert found.credibility == "moderate"
    assert need.unsettled in said(found.would_change)
    assert found.word == "supported"  # nothing failed


def test_without_an_observed_confounder_unseen_ones_have_no_yardstick_and_credibility_is_moderate():
    lone = Diagnostic("unconfoundedness", 0.12, None, None, "There is no observed confounder to compare that with.")
    not_tried = Diagnostic("leave_one_block_out", None, None, None, "No confounder was left out: none is known.")
    rest = [check for check in MADE if check.name not in ("unconfoundedness", "leave_one_block_out")]
    found = verdict(checks=[*rest, lone, not_tried])
    assert (found.credibility, found.word) == ("moderate", "supported")
    assert "It is not known how strong a confounder can be" in said(found.would_change)
    assert "Add what is known of single artworks to the confounders" in said(found.next_actions)
    held = Diagnostic("unconfoundedness", 0.12, 0.04, True, "It would have to be stronger than shape.")
    assert verdict(checks=[*rest, held, not_tried]).credibility == "high"


def test_a_confounder_left_out_is_a_yardstick_also_where_there_is_no_effect_to_lose():
    moved = Diagnostic("leave_one_block_out", 0.4, None, None, "It moves by 0.4; the interval holds zero either way.")
    none = Diagnostic("unconfoundedness", 0.0, None, None, "No clear effect was found.")
    rest = [check for check in MADE if check.name not in ("unconfoundedness", "leave_one_block_out")]
    assert verdict((-0.0004, 0.0006), [*rest, moved, none]).credibility == "high"


def test_an_outcome_that_is_no_take_rate_does_not_need_to_know_who_was_shown_the_artwork():
    left = without("serving_policy")
    of_table, of_log = (verdict(checks=left, surroundings=Surroundings(is_rate=rate)) for rate in (False, True))
    assert (of_table.credibility, of_log.credibility) == ("high", "moderate")
    assert "audience" not in said(of_table.would_change)
    assert "log" not in said(of_table.next_actions)
    assert "Add to the log to whom each artwork was shown" in said(of_log.next_actions)


@pytest.mark.parametrize(("times", "credibility"), [
    (1.0, "high"), (1.09, "high"), (0.92, "high"), (1.2, "moderate"), (0.5, "moderate"), (0.0, "moderate"),
    (-0.95, "moderate"),
])  # fmt: skip
def test_detector_errors_that_change_the_size_leave_the_direction_only_whichever_way(times, credibility):
    check = Diagnostic("detector", times, None, True, f"The effect is {times:.2f} times as large as it looks.")
    found = verdict(checks=[*MADE, check])
    assert (found.credibility, found.word) == (credibility, "supported")
    lenient = VerdictLimits(detector=2.0)
    assert verdict(checks=[*MADE, check], limits=lenient).credibility == ("high" if times >= 0.5 else "moderate")


def test_one_of_two_checks_meets_a_need():
    other = Diagnostic("placebo_outcome", 0.4, 2.6, True, "The outcome from before shows nothing.")
    assert verdict(checks=[*without("negative_control"), other]).credibility == "high"
    undecided = Diagnostic("placebo_outcome", 0.4, 2.6, None, "The same for all artworks of a title.")
    assert verdict(checks=[*without("negative_control"), undecided]).credibility == "moderate"


def test_a_confounder_that_moves_the_estimate_by_more_than_its_error_leaves_the_direction_only():
    moved = Diagnostic("leave_one_block_out", 3.0, 8.0, True, "Without shape it moves by 3 errors.")
    found = verdict(checks=[*without("leave_one_block_out"), moved])
    assert (found.credibility, found.word) == ("moderate", "supported")
    assert "Without shape it moves by 3 errors. Until an experiment settles it, only the direction" in said(
        found.would_change
    )
    lenient = VerdictLimits(leave_one_block_out=4.0)
    assert verdict(checks=[*without("leave_one_block_out"), moved], limits=lenient).credibility == "high"


def test_what_carried_a_verdict_is_its_interval_and_the_checks_that_held():
    text = said(verdict().carried_by)
    assert text.startswith("The 95 % interval, +2.0 to +6.0, lies above zero. The detector is right.")
    assert "Gamma" not in text


def test_what_carried_a_verdict_without_support_is_what_blocks():
    assert said(verdict(checks=[*MADE, SEVERE]).carried_by) == SEVERE.sentence


@pytest.mark.parametrize(
    ("interval", "told"),
    [
        ((0.002, 0.006), "reach down to zero; its nearer end is +2.0 above"),
        ((-0.006, -0.002), "reach up to zero; its nearer end is -2.0 below"),
        ((-0.0004, 0.0006), "reach an effect of -1.0 or +1.0; there is room for a shift of +0.4"),
        ((-0.001, 0.003), "An interval 2.0 times narrower around the same effect, +1.0, would answer"),
    ],
)
def test_what_would_change_an_answer_says_how_far_it_is(interval, told):
    assert told in said(verdict(interval).would_change)


def test_an_answer_names_the_unseen_confounder_that_would_undo_it():
    text = said(verdict().would_change)
    assert "explains 12.0% of what is left" in text
    assert "strongest observed counts 4.0%" in text
    assert "1.80 times as likely" in text
    assert "12.0%" not in said(verdict((-0.001, 0.003)).would_change)  # there is no effect to undo


def test_a_statement_without_effects_is_printed_as_it_is():
    assert Statement("A title called {} and {0}").say(str) == "A title called {} and {0}"
    assert Statement("{} to {}", (1.0, 2.0)).say(str) == "1.0 to 2.0"


def test_interval_level_and_whose_effect_are_kept():
    found = verdict(level=0.99, surroundings=Surroundings(speaks_of="Only titles that vary."))
    assert found.level == 0.99
    assert found.interval == estimate(0.002, 0.006).interval(0.99)
    assert found.speaks_of == "Only titles that vary."
    assert verdict((float("nan"), float("nan"))).interval is None


def test_a_finding_that_is_not_selected_answers_nothing():
    assert verdict(selected=False).answer == "undecided"
    assert verdict(selected=False).word == "inconclusive"
