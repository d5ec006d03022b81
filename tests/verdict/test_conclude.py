"""Verdicts of a study made together: several questions, several looks, limits of the study file."""

from __future__ import annotations

import dataclasses

import pytest

from artwork_insights.diagnostic import Diagnostic
from artwork_insights.inquiry.conclude import conclude, tell_slope
from artwork_insights.report.findings import Finding
from artwork_insights.study import Study
from artwork_insights.verdict.verdict import NOT_JUDGED
from tests.report.conftest import make_bare_finding, make_estimate, make_finding

SMALLEST = 0.001


def study(header: dict[str, object] | None = None, **sections: object) -> Study:
    return Study.model_validate(
        {
            "study": {"name": "s", **(header or {})},
            "data": {"assets": "a", "titles": "t", "impressions": "i"},
            "hypothesis": [{"name": "h", "treatment": "face_present"}],
            **sections,
        }
    )


def finding(z: float, **changes: object) -> Finding:
    """A finding whose estimate lies `z` standard errors of .001 from zero."""
    question = dataclasses.replace(make_finding().question, smallest_effect_of_interest=None)
    estimate = dataclasses.replace(make_estimate(0.001 * z, 0.001), degrees_of_freedom=1e6)
    return make_finding(question=question, estimate=estimate, diagnostics=(), **changes)


def answers(findings, **given):
    return [one.verdict.answer for one in conclude(findings, study(**given), is_rate=True)]


def multiplicity(one: Finding) -> Diagnostic | None:
    return next((check for check in one.diagnostics if check.name == "multiplicity"), None)


def test_one_question_is_answered_at_the_level_of_the_study():
    (one,) = conclude([finding(2.0)], study(), is_rate=True)
    assert (one.verdict.answer, one.verdict.level) == ("positive", 0.95)
    assert multiplicity(one) is None


def test_one_answer_among_ten_questions_does_not_count_and_the_report_says_why():
    asked = [finding(2.0), *[finding(0.1)] * 9]
    assert answers(asked) == ["undecided"] * 10
    found = conclude(asked, study(), is_rate=True)
    check = multiplicity(found[0])
    assert check is not None
    assert check.passed is False
    assert "among the 10 that were asked" in check.sentence
    assert check.sentence not in found[0].verdict.reasons  # it changes the answer, not the credibility
    assert multiplicity(found[1]).passed is None


def test_strong_answers_among_many_questions_count_with_wider_intervals():
    found = conclude([finding(6.0), finding(-5.0), *[finding(0.1)] * 8], study(), is_rate=True)
    assert [one.verdict.answer for one in found[:3]] == ["positive", "negative", "undecided"]
    assert found[0].verdict.level == pytest.approx(1 - 0.05 * 2 / 10)
    low, high = found[0].verdict.interval
    assert high - low > found[0].estimate.interval()[1] - found[0].estimate.interval()[0]
    assert "99 % interval" in found[0].verdict.carried_by[0].text


def test_a_later_look_needs_more():
    assert answers([finding(2.3)], header={"look": 1}) == ["positive"]
    assert answers([finding(2.3)], header={"look": 2}) == ["undecided"]
    assert answers([finding(2.3)]) == ["positive"]


def test_limits_of_the_study_file_reach_every_place_where_a_check_stands():
    balance = Diagnostic("balance", 0.15, 0.1, False, "They differ.")
    gap = Diagnostic("design_gap", 3.0, 2.58, False, "They differ.")
    one = dataclasses.replace(finding(3.0), diagnostics=(balance, gap), design_gap=gap)
    (strict,) = conclude([one], study(), is_rate=True)
    (loose,) = conclude([one], study(verdict={"balance": 0.2, "design_gap": 4.0}), is_rate=True)
    assert strict.verdict.word == "supported_with_caveats"
    assert loose.verdict.word == "supported"
    assert loose.design_gap in loose.diagnostics
    assert loose.design_gap.passed is None


def test_the_model_of_the_outcome_and_the_number_of_titles_are_checked():
    poor = dataclasses.replace(make_finding().nuisance, outcome_r2=-0.4)
    few = dataclasses.replace(finding(3.0).estimate, n_effective_titles=8.0)
    (one,) = conclude([dataclasses.replace(finding(3.0), nuisance=poor, estimate=few)], study(), is_rate=True)
    failed = {check.name for check in one.diagnostics if check.passed is False}
    assert failed == {"outcome_r2", "effective_titles"}


def test_whose_effect_it_is_is_said_where_something_was_left_out():
    (one,) = conclude([finding(3.0)], study(), is_rate=True)
    assert one.verdict.speaks_of.startswith("The average speaks of titles that have artwork")
    whole = dataclasses.replace(one.overlap, n_after=one.overlap.n_before)
    (other,) = conclude([dataclasses.replace(one, overlap=whole)], study(), is_rate=True)
    assert other.verdict.speaks_of == ""


def test_whose_slope_it_is_is_found_again_among_what_was_left_out():
    slope = tell_slope(3, 1009)
    assert slope == "The slope is over the 3 of 1,009 titles whose artworks differ in the component."
    others = ("2 artworks are left out because their component is not defined.", "No causal forest was grown.")
    (bare,) = conclude([dataclasses.replace(make_bare_finding(), left_out=(*others, slope))], study(), is_rate=True)
    assert bare.verdict.speaks_of == slope
    (whole,) = conclude([dataclasses.replace(make_bare_finding(), left_out=others)], study(), is_rate=True)
    assert whole.verdict.speaks_of == ""


def test_a_finding_has_no_verdict_before_its_study_is_judged():
    waiting = finding(3.0, verdict=NOT_JUDGED)
    assert (waiting.verdict.word, waiting.verdict.credible) == ("inconclusive", False)
    (one,) = conclude([waiting], study(), is_rate=True)
    assert (one.verdict.answer, one.verdict.credible) == ("positive", True)


def test_a_limit_that_multiplies_the_one_of_the_data_is_counted_once():
    check = Diagnostic("unconfoundedness", 0.15, 0.06, True, "It would have to be stronger than genre.")
    one = dataclasses.replace(finding(3.0), diagnostics=(check,))
    (judged,) = conclude([one], study(verdict={"unconfoundedness": 2.0}), is_rate=True)
    (kept,) = [found for found in judged.diagnostics if found.name == "unconfoundedness"]
    assert (kept.passed, kept.limit) == (True, 0.12)
    assert judged.verdict.word == "supported"


def test_an_outcome_from_a_table_is_not_asked_to_whom_the_artwork_was_shown():
    (of_log,), (of_table,) = (conclude([finding(3.0)], study(), is_rate=rate) for rate in (True, False))
    assert "whether a winner is only its audience" in " ".join(s.text for s in of_log.verdict.would_change)
    assert "audience" not in " ".join(s.text for s in of_table.verdict.would_change)
    assert "log" not in " ".join(s.text for s in of_table.verdict.next_actions)


def test_next_actions_name_the_artwork_to_make_and_the_titles_to_test():
    (one,) = conclude([finding(1.0)], study(), is_rate=True)
    text = " ".join(action.text for action in one.verdict.next_actions)
    assert "Documentary in JP: to learn the effect there, make about 9 artworks with a face" in text
    assert one.pairs[0].title in text
