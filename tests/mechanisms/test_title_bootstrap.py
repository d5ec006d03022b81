"""Witness: refitting the rows of every draw with least squares."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from artwork_insights.mechanisms import title_bootstrap
from artwork_insights.mechanisms.rows import read_rows
from artwork_insights.mechanisms.title_bootstrap import (
    bias_corrected_interval,
    draw_moments,
    percentile_interval,
)


def bootstrap_indirect(outcome, treatment, mediator, other, title, *, weights, absorb, draws, rng):
    """A times b of every draw."""
    rows = read_rows(outcome, treatment, {"mediator": mediator}, other, title, weights, absorb)
    moments = draw_moments(np.column_stack([treatment, mediator, outcome]), rows, draws, rng)
    return moments.coefficients(1, (0,))[:, 0] * moments.coefficients(2, (0, 1))[:, 1]


def make_rows(seed=0, n=600, n_titles=30):
    rng = np.random.default_rng(seed)
    title, country = rng.integers(n_titles, size=n), rng.integers(4, size=n)
    treatment, other = rng.normal(size=n), rng.normal(size=(n, 2))
    mediator = 0.5 * treatment + other[:, 0] + rng.normal(size=n)
    outcome = 0.4 * mediator + 0.2 * treatment + country + rng.normal(size=n_titles)[title] + rng.normal(size=n)
    return outcome, treatment, mediator, other, title, country, rng.uniform(0.5, 2, n)


def refit(rows, outcome, treatment, mediator, other, group, weights):
    """One draw by least squares with a dummy per group that is there."""
    there = np.unique(group[rows])
    dummies = (group[rows][:, None] == there[None, :]).astype(float)
    root = np.sqrt(weights[rows])[:, None]
    short = np.column_stack([treatment[rows], other[rows], dummies]) * root
    wide = np.column_stack([treatment[rows], mediator[rows], other[rows], dummies]) * root
    path_a = np.linalg.lstsq(short, mediator[rows] * root[:, 0], rcond=None)[0][0]
    path_b = np.linalg.lstsq(wide, outcome[rows] * root[:, 0], rcond=None)[0][1]
    return path_a * path_b


@pytest.mark.parametrize("absorb", ["nothing", "country", "title", "title and country"])
def test_every_draw_equals_a_refit_of_its_rows(absorb):
    outcome, treatment, mediator, other, title, country, weights = make_rows()
    group = {"nothing": None, "country": country, "title": title, "title and country": title * 4 + country}[absorb]
    draws, n_titles = 20, 30
    ours = bootstrap_indirect(outcome, treatment, mediator, other, title, weights=weights, absorb=group, draws=draws,
                              rng=np.random.default_rng(11))  # fmt: skip
    rng = np.random.default_rng(11)
    group = np.zeros_like(title) if group is None else group
    for draw in range(draws):
        picked = rng.integers(n_titles, size=n_titles)
        rows = np.concatenate([np.flatnonzero(title == t) for t in picked])
        assert ours[draw] == pytest.approx(refit(rows, outcome, treatment, mediator, other, group, weights), rel=1e-5)


def test_a_group_absent_from_a_draw_does_not_stop_it():
    outcome, treatment, mediator, other, title, _, weights = make_rows()
    rare = (title == 0).astype(int)
    ours = bootstrap_indirect(outcome, treatment, mediator, other, title, weights=weights, absorb=rare, draws=200,
                              rng=np.random.default_rng(1))  # fmt: skip
    assert len(ours) == 200
    assert np.abs(ours - 0.2).max() < 0.3


def test_blocks_of_titles_give_the_same_numbers(monkeypatch):
    outcome, treatment, mediator, other, title, country, weights = make_rows()

    def draw():
        return bootstrap_indirect(outcome, treatment, mediator, other, title, weights=weights, absorb=country, draws=50,
                                  rng=np.random.default_rng(2))  # fmt: skip

    whole = draw()
    monkeypatch.setattr(title_bootstrap, "NUMBERS_AT_ONCE", 2000)
    np.testing.assert_allclose(draw(), whole, rtol=1e-9)


def test_the_bias_corrected_interval_undoes_a_bias_that_a_transformation_makes_normal():
    """Draws that are exp of a normal with mean phi - shift: the interval is exp of the normal one about phi + shift."""
    phi, shift, size = 0.7, 0.2, 100_001
    draws = np.exp(phi - shift + stats.norm.ppf((np.arange(size) + 0.5) / size))
    low, high = bias_corrected_interval(draws, float(np.exp(phi)), 0.95)
    reach = stats.norm.ppf(0.975)
    assert (low, high) == pytest.approx((np.exp(phi + shift - reach), np.exp(phi + shift + reach)), rel=2e-3)
    assert percentile_interval(draws, 0.95)[1] < 0.8 * high  # without the correction the upper limit falls short


def test_without_bias_the_two_intervals_agree():
    draws = stats.norm.ppf((np.arange(9999) + 0.5) / 9999)
    assert bias_corrected_interval(draws, 0.0, 0.9) == pytest.approx(percentile_interval(draws, 0.9), abs=1e-9)


def test_weighted_sums_of_a_draw_are_those_of_its_rows():
    outcome, treatment, mediator, other, title, _, weights = make_rows()
    rows = read_rows(outcome, treatment, {"mediator": mediator}, other, title, weights, None)
    columns, rng = np.column_stack([treatment, mediator, outcome]), np.random.default_rng(3)
    moments = draw_moments(columns, rows, 5, np.random.default_rng(3), sums=mediator[:, None])
    for draw in range(5):
        picked = np.concatenate([np.flatnonzero(title == t) for t in rng.integers(30, size=30)])
        mean = np.average(mediator[picked], weights=weights[picked])
        assert moments.sums[draw, 0] / moments.weight[draw] == pytest.approx(mean, rel=1e-10)
