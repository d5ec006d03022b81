"""Balance: standardised differences and variance ratios by hand, by statsmodels, and by invariance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.weightstats import DescrStatsW

from artwork_insights.design.assignment import make_assignment
from artwork_insights.design.balance import measure_balance, standardised_difference
from artwork_insights.design.confounders import Confounders

ATOL = 1e-10


def make(values, treated, title, names=None, blocks=None, **options):
    names = names or tuple(f"x{k}" for k in range(values.shape[1]))
    return make_assignment(treated, Confounders(values, names, blocks or names), title, **options)


def test_a_difference_made_by_hand():
    values = np.array([[1.0], [3], [2], [6]])
    treated = np.array([True, True, False, False])
    smd, ratio = standardised_difference(values, treated, np.ones(4), np.ones(4))
    assert smd[0] == pytest.approx((2 - 4) / np.sqrt((1 + 4) / 2))  # variances 1 and 4
    assert ratio[0] == pytest.approx(1 / 4)


def test_weighted_moments_equal_those_of_statsmodels():
    rng = np.random.default_rng(0)
    values, treated, weights = rng.normal(size=(60, 2)), rng.random(60) < 0.4, rng.uniform(0.1, 3, 60)
    one, zero = (DescrStatsW(values[arm], weights[arm]) for arm in (treated, ~treated))
    smd, ratio = standardised_difference(values, treated, weights, weights)
    np.testing.assert_allclose(smd, (one.mean - zero.mean) / np.sqrt((one.var + zero.var) / 2), atol=ATOL)
    np.testing.assert_allclose(ratio, one.var / zero.var, atol=ATOL)


@given(st.floats(-1e3, 1e3), st.floats(0.01, 1e3), st.booleans(), st.integers(0, 50))
@settings(max_examples=80, deadline=None)
def test_balance_ignores_the_unit_of_a_confounder(shift, scale, flipped, seed):
    rng = np.random.default_rng(seed)
    values, treated, title = rng.normal(size=(40, 1)), np.arange(40) % 3 == 0, np.arange(40) // 4
    propensity = rng.uniform(0.1, 0.9, 40)
    sign = -1 if flipped else 1
    (first,) = measure_balance(make(values, treated, title), propensity)
    (second,) = measure_balance(make(shift + sign * scale * values, treated, title), propensity)
    for field in ("smd_before", "smd_after", "smd_within_title"):
        assert getattr(second, field) == pytest.approx(sign * getattr(first, field), abs=1e-6)
    for field in ("variance_ratio_before", "variance_ratio_after"):
        assert getattr(second, field) == pytest.approx(getattr(first, field), rel=1e-5)


def test_the_right_propensity_balances_and_a_wrong_one_does_not():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(20_000, 1))
    propensity = 1 / (1 + np.exp(-x[:, 0]))
    assignment = make(x, rng.random(20_000) < propensity, np.arange(20_000))
    (right,) = measure_balance(assignment, propensity)
    (wrong,) = measure_balance(assignment, np.full(20_000, 0.5))
    assert right.smd_before > 0.7
    assert abs(right.smd_after) < 0.05
    assert wrong.smd_after == pytest.approx(wrong.smd_before)


def test_what_differs_only_between_titles_is_balanced_inside_them():
    title = np.repeat(np.arange(30), 4)
    budget = np.arange(30.0)[title][:, None]
    treated = (np.arange(120) % 4) < (1 + 2 * (title > 15))
    (row,) = measure_balance(make(budget, treated, title), np.full(120, 0.5))
    assert row.smd_before > 0.5
    assert row.smd_within_title == pytest.approx(0, abs=ATOL)


def test_weighting_cannot_hide_imbalance_by_inflating_the_yardstick():
    values = np.array([[0.0], [1], [0], [10]])
    treated = np.array([True, True, False, False])
    weights = np.array([1.0, 1, 1, 1e-3])
    narrow, _ = standardised_difference(values, treated, weights, np.ones(4))
    yardstick = np.sqrt((0.25 + 25) / 2)
    assert narrow[0] == pytest.approx((0.5 - 10e-3 / 1.001) / yardstick)


def test_a_block_is_shown_by_its_worst_column_under_that_columns_name():
    rng = np.random.default_rng(2)
    treated = np.arange(60) % 2 == 0
    values = np.column_stack([rng.normal(size=60), rng.normal(size=60) + 3 * treated, rng.normal(size=60)])
    assignment = make(values, treated, np.arange(60) // 3, ("e[0]", "e[1]", "year"), ("e", "e", "year"))
    rows = measure_balance(assignment, np.full(60, 0.5))
    assert [row.confounder for row in rows] == ["e[1]", "year"]
    assert rows[0].smd_before > 2


def test_a_constant_column_is_balanced_and_holes_count_as_the_mean():
    treated = np.arange(8) % 2 == 0
    values = np.column_stack([np.ones(8), [1, 2, np.nan, 4, 5, 6, 7, np.nan]])
    constant, holed = measure_balance(make(values, treated, np.arange(8) // 2), np.full(8, 0.5))
    assert (constant.smd_before, constant.variance_ratio_before) == (0, 1)
    filled = np.where(np.isnan(values), np.nanmean(values, axis=0), values)
    _, expected = measure_balance(make(filled, treated, np.arange(8) // 2), np.full(8, 0.5))
    assert holed == expected


def test_a_constant_confounder_is_balanced_whatever_rounding_says():
    treated = np.arange(300) % 3 == 0
    values = np.full((300, 1), 0.1)
    weights = np.random.default_rng(0).uniform(0.5, 2.0, 300)
    smd, ratio = standardised_difference(values, treated, weights, np.ones(300))
    assert smd[0] == 0
    assert ratio[0] == 1
