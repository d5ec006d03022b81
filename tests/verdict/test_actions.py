from __future__ import annotations

import math

import numpy as np
import pytest

from artwork_insights.diagnostic import Diagnostic
from artwork_insights.verdict.actions import MOST_ACTIONS, impressions_needed, labels_needed
from artwork_insights.verdict.case import Surroundings
from tests.verdict.test_grounds import BALANCE, MADE, said, verdict, without

AROUND = Surroundings(
    component="a face",
    to_make=("Drama: make 9 artworks with a face.", "JP: make 4.", "US: make 2."),
    titles_to_test=("One", "Two {}", "Three", "Four", "Five", "Six"),
    base_rate=0.1,
)
UNKNOWN = Diagnostic("measurement", None, 0.8, None, "Nobody labelled.")


def actions(interval=(0.002, 0.006), checks=MADE, smallest=0.001, around=AROUND):
    return said(verdict(interval, checks, smallest, surroundings=around).next_actions)


def test_an_unknown_detector_asks_for_labels_of_both_kinds():
    n = labels_needed()
    text = actions(checks=[*without("measurement"), UNKNOWN])
    assert f"Label about {2 * n} artworks by hand, {n} where the detector finds a face" in text
    assert "Label" not in actions()


def test_labels_are_as_many_as_a_rate_to_within_five_points_needs():
    rng = np.random.default_rng(0)
    n = labels_needed()
    assert n == math.ceil(1.959964**2 * 0.09 / 0.0025)
    seen = rng.binomial(n, 0.9, 20_000) / n
    assert np.mean(np.abs(seen - 0.9) <= 0.05) >= 0.95 - 0.02
    fewer = rng.binomial(n // 4, 0.9, 20_000) / (n // 4)
    assert np.mean(np.abs(fewer - 0.9) <= 0.05) < 0.85  # the control


def test_an_ab_test_of_the_size_named_sees_the_effect_in_four_of_five():
    rng = np.random.default_rng(1)
    n = impressions_needed(0.1, 0.004)

    def power(size):
        a, b = rng.binomial(size, 0.1, 10_000) / size, rng.binomial(size, 0.104, 10_000) / size
        error = np.sqrt(a * (1 - a) / size + b * (1 - b) / size)
        return float(np.mean(np.abs(b - a) > 1.959964 * error))

    assert power(n) == pytest.approx(0.8, abs=0.015)  # three Monte Carlo errors
    assert power(n // 2) < 0.6  # the control


def test_a_test_names_titles_and_impressions_for_the_smallest_effect_of_interest():
    text = actions(smallest=0.004, interval=(0.005, 0.009))
    assert "the two most alike artworks of these titles: One, Two { }, Three, Four, Five." in text
    assert "90,000 impressions on each side would show an effect of +4.0" in text
    assert "impressions" not in actions(around=Surroundings(titles_to_test=("One",)))
    assert "A/B test" not in actions(around=Surroundings())


def test_nothing_is_tested_where_the_answer_is_that_it_does_not_matter():
    assert "A/B test" not in actions((-0.0004, 0.0006))


def test_an_undecided_question_asks_for_the_missing_artwork_and_for_titles():
    text = actions((-0.001, 0.003))
    assert text.startswith("Drama: make 9 artworks with a face. JP: make 4. Wait for about 241 titles")
    assert "US" not in text
    assert "Wait" not in actions((-0.0101, 0.0103), smallest=None)  # a hundred times narrower is out of reach
    assert "Drama" not in actions()


def test_what_blocks_comes_first_and_no_more_than_four_things_are_asked():
    severe = Diagnostic("identification", 0.0, None, False, "No title varies.", blocking=True)
    text = actions(checks=[UNKNOWN, severe, BALANCE])
    assert text.startswith("Give titles artwork both with and without the component.")
    for checks in ([], [UNKNOWN, severe, BALANCE], [BALANCE]):
        assert len(verdict(checks=checks, surroundings=AROUND).next_actions) <= MOST_ACTIONS


def test_a_failed_check_is_followed_by_its_remedy():
    assert "Name what still differs among the confounders" in actions(checks=[*MADE, BALANCE])
