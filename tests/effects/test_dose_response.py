"""Dose-response; witnesses: patsy's natural splines, a planted curve under title confounding, and a straight one."""

from __future__ import annotations

import numpy as np
import pytest
from patsy import cr

from artwork_insights.effects.average import estimate_average_effect
from artwork_insights.effects.dose_response import estimate_dose_response, natural_spline, place_knots
from artwork_insights.errors import NotIdentifiedError

KNOTS = np.array([0.1, 0.4, 0.6, 0.9])


def test_the_basis_spans_the_natural_cubic_splines_of_patsy():
    x = np.linspace(0.1, 0.9, 80)
    ours = np.column_stack([np.ones(80), natural_spline(x, KNOTS)])
    witness = np.asarray(cr(x, knots=KNOTS[1:-1], lower_bound=KNOTS[0], upper_bound=KNOTS[-1]))
    for basis, other in ((ours, witness), (witness, ours)):
        projected = basis @ np.linalg.lstsq(basis, other, rcond=None)[0]
        np.testing.assert_allclose(projected, other, atol=1e-9)


def test_the_basis_is_straight_outside_the_outer_knots():
    for side in (np.linspace(-2, 0.1, 9), np.linspace(0.9, 3, 9)):
        np.testing.assert_allclose(np.diff(natural_spline(side, KNOTS), 2, axis=0), 0, atol=1e-9)
    assert np.abs(np.diff(natural_spline(np.linspace(0.1, 0.9, 9), KNOTS), 2, axis=0)).max() > 1e-3


def test_knots_stay_apart_where_many_cells_share_a_dose():
    treatment = np.r_[np.zeros(800), np.linspace(0.01, 0.9, 200)]
    assert len(place_knots(treatment, 4)) == 4
    assert list(place_knots(treatment, [0.3, 0.1, 0.5])) == [0.1, 0.3, 0.5]
    with pytest.raises(NotIdentifiedError, match="a curve needs at least 3 different knots, found 2"):
        place_knots(treatment, 2)


def curve(dose):
    """Rises, then falls; a natural spline with KNOTS, so that nothing is lost by the form of the curve."""
    return natural_spline(np.atleast_1d(dose), KNOTS) @ [0.5, -1.5, 1.3]


def draw(seed, effect):
    """Titles of unobserved quality drives dose and outcome; a non-linear confounder; unequal numbers and weights."""
    rng = np.random.default_rng(seed)
    title = np.repeat(np.arange(100), rng.integers(4, 11, 100))
    quality, x = rng.normal(size=100)[title], rng.normal(size=len(title))
    dose = 1 / (1 + np.exp(-(np.sin(2 * x) + 0.7 * quality + rng.normal(size=len(title)))))
    weights = rng.uniform(0.4, 2.0, len(title))
    outcome = 0.4 * np.sin(2 * x) + quality + effect(dose) + 0.5 * rng.normal(size=len(title)) / np.sqrt(weights)
    return outcome, dose, x[:, None], title, weights


def estimate(seed, effect, design, **options):
    outcome, dose, x, title, weights = draw(seed, effect)
    return estimate_dose_response(outcome, dose, x, title, weights=weights, design=design, **{"knots": KNOTS} | options)


def inside(found, effect):
    truth = effect(np.array(found.dose)) - effect(found.reference)
    return (truth >= np.array(found.low)) & (truth <= np.array(found.high))


@pytest.mark.usefixtures("quick_grid")
@pytest.mark.parametrize("design", ["mundlak", "within"])
def test_a_planted_curve_lies_in_the_band_and_no_straight_line_does(design):
    found = estimate(0, curve, design)
    assert inside(found, curve).all()
    assert found.linearity.p_value < 1e-4
    assert found.no_effect.p_value < 1e-4
    lines = [inside(found, lambda dose, s=slope: s * dose).all() for slope in np.linspace(-2, 3, 101)]
    assert not any(lines)


@pytest.mark.usefixtures("quick_grid")
def test_control_across_titles_the_curve_is_missed():
    assert inside(estimate(0, curve, "pooled"), curve).mean() < 0.4


@pytest.mark.usefixtures("quick_grid")
def test_a_straight_line_is_seldom_called_a_curve_and_nothing_seldom_something():
    straight = [estimate(seed, lambda dose: 0.7 * dose, "within") for seed in range(4)]
    assert sum(found.linearity.p_value < 0.05 for found in straight) <= 1
    assert all(found.no_effect.p_value < 0.01 for found in straight)
    nothing = [estimate(seed, np.zeros_like, "within") for seed in range(4)]
    assert sum(found.no_effect.p_value < 0.05 for found in nothing) <= 1


@pytest.mark.usefixtures("quick_grid")
def test_doses_are_held_against_the_reference_and_bands_are_wider_than_intervals():
    found = estimate(1, curve, "within", at=[0.2, 0.5, 0.8], reference=0.5)
    assert found.dose == (0.2, 0.5, 0.8)
    assert (found.effect[1], found.std_error[1], found.low[1], found.high[1]) == pytest.approx((0, 0, 0, 0), abs=1e-12)
    other = estimate(1, curve, "within", at=[0.2, 0.8], reference=0.2)
    assert other.effect[1] == pytest.approx(found.effect[2] - found.effect[0], rel=1e-6)
    half = np.array(found.high) - found.effect
    assert (half[[0, 2]] > 2.0 * np.array(found.std_error)[[0, 2]]).all()


def test_a_straight_line_in_many_countries_has_the_two_way_error_of_the_slope():
    rng = np.random.default_rng(4)
    title, country = np.repeat(np.arange(60), 40), np.tile(np.arange(40), 60)
    dose = rng.random(2400)
    outcome = rng.normal(size=60)[title] + (0.5 + rng.normal(size=40))[country] * dose + rng.normal(size=2400)
    x, clusters = rng.normal(size=(2400, 1)), np.column_stack([title, country])
    options = {"learner": "linear", "folds": 2}
    slope = estimate_average_effect(outcome, dose, x, clusters, **options)
    ends = {"at": [dose.min(), dose.max()], "reference": dose.min(), "knots": 3}
    curve = estimate_dose_response(outcome, dose, x, clusters, **ends, **options)
    assert curve.std_error[1] == pytest.approx(slope.std_error, rel=0.1)
    assert curve.linearity.denominator_df == curve.no_effect.denominator_df + 1 == 39
    alone = estimate_dose_response(outcome, dose, x, title, **ends, **options)
    assert alone.std_error[1] < 0.6 * curve.std_error[1]  # the control: by title alone, too sure


def test_a_condition_has_no_curve():
    outcome, dose, x, title, _ = draw(0, curve)
    with pytest.raises(NotIdentifiedError, match="a treatment of two values has no dose-response; use estimate_av"):
        estimate_dose_response(outcome, dose > 0.5, x, title)


@pytest.mark.parametrize(
    "changes",
    [{"at": [99.0]}, {"at": [np.nan]}, {"at": []}, {"at": "a"}, {"reference": np.inf}, {"knots": [0.2, 50, 99]},
     {"knots": -1}, {"knots": "4"}, {"level": 95}],
)  # fmt: skip
def test_doses_knots_and_levels_that_make_no_sense_are_refused(changes):
    rng = np.random.default_rng(0)
    dose, outcome, title = rng.random(60), rng.random(60), np.repeat(np.arange(20), 3)
    with pytest.raises(NotIdentifiedError):
        estimate_dose_response(outcome, dose, rng.random((60, 1)), title, learner="linear", folds=2, **changes)
