"""Simultaneous intervals and joint tests; witnesses: Sidak's formula, scipy, simulated coverage."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from artwork_insights.effects.simultaneous import bands, level_of_few, simultaneous_level, wald_test

LEVEL_ATOL = 0.004  # Monte Carlo error of a quantile of 2,000 draws


def sparse_level(matrix, **options):
    title, column = np.nonzero(matrix)
    return simultaneous_level(matrix[title, column], title, column, rng=np.random.default_rng(0), **options)


def test_independent_estimates_need_sidaks_level():
    blocks = np.kron(np.eye(6), np.random.default_rng(0).normal(size=(40, 1)))
    sidak = 0.95 ** (1 / 6)
    assert sparse_level(blocks) == pytest.approx(sidak, abs=LEVEL_ATOL)
    assert level_of_few(np.eye(6), rng=np.random.default_rng(0)) == pytest.approx(sidak, abs=LEVEL_ATOL)


def test_estimates_that_move_together_need_no_more_than_one_of_them():
    influence = np.random.default_rng(1).normal(size=(50, 1)) * np.array([1.0, -2.0, 0.5])
    assert sparse_level(influence) == pytest.approx(0.95, abs=0.01)
    assert level_of_few(influence.T @ influence, rng=np.random.default_rng(0)) == pytest.approx(0.95, abs=LEVEL_ATOL)
    assert sparse_level(influence[:, :1]) == 0.95


def test_the_two_ways_to_the_level_agree_between_those_extremes():
    rng = np.random.default_rng(2)
    influence = rng.normal(size=(200, 5)) + rng.normal(size=(200, 1))
    few = level_of_few(influence.T @ influence, rng=rng)
    assert sparse_level(influence) == pytest.approx(few, abs=LEVEL_ATOL)
    assert 0.955 < few < 1 - 0.05 / 5


def test_bands_hold_all_estimates_at_once_and_pointwise_intervals_do_not():
    rng = np.random.default_rng(3)
    covariance = 0.3 + 0.7 * np.eye(8)
    draws = rng.multivariate_normal(np.zeros(8), covariance, 4000)
    level = level_of_few(covariance, rng=rng)
    low, high = bands(draws, np.ones(8), np.inf, level)
    assert np.mean(((low <= 0) & (high >= 0)).all(axis=1)) == pytest.approx(0.95, abs=0.012)
    low, high = bands(draws, np.ones(8), np.inf, 0.95)
    assert np.mean(((low <= 0) & (high >= 0)).all(axis=1)) < 0.8


def test_few_titles_widen_their_own_interval_only():
    _, high = bands(np.zeros(2), np.ones(2), np.array([4.0, 1000.0]), 0.99)
    assert high == pytest.approx(stats.t.ppf(0.995, [4, 1000]))
    assert high[0] > 1.5 * high[1]


def test_the_joint_test_of_one_effect_is_the_t_test_and_of_many_titles_the_chi_square():
    one = wald_test(np.array([0.5]), np.array([[0.04]]), 11)
    assert one.p_value == pytest.approx(2 * stats.t.sf(2.5, 11))
    covariance = np.array([[1.0, 0.4], [0.4, 2.0]])
    effect = np.array([1.5, -1.0])
    many = wald_test(effect, covariance, np.inf)
    assert many.p_value == pytest.approx(stats.chi2.sf(effect @ np.linalg.solve(covariance, effect), 2))
    few = wald_test(effect, covariance, 6)
    assert few.p_value > many.p_value
    assert few.denominator_df == 5


def test_an_effect_that_the_others_determine_counts_once():
    two = wald_test(np.array([0.5, 0.2]), np.diag([0.04, 0.09]), 20)
    spread = np.array([[1.0, 0], [0, 1], [1, -1]])
    three = wald_test(spread @ [0.5, 0.2], spread @ np.diag([0.04, 0.09]) @ spread.T, 20)
    assert (three.p_value, three.numerator_df) == pytest.approx((two.p_value, 2))
