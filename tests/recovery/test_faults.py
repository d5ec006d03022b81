"""Every check is seen to catch its planted fault end to end, from a user's tables through `run_study` to the verdict.

The plans are those of `planted.py`, here on the first of the seeds that no choice has seen. How often each is caught on
all of them is measured by ``benchmarks/faults.py`` and stands in docs/verdict.md.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from artwork_insights.diagnostic import Diagnostic
from artwork_insights.report.findings import Finding
from artwork_insights.verdict.rules import RULES
from tests.recovery.faulty_studies import Plan
from tests.recovery.planted import (
    ALL_BUT_DECIDED,
    DECIDED,
    FEW_TITLES,
    HIDDEN_CAUSE,
    PLANTED,
    POOR_DETECTOR,
    SHOWN_TO_FANS,
    SOUND,
    SPILLING,
    find_in,
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def find_all(tmp_path_factory: pytest.TempPathFactory):
    """Run the study of a plan once, whatever the number of tests that look at it."""

    @cache
    def run(plan: Plan, more: str = "") -> tuple[Finding, ...]:
        return find_in(plan, tmp_path_factory.mktemp("fault"), more)

    return run


@pytest.fixture(scope="module")
def find(find_all):
    return lambda plan, more="": find_all(plan, more)[0]


def check(finding: Finding, name: str) -> Diagnostic:
    return next(diagnostic for diagnostic in finding.diagnostics if diagnostic.name == name)


def test_a_sound_study_passes_every_check_and_its_answer_is_supported(find):
    finding = find(SOUND)
    assert [one.name for one in finding.diagnostics if one.passed is False] == []
    verdict = finding.verdict
    assert (verdict.word, verdict.credibility, verdict.answer) == ("supported", "high", "positive")
    assert verdict.carried_by
    assert verdict.would_change
    assert verdict.next_actions


@pytest.mark.parametrize("name", PLANTED)
def test_each_check_fails_where_its_fault_is_planted(find, name):
    finding = find(PLANTED[name])
    assert check(finding, name).passed is False
    assert finding.verdict.credibility != "high"
    assert finding.verdict.word != "supported"


def test_no_check_that_counts_is_without_a_fault():
    counting = {
        rule.diagnostic for rule in RULES if rule.axis == "credibility" and rule.effect_when_failed != "informs"
    }
    assert counting == set(PLANTED)


def test_answers_that_stand_only_alone_are_taken_back_where_several_were_asked(find_all):
    findings = find_all(replace(SOUND, effect=0.0012, other_questions=3))
    taken_back = [one for one in findings if check(one, "multiplicity").passed is False]
    assert taken_back
    assert {one.verdict.answer for one in taken_back} == {"undecided"}


def test_a_study_without_an_effect_has_no_answer_to_sell(find):
    finding = find(replace(SOUND, effect=0.0))
    assert finding.verdict.answer in ("practically_zero", "undecided")


def test_a_hidden_cause_shows_where_nothing_may_show(find):
    finding = find(HIDDEN_CAUSE)
    assert finding.estimate.p_value < 0.05  # what it passes for
    assert check(finding, "placebo_outcome").passed is False
    assert check(finding, "negative_control").passed is False
    assert (finding.verdict.word, finding.verdict.credibility) == ("not_supported", "low")


def test_a_strong_observed_confounder_is_the_yardstick_of_an_unseen_one(find):
    finding = find(replace(SOUND, observed=1.0, effect=0.002))
    assert check(finding, "leave_one_block_out").value > 1
    assert check(finding, "unconfoundedness").passed is False
    assert finding.verdict.credibility == "moderate"


def test_without_overlap_little_is_left_to_compare(find):
    finding = find(ALL_BUT_DECIDED)
    assert check(finding, "overlap").passed is False
    assert check(finding, "balance").passed is False
    assert "It does not speak of the others" in finding.verdict.speaks_of
    assert finding.verdict.credibility != "high"


def test_a_confounder_that_is_the_component_leaves_nothing_to_learn_from(find):
    encoded = find(DECIDED)
    assert check(encoded, "treatment_variance_left").passed is False
    assert encoded.verdict.credibility != "high"


def test_a_poor_detector_is_told_by_its_rates_and_an_unknown_one_asks_for_labels(find):
    finding = find(POOR_DETECTOR)
    assert check(finding, "measurement").passed is False
    assert check(finding, "detector").value > 1.1  # the effect is larger than it looks
    assert finding.verdict.credibility == "moderate"
    unknown = find(replace(POOR_DETECTOR, rates_known=False)).verdict
    assert unknown.credibility == "moderate"
    assert "Label about" in unknown.next_actions[0].text


def test_artworks_that_take_from_their_siblings_are_seen(find):
    finding = find(SPILLING)
    assert check(finding, "interference").passed is False
    assert finding.verdict.credibility != "high"


def test_a_winner_that_is_its_audience_is_seen_where_the_log_tells_audiences(find):
    finding = find(SHOWN_TO_FANS)
    assert finding.estimate.p_value < 0.001  # the winner
    assert check(finding, "serving_policy").passed is False
    assert finding.verdict.word == "not_supported"
    blind = find(replace(SHOWN_TO_FANS, logs_audiences=False))
    assert check(blind, "serving_policy").passed is None
    assert blind.verdict.credibility != "high"


def test_without_a_control_nothing_could_have_shown_that_the_design_is_wrong(find):
    verdict = find(replace(SOUND, names_controls=False, knows_popularity=False)).verdict
    assert verdict.credibility == "moderate"
    assert "negative control" in " ".join(action.text for action in verdict.next_actions)


def test_too_few_titles_are_seen(find):
    finding = find(FEW_TITLES)
    assert check(finding, "effective_titles").passed is False
    assert check(find(SOUND), "effective_titles").passed is True
    assert finding.verdict.credibility != "high"


def test_an_association_with_siblings_is_open_until_popularity_from_before_is_known(find):
    open_question = find(replace(SOUND, knows_popularity=False))
    assert check(open_question, "interference").passed is None
    assert "whether artworks of a title affect each other" in " ".join(open_question.verdict.reasons)


def test_limits_of_the_study_file_decide(find):
    strict = find(SOUND, "[verdict]\nbalance = 0.0001\n")
    assert check(strict, "balance").passed is False
    assert strict.verdict.word == "supported_with_caveats"
