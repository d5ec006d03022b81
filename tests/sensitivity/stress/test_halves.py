from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from artwork_insights.effects.inference import clustered_means
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.sensitivity.stress.halves import (
    SplitHalves,
    split_controls,
    split_diagnostic,
    split_halves,
)
from artwork_insights.study.limits import VerdictLimits
from artwork_insights.verdict.limits import hold_against_limits

CATALOGUES = 40


def make_scores(seed, n_titles=60, per_title=8, persistence=1.0):
    """Scores of an effect of 1 that rows of a title share in part; unequal weights and sizes."""
    rng = np.random.default_rng(seed)
    title = np.repeat(np.arange(n_titles), rng.integers(2, 2 * per_title, n_titles))
    n = len(title)
    denominator = rng.uniform(0.5, 1.5, n)
    own = persistence * rng.normal(size=n_titles)[title] + rng.normal(size=n)
    return denominator * (1 + own), denominator, title, rng.uniform(0.5, 2, n)


def make_artworks(seed, n_titles=60, countries=4, persistence=1.0):
    rng = np.random.default_rng(seed)
    owner = np.repeat(np.arange(n_titles), rng.integers(3, 9, n_titles))
    treated = (rng.random(len(owner)) < 0.4).astype(float)
    asset = np.repeat(np.arange(len(owner)), countries)
    residual = persistence * rng.normal(size=len(owner))[asset] + 0.5 * rng.normal(size=len(asset))
    return residual, treated[asset], asset, owner[asset]


def test_a_split_is_the_difference_of_two_clustered_means():
    top, bottom, title, weights = make_scores(0)
    found = split_halves(top, bottom, title, weights=weights, splits=3, seed=5)
    n_titles = title.max() + 1
    in_first = np.random.default_rng(5).permuted(np.tile(np.arange(n_titles) < n_titles // 2, (3, 1)), axis=1)
    for split in range(3):
        half = in_first[split][title].astype(np.int64)
        means = clustered_means(top, bottom, weights, title, half)
        assert found.differences[split] == pytest.approx(means.effect[1] - means.effect[0], rel=1e-9)


def test_titles_that_cluster_the_errors_pass_and_rows_taken_for_independent_do_not():
    """The planted fault: errors over rows, where rows of one title have most of their variance in common."""
    rejected, fooled = [], []
    for seed in range(CATALOGUES):
        top, bottom, title, weights = make_scores(seed)
        sound = split_halves(top, bottom, title, weights=weights, splits=200, seed=seed)
        wrong = split_halves(top, bottom, title, weights=weights, clusters=np.arange(len(top)), splits=200, seed=seed)
        rejected.append(split_diagnostic((sound,)).passed is False)
        fooled.append(split_diagnostic((wrong,)).passed is False)
    assert np.mean(rejected) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / CATALOGUES)
    assert np.mean(fooled) > 0.95


def test_the_binomial_p_value_is_that_of_the_number_of_rejections():
    top, bottom, title, weights = make_scores(3)
    found = split_halves(top, bottom, title, clusters=np.arange(len(top)), weights=weights, splits=100, seed=1)
    n_rejected = round(100 * found.rejection_share)
    assert found.p_value == pytest.approx(stats.binomtest(n_rejected, 100, 0.05, alternative="greater").pvalue)
    assert found.p_value < 1e-6


def test_artworks_without_the_component_agree_but_not_where_one_title_holds_nearly_all_weight():
    """The planted fault: errors that count 60 titles where one of them makes the estimate."""
    rejected, fooled = [], []
    for seed in range(CATALOGUES):
        residual, treated, asset, title = make_artworks(seed)
        heavy = np.where(title == 7, 500.0, 1.0)
        sound = split_controls(residual, treated, asset, title, splits=200, seed=seed)
        wrong = split_controls(residual, treated, asset, title, heavy, splits=200, seed=seed)
        rejected.append(split_diagnostic((sound,)).passed is False)
        fooled.append(split_diagnostic((wrong,)).passed is False)
    assert np.mean(rejected) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / CATALOGUES)
    assert np.mean(fooled) > 0.7


def test_an_effect_of_the_component_is_not_in_the_halves_of_the_controls():
    residual, treated, asset, title = make_artworks(1)
    plain = split_controls(residual, treated, asset, title, splits=50, seed=2)
    moved = split_controls(residual + 100 * treated, treated, asset, title, splits=50, seed=2)
    assert plain.differences == moved.differences


def test_few_titles_and_bad_input_are_refused_in_one_sentence():
    top, bottom, title, _ = make_scores(0, n_titles=12)
    with pytest.raises(NotIdentifiedError, match="12 titles carry the estimate"):
        split_halves(top, bottom, title)
    with pytest.raises(NotIdentifiedError, match="one row per cell"):
        split_halves(top, bottom[1:], title)
    with pytest.raises(NotIdentifiedError, match="missing"):
        split_halves(np.r_[np.nan, top[1:]], bottom, title)
    with pytest.raises(NotIdentifiedError, match="splits"):
        split_halves(top, bottom, title, splits=0)
    with pytest.raises(NotIdentifiedError, match="0 titles"):
        split_controls([], [], [], [])


def test_the_worst_kind_of_halves_decides_and_a_threefold_excess_blocks():
    good = SplitHalves("titles", (0.0,) * 400, 0.05, 0.5, 300)
    bad = SplitHalves("artworks without the component", (0.0,) * 400, 0.12, 1e-9, 300)
    far = SplitHalves("titles", (0.0,) * 400, 0.3, 1e-9, 300)
    assert split_diagnostic((good,)).passed
    caveat, severe = hold_against_limits([split_diagnostic((good, bad)), split_diagnostic((bad, far))], VerdictLimits())
    assert (caveat.passed, caveat.blocking, caveat.value) == (False, False, 0.12)
    assert severe.blocking
    assert split_diagnostic(()).passed is None
