"""Pairs in words and on the page: of one title or of two, and why there are none."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from artwork_insights.report.html import write_report
from artwork_insights.report.pair_words import kind_in_words, no_pairs_in_words, pairs_in_words
from tests.report.conftest import HOSTILE, make_bare_finding, make_estimate, make_finding, make_pairs, make_result
from tests.report.test_html import Page


def make_cross_pairs(shared: str = "genre and country"):
    return tuple(
        dataclasses.replace(pair, control_title_id=f"other {i}", control_title=f"Another {i}", shared=shared)
        for i, pair in enumerate(make_pairs(3))
    )


def test_pairs_of_one_title_and_of_two_are_told_apart():
    assert pairs_in_words(make_pairs(), "a face").startswith("Artworks of the same title that were about equally")
    words = pairs_in_words(make_cross_pairs(), "a face")
    assert words.startswith("Artworks of different titles of the same genre and country that were about equally")
    assert "prove nothing" in words
    bare = make_cross_pairs("nothing")
    assert pairs_in_words(bare, "a face").startswith("Artworks of different titles that were about equally")
    assert (kind_in_words(bare[0]), kind_in_words(make_cross_pairs("genre")[0])) == ("", " of the same genre")


def test_the_sentence_without_pairs_says_what_was_looked_for():
    assert no_pairs_in_words(make_finding(pairs=())).startswith("No title has two artworks")
    across = no_pairs_in_words(make_finding(pairs=(), estimate=make_estimate(design="pooled")))
    assert across.startswith("No two artworks of titles that are alike in what is known")
    assert "No title" not in across
    assert "there is more or less" in no_pairs_in_words(make_bare_finding())


@pytest.fixture(scope="module")
def across(tmp_path_factory: pytest.TempPathFactory) -> Page:
    finding = make_finding(pairs=make_cross_pairs(), estimate=make_estimate(design="pooled"))
    result = make_result(findings=(finding,))
    return Page(write_report(result, Path(tmp_path_factory.mktemp("across"))).read_text("utf-8"))


def test_both_titles_of_a_pair_stand_in_the_gallery_and_in_what_is_read_aloud(across):
    labels = across.values("aria-label")
    for pair in make_cross_pairs():
        for title in (pair.title, pair.control_title):
            assert " ".join(title.split()) in across.text
            assert any(title in label for label in labels)
    assert HOSTILE in across.text
    assert "No title has" not in across.text
