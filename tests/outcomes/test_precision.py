"""Precision weights: what they may not depend on, and what goes wrong otherwise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from artwork_insights.errors import NotIdentifiedError
from artwork_insights.outcomes.precision import leave_own_out_rate, precision_weights, variance_between_assets


def drawn(seed: int, n_titles: int = 300, tau: float = 0.01, n_countries: int = 2, rate: float = 0.03):
    """Counts, title and country of 2 to 7 assets per title, impressions over two orders of magnitude."""
    rng = np.random.default_rng(seed)
    n_assets = rng.integers(2, 8, n_titles)
    title = np.repeat(np.arange(n_titles), n_assets * n_countries)
    country = np.tile(np.arange(n_countries), n_assets.sum())
    quality = rng.normal(rate, 0.005, n_titles)[title]
    truth = np.clip(quality + tau * rng.standard_normal(len(title)), 0.001, 1)
    n = (10 ** rng.uniform(1.7, 3.7, len(title))).astype(int)
    return rng.binomial(n, truth), n, title, country, truth


def test_weights_have_mean_one_and_grow_with_impressions_less_than_in_proportion() -> None:
    takes, n, title, country, _ = drawn(0)
    weights = precision_weights(takes, n, title, country)
    assert weights.shape == takes.shape
    assert weights.mean() == pytest.approx(1.0)
    assert (weights > 0).all()
    assert np.corrcoef(np.log(n), np.log(weights))[0, 1] > 0.8
    assert weights.max() / weights.min() < 0.5 * n.max() / n.min()


def test_names_and_codes_give_the_same_weights_in_any_order() -> None:
    takes, n, title, country, _ = drawn(1)
    weights = precision_weights(takes, n, title, country)
    names = precision_weights(takes, n, [f"t{t}" for t in title], [f"c{c}" for c in country])
    np.testing.assert_allclose(names, weights, rtol=1e-10)
    order = np.random.default_rng(0).permutation(len(n))
    shuffled = precision_weights(takes[order], n[order], title[order], country[order])
    np.testing.assert_allclose(shuffled, weights[order], rtol=1e-10)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 99), st.floats(0, 1))
def test_the_rate_behind_a_weight_never_sees_its_own_takes(row: int, share: float) -> None:
    takes, n, title, country, _ = drawn(2, n_titles=20)
    changed = takes.copy()
    changed[row] = int(share * n[row])
    before = leave_own_out_rate(takes, n, title, country)
    after = leave_own_out_rate(changed, n, title, country)
    assert after[row] == pytest.approx(before[row], rel=1e-12)
    siblings = (title == title[row]) & (country == country[row]) & (np.arange(len(n)) != row)
    if changed[row] != takes[row]:
        assert (after[siblings] != before[siblings]).all()  # the control: the siblings' rates do see them


def test_the_rate_is_the_siblings_shrunk_to_the_rest_of_the_country() -> None:
    takes, n, title, country, _ = drawn(3, n_titles=10)
    found = leave_own_out_rate(takes, n, title, country)
    for row in range(len(n)):
        rest = [i for i in range(len(n)) if country[i] == country[row] and i != row]
        others = [i for i in rest if title[i] == title[row]]
        prior = (takes[rest].sum() + 0.5) / (n[rest].sum() + 1)
        expected = (takes[others].sum() + 100 * prior) / (n[others].sum() + 100)
        assert found[row] == pytest.approx(expected, rel=1e-12)


def test_own_rates_in_the_weights_bias_a_mean_and_ours_do_not() -> None:
    biases = []
    for seed in range(8):
        takes, n, title, country, truth = drawn(seed, tau=0.005)
        rate = takes / n
        ours = np.average(rate - truth, weights=precision_weights(takes, n, title, country))
        own = np.average(rate - truth, weights=1 / (0.005**2 + rate * (1 - rate) / n))
        biases.append([ours / truth.mean(), own / truth.mean()])
    ours, own = np.mean(biases, axis=0)
    assert abs(ours) < 0.01
    assert own < -0.05  # the control: the statistics page found -8 %


@pytest.mark.parametrize("tau", [0.004, 0.01, 0.03])
def test_the_variance_between_assets_is_recovered(tau: float) -> None:
    estimates = []
    for seed in range(6):
        takes, n, title, country, _ = drawn(seed, tau=tau, rate=0.2)
        p = leave_own_out_rate(takes, n, title, country)
        floor_free = variance_between_assets(takes / n, p * (1 - p) / n, title, country)
        estimates.append(floor_free)
    floor = (0.05 * 0.2) ** 2
    assert np.mean(estimates) == pytest.approx(max(tau**2, floor), rel=0.15)


def test_without_a_spread_between_assets_weights_do_not_become_impressions() -> None:
    rng = np.random.default_rng(4)
    n = (10 ** rng.uniform(2, 6, 500)).astype(int)
    weights = precision_weights(rng.binomial(n, 0.1), n, np.arange(500) // 5, np.zeros(500))
    assert weights.max() / weights.min() < 0.1 * n.max() / n.min()


@pytest.mark.parametrize(
    ("takes", "n", "title", "country"),
    [([0], [1], [0], [0]), ([5, 5], [5, 5], [0, 1], [0, 1]), ([0, 0, 0], [9, 1, 10**9], [0, 0, 1], [0, 0, 0])],
    ids=["one row", "every impression taken", "nothing taken"],
)
def test_degenerate_counts_give_finite_weights(takes, n, title, country) -> None:
    weights = precision_weights(takes, n, title, country)
    assert np.isfinite(weights).all()
    assert weights.mean() == pytest.approx(1.0)


def test_one_asset_per_title_falls_back_to_the_spread_within_the_country() -> None:
    rng = np.random.default_rng(6)
    truth = rng.normal(0.3, 0.05, 2000)
    n = np.full(2000, 500)
    rate = rng.binomial(n, truth) / n
    tau2 = variance_between_assets(rate, np.full(2000, 0.3 * 0.7 / 500), np.arange(2000), np.zeros(2000))
    assert np.sqrt(tau2) == pytest.approx(0.05, rel=0.05)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"takes": [5, 30, 4]}, "takes are negative or more than the impressions in 1 of 3 rows; check the counts."),
        ({"takes": [5, -3, 4]}, "takes are negative or more than the impressions in 1 of 3 rows; check the counts."),
        ({"impressions": [9, 0, 9]}, "impressions are missing, infinite or not above zero in 1 of 3 rows; leave them"),
        ({"impressions": [9, np.nan, np.inf]}, "impressions are missing, infinite or not above zero in 2 of 3 rows;"),
        ({"takes": [5, np.nan, 4]}, "1 of 3 rows have no takes; leave those rows out."),
        ({"takes": [5, None, 4]}, "1 of 3 rows have no takes; leave those rows out."),
        ({"title": ["a"]}, "title has shape (1,) and impressions (3,); give one per row."),
        ({"country": [["a"]] * 3}, "country has shape (3, 1) and impressions (3,); give one per row."),
        ({"title": ["a", None, "b"]}, "1 of 3 rows have no title; leave those rows out."),
        ({"takes": ["5", "3", "4"]}, "takes hold something that is no number; give one number per row."),
        ({"impressions": np.array([9, "8", 9], object)}, "impressions hold something that is no number; give one"),
        ({"takes": [5, object(), 4]}, "takes hold something that is no number; give one number per row."),
        ({"takes": 5}, "takes have shape (); give one number per row."),
        (
            {"takes": [], "impressions": [], "title": [], "country": []},
            "there are no rows to weigh; give takes and impressions by asset and country.",
        ),
    ],
)
def test_counts_that_cannot_be_are_refused_in_one_sentence(changes, sentence) -> None:
    right = {"takes": [5, 3, 4], "impressions": [9, 9, 9], "title": ["a", "a", "b"], "country": ["x", "x", "x"]}
    assert precision_weights(**right).mean() == pytest.approx(1.0)
    with pytest.raises(NotIdentifiedError) as refusal:
        precision_weights(**right | changes)
    assert str(refusal.value).startswith(sentence)
