"""Screening: against statsmodels, on nothing, and on a planted association."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from artwork_insights.mining.screen import screen_features, slopes_per_sd

N_TITLES, N_ASSETS, N_COUNTRIES, N_FEATURES = 80, 5, 4, 30


def drawn(seed: int, n_features: int = N_FEATURES):
    """Cells of assets whose noise is shared by title and by the asset's countries; features alike within titles."""
    rng = np.random.default_rng(seed)
    title = np.repeat(np.arange(N_TITLES), N_ASSETS * N_COUNTRIES)
    asset = np.repeat(np.arange(N_TITLES * N_ASSETS), N_COUNTRIES)
    country = np.tile(np.arange(N_COUNTRIES), N_TITLES * N_ASSETS)
    noise = rng.normal(0, 1, N_TITLES)[title] + rng.normal(0, 1, len(asset))[asset] + rng.normal(0, 1, len(asset))
    by_title, by_asset = rng.normal(size=(N_TITLES, n_features)), rng.normal(size=(N_TITLES * N_ASSETS, n_features))
    values = by_title[title] + by_asset[asset]
    weights = rng.uniform(0.2, 2, len(asset))
    return values, 0.01 * (noise + 3 * country), weights, title, country, asset


def test_slopes_and_clustered_errors_agree_with_statsmodels() -> None:
    values, outcome, weights, title, country, _ = drawn(0, n_features=3)
    values[:, 1] = values[:, 1] > 0.3
    values[np.random.default_rng(1).random(len(outcome)) < 0.3, 2] = np.nan
    found = slopes_per_sd(values, outcome, weights, title, country)
    for j in range(3):
        rows = np.isfinite(values[:, j])
        dummies = np.eye(N_COUNTRIES)[country[rows]]
        within = (
            values[rows, j]
            - dummies
            @ np.linalg.lstsq(
                np.sqrt(weights[rows])[:, None] * dummies, np.sqrt(weights[rows]) * values[rows, j], rcond=None
            )[0]
        )
        spread = np.sqrt(np.average(within**2, weights=weights[rows]))
        design = np.column_stack([values[rows, j] / spread, dummies])
        model = sm.WLS(outcome[rows], design, weights=weights[rows])
        fit = model.fit(cov_type="cluster", cov_kwds={"groups": title[rows]})
        n, k = design.shape
        assert found.slope[j] == pytest.approx(fit.params[0], rel=1e-8)
        assert found.std_error[j] * np.sqrt((n - 1) / (n - k)) == pytest.approx(fit.bse[0], rel=1e-8)
        assert found.n_clusters[j] == N_TITLES


def test_on_nothing_the_level_holds_and_without_clusters_it_does_not() -> None:
    clustered, unclustered, seeds_with_discovery = [], [], 0
    n_seeds = 40
    for seed in range(n_seeds):
        values, outcome, weights, title, country, asset = drawn(seed)
        names = [f"f{j}" for j in range(N_FEATURES)]
        screened = screen_features(names, values, outcome, weights, title, country, asset, 0.05)
        clustered += [feature.p_value for feature in screened]
        seeds_with_discovery += any(feature.discovered for feature in screened)
        alone = slopes_per_sd(values, outcome, weights, np.arange(len(outcome)), country)
        unclustered += list(2 * stats.norm.sf(np.abs(alone.slope / alone.std_error)))
    share = np.mean(np.array(clustered) < 0.05)
    assert 0.03 < share < 0.075  # 1,200 tests: 4 binomial standard errors about 5 %
    assert seeds_with_discovery <= 7  # of 40, at a level of 5 %: more has probability 0.001
    assert np.mean(np.array(unclustered) < 0.05) > 0.30  # the control


def test_a_planted_association_is_found_first_and_alone() -> None:
    values, outcome, weights, title, country, asset = drawn(3)
    planted = outcome + 0.01 * values[:, 4]
    names = [f"f{j}" for j in range(N_FEATURES)]
    screened = screen_features(names, values, planted, weights, title, country, asset, 0.05)
    assert screened[0].name == "f4"
    assert screened[0].discovered
    assert screened[0].slope_per_sd == pytest.approx(0.01 * np.sqrt(2), rel=0.25)
    assert sum(feature.discovered for feature in screened) <= 2
    assert screened[0].n_assets == N_TITLES * N_ASSETS


def test_scale_shift_and_row_order_of_a_feature_do_not_matter() -> None:
    values, outcome, weights, title, country, _ = drawn(5, n_features=2)
    values[:, 1] = 1e6 + 1e-3 * values[:, 0]
    found = slopes_per_sd(values, outcome, weights, title, country)
    assert found.slope[1] == pytest.approx(found.slope[0], rel=1e-4)
    order = np.random.default_rng(0).permutation(len(outcome))
    shuffled = slopes_per_sd(values[order], outcome[order], weights[order], title[order], country[order])
    np.testing.assert_allclose(shuffled.std_error[0], found.std_error[0], rtol=1e-10)


def test_features_that_hardly_vary_are_not_screened() -> None:
    values, outcome, weights, title, country, asset = drawn(6, n_features=4)
    values[:, 0] = 1.0
    values[:, 1] = np.nan
    values[:, 2] = title < 3  # three titles carry all of it
    names = ["constant", "missing", "rare", "sound"]
    screened = screen_features(names, values, outcome, weights, title, country, asset, 0.05)
    assert [feature.name for feature in screened] == ["sound", "constant", "missing", "rare"]
    assert [np.isnan(feature.p_value) for feature in screened] == [False, True, True, True]
    assert not any(feature.discovered for feature in screened[1:])
    assert screened[3].effective_titles < 10 < screened[0].effective_titles
