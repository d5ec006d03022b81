"""The table of advice, the opening, and the glossary."""

from __future__ import annotations

import dataclasses
import re

import pytest

from artwork_insights.report.advice import advice_table, advise, answer_in_group, groups_that_differ, strongest_groups
from artwork_insights.report.findings import Finding, StudyResult
from artwork_insights.report.opening import opening, studied
from artwork_insights.report.terms import terms_used
from artwork_insights.report.views import finding_scale
from tests.report.conftest import make_estimate


def judged(finding: Finding, word: str, answer: str, credible: bool = True) -> Finding:
    verdict = dataclasses.replace(finding.verdict, word=word, answer=answer, credible=credible)
    return dataclasses.replace(finding, verdict=verdict)


def table(result: StudyResult) -> dict[str, list[tuple[str, str, str]]]:
    scales = [finding_scale(finding, result) for finding in result.findings]
    blocks = advice_table(result, scales, [f"f{i}" for i in range(len(scales))], "refused")
    return {block.advice: [(row.what, row.where, row.effect) for row in block.rows] for block in blocks}


@pytest.mark.parametrize(
    ("word", "answer", "advice"),
    [
        ("supported", "positive", "do"),
        ("supported_with_caveats", "positive", "do"),
        ("supported", "negative", "dont"),
        ("supported", "practically_zero", "dont"),
        ("not_supported", "positive", "unknown"),
        ("inconclusive", "undecided", "unknown"),
    ],
)
def test_the_verdict_decides_the_advice(finding, word, answer, advice):
    assert advise(judged(finding, word, answer)) == advice


def test_the_table_has_a_row_per_finding_for_groups_that_differ_and_for_refused_hypotheses(result):
    rows = table(result)
    assert rows["do"] == [("A face", "on average; most of all in Drama, Romance", "+3.10")]
    assert ("More than 3 faces", "on average; most of all in Drama, Romance", "−1.80") in rows["dont"]
    assert ("A face", "genre: Documentary", "+0.10") in rows["unknown"]
    assert ("A warm palette", "", "") in rows["unknown"]


def test_a_finding_whose_design_failed_shows_no_number_to_act_on(result, finding):
    failed = judged(finding, "not_supported", "positive", credible=False)
    rows = table(dataclasses.replace(result, findings=(failed,), refused=()))
    assert rows == {"do": [], "dont": [], "unknown": [("A face", "on average", "")]}


def test_a_group_is_read_against_the_smallest_effect_that_matters(finding):
    documentary = next(group for group in finding.group_effects if group.group == "Documentary")
    assert answer_in_group(documentary, 0.0005, 0.95) == "undecided"
    assert answer_in_group(documentary, 0.005, 0.95) == "practically_zero"
    drama = finding.group_effects[0]
    assert answer_in_group(drama, 0.0005, 0.95) == "positive"
    assert answer_in_group(dataclasses.replace(drama, q_value=0.06), 0.0005, 0.95) == "undecided"


def test_a_group_is_read_at_the_level_of_the_study(finding):
    """2.3 standard errors from zero: inside a 99 % interval, outside a 95 % one."""
    group = dataclasses.replace(finding.group_effects[0], estimate=make_estimate(0.0023, 0.001), q_value=0.001)
    assert answer_in_group(group, None, 0.95) == "positive"
    assert answer_in_group(group, None, 0.99) == "undecided"
    assert answer_in_group(dataclasses.replace(group, q_value=0.06), None, 0.9) == "positive"


def test_groups_of_a_modifier_without_a_joint_difference_are_not_singled_out(result, finding):
    *others, last = (group for group in finding.group_effects if group.modifier in ("genre", "country"))
    changed = dataclasses.replace(finding, group_effects=(*others, dataclasses.replace(last, q_value=0.9)))
    assert groups_that_differ(changed, "country", 0.95)
    assert not any(
        "country" in where for _, where, _ in table(dataclasses.replace(result, findings=(changed,)))["unknown"]
    )


def test_the_strongest_groups_of_a_harmful_component_are_the_most_negative(result):
    crowd = result.findings[1]
    assert [group.group for group in strongest_groups(crowd, "genre", 0.95)][:2] == ["Drama", "Romance"]


def test_a_group_that_only_seems_stronger_than_the_average_is_not_named(finding):
    """Its estimate is twice the average, but its own interval holds the average."""
    wide = dataclasses.replace(finding.group_effects[0], estimate=make_estimate(0.0062, 0.0017), shrunken_effect=0.005)
    changed = dataclasses.replace(finding, group_effects=(wide,))
    assert strongest_groups(changed, "genre", 0.95) == ()
    assert strongest_groups(changed, "genre", 0.9) == (wide,)


def without_joint_test(finding: Finding) -> Finding:
    return dataclasses.replace(finding, moderation=())


