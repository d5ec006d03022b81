"""The wild cluster bootstrap; witnesses: a plain loop over draws, inversion of its own test, simulated coverage."""

from __future__ import annotations

import numpy as np
import pytest

from artwork_insights.effects import wild_bootstrap
from artwork_insights.effects.inference import clustered_means
from artwork_insights.effects.wild_bootstrap import wild_cluster_bootstrap
from artwork_insights.errors import NotIdentifiedError


def sample(seed, n_titles, effect=0.0):
    rng = np.random.default_rng(seed)
    title = np.repeat(np.arange(n_titles), rng.integers(2, 12, n_titles))
    y = effect + rng.normal(size=n_titles)[title] + rng.normal(size=len(title))
    return y, np.ones(len(y)), rng.uniform(0.5, 2, len(y)), title


def t_of(y, ones, weights, title):
    found = clustered_means(y, ones, weights, title, np.zeros(len(y), dtype=np.int64))
    return found.effect[0] / found.std_error[0]


def test_the_p_value_is_that_of_a_plain_loop_over_draws():
    y, ones, weights, title = sample(0, 14, 0.6)
    ours = wild_cluster_bootstrap(y, ones, weights, title, draws=300, rng=np.random.default_rng(5))
    signs = np.random.default_rng(5).choice([-1.0, 1.0], (300, 14))
    observed = abs(t_of(y, ones, weights, title))
    drawn = [abs(t_of(y * sign[title], ones, weights, title)) for sign in signs]  # the null imposed: residual is y
    assert ours.p_value == pytest.approx(np.mean(np.array(drawn) >= observed - 1e-10))
    assert 0 < ours.p_value < 0.3
    assert ours.distribution == "Rademacher"


def test_draws_made_some_at_a_time_are_those_made_at_once(monkeypatch):
    y, ones, weights, title = sample(3, 20, 0.3)
    once = wild_cluster_bootstrap(y, ones, weights, title, rng=np.random.default_rng(1))
    monkeypatch.setattr(wild_bootstrap, "MOST_AT_ONCE", 333)
    assert wild_cluster_bootstrap(y, ones, weights, title, rng=np.random.default_rng(1)) == once


@pytest.mark.parametrize("n_titles", [8, 20])
def test_the_ends_of_the_interval_are_where_the_test_turns(n_titles):
    y, ones, weights, title = sample(1, n_titles, 1.0)
    found = wild_cluster_bootstrap(y, ones, weights, title, rng=np.random.default_rng(0))
    assert found.interval[0] < found.effect < found.interval[1]
    for end, outwards in zip(found.interval, (-0.02, 0.02), strict=True):
        for step, rejected in ((outwards, True), (-outwards, False)):
            moved = wild_cluster_bootstrap(y - end - step, ones, weights, title, rng=np.random.default_rng(0))
            assert (moved.p_value <= 0.05) == rejected
    assert found.distribution == ("Webb" if n_titles < 12 else "Rademacher")


def test_the_interval_follows_shift_and_scale():
    y, ones, weights, title = sample(2, 15)
    base = wild_cluster_bootstrap(y, ones, weights, title, rng=np.random.default_rng(0)).interval
    moved = wild_cluster_bootstrap(3 * y + 2, ones, weights, title, rng=np.random.default_rng(0)).interval
    np.testing.assert_allclose(moved, 3 * np.array(base) + 2, atol=1e-3)


def test_intervals_of_eight_unequal_titles_cover_where_the_plain_normal_one_does_not():
    covered, plain = [], []
    for seed in range(200):
        y, ones, weights, title = sample(100 + seed, 8)
        found = wild_cluster_bootstrap(y, ones, weights, title, draws=399, rng=np.random.default_rng(seed))
        covered.append(found.interval[0] <= 0 <= found.interval[1])
        rows = clustered_means(y, ones, weights, np.arange(len(y)), np.zeros(len(y), dtype=np.int64), clustered=False)
        plain.append(abs(rows.effect[0]) <= 1.96 * rows.std_error[0])
    assert 0.905 <= np.mean(covered) <= 0.985  # three Monte Carlo errors of 200 draws
    assert np.mean(plain) < 0.8


def test_one_title_cannot_be_bootstrapped():
    with pytest.raises(NotIdentifiedError, match="at least 2 titles"):
        wild_cluster_bootstrap(np.ones(4), np.ones(4), np.ones(4), np.zeros(4, np.int64), rng=np.random.default_rng(0))
