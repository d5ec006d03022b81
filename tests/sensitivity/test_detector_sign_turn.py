"""Errors that differ between artwork that does well and poorly: the least difference that turns a sign."""

from __future__ import annotations

import numpy as np
import pytest

from artwork_insights.errors import NotIdentifiedError
from artwork_insights.sensitivity.detector.sign_turn import detector_sign_turn
from tests.sensitivity.detector_simulator import draw_catalogue, linear_slope

PLANTED = 0.15
SAMPLING = 0.025


def no_effect_but_a_partial_detector(seed: int, n: int = 30_000) -> tuple[np.ndarray, np.ndarray]:
    """No effect at all; the detector finds PLANTED more, rightly or wrongly, where artwork does well."""
    rng = np.random.default_rng(seed)
    outcome, true = rng.normal(size=n), rng.random(n) < 0.4
    found = np.where(outcome > 0, 0.95, 0.95 - PLANTED)
    phantom = np.where(outcome > 0, 0.05 + PLANTED, 0.05)
    return outcome, np.where(true, rng.random(n) < found, rng.random(n) < phantom).astype(float)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_the_planted_difference_is_found(sign: float) -> None:
    outcome, seen = no_effect_but_a_partial_detector(1)
    turn = detector_sign_turn(sign * outcome, seen, sensitivity=0.95, specificity=0.95)
    assert turn.both == pytest.approx(PLANTED, abs=SAMPLING)
    assert turn.both_interval is not None
    assert turn.both is not None
    assert turn.both_interval < turn.both


def test_the_curve_joins_the_two_single_differences_and_passes_through_both() -> None:
    outcome, seen = no_effect_but_a_partial_detector(2)
    turn = detector_sign_turn(outcome, seen, sensitivity=0.95, specificity=0.95)
    phantoms, missed = zip(*turn.curve, strict=True)
    assert missed[0] == pytest.approx(turn.sensitivity_difference)
    assert phantoms[-1] == pytest.approx(turn.specificity_difference)
    assert missed[-1] == pytest.approx(0, abs=1e-4)
    assert np.interp(turn.both, phantoms, missed) == pytest.approx(turn.both, abs=2e-3)


def test_errors_alike_for_all_artwork_turn_no_sign() -> None:
    """Witness: the numerator of the slope is the true one times sensitivity plus specificity less one."""
    drawn = draw_catalogue(np.random.default_rng(3), n_titles=400)
    left = linear_slope(drawn, drawn.seen, within=True).outcome_left
    turns = [
        detector_sign_turn(left, drawn.seen, sensitivity=rate, specificity=rate, clusters=drawn.title, by_title=True)
        for rate in (1.0, 0.9, 0.8)
    ]
    assert all(turn.both is not None and turn.both > 0.03 for turn in turns)
    # where both rates are equal and fall by the same amount, how good the detector is elsewhere does not matter
    assert [turn.both for turn in turns] == pytest.approx([turns[0].both] * 3, abs=1e-4)


def test_an_interval_that_holds_zero_needs_no_difference() -> None:
    rng = np.random.default_rng(6)
    turn = detector_sign_turn(rng.normal(size=300), (rng.random(300) < 0.5).astype(float))
    assert turn.both_interval == 0.0


@pytest.mark.parametrize(
    ("outcome", "detected", "told"),
    [
        ([1.0, 2.0], [0, 0], "both 0 and 1"),
        ([1.0, 2.0], [0, 2], "both 0 and 1"),
        ([1.0, np.nan], [0, 1], "none missing"),
        ([1.0], [0, 1], "same number"),
        ([], [], "at least 2"),
        (["a", "b"], [0, 1], "needs numbers"),
    ],
)
def test_bad_input_is_refused(outcome: list[float], detected: list[float], told: str) -> None:
    with pytest.raises(NotIdentifiedError, match=told):
        detector_sign_turn(outcome, detected)
