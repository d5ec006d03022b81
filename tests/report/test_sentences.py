"""Plain words."""

from __future__ import annotations

import dataclasses

import pytest

from artwork_insights.report import sentences
from artwork_insights.report.findings import OutcomeUnit
from artwork_insights.report.numbers import scale_of
from artwork_insights.sensitivity.e_value import EValue

RATE = OutcomeUnit("take rate", True)
SCORE = OutcomeUnit("imdb_score", False)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("face_area_share", "face area share"),
        ("face_area_share_mean", "mean face area share"),
        ("face_score_max", "largest face score"),
        ("title mean of lightness_mean", "title mean of mean lightness"),
        ("genre=Drama", "genre: Drama"),
        ("mean", "mean"),
    ],
)
def test_a_column_name_is_read_as_words(name, words):
    assert sentences.in_words(name) == words


def test_words_are_joined_as_in_a_sentence():
    assert sentences.join_words([]) == ""
    assert sentences.join_words(["a"]) == "a"
    assert sentences.join_words(["a", "b", "c"], "or") == "a, b or c"


def test_a_question_names_the_component_and_the_outcome(finding, bare_finding):
    assert sentences.question_in_words(finding.question, RATE) == "Does a face make people choose a title?"
    assert sentences.question_in_words(finding.question, SCORE) == "Does a face change the imdb score?"
    assert "a higher mean face area share" in sentences.question_in_words(bare_finding.question, RATE)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("positive", "more often"),
        ("negative", "less often"),
        ("practically_zero", "no difference"),
        ("undecided", "cannot be told"),
    ],
)
def test_the_answer_in_words_follows_the_verdict(finding, answer, expected):
    verdict = dataclasses.replace(finding.verdict, answer=answer)
    assert expected in sentences.answer_in_words(dataclasses.replace(finding, verdict=verdict), RATE)


def test_an_incredible_design_gives_no_answer_whatever_the_number(finding):
    verdict = dataclasses.replace(finding.verdict, credible=False)
    words = sentences.answer_in_words(dataclasses.replace(finding, verdict=verdict), RATE)
    assert "cannot say" in words
    assert "more often" not in words


def test_an_e_value_whose_limit_is_one_says_that_no_confounder_is_needed():
    assert "1.49 times as likely; 1.42 times" in sentences.e_value_in_words(EValue(1.1, 1.494, 1.417))
    assert "do not need such a thing" in sentences.e_value_in_words(EValue(1.1, 1.494, 1.0))
    assert sentences.e_value_in_words(EValue(1.1, 1.494, None)).endswith("1.49 times as likely.")


def test_the_share_that_the_component_explains_is_of_what_adjusting_leaves(finding):
    assert "13.5" not in sentences.robustness_in_words(finding.robustness)[-80:]
    words = sentences.robustness_in_words(finding.robustness).replace("\u202f", " ")
    assert words.endswith("explains 2.1 % of what is left of the outcome after adjusting.")


def test_a_slope_is_not_held_against_artwork_without_it(bare_finding):
    verdict = dataclasses.replace(bare_finding.verdict, answer="positive")
    words = sentences.answer_in_words(dataclasses.replace(bare_finding, verdict=verdict), RATE)
    assert words.endswith("is chosen more often than artwork that is otherwise like it.")


def test_a_mediation_names_the_level_of_its_interval(finding):
    result = dataclasses.replace(finding.mediation[0], level=0.9)
    words = sentences.mediation_in_words(result, scale_of(RATE, 0.0001)).replace("\u202f", " ")
    assert "bootstrap 90 % interval" in words


def test_a_mediation_names_all_three_tests_of_the_product_and_leaves_out_what_is_not_known(finding):
    def ending(**changes):
        result = dataclasses.replace(finding.mediation[0], **changes)
        return sentences.mediation_in_words(result, scale_of(RATE, 0.0001)).partition("Sobel test: ")[2]

    alone = ending(aroian_z=None, goodman_z=None)
    assert alone.startswith("z = −5.67, p")
    assert ending() == alone.removesuffix(".") + " (Aroian z = −5.61, Goodman z = −5.73)."
    assert ending(goodman_z=None) == alone.removesuffix(".") + " (Aroian z = −5.61)."
