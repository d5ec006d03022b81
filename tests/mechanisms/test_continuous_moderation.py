"""Witnesses: statsmodels with the moderator moved, root finding, and a planted turning point."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import optimize, stats

from artwork_insights.errors import NotIdentifiedError
from artwork_insights.mechanisms.continuous_moderation import moderate_continuous


def make_rows(seed, *, base=-0.6, change=0.3, n_titles=120):
    """The effect is base + change * year; it turns at 2."""
    rng = np.random.default_rng(seed)
    title = np.repeat(np.arange(n_titles), rng.integers(3, 9, n_titles))
    year = rng.uniform(0, 5, n_titles)[title]
    treated = (rng.random(len(title)) < 0.5).astype(float)
    outcome = (base + change * year) * treated + np.sin(year) + rng.normal(size=n_titles)[title]
    return outcome + rng.normal(size=len(title)), treated, year, title


def test_a_simple_slope_is_the_coefficient_after_the_moderator_is_moved():
    outcome, treated, year, title = make_rows(0)
    ours = moderate_continuous(outcome, treated, year, None, title, values=[0.5, 4.0])
    for slope in ours.slopes:
        moved = year - slope.value
        fit = sm.OLS(outcome, sm.add_constant(np.column_stack([treated, moved, treated * moved]))).fit(
            cov_type="cluster", cov_kwds={"groups": title}, use_t=True
        )
        assert slope.effect == pytest.approx(fit.params[1], abs=1e-9)
        assert slope.std_error == pytest.approx(fit.bse[1], abs=1e-9)
        assert slope.p_value == pytest.approx(fit.pvalues[1], abs=1e-9)


def test_the_boundaries_are_where_the_interval_touches_zero():
    outcome, treated, year, title = make_rows(1, base=-1.2, change=0.6)
    ours = moderate_continuous(outcome, treated, year, None, title)
    fit = sm.OLS(outcome, sm.add_constant(np.column_stack([treated, year, treated * year]))).fit(
        cov_type="cluster", cov_kwds={"groups": title}, use_t=True
    )
    critical = stats.t.ppf(0.975, len(np.unique(title)) - 1)

    def gap(value):
        at = np.array([0, 1, 0, value])
        return abs(at @ fit.params) - critical * np.sqrt(at @ fit.cov_params() @ at)

    turn = -fit.params[1] / fit.params[3]
    low, high = (optimize.brentq(gap, *ends) for ends in ((0.0, turn), (turn, 5.0)))
    assert ours.boundaries == pytest.approx((low, high), abs=1e-8)
    assert [region.sign for region in ours.regions] == [-1, 1]
    inside = (year < low) | (year > high)
    assert ours.share_inside == pytest.approx(inside.mean(), abs=1e-12)
    assert ours.boundaries[0] < 2.0 < ours.boundaries[1]
    assert "rises with" in ours.sentence


def test_without_moderation_there_is_one_region_or_none():
    outcome, treated, year, title = make_rows(2, base=0.8, change=0.0)
    everywhere = moderate_continuous(outcome, treated, year, None, title, modifier="launch_year")
    assert everywhere.share_inside == pytest.approx(1.0)
    assert "no clear sign that the effect changes with launch year" in everywhere.sentence
    nowhere = moderate_continuous(*make_rows(3, base=0.0, change=0.0)[:3], None, make_rows(3)[3])
    assert nowhere.regions == ()
    assert "at no value" in nowhere.sentence


def test_a_moderator_that_titles_absorb_still_moderates():
    outcome, treated, year, title = make_rows(4)
    ours = moderate_continuous(outcome, treated, year, None, title, absorb=title)
    assert ours.moderator.coefficient == 0.0
    assert abs(ours.interaction.coefficient - 0.3) < 3.5 * ours.interaction.std_error


def test_intervals_cover_with_titles_and_under_cover_without():
    """Artworks of a title share their treatment's luck in three countries."""
    clustered, rowwise = [], []
    for seed in range(150):
        rng = np.random.default_rng(seed)
        title = np.repeat(np.arange(60), 9)
        treated, luck = rng.integers(0, 2, 60)[title].astype(float), rng.normal(size=60)[title]
        year = rng.uniform(0, 5, 60)[title]
        outcome = 0.2 * year * treated + luck + 0.3 * rng.normal(size=len(title))
        for units, covered in ((title, clustered), (None, rowwise)):
            slope = moderate_continuous(outcome, treated, year, None, units, values=[2.5]).slopes[0]
            covered.append(slope.low < 0.5 < slope.high)
    assert np.mean(clustered) > 0.95 - 3 * np.sqrt(0.95 * 0.05 / 150)
    assert np.mean(rowwise) < 0.85


def test_what_does_not_vary_is_refused():
    outcome, treated, year, title = make_rows(5)
    with pytest.raises(NotIdentifiedError, match="does not vary"):
        moderate_continuous(outcome, treated, np.ones(len(year)), None, title)
    with pytest.raises(NotIdentifiedError, match="moderator holds"):
        moderate_continuous(outcome, treated, np.full(len(year), "a"), None, title)
