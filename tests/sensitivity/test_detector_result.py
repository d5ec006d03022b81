"""The check on detector error: what it says of an effect that stays, shrinks, goes or turns."""

from __future__ import annotations

import pytest

from artwork_insights.diagnostic import Diagnostic
from artwork_insights.sensitivity.detector.labelled import LabelledEffect
from artwork_insights.sensitivity.detector.result import DetectorError, judge_detector
from artwork_insights.study.limits import VerdictLimits
from artwork_insights.verdict.case import sort_checks

SEEN = (0.004, 0.008)


def judged(low: float, high: float, seen: tuple[float, float] = SEEN, before: float | None = None) -> Diagnostic:
    """Labels that give an interval from `low` to `high` where the detector by itself gave `seen`."""
    effect = LabelledEffect((low + high) / 2, (high - low) / 3.92, low, high, 0.95, 300, 2000, 0.5, 0.9, 0.9)
    uncorrected = sum(seen) / 2 if before is None else before
    error = DetectorError("labels", labelled=effect, labelled_uncorrected=uncorrected)
    return judge_detector(error, *seen, "a face")


def test_an_effect_that_stays_passes_with_its_size() -> None:
    check = judged(0.005, 0.009)
    assert check.passed is True
    assert check.value == pytest.approx(0.007 / 0.006)
    assert "the effect is 1.17 times as large as it looks, and as clear." in check.sentence


def test_an_effect_that_goes_is_no_longer_clear() -> None:
    check = judged(-0.001, 0.005)
    assert (check.passed, check.blocking) == (False, False)
    assert "0.33 times as large as it looks, and no longer clear: its interval holds zero." in check.sentence


def test_an_effect_that_leans_the_other_way_without_being_clear_is_said_to() -> None:
    check = judged(-0.005, 0.001)
    assert (check.passed, check.blocking) == (False, False)
    assert "the effect is of the other sign and 0.33 times as large as it looks, and no longer clear" in check.sentence


@pytest.mark.parametrize(
    ("seen", "found", "told"),
    [
        (SEEN, (-0.006, -0.002), "what looks like help is harm"),
        ((-0.008, -0.004), (0.002, 0.006), "what looks like harm is help"),
    ],
)
def test_an_effect_that_turns_has_a_sentence_of_its_own_and_blocks(
    seen: tuple[float, float], found: tuple[float, float], told: str
) -> None:
    check = judged(*found, seen=seen)
    assert (check.passed, check.blocking) == (False, True)
    assert check.value == pytest.approx(-0.004 / 0.006)
    assert f"the effect is of the other sign, and clear: {told}." in check.sentence
    assert "holds zero" not in check.sentence
    assert sort_checks([check], VerdictLimits()).credibility == "low"


def test_an_effect_of_half_the_size_passes_and_its_size_is_not_relied_on() -> None:
    check = judged(0.002, 0.004)
    assert check.passed is True
    assert "the effect is 0.50 times as large as it looks" in check.sentence
    assert sort_checks([check], VerdictLimits()).of_size == (check,)
    assert sort_checks([judged(0.0045, 0.0075)], VerdictLimits()).of_size == ()


def test_without_a_clear_effect_labels_give_no_multiple_of_it() -> None:
    unclear = (-0.002, 0.003)
    check = judged(-0.003, 0.001, seen=unclear)
    assert (check.passed, check.value) == (None, None)
    assert "there is no clear effect either; there was none to begin with." in check.sentence
    assert "there is a clear effect; there was none to begin with." in judged(0.001, 0.005, seen=unclear).sentence
    assert sort_checks([check], VerdictLimits()).of_size == ()


@pytest.mark.parametrize("before", [0.0, -0.001])
def test_a_slope_over_the_same_artworks_that_is_nothing_like_the_headline_gives_no_multiple(before: float) -> None:
    check = judged(0.005, 0.009, before=before)
    assert (check.passed, check.value) == (True, None)
    assert "the effect is of another size than it looks, and as clear." in check.sentence
