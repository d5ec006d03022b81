"""Treatments in words: no column name, sign or ambiguity reaches a reader."""

from __future__ import annotations

import pytest

from artwork_insights.expression import parse_expression
from artwork_insights.wording import LABELS, describe_component


@pytest.mark.parametrize(
    ("treatment", "words"),
    [
        ("face_present", "a face"),
        ("not face_present", "no face"),
        ("face_count > 0", "a face"),
        ("face_count >= 1", "a face"),
        ("face_count > 3", "more than 3 faces"),
        ("face_count >= 2", "at least 2 faces"),
        ("face_count < 2", "fewer than 2 faces"),
        ("face_count <= 1", "at most 1 face"),
        ("face_count == 1", "exactly 1 face"),
        ("face_count != 2", "other than 2 faces"),
        ("3 < face_count", "more than 3 faces"),
        ("1 == face_count", "exactly 1 face"),
        ("face_area_share_mean", "mean face size"),
        ("clutter > 0.25", "clutter above 0.25"),
        ("face_count > 3 and not face_present", "more than 3 faces and no face"),
        ("not (clutter > 1)", "not (clutter above 1)"),
        ("has_gun", "has gun"),
    ],
)
def test_a_treatment_reads_as_a_noun_phrase(treatment, words):
    assert describe_component(parse_expression(treatment)) == words


def test_or_inside_and_keeps_its_brackets():
    with_brackets = describe_component(parse_expression("(face_present or clutter > 1) and warm_share > 0.5"))
    without = describe_component(parse_expression("face_present or clutter > 1 and warm_share > 0.5"))
    assert with_brackets == "(a face or clutter above 1) and share of warm colours above 0.5"
    assert without == "a face or (clutter above 1 and share of warm colours above 0.5)"


def test_labels_are_words_without_underscores():
    assert all("_" not in label and label for label in LABELS.values())
