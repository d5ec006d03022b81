"""Calibration: statsmodels as witness of the recalibration, a hand computation of the error, and a planted slope."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.special import expit, logit

from artwork_insights.design.calibration import judge_calibration, measure_calibration

SLOPE_ATOL = 0.05  # 40,000 draws


@pytest.fixture(scope="module")
def draws():
    rng = np.random.default_rng(0)
    p = expit(rng.normal(size=40_000))
    return rng.random(40_000) < p, p


def test_the_recalibration_is_that_of_statsmodels_with_weights(draws):
    treated, p = (part[:500] for part in draws)
    weights = np.random.default_rng(1).uniform(0.2, 3, 500)
    found = measure_calibration(treated, p, weights=weights)
    model = sm.GLM(treated.astype(float), sm.add_constant(logit(p)), sm.families.Binomial(), freq_weights=weights)
    np.testing.assert_allclose((found.intercept, found.slope), model.fit(tol=1e-12).params, atol=1e-7)


def test_true_propensities_have_slope_one_and_too_extreme_ones_less(draws):
    treated, p = draws
    right = measure_calibration(treated, p)
    assert (right.slope, right.intercept) == pytest.approx((1, 0), abs=SLOPE_ATOL)
    assert judge_calibration(right).passed
    extreme = measure_calibration(treated, expit(3 * logit(p)))
    assert extreme.slope == pytest.approx(1 / 3, abs=SLOPE_ATOL)
    failed = judge_calibration(extreme)
    assert failed.passed is False
    assert f"slope {extreme.slope:.2f}" in failed.sentence


def test_the_expected_error_is_the_mean_gap_between_ten_parts():
    p = np.repeat(np.linspace(0.05, 0.95, 10), 10)
    treated = (np.tile(np.arange(10), 10) < np.repeat(np.arange(10), 10)).astype(float)  # shares 0, .1, ..., .9
    assert measure_calibration(treated, p).expected_error == pytest.approx(0.05)


def test_equal_propensities_say_nothing():
    found = measure_calibration([0, 1, 0, 0], [0.25] * 4)
    assert (found.slope, found.expected_error) == (0, 0)


def test_right_propensities_err_by_chance_alone_in_few_artworks_and_wrong_ones_by_more():
    """300 artworks in 3 countries, treated alike in all of them: the mean over 200 draws, and a planted error of .2."""
    rng = np.random.default_rng(3)
    p = np.repeat(expit(rng.normal(size=300)), 3)
    asset, weights = np.repeat(np.arange(300), 3), rng.uniform(0.5, 2, 900)
    draws = [np.repeat(rng.random(300), 3) < p for _ in range(200)]
    right = [measure_calibration(treated, p, weights=weights, assets=asset) for treated in draws]
    by_chance = np.array([found.expected_error for found in right])
    assert by_chance.mean() + 2 * by_chance.std() == pytest.approx(right[0].chance_error, rel=0.05)
    assert by_chance.mean() > 0.05  # the limit, which half of all sound studies of this size would miss
    assert np.mean([judge_calibration(found).passed for found in right]) > 0.95
    wrong = [measure_calibration(t, np.clip(p - 0.2, 0.01, 1), weights=weights, assets=asset) for t in draws]
    assert np.mean([judge_calibration(found).passed for found in wrong]) < 0.1
    without = measure_calibration(draws[0], p, weights=weights)
    assert (without.chance_error, without.excess_error) == (0.0, without.expected_error)
