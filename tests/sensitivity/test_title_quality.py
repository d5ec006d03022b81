"""An influence between siblings, told from the quality of titles that is known only with error."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.sandbox.regression.gmm import IV2SLS

from artwork_insights.errors import NotIdentifiedError
from artwork_insights.sensitivity.interference import SiblingSlope, estimate_sibling_slope
from artwork_insights.sensitivity.title_quality import hold_quality, quality_from_popularity

COUNTRIES = 3


def make_study(seed, influence=0.0, noise=0.004, n_titles=150):
    """Better titles use the component more; popularity by country tells their quality with an error of SD `noise`.

    The residual is the rate less its regression on popularity, as a run takes popularity out.
    """
    rng = np.random.default_rng(seed)
    owner = np.repeat(np.arange(n_titles), rng.integers(4, 11, n_titles))
    quality = rng.normal(size=n_titles)
    treated = (rng.random(len(owner)) < 1 / (1 + np.exp(0.2 - 0.9 * quality[owner]))).astype(float)
    others = (np.bincount(owner, treated)[owner] - treated) / (np.bincount(owner)[owner] - 1)
    rate = 0.02 * quality[owner] + 0.006 * treated - influence * others + 0.008 * rng.normal(size=len(owner))
    asset, country = np.repeat(np.arange(len(owner)), COUNTRIES), np.tile(np.arange(COUNTRIES), len(owner))
    measured = 0.02 * quality[:, None] + noise * rng.normal(size=(n_titles, COUNTRIES))
    popularity = measured[owner[asset], country]
    outcome = rate[asset] - 0.006 * treated[asset] + 0.003 * rng.normal(size=len(asset))
    weights = rng.uniform(0.5, 2, len(asset))
    slope = np.polyfit(popularity, outcome, 1, w=np.sqrt(weights))
    residual = outcome - np.polyval(slope, popularity)
    return (residual, treated[asset], asset, owner[asset], weights), {"popularity": popularity, "country": country}


def found(draws, influence=0.0, **known):
    slopes = []
    for seed in range(draws):
        columns, told = make_study(seed, influence)
        slopes.append(estimate_sibling_slope(*columns, **(told if known.get("held") else {})))
    return slopes


def alarms(slopes: list[SiblingSlope]) -> float:
    return float(np.mean([slope.p_value < 0.05 for slope in slopes]))


def test_coefficients_are_those_of_two_stage_least_squares():
    columns, told = make_study(1, 0.01)
    left, treated, _, title, weights = columns
    rows = treated == 0
    quality = quality_from_popularity(told["popularity"], title, told["country"]).rows(rows)
    share = (np.bincount(title, treated)[title] - treated) / np.bincount(title)[title]
    ours = hold_quality(left[rows], share[rows, None], quality, title[rows], weights[rows])
    root, dummies = np.sqrt(weights[rows])[:, None], np.eye(COUNTRIES)[told["country"][rows]]
    design = root * np.column_stack([share[rows], quality.measure, dummies])
    instruments = root * np.column_stack([share[rows], quality.again, dummies])
    theirs = IV2SLS(root[:, 0] * left[rows], design, instruments).fit()
    assert ours.slope == pytest.approx(theirs.params[0], rel=1e-8)
    assert ours.instrument_f > 100


def test_an_influence_is_found_where_popularity_alone_hides_it():
    """Loss .005 from no sibling to all; what popularity leaves of quality cancels it unless it is instrumented."""
    draws = 120
    held, bare = found(draws, 0.005, held=True), found(draws, 0.005)
    assert all(slope.title_quality_known for slope in held)
    assert not any(slope.title_quality_known for slope in bare)
    error = np.std([slope.slope for slope in held]) / np.sqrt(draws)
    assert np.mean([slope.slope for slope in held]) == pytest.approx(-0.005, abs=3 * error)
    assert abs(np.mean([slope.slope for slope in bare]) + 0.005) > 6 * error  # the control
    assert alarms(held) > 0.4
    assert alarms(bare) < 0.2


def test_without_influence_it_is_seen_one_time_in_twenty_and_popularity_alone_cries_wolf():
    draws = 300
    limit = 3 * np.sqrt(0.05 * 0.95 / draws)
    assert alarms(found(draws, held=True)) == pytest.approx(0.05, abs=limit)
    assert alarms(found(draws)) > 0.05 + limit


def test_the_error_is_that_of_repeated_draws():
    slopes = found(200, held=True)
    spread = np.std([slope.slope for slope in slopes])
    assert np.mean([slope.std_error for slope in slopes]) == pytest.approx(spread, rel=0.2)


def test_one_number_for_all_countries_says_nothing_of_its_error():
    columns, told = make_study(2)
    by_title = told["popularity"][np.unique(columns[3], return_index=True)[1]][columns[3]]
    for changed in ({"popularity": by_title}, {"country": np.zeros(len(by_title), dtype=int)}):
        assert not estimate_sibling_slope(*columns, **(told | changed)).title_quality_known


def test_popularity_that_is_noise_is_no_instrument():
    columns, told = make_study(3)
    noise = np.random.default_rng(0).normal(size=len(told["country"]))
    first = np.unique(columns[3] * COUNTRIES + told["country"], return_inverse=True)[1]
    assert not estimate_sibling_slope(*columns, popularity=noise[first], country=told["country"]).title_quality_known


def test_titles_whose_popularity_is_not_known_are_left_out():
    columns, told = make_study(4)
    popularity = np.where(columns[3] < 20, np.nan, told["popularity"])
    some = estimate_sibling_slope(*columns, popularity=popularity, country=told["country"])
    inside = columns[3] >= 20
    alone = estimate_sibling_slope(
        *(column[inside] for column in columns), popularity=popularity[inside], country=told["country"][inside]
    )
    assert some.title_quality_known
    assert some.slope == pytest.approx(alone.slope, rel=1e-9)


def test_columns_of_other_lengths_are_refused():
    columns, told = make_study(5)
    with pytest.raises(NotIdentifiedError, match="popularity has 3 rows"):
        estimate_sibling_slope(*columns, popularity=[0.1, 0.2, 0.3], country=told["country"])
