"""Covariance clustered two ways; witnesses: the ratio of sums, statsmodels' two-way errors, simulated coverage."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from statsmodels.stats.sandwich_covariance import cov_cluster_2groups

from artwork_insights.effects.inference import clustered_means
from artwork_insights.effects.scores import Scores, average_scores, row_influence
from artwork_insights.effects.two_way import clustered_influence, clusterings, joint_covariance

RTOL = 1e-8


def draw(seed, n_titles=40, n_countries=35):
    rng = np.random.default_rng(seed)
    title = np.repeat(np.arange(n_titles), n_countries)
    country = np.tile(np.arange(n_countries), n_titles)
    shared = rng.normal(size=n_titles)[title] + rng.normal(size=n_countries)[country]
    y = shared[:, None] * [1.0, 0.8] + rng.normal(size=(len(title), 2))
    return y, rng.uniform(0.5, 2, len(title)), title, country


def covariance_of(y, weights, sides):
    share = np.tile((weights / weights.sum())[:, None], y.shape[1])
    moved = share * (y - np.average(y, axis=0, weights=weights))
    return joint_covariance([clustered_influence(moved, share, side) for side in sides])


def test_variances_are_those_of_each_ratio_of_sums():
    y, weights, title, country = draw(0)
    sides = clusterings(title, country)
    assert [len(np.unique(side)) for side in sides] == [40, 35, 1400]
    covariance, one = covariance_of(y, weights, sides), np.zeros(len(title), dtype=np.int64)
    for k in range(2):
        alone = clustered_means(y[:, k], np.ones(len(y)), weights, title, one, crossed=country)
        assert covariance[k, k] == pytest.approx(alone.std_error[0] ** 2, rel=RTOL)


def test_without_the_leverage_correction_they_are_those_of_statsmodels():
    y, weights, title, country = draw(1)
    share = np.tile((weights / weights.sum())[:, None], 2)
    moved = share * (y - np.average(y, axis=0, weights=weights))
    sides = clusterings(title, country)
    ours = joint_covariance([clustered_influence(moved, share, side, clustered=False) for side in sides])
    for k in range(2):
        fit = sm.WLS(y[:, k], np.ones(len(y)), weights).fit()
        witness = cov_cluster_2groups(fit, title, country, use_correction=False)[0]
        assert ours[k, k] == pytest.approx(witness[0, 0], rel=RTOL)
    difference = sm.WLS(y[:, 0] - y[:, 1], np.ones(len(y)), weights).fit()
    witness = cov_cluster_2groups(difference, title, country, use_correction=False)[0]
    assert ours[0, 0] + ours[1, 1] - 2 * ours[0, 1] == pytest.approx(witness[0, 0], rel=RTOL)


def test_a_covariance_has_no_negative_eigenvalue_and_no_variance_below_the_one_way_ones():
    rng = np.random.default_rng(2)
    for _ in range(50):
        influences = [rng.normal(size=(size, 4)) @ rng.normal(size=(4, 4)) for size in (6, 5, 30)]
        found = joint_covariance(influences)
        assert np.linalg.eigvalsh(found).min() > -1e-9 * np.trace(found)
        for part in influences[:2]:
            assert (np.diag(found) >= np.diag(part.T @ part) * (1 - 1e-12)).all()


def test_an_estimate_that_nothing_moves_has_no_variance():
    influences = [np.column_stack([np.ones(size), np.zeros(size)]) for size in (5, 4, 20)]
    assert joint_covariance(influences)[1].tolist() == [0, 0]


def test_few_countries_or_titles_leave_one_clustering():
    _, _, title, country = draw(3)
    assert len(clusterings(title, None)) == 1
    assert len(clusterings(title, country // 2)) == 1
    assert len(clusterings(title // 2, country)) == 1


def test_rows_carry_what_the_title_influence_adds_up_to():
    y, weights, title, _ = draw(4)
    scores = Scores(y.T, np.ones_like(y.T))
    mean = average_scores(scores, weights, title)
    moved, share = row_influence(scores, weights, mean.effect)
    assert share.sum() == pytest.approx(1)
    np.testing.assert_allclose(
        clustered_influence(moved[:, None], share[:, None], title)[:, 0], mean.influence, atol=1e-12
    )


def test_joint_regions_of_two_estimates_cover_where_those_by_title_do_not():
    covered = []
    for seed in range(200):
        y, weights, title, country = draw(100 + seed)
        mean = np.average(y, axis=0, weights=weights)
        distances = [
            mean @ np.linalg.solve(covariance_of(y, weights, sides), mean)
            for sides in (clusterings(title, country), (title,))
        ]
        covered.append(np.array(distances) <= 2 * 3.28 * 34 / 33)  # F(2, 33) at 95 %, Hotelling's scale
    two_way, by_title = np.mean(covered, axis=0)
    assert 0.9 <= two_way <= 0.995
    assert by_title < 0.85  # the control
