"""Trimming: the fixed limits, and Crump's optimal ones against a closed form, brute force and the published sample."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from artwork_insights.design.trimming import crump_limits, describe_trim, keep_overlap, trim_limits

UNIFORM_ATOL = 2e-3  # the limit of 20,001 evenly spaced propensities against that of the uniform distribution


def test_limits_belong_to_the_overlap_and_missing_propensities_do_not():
    np.testing.assert_array_equal(
        keep_overlap(np.array([0.05, 0.049, 0.95, 0.951, np.nan]), 0.05), [True, False, True, False, False]
    )


def test_the_optimal_limits_of_uniform_propensities_solve_the_papers_equation():
    def gap(alpha):
        mean_inside = 2 * np.log((1 - alpha) / alpha) / (1 - 2 * alpha)  # E[1/(e(1-e)) | alpha < e < 1 - alpha]
        return 1 / (alpha * (1 - alpha)) - 2 * mean_inside

    expected = brentq(gap, 0.01, 0.3)
    low, high = crump_limits((np.arange(20_001) + 0.5) / 20_001)
    assert low == pytest.approx(expected, abs=UNIFORM_ATOL)
    assert high == pytest.approx(1 - low)


@given(st.lists(st.floats(0.001, 0.999), min_size=2, max_size=40))
@settings(max_examples=150, deadline=None)
def test_the_limits_keep_what_makes_the_variance_smallest(propensity):
    p = np.array(propensity)
    g = 1 / (p * (1 - p))
    low, high = crump_limits(p)
    kept = keep_overlap(p, "crump")
    if g.max() <= 2 * g.mean():
        assert (low, high) == (0, 1)
        return
    variances = [g[g <= limit].sum() / (g <= limit).sum() ** 2 for limit in g]
    assert g[kept].sum() / kept.sum() ** 2 == pytest.approx(min(variances))
    assert 1 / (low * (1 - low)) == pytest.approx(2 * g[kept].mean())  # the paper's equation


def test_everything_is_kept_where_nothing_is_extreme_and_certain_ones_never_are():
    assert crump_limits(np.array([0.3, 0.5, 0.7])) == (0, 1)
    p = np.array([0.0, 1.0, 0.4, 0.5, np.nan])
    np.testing.assert_array_equal(keep_overlap(p, "crump"), [False, False, True, True, False])
    assert not keep_overlap(np.array([0.0, 1.0]), "crump").any()


def test_the_rule_is_said_in_words():
    p = np.linspace(0.001, 0.999, 999)
    low, high = crump_limits(p)
    assert trim_limits(p, 0.1) == (0.1, 0.9)
    assert describe_trim(p, 0.1) == "propensity between 0.1 and 0.9"
    assert describe_trim(p, "crump") == (
        f"propensity between {low:.3g} and {high:.3g} (Crump's optimal limits, where the average is most precise)"
    )
