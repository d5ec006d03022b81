"""Clustered errors of ratios; witnesses: explicit matrices of Bell and McCaffrey, statsmodels, simulated coverage."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import linalg, stats

from artwork_insights.effects.inference import clustered_means, count_members, effective_number

RTOL = 1e-9


def one_group(y, weights, title, **options):
    return clustered_means(y, np.ones(len(y)), weights, title, np.zeros(len(y), dtype=np.int64), **options)


def matrices_of_bell_and_mccaffrey(y, weights, title):
    """CR2 variance and Satterthwaite degrees of freedom of a weighted mean, by n x n matrices in whitened rows."""
    root = np.sqrt(weights)
    x = root / np.sqrt(weights.sum())
    hat = np.outer(x, x)
    residual = (np.eye(len(y)) - hat) @ (root * y)
    variance, columns = 0.0, []
    for g in np.unique(title):
        inside = title == g
        adjust = linalg.fractional_matrix_power(np.eye(inside.sum()) - hat[np.ix_(inside, inside)], -0.5)
        row = x[inside] @ adjust / np.sqrt(weights.sum())
        variance += float(row @ residual[inside]) ** 2
        columns.append((np.eye(len(y)) - hat)[:, inside] @ row)
    gram = np.array(columns) @ np.array(columns).T
    return variance, np.trace(gram) ** 2 / (gram**2).sum()


@pytest.mark.parametrize("seed", range(3))
def test_variance_and_degrees_of_freedom_are_those_of_bell_and_mccaffrey(seed):
    rng = np.random.default_rng(seed)
    title = np.repeat(np.arange(7), rng.integers(1, 9, 7))
    y, weights = rng.normal(size=len(title)), rng.uniform(0.2, 4, len(title))
    ours = one_group(y, weights, title)
    variance, freedom = matrices_of_bell_and_mccaffrey(y, weights, title)
    assert ours.std_error[0] ** 2 == pytest.approx(variance, rel=RTOL)
    assert ours.degrees_of_freedom[0] == pytest.approx(freedom, rel=RTOL)
    assert ours.degrees_of_freedom[0] < 6  # unequal titles leave less than G - 1


def test_equal_titles_leave_one_less_than_their_number_and_many_titles_do_so_whatever_their_size():
    rng = np.random.default_rng(0)
    equal = one_group(rng.normal(size=60), np.ones(60), np.repeat(np.arange(12), 5))
    assert equal.degrees_of_freedom[0] == pytest.approx(11, rel=RTOL)
    title = np.repeat(np.arange(300), rng.integers(1, 9, 300))
    assert one_group(rng.normal(size=len(title)), np.ones(len(title)), title).degrees_of_freedom[0] == 299


def test_without_clusters_errors_are_those_of_a_sample_mean_without_a_factor():
    y = np.random.default_rng(1).normal(size=50)
    ours = one_group(y, np.ones(50), np.arange(50), clustered=False)
    assert ours.std_error[0] == pytest.approx(y.std() / np.sqrt(50), rel=RTOL)
    assert np.isinf(ours.degrees_of_freedom[0])
    assert one_group(y, np.ones(50), np.arange(50)).std_error[0] == pytest.approx(y.std(ddof=1) / np.sqrt(50), rel=RTOL)


def test_many_groups_at_once_equal_each_group_alone():
    rng = np.random.default_rng(2)
    n = 900
    title, group = rng.integers(40, size=n), rng.integers(6, size=n)
    a, b, weights = rng.normal(size=n), rng.uniform(size=n), rng.uniform(0.5, 2, n)
    together = clustered_means(a, b, weights, title, group)
    for g in range(6):
        inside = group == g
        alone = clustered_means(a[inside], b[inside], weights[inside], title[inside], np.zeros(inside.sum(), np.int64))
        for field in ("effect", "std_error", "degrees_of_freedom", "n_titles", "n_effective_titles"):
            assert getattr(together, field)[g] == pytest.approx(getattr(alone, field)[0], rel=RTOL), field
        mine = together.pair_group == g
        np.testing.assert_allclose(together.influence[mine], alone.influence, rtol=1e-7, atol=1e-12)


def test_a_group_that_one_title_carries_has_no_error():
    group = np.array([0, 0, 1, 1, 1])
    found = clustered_means(np.arange(5.0), np.array([1.0, 1, 1, 0, 0]), np.ones(5), np.array([0, 0, 0, 1, 1]), group)
    assert np.isnan(found.std_error).all()
    assert list(found.n_titles) == [1, 2]


def test_two_way_errors_are_those_of_cameron_gelbach_and_miller():
    rng = np.random.default_rng(3)
    title, country = (index.ravel() for index in np.indices((45, 35)))
    y = rng.normal(size=45)[title] + rng.normal(size=35)[country] + rng.normal(size=len(title))
    ours = one_group(y, np.ones(len(y)), title, crossed=country)
    fit = sm.OLS(y, np.ones(len(y)))

    def witness(groups, size):
        options = {"groups": groups, "use_correction": False}
        return fit.fit(cov_type="cluster", cov_kwds=options).bse[0] ** 2 * size / (size - 1)

    expected = witness(title, 45) + witness(country, 35) - witness(np.arange(len(y)), len(y))
    assert ours.std_error[0] ** 2 == pytest.approx(expected, rel=RTOL)
    assert ours.degrees_of_freedom[0] == pytest.approx(34)
    assert ours.std_error[0] > 1.2 * one_group(y, np.ones(len(y)), title).std_error[0]


def test_two_way_errors_need_thirty_on_both_sides_and_never_fall_below_one_way():
    rng = np.random.default_rng(4)
    title, country = (index.ravel() for index in np.indices((45, 29)))
    y = rng.normal(size=len(title))
    assert (
        one_group(y, np.ones(len(y)), title, crossed=country).std_error
        == one_group(y, np.ones(len(y)), title).std_error
    )
    title, country = (index.ravel() for index in np.indices((45, 35)))
    smaller = 0
    for _ in range(20):
        y = rng.normal(size=len(title))
        two, one = one_group(y, np.ones(len(y)), title, crossed=country), one_group(y, np.ones(len(y)), title)
        other = one_group(y, np.ones(len(y)), country).std_error[0]
        cells = y.std(ddof=1) / np.sqrt(len(y))
        smaller += one.std_error[0] ** 2 + other**2 - cells**2 < max(one.std_error[0], other) ** 2
        assert two.std_error[0] >= max(one.std_error[0], other) * (1 - 1e-12)
    assert smaller > 0  # the guard was needed


@pytest.mark.parametrize("n_titles", [8, 15, 30])
def test_intervals_of_few_unequal_titles_cover_and_simpler_ones_do_not(n_titles):
    """2,000 samples at once, each a group; titles of very different sizes share what moves their rows."""
    rng, draws = np.random.default_rng(n_titles), 2000
    sizes = np.maximum(1, np.round(np.exp(rng.normal(1.5, 0.9, (draws, n_titles))))).astype(int).ravel()
    title = np.repeat(np.tile(np.arange(n_titles), draws), sizes)
    group = np.repeat(np.repeat(np.arange(draws), n_titles), sizes)
    shared = np.repeat(rng.normal(size=draws * n_titles), sizes)
    y, weights = 0.6 * shared + rng.normal(size=len(title)), rng.lognormal(0, 0.5, len(title))
    ones = np.ones(len(y))
    found = clustered_means(y, ones, weights, title, group)
    rows = clustered_means(y, ones, weights, np.arange(len(y)), group)

    def coverage(error, critical):
        return float(np.mean(np.abs(found.effect) <= critical * error))

    assert coverage(found.std_error, stats.t.ppf(0.975, found.degrees_of_freedom)) == pytest.approx(0.95, abs=0.02)
    assert coverage(rows.std_error, 1.96) < 0.85
    if n_titles == 8:
        assert coverage(found.std_error, 1.96) < 0.9


def test_effective_numbers_are_kishs():
    shares, member = np.array([1.0, 1, 2, 4]), np.array([0, 0, 1, 2])
    group = np.zeros(4, dtype=np.int64)
    assert effective_number(shares, member, group)[0] == pytest.approx(8**2 / (2**2 + 2**2 + 4**2))
    assert effective_number(np.ones(6), np.arange(6), np.zeros(6, np.int64))[0] == 6
    assert list(count_members(np.array([0, 0, 1, 1]), np.array([0, 0, 0, 1]))) == [2, 1]
