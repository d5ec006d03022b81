from __future__ import annotations

import numpy as np
import pytest

from artwork_insights.errors import NotIdentifiedError
from artwork_insights.mechanisms.regression import fit_clustered_ols
from artwork_insights.sensitivity import placebo as placebo_module
from artwork_insights.sensitivity.placebo import Placebo, placebo_diagnostic, placebo_within_titles

NULLS = 300


def make_cells(seed, effect=0.0, n_titles=40, countries=5, persistence=1.0):
    """Artworks of unequal numbers per title with persistent effects of their own, seen in several countries."""
    rng = np.random.default_rng(seed)
    owner = np.repeat(np.arange(n_titles), rng.integers(2, 9, n_titles))
    treated = (rng.random(len(owner)) < rng.uniform(0.2, 0.8, n_titles)[owner]).astype(float)
    taste = persistence * rng.normal(size=len(owner))
    asset = np.repeat(np.arange(len(owner)), countries)
    outcome = (
        effect * treated[asset]
        + taste[asset]
        + rng.normal(size=n_titles)[owner[asset]]
        + 0.5 * rng.normal(size=len(asset))
    )
    return outcome, treated[asset], asset, owner[asset], rng.uniform(0.3, 3.0, len(asset))


def varying(cells):
    """Only rows of titles whose assets differ in the treatment."""
    _, treated, _, title, _ = cells
    mean = np.bincount(title, treated) / np.bincount(title)
    rows = ((mean > 0) & (mean < 1))[title]
    return tuple(values[rows] for values in cells)


def test_the_observed_slope_is_the_weighted_regression_within_titles():
    cells = make_cells(0, effect=0.5)
    outcome, treated, _, title, weights = varying(cells)
    ours = placebo_within_titles(*cells, draws=1, seed=0)
    witness = fit_clustered_ols(outcome, treated, title, weights=weights, absorb=title)
    assert ours.observed == pytest.approx(witness.coefficients[0], rel=1e-9)


def test_every_draw_equals_a_regression_on_dealt_assets():
    outcome, treated, asset, title, weights = varying(make_cells(1))
    asset = np.unique(asset, return_inverse=True)[1]
    title = np.unique(title, return_inverse=True)[1]
    first = np.unique(asset, return_index=True)[1]
    ours = placebo_within_titles(outcome, treated, asset, title, weights, draws=30, seed=4)
    keys = np.random.default_rng(4).random((30, len(first))) + title[first]
    rejected = []
    for draw in range(30):
        dealt = treated[first][np.argsort(keys[draw])][asset]
        fit = fit_clustered_ols(outcome, dealt, title, weights=weights, absorb=title)
        assert ours.effects[draw] == pytest.approx(fit.coefficients[0], rel=1e-9)
        rejected.append(fit.p_values[0] < 0.05)
    assert ours.rejection_share == pytest.approx(np.mean(rejected), abs=1 / 30)  # (n - 1) / (n - 2) apart


def test_assets_are_dealt_within_titles_only():
    """An outcome that only titles decide has no placebo effect whatever is dealt."""
    _, treated, asset, title, weights = make_cells(2)
    ours = placebo_within_titles(title.astype(float), treated, asset, title, weights, draws=50, seed=0)
    assert np.abs(ours.effects).max() < 1e-9


def deal_rows(outcome, treated, title, weights, draws, rng):
    """The wrong placebo: rows of asset and country dealt each on its own."""
    dealt_p = []
    for _ in range(draws):
        order = np.argsort(rng.random(len(title)) + title)
        dealt = np.empty_like(treated)
        dealt[np.argsort(title, kind="stable")] = treated[order]
        dealt_p.append(fit_clustered_ols(outcome, dealt, title, weights=weights, absorb=title).coefficients[0])
    return np.array(dealt_p)


def test_true_nulls_are_rejected_one_time_in_twenty_and_far_more_often_when_rows_are_dealt():
    by_asset, by_row = [], []
    for seed in range(NULLS):
        cells = varying(make_cells(5000 + seed, n_titles=25, persistence=2.0))
        ours = placebo_within_titles(*cells, draws=99, seed=seed)
        by_asset.append(ours.p_value <= 0.05)
        if seed < 200:
            outcome, treated, _, title, weights = cells
            rows = deal_rows(outcome, treated, title, weights, 39, np.random.default_rng(seed))
            by_row.append((1 + np.sum(np.abs(rows) >= abs(ours.observed))) / 40 <= 0.05)
    assert np.mean(by_asset) == pytest.approx(0.05, abs=3 * np.sqrt(0.05 * 0.95 / NULLS))
    assert np.mean(by_row) > 0.25


