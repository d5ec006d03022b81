"""Group effects; witnesses: statsmodels for Benjamini-Hochberg, the formula of DerSimonian and Laird, own averages."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.meta_analysis import combine_effects
from statsmodels.stats.multitest import multipletests

from artwork_insights.design.assignment import make_assignment
from artwork_insights.design.confounders import Confounders
from artwork_insights.effects.design_fit import fit_design
from artwork_insights.effects.groups import adjust_p_values, group_effects_of, pool_partially
from artwork_insights.effects.inference import clustered_means
from artwork_insights.effects.nuisances import fold_labels
from artwork_insights.effects.sample import AnalysisSample
from artwork_insights.effects.scores import Scores, average_scores
from artwork_insights.effects.simultaneous import bands, simultaneous_level
from artwork_insights.errors import NotIdentifiedError

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


@pytest.fixture
def fit(catalogue, quick_grid):
    outcome, treatment, x, title, genre = catalogue
    country = np.array(["SE", "BR"])[(x[:, 1] > 0).astype(int)]
    groups = {"genre": genre, "country": country, "odd": np.where(title < 3, "few", "many")}
    assignment = make_assignment(treatment, Confounders(x, ("a", "b"), ("a", "b")), title, groups=groups)
    sample = AnalysisSample(assignment, outcome)
    return fit_design(sample, "mundlak", fold_labels(sample, 3, 1, np.random.default_rng(0)), trim=0.05, seed=0)


def test_a_crossing_has_the_effects_of_its_cells(fit):
    found = group_effects_of(fit, "ATE", ("genre", "genre x country"))
    crossed = {g.group: g for g in found if g.modifier == "genre x country"}
    assert set(crossed) == {f"{g} x {c}" for g in ("Comedy", "Drama", "Horror") for c in ("BR", "SE")}
    groups, scores = fit.sample.assignment.groups, fit.scores("ATE")
    inside = (groups["genre"] == "Drama") & (groups["country"] == "SE")
    part = Scores(scores.numerator[:, inside], scores.denominator[:, inside])
    alone = average_scores(part, fit.sample.assignment.weights[inside], fit.clusters[inside])
    ours = crossed["Drama x SE"].estimate
    assert (ours.effect, ours.std_error) == pytest.approx((alone.effect, alone.std_error))
    assert ours.degrees_of_freedom == pytest.approx(alone.degrees_of_freedom)
    assert ours.n_titles == len(np.unique(fit.sample.assignment.title[inside]))
    assert 2 < ours.n_effective_titles <= ours.n_titles
    assert ours.degrees_of_freedom < ours.n_titles - 1  # cells of a title are unequal in number


def test_simultaneous_intervals_are_wider_than_those_of_one_group_and_narrower_than_bonferronis(fit):
    found = group_effects_of(fit, "ATE", ("genre x country",))
    for group in found:
        low, high = group.simultaneous_interval
        assert high - low > np.ptp(group.estimate.interval(0.975))
        assert high - low <= np.ptp(group.estimate.interval(1 - 0.05 / len(found))) * (1 + 1e-9)
    assert found == group_effects_of(fit, "ATE", ("genre x country",))


def test_q_values_are_over_all_groups_and_groups_of_few_titles_are_left_out(fit):
    found = group_effects_of(fit, "ATE", ("genre", "odd", "unknown"))
    assert [(g.modifier, g.group) for g in found[3:]] == [("odd", "many")]
    expected = multipletests([g.estimate.p_value for g in found], method="fdr_bh")[1]
    np.testing.assert_allclose([g.q_value for g in found], expected, atol=ATOL)
    with pytest.raises(NotIdentifiedError, match=r"crossing 'genre x contry': 'contry' is not a modifier \(did you"):
        group_effects_of(fit, "ATE", ("genre x contry",))


def some_group_is_outside(means, level):
    low, high = bands(means.effect, means.std_error, means.degrees_of_freedom, level)
    return bool(((low > 0) | (high < 0)).any())


def test_a_control_where_groups_differ_by_nothing_the_bands_hold_them_all_at_once():
    """250 samples of 8 groups with nothing in them: bands miss some group about one time in twenty, intervals often."""
    rng, missed, plain = np.random.default_rng(0), 0, 0
    for _ in range(250):
        title = np.repeat(np.arange(60), 8)
        group = np.tile(np.arange(8), 60)
        y = 0.5 * rng.normal(size=60)[title] + rng.normal(size=480)
        means = clustered_means(y, np.ones(480), np.ones(480), title, group)
        level = simultaneous_level(means.influence, means.pair_title, means.pair_group, draws=500, rng=rng)
        missed += some_group_is_outside(means, level)
        plain += some_group_is_outside(means, 0.95)
    assert missed / 250 <= 0.09
    assert plain / 250 > 0.2


def test_a_group_among_thousands_is_estimated_as_if_it_were_alone():
    rng, n = np.random.default_rng(1), 20_000
    title, group, score = rng.integers(1000, size=n), rng.integers(2000, size=n), rng.normal(size=n)
    means = clustered_means(score, np.ones(n), np.ones(n), title, group)
    assert len(means.effect) == 2000
    inside = group == 77
    codes = np.unique(title[inside], return_inverse=True)[1]
    alone = clustered_means(
        score[inside], np.ones(inside.sum()), np.ones(inside.sum()), codes, np.zeros(inside.sum(), int)
    )
    assert means.effect[77] == pytest.approx(alone.effect[0], rel=1e-12)
    assert means.std_error[77] == pytest.approx(alone.std_error[0], rel=1e-12)
