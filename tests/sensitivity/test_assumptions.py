from __future__ import annotations

from dataclasses import replace

import pytest

from artwork_insights.design.overlap import Overlap
from artwork_insights.diagnostic import Diagnostic
from artwork_insights.sensitivity.assumptions import DetectorAccuracy, gather_evidence
from artwork_insights.sensitivity.interference import SiblingSlope
from artwork_insights.sensitivity.observed_confounders import ConfounderStrength
from artwork_insights.sensitivity.robustness import Robustness

OVERLAP = Overlap("rule", 1000, 800, 300, 200, 200.0, 260.0, 240.0, 310.0, (0.0, 1.0), (1,), (1,), (), (), "")
ROBUST = Robustness(0.05, 0.20, 0.12, 0.05)
GENRE, YEAR = ConfounderStrength("genre", 0.1, 0.1, 0.12), ConfounderStrength("launch_year", 0.01, 0.01, 0.02)


def evidence(**changes):
    given = {"component": "a face", "overlap": OVERLAP, "robustness": ROBUST} | changes
    return {line.assumption: line.evidence for line in gather_evidence(**given)}


def test_there_is_one_line_for_each_assumption_in_order():
    lines = gather_evidence(component="a face", overlap=OVERLAP, robustness=ROBUST)
    assert [line.assumption for line in lines] == ["measurement", "overlap", "no_interference", "unconfoundedness"]
    assert all(line.statement.endswith(".") and line.evidence.sentence.endswith(".") for line in lines)


def test_an_unknown_detector_informs_and_a_known_one_is_judged():
    assert evidence()["measurement"].passed is None
    good = evidence(detector=DetectorAccuracy(0.96, 0.98, "200 labelled posters"))["measurement"]
    assert good.passed is True
    assert good.value == pytest.approx(0.94)
    assert "finds 96; of 100 without, it is wrong about 2 (200 labelled posters)" in good.sentence
    assert evidence(detector=DetectorAccuracy(0.8, 0.9, "labels"))["measurement"].passed is False
    assert evidence(is_detected=False)["measurement"].passed is True


@pytest.mark.parametrize(
    ("changes", "passed", "blocking"),
    [
        ({}, True, False),
        ({"n_after": 300}, False, False),
        ({"effective_n_treated": 30.0}, False, False),
        ({"effective_n_control": 4.0}, False, True),
        ({"n_titles_after": 1}, False, True),
        ({"n_before": 0, "n_after": 0}, False, False),
    ],
)
def test_overlap_is_judged_by_what_is_kept_and_what_it_is_worth(changes, passed, blocking):
    check = evidence(overlap=replace(OVERLAP, **changes))["overlap"]
    assert (check.passed, check.blocking) == (passed, blocking)


@pytest.mark.parametrize(
    ("left", "passed", "blocking"),
    [(0.4, True, False), (0.03, False, False), (0.001, False, True), (None, None, False)],
)
def test_a_continuous_treatment_is_judged_by_the_variance_left(left, passed, blocking):
    check = evidence(overlap=None, treatment_variance_left=left)["overlap"]
    assert (check.passed, check.blocking) == (passed, blocking)


def test_the_strongest_observed_confounder_is_the_yardstick():
    held = evidence(observed_confounders=[YEAR, GENRE])["unconfoundedness"]
    assert (held.passed, held.value, held.limit) == (True, 0.20, 0.12)
    assert "stronger than genre" in held.sentence
    weak = evidence(observed_confounders=[YEAR, GENRE], robustness=Robustness(0.01, 0.1, 0.05, 0.05))
    assert weak["unconfoundedness"].passed is False
    assert evidence()["unconfoundedness"].passed is None


def test_where_no_effect_was_found_there_is_none_to_explain_away():
    check = evidence(observed_confounders=[GENRE], robustness=Robustness(0.001, 0.03, 0.0, 0.05))["unconfoundedness"]
    assert check.passed is None


def test_a_design_gap_is_said_beside_it():
    gap = Diagnostic("design_gap", 0.3, 0.1, False, "The designs disagree.")
    assert evidence(design_gap=gap)["unconfoundedness"].sentence.endswith("The designs disagree.")
    assert "disagree" not in evidence(design_gap=replace(gap, passed=True))["unconfoundedness"].sentence


def test_interference_takes_its_line_from_the_siblings():
    assert evidence(siblings=SiblingSlope(0.5, 0.1, 0.001, 80, 40))["no_interference"].passed is None
    known = evidence(siblings=SiblingSlope(0.5, 0.1, 0.001, 80, 40, title_quality_known=True))
    assert known["no_interference"].passed is False


FAINT = ConfounderStrength("genre=Action", 0.001, 0.001, 0.004)


def test_passing_a_confounder_that_explains_almost_nothing_is_no_evidence():
    check = evidence(observed_confounders=[FAINT])["unconfoundedness"]
    assert (check.passed, check.limit) == (None, None)
    assert "no strong observed confounder" in check.sentence
    assert "genre Action" in check.sentence
    beaten = evidence(observed_confounders=[FAINT], robustness=Robustness(0.001, 0.002, 0.001, 0.05))
    assert beaten["unconfoundedness"].passed is False


def test_a_yardstick_measured_inside_titles_is_called_so():
    inside = evidence(observed_confounders=[GENRE], within_titles=True)["unconfoundedness"]
    assert "among what differs between artworks of one title" in inside.sentence
    assert "one title" not in evidence(observed_confounders=[GENRE])["unconfoundedness"].sentence


def test_labels_of_the_code_are_read_as_words():
    label = ConfounderStrength("content_rating=R", 0.1, 0.1, 0.12)
    assert "content rating R" in evidence(observed_confounders=[label])["unconfoundedness"].sentence


def test_the_words_follow_the_outcome_the_component_and_the_table():
    given = {"component": "lightness", "robustness": ROBUST, "siblings": SiblingSlope(0.5, 0.1, 0.001, 80, 40)}
    slope = gather_evidence(overlap=None, is_binary=False, outcome_words="the imdb score", **given)
    text = " ".join(f"{line.statement} {line.evidence.sentence}" for line in slope)
    assert "drives both lightness and the imdb score." in text
    assert "that differ in lightness" in text
    assert not any(words in text for words in ("choose the title", "without", "have lightness"))
    posters = evidence(has_countries=False)["overlap"].sentence
    assert posters.startswith("80% of the artworks could")
    assert "artwork in a country" in evidence()["overlap"].sentence