def test_intervals_of_placebos_reject_about_one_time_in_twenty():
    ours = placebo_within_titles(*make_cells(3, n_titles=200), draws=2000, seed=0)
    assert ours.rejection_share == pytest.approx(0.05, abs=0.025)  # t(G - 1) over titles of unequal size
    assert np.mean(ours.effects) == pytest.approx(0, abs=4 * np.std(ours.effects) / np.sqrt(2000))


def test_a_real_effect_stands_out():
    ours = placebo_within_titles(*make_cells(4, effect=1.0, n_titles=100), draws=199, seed=0)
    assert ours.p_value == pytest.approx(1 / 200)
    assert ours.observed == pytest.approx(1.0, abs=0.3)


def test_chunks_row_order_and_seed_do_not_change_the_numbers(monkeypatch):
    cells = make_cells(5)
    whole = placebo_within_titles(*cells, draws=40, seed=1)
    order = np.random.default_rng(0).permutation(len(cells[0]))
    shuffled = placebo_within_titles(*(values[order] for values in cells), draws=40, seed=1)
    np.testing.assert_allclose(shuffled.effects, whole.effects, rtol=1e-9)
    monkeypatch.setattr(placebo_module, "NUMBERS_AT_ONCE", 500)
    assert placebo_within_titles(*cells, draws=40, seed=1).effects == whole.effects


def test_a_treatment_that_differs_within_an_asset_is_refused():
    outcome, treated, asset, title, weights = make_cells(7)
    treated[0] = 1 - treated[0]
    with pytest.raises(NotIdentifiedError, match="cells of one asset"):
        placebo_within_titles(outcome, treated, asset, title, weights, draws=9, seed=0)


def test_bad_input_is_refused_in_one_sentence():
    outcome, treated, asset, title, weights = make_cells(7)
    with pytest.raises(NotIdentifiedError, match="one per cell"):
        placebo_within_titles(outcome, treated[1:], asset, title, draws=9, seed=0)
    with pytest.raises(NotIdentifiedError, match="leave the others out"):
        placebo_within_titles(np.r_[np.nan, outcome[1:]], treated, asset, title, draws=9, seed=0)
    with pytest.raises(NotIdentifiedError, match="needs rows"):
        placebo_within_titles([], [], [], [], draws=9, seed=0)
    with pytest.raises(NotIdentifiedError, match="weights must be positive"):
        placebo_within_titles(outcome, treated, asset, title, -weights, draws=9, seed=0)
    with pytest.raises(NotIdentifiedError, match="draws"):
        placebo_within_titles(outcome, treated, asset, title, draws=0, seed=0)
    with pytest.raises(NotIdentifiedError, match="two titles"):
        placebo_within_titles(outcome, treated, asset * 0, title, draws=9, seed=0)


def test_titles_that_do_not_vary_are_refused():
    outcome, _, asset, title, weights = make_cells(8)
    with pytest.raises(NotIdentifiedError, match="0 titles"):
        placebo_within_titles(outcome, (title % 2).astype(float), asset, title, weights, draws=9, seed=0)


@pytest.mark.parametrize(
    ("share", "passed", "blocking"), [(0.05, True, False), (0.12, False, False), (0.39, False, True)]
)
def test_the_diagnostic_fails_when_chance_is_called_an_effect_too_often(share, passed, blocking):
    check = placebo_diagnostic(Placebo((0.0,) * 200, share, 0.5, 0.1))
    assert (check.passed, check.blocking) == (passed, blocking)
    assert f"{share:.0%} of 200" in check.sentence


@pytest.mark.parametrize("share", [0.05, 0.3])
def test_the_diagnostic_speaks_of_the_comparison_inside_titles_only(share):
    sentence = placebo_diagnostic(Placebo((0.0,) * 200, share, 0.5, 0.1)).sentence
    assert sentence.startswith("In the comparison inside titles (the partially linear one)")
    assert "the estimate" not in sentence