def test_without_a_joint_test_nothing_is_said_about_groups(result, finding):
    untested = dataclasses.replace(result, findings=(without_joint_test(finding),), refused=())
    assert table(untested) == {"do": [("A face", "on average", "+3.10")], "dont": [], "unknown": []}
    assert opening(untested)[1] == "Whether it differs from one group to another could not be tested."


def test_the_opening_is_three_sentences_without_statistics(result, score_result):
    for study in (result, score_result):
        sentences = opening(study)
        assert len(sentences) == 3
        for sentence in sentences:
            assert sentence.endswith(".")
            assert not re.search(r"%|\bp\b|interval|significan|standard error|\d\.\d|per 1,000", sentence)


def test_the_opening_says_what_to_do_for_whom_and_what_is_not_known(result):
    what, whom, sure = opening(result)
    assert what == "Use artwork with a face; avoid more than 3 faces."
    assert whom.startswith("A face works best in Drama and Romance but is not clear in Documentary")
    assert "with no clear difference by country" in whom
    assert "what a higher mean face area share or a warm palette does is not known yet" in sure


def test_nothing_to_act_on_is_said_so(result, finding):
    undecided = dataclasses.replace(result, findings=(judged(finding, "inconclusive", "undecided"),), refused=())
    what, whom, _ = opening(undecided)
    assert what.startswith("Change nothing")
    assert "cannot be told" in whom


def test_the_line_on_what_was_studied_has_the_counts(result, score_result):
    assert studied(result) == "1,934 artworks of 300 titles · 41,207,338 impressions · 5 countries"
    assert "impressions" not in studied(score_result)


def test_the_glossary_holds_only_what_the_report_uses(result, score_result):
    assert {"Causal forest", "Truth", "Placebo", "E-value"} <= {term.term for term in terms_used(result)}
    assert not {"Causal forest", "Truth", "Placebo", "E-value", "Take rate"} & {
        t.term for t in terms_used(score_result)
    }


def with_documentary(finding: Finding, effect: float, std_error: float) -> Finding:
    """The effect in Documentary replaced; clear after the correction for many groups."""
    groups = tuple(
        dataclasses.replace(group, estimate=make_estimate(effect, std_error), q_value=0.001)
        if group.group == "Documentary"
        else group
        for group in finding.group_effects
    )
    return dataclasses.replace(finding, group_effects=groups)


@pytest.mark.parametrize(
    ("effect", "std_error", "words"),
    [
        (-0.003, 0.0004, "but works the other way in Documentary"),
        (0.0001, 0.0001, "but makes no difference that matters in Documentary"),
        (0.0004, 0.001, "but is not clear in Documentary"),
    ],
)
def test_a_group_apart_is_opposite_without_difference_or_unclear(result, finding, effect, std_error, words):
    changed = dataclasses.replace(result, findings=(with_documentary(finding, effect, std_error),))
    assert words in opening(changed)[1]
    assert "no such effect" not in opening(changed)[1]


def test_a_joint_difference_without_a_group_that_stands_out_is_said_so(result, finding):
    same = {"estimate": make_estimate(0.0031, 0.0004), "q_value": 0.001}
    alike = tuple(dataclasses.replace(group, **same) for group in finding.group_effects)
    changed = dataclasses.replace(result, findings=(dataclasses.replace(finding, group_effects=alike),))
    assert "differs by genre, though no group stands out by itself" in opening(changed)[1]


def test_groups_beyond_the_third_are_counted(result, finding):
    unclear = tuple(dataclasses.replace(group, q_value=0.9) for group in finding.group_effects[:6])
    changed = dataclasses.replace(result, findings=(dataclasses.replace(finding, group_effects=unclear),))
    assert "and 3 more" in opening(changed)[1]


def test_a_second_modifier_has_its_own_clause(result, finding):
    rows = tuple(dataclasses.replace(row, p_value=0.001) for row in finding.moderation)
    changed = dataclasses.replace(result, findings=(dataclasses.replace(finding, moderation=rows),))
    assert ", and by country it " in opening(changed)[1]


def test_what_makes_no_difference_stands_under_its_heading(result, finding):
    spare = dataclasses.replace(result, findings=(judged(finding, "supported", "practically_zero"),), refused=())
    block = advice_table(spare, [finding_scale(finding, result)], ["f"], "refused")[1]
    assert block.heading == "Don’t, or don’t bother"
    assert block.rows[0].sure.endswith("makes no difference that matters")


def test_the_glossary_names_the_level_and_what_each_design_takes_out(result):
    terms = {
        term.term.replace("\u202f", " "): term.meaning for term in terms_used(dataclasses.replace(result, level=0.9))
    }
    assert "90 times in 100" in terms["90 % interval"]
    assert "95 % interval" not in terms
    assert all("own level" in terms[design] for design in ("Mundlak", "Within"))
    assert "doubly robust" in terms["Mundlak"]
    assert "partially linear" in terms["Within"]
    assert "across titles" in terms["Pooled"]
