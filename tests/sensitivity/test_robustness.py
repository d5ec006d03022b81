from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st

from artwork_insights.errors import NotIdentifiedError
from artwork_insights.sensitivity.robustness import (
    benchmark_bound,
    confounded_estimate,
    equal_strength,
    robustness_value,
)


@given(st.floats(-50, 50), st.integers(5, 5000))
def test_a_confounder_as_strong_as_the_robustness_value_leaves_nothing(t, degrees):
    strength = robustness_value(t, 1.0, degrees).robustness_value
    assert 0 <= strength <= 1
    assert confounded_estimate(t, 1.0, degrees, strength, strength).effect == pytest.approx(0, abs=1e-4 * (1 + abs(t)))


@given(st.floats(0, 50), st.floats(0.0, 10), st.integers(5, 5000))
def test_a_larger_effect_is_more_robust_and_the_limit_never_more_than_the_estimate(t, more, degrees):
    one, two = robustness_value(t, 1.0, degrees), robustness_value(t + more, 1.0, degrees)
    assert two.robustness_value >= one.robustness_value
    assert one.robustness_value_alpha <= one.robustness_value + 1e-12


def test_an_interval_that_holds_zero_needs_no_confounder():
    assert robustness_value(1.5, 1.0, 500).robustness_value_alpha == 0.0


@given(st.floats(1e-12, 1e12))
def test_equal_strength_solves_its_equation(bias_share):
    x = equal_strength(bias_share)
    assert x**2 == pytest.approx(bias_share * (1 - x), rel=1e-3, abs=1e-12)


def make_confounded(seed=0, n=4000):
    rng = np.random.default_rng(seed)
    hidden, seen = rng.normal(size=n), rng.normal(size=n)
    treatment = 0.6 * hidden + 0.5 * seen + rng.normal(size=n)
    outcome = 0.3 * treatment + 0.7 * hidden + 0.5 * seen + rng.normal(size=n)
    return outcome, treatment, seen, hidden


def partial_r2(target, columns, extra):
    before = sm.OLS(target, sm.add_constant(columns)).fit().ssr
    return 1 - sm.OLS(target, sm.add_constant(np.column_stack([columns, extra]))).fit().ssr / before


def test_the_true_strength_of_a_hidden_confounder_gives_the_estimate_without_it_exactly():
    """The bias formula is an identity: with the real strengths it must give the regression that sees the confounder."""
    outcome, treatment, seen, hidden = make_confounded()
    short = sm.OLS(outcome, sm.add_constant(np.column_stack([treatment, seen]))).fit()
    full = sm.OLS(outcome, sm.add_constant(np.column_stack([treatment, seen, hidden]))).fit()
    ours = confounded_estimate(
        short.params[1], short.bse[1], short.df_resid,
        partial_r2(treatment, seen, hidden), partial_r2(outcome, np.column_stack([treatment, seen]), hidden),
    )  # fmt: skip
    assert ours.effect == pytest.approx(full.params[1], rel=1e-9)
    assert ours.std_error == pytest.approx(full.bse[1], rel=1e-9)
    assert ours.interval == pytest.approx(tuple(full.conf_int()[1]), rel=1e-9)


def test_a_confounder_stronger_than_everything_is_refused():
    with pytest.raises(NotIdentifiedError, match="2 times as strong"):
        benchmark_bound(0.4, 0.1, times=2.0)


def test_no_standard_error_is_refused():
    with pytest.raises(NotIdentifiedError, match="standard error above 0"):
        robustness_value(0.1, 0.0, 100)
