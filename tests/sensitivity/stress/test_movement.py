from __future__ import annotations

import numpy as np
import pytest

from artwork_insights.errors import NotIdentifiedError
from artwork_insights.sensitivity.stress.movement import (
    Movement,
    add_noise_per_asset,
    leave_one_block_out_diagnostic,
    plant_confounder,
    random_common_cause_diagnostic,
    zero_confounder_diagnostic,
)
from artwork_insights.study.limits import VerdictLimits
from artwork_insights.verdict.limits import hold_against_limits

CRITICAL = 1.96


def moved(by, before=0.01, std_error=0.001):
    return Movement("without genre", before, before + by * std_error, std_error, std_error)


def test_strength_zero_changes_nothing_and_the_same_simulation_with_strength_does():
    rng = np.random.default_rng(0)
    asset = np.repeat(np.arange(500), 3)
    treatment, outcome = (rng.random(500) < 0.4).astype(float)[asset], rng.normal(size=1500)
    same_t, same_y, hidden = plant_confounder(
        treatment, outcome, asset, strength_treatment=0.0, strength_outcome=0.0, seed=3
    )
    np.testing.assert_array_equal(same_t, treatment)
    np.testing.assert_array_equal(same_y, outcome)
    assert hidden.std() == pytest.approx(1, abs=0.1)
    t, y, hidden = plant_confounder(treatment, outcome, asset, strength_treatment=0.3, strength_outcome=0.5, seed=3)
    changed = np.mean(t[::3] != treatment[::3])
    assert 0 < changed <= 0.3
    assert np.corrcoef(t, hidden)[0, 1] > 0.2
    assert np.polyfit(hidden, y, 1)[0] == pytest.approx(0.5 * outcome.std(), rel=0.15)
    assert t[y > y.mean()].mean() > t[y < y.mean()].mean() + 0.03  # confounded: there was no effect before


def test_a_continuous_treatment_takes_the_hidden_cause_in_its_own_unit():
    rng = np.random.default_rng(1)
    dose, asset = 40 * rng.normal(size=4000), np.arange(4000)
    planted, _, hidden = plant_confounder(dose, dose, asset, strength_treatment=0.5, strength_outcome=0.0, seed=0)
    assert np.polyfit(hidden, planted - dose, 1)[0] == pytest.approx(0.5 * dose.std(), rel=1e-9)


def test_noise_is_the_same_in_all_rows_of_an_artwork():
    asset = np.array([2, 0, 2, 1, 0])
    noise = add_noise_per_asset(asset, 4)
    assert noise[0] == noise[2] != noise[3]
    assert noise[1] == noise[4]


@pytest.mark.parametrize("diagnostic", [random_common_cause_diagnostic, zero_confounder_diagnostic])
@pytest.mark.parametrize(
    ("by", "passed", "blocking"), [(0.0, True, False), (-0.9, True, False), (1.5, False, False), (-2.5, False, True)]
)
def test_what_should_not_matter_may_move_the_estimate_by_one_error(diagnostic, by, passed, blocking):
    (check,) = hold_against_limits([diagnostic(moved(by))], VerdictLimits())
    assert (check.passed, check.blocking) == (passed, blocking)
    assert check.value == pytest.approx(abs(by))
    assert diagnostic(None).passed is None


def test_a_known_confounder_is_held_against_the_distance_of_the_interval_from_zero():
    room = 10 - CRITICAL
    assert leave_one_block_out_diagnostic((moved(3), moved(-7)), CRITICAL).passed
    check = leave_one_block_out_diagnostic((moved(3), moved(-9)), CRITICAL)
    assert check.passed is False
    assert not check.blocking
    assert check.limit == pytest.approx(room)
    assert leave_one_block_out_diagnostic((moved(9, before=0.001),), CRITICAL).passed is None  # nothing to lose
    assert leave_one_block_out_diagnostic((), CRITICAL).passed is None


def test_impossible_strengths_and_lengths_are_refused():
    ones = np.array([0.0, 1.0, 1.0])
    with pytest.raises(NotIdentifiedError, match="strengths"):
        plant_confounder(ones, ones, [0, 1, 2], strength_treatment=1.2, strength_outcome=0.0)
    with pytest.raises(NotIdentifiedError, match="strengths"):
        plant_confounder(ones, ones, [0, 1, 2], strength_treatment=0.0, strength_outcome=-1.0)
    with pytest.raises(NotIdentifiedError, match="differ in length"):
        plant_confounder(ones, ones[:2], [0, 1, 2], strength_treatment=0.0, strength_outcome=0.0)
    with pytest.raises(NotIdentifiedError, match="not a number"):
        plant_confounder(ones, ones, [0, 1, 2], strength_treatment=np.nan, strength_outcome=0.0)
