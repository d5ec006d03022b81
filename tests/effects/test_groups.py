"""Group effects; witnesses: statsmodels for Benjamini-Hochberg, the formula of DerSimonian and Laird, own averages."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.meta_analysis import combine_effects
from statsmodels.stats.multitest import multipletests

from artwork_insights.effects.groups import adjust_p_values, pool_partially

ATOL = 1e-12
P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=30)
EFFECTS = st.lists(st.tuples(st.floats(-5, 5), st.floats(0.05, 3)), min_size=1, max_size=12)


@given(P_VALUES)
@settings(max_examples=200, deadline=None)
def test_adjusted_p_values_equal_those_of_statsmodels(p_values):
    expected = multipletests(p_values, method="fdr_bh")[1]
    np.testing.assert_allclose(adjust_p_values(np.array(p_values)), expected, atol=ATOL)


def test_no_groups_give_no_q_values():
    assert len(adjust_p_values(np.array([]))) == 0


@given(EFFECTS)
@settings(max_examples=200, deadline=None)
def test_pooled_effects_keep_their_order_of_shrinkage_and_stay_between_themselves_and_a_common_mean(pairs):
    effects, errors = (np.array(column) for column in zip(*pairs, strict=True))
    pooled = pool_partially(effects, errors)
    assert np.ptp(pooled) <= np.ptp(effects) + 1e-9
    assert pooled.min() >= effects.min() - 1e-9
    assert pooled.max() <= effects.max() + 1e-9


@given(EFFECTS, st.floats(-10, 10), st.floats(0.01, 100))
@settings(max_examples=100, deadline=None)
def test_pooling_follows_shift_and_scale(pairs, shift, scale):
    effects, errors = (np.array(column) for column in zip(*pairs, strict=True))
    first, second = pool_partially(effects, errors), pool_partially(scale * effects + shift, scale * errors)
    np.testing.assert_allclose((second - shift) / scale, first, atol=1e-5)


def test_the_variance_between_groups_is_that_of_dersimonian_and_laird():
    effects, errors = np.array([0.1, 0.9, 0.4, -0.3]), np.array([0.1, 0.2, 0.15, 0.1])
    witness = combine_effects(effects, errors**2, method_re="dl")
    share = witness.tau2 / (witness.tau2 + errors**2)
    np.testing.assert_allclose(
        pool_partially(effects, errors), share * effects + (1 - share) * witness.mean_effect_re, atol=1e-10
    )
    assert witness.tau2 > 0.05


def test_groups_that_differ_no_more_than_chance_share_one_mean_and_one_group_keeps_its_own():
    effects, errors = np.array([0.10, 0.11, 0.12]), np.array([0.1, 0.2, 0.1])
    np.testing.assert_allclose(pool_partially(effects, errors), np.average(effects, weights=errors**-2.0), atol=ATOL)
    np.testing.assert_allclose(pool_partially(np.array([0.3]), np.array([0.1])), [0.3])
