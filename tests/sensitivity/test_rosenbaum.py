"""Rosenbaum bounds: brute force on few pairs, simulated hidden bias, symmetry, refusals."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy import stats

from artwork_insights.errors import NotIdentifiedError
from artwork_insights.sensitivity.rosenbaum import LARGEST_GAMMA, mcnemar_bounds, rosenbaum_bounds


def test_the_exact_p_value_is_that_of_all_sign_patterns():
    rng = np.random.default_rng(0)
    difference = np.r_[np.round(rng.normal(0.5, 1, 8), 1), 0.3]
    ranks, gamma = stats.rankdata(np.abs(difference)), 2.0
    observed, chance, total = ranks[difference > 0].sum(), gamma / (1 + gamma), 0.0
    for signs in product((0, 1), repeat=9):
        if ranks @ signs >= observed:
            total += chance ** sum(signs) * (1 - chance) ** (9 - sum(signs))
    ours = rosenbaum_bounds(difference, np.zeros(9), [gamma], variant="exact", alternative="greater")
    assert ours.bounds[0].p_upper == pytest.approx(total, abs=1e-12)


def test_without_hidden_bias_the_normal_p_value_is_scipys():
    rng = np.random.default_rng(1)
    treated, control = rng.normal(0.3, 1, 60), rng.normal(0, 1, 60)
    expected = stats.wilcoxon(treated, control, alternative="greater", correction=False, method="approx").pvalue
    ours = rosenbaum_bounds(treated, control, [1.0]).bounds[0]
    assert ours.p_lower == pytest.approx(expected, abs=1e-9)
    assert ours.p_upper == pytest.approx(expected, abs=1e-9)


def test_the_estimate_without_hidden_bias_is_the_median_of_the_walsh_averages():
    rng = np.random.default_rng(2)
    difference = rng.normal(1, 2, 41)
    first, second = np.triu_indices(41)
    ours = rosenbaum_bounds(difference, np.zeros(41), [1.0]).bounds[0]
    assert ours.effect_lower == pytest.approx(np.median((difference[first] + difference[second]) / 2), abs=1e-9)


def reject_rates(gamma_of_truth: float, gamma_of_test: float) -> float:
    """Share of null data sets rejected when the larger value is treated with odds `gamma_of_truth`."""
    rejected = []
    for seed in range(300):
        rng = np.random.default_rng(seed)
        size = np.abs(rng.normal(size=80))
        larger = rng.random(80) < gamma_of_truth / (1 + gamma_of_truth)
        difference = np.where(larger, size, -size)
        bound = rosenbaum_bounds(difference, np.zeros(80), [gamma_of_test], alternative="greater").bounds[0]
        rejected.append(bound.p_upper < 0.05)
    return float(np.mean(rejected))


def test_pairs_with_hidden_bias_are_rejected_too_often_unless_the_bound_allows_for_it():
    assert reject_rates(2.0, 2.0) < 0.08
    assert reject_rates(2.0, 1.0) > 0.8  # control: as if there were none


def test_more_hidden_bias_gives_wider_bounds():
    rng = np.random.default_rng(3)
    ours = rosenbaum_bounds(rng.normal(0.5, 1, 100), rng.normal(0, 1, 100), [1, 1.2, 1.5, 2, 4])
    p_values = [b.p_upper for b in ours.bounds]
    widths = [b.effect_upper - b.effect_lower for b in ours.bounds]
    assert p_values == sorted(p_values)
    assert widths == sorted(widths)
    assert widths[0] == pytest.approx(0, abs=1e-9)
    assert 1 < ours.critical_gamma < 4


def test_exchanging_the_sides_turns_the_direction_and_keeps_the_p_values():
    rng = np.random.default_rng(4)
    treated, control = rng.normal(0.5, 1, 50), rng.normal(0, 1, 50)
    gammas = [1.25, 2.7, 3.3]  # of which none meets its expectation over a range of shifts
    one, other = rosenbaum_bounds(treated, control, gammas), rosenbaum_bounds(control, treated, gammas)
    assert (one.alternative, other.alternative) == ("greater", "less")
    assert [b.p_upper for b in one.bounds] == pytest.approx([b.p_upper for b in other.bounds])
    assert [b.effect_lower for b in one.bounds] == pytest.approx([-b.effect_upper for b in other.bounds], abs=1e-6)


def test_pairs_that_say_nothing_have_a_critical_gamma_of_one_and_clear_ones_a_large_one():
    rng = np.random.default_rng(5)
    noise = rng.normal(0, 1, 100)
    assert rosenbaum_bounds(noise - noise.mean(), np.zeros(100)).critical_gamma == 1
    assert rosenbaum_bounds(np.arange(1, 101), np.zeros(100)).critical_gamma > 10
    assert mcnemar_bounds(5, 5).critical_gamma == 1


def test_pairs_of_one_title_count_as_one_difference():
    rng = np.random.default_rng(6)
    title = np.repeat(np.arange(40), 3)
    difference = rng.normal(0.4, 1, 40)[title] + 0.2 * rng.normal(size=120)
    ours = rosenbaum_bounds(difference, np.zeros(120), clusters=title)
    means = difference.reshape(40, 3).mean(axis=1)
    by_hand = rosenbaum_bounds(means, np.zeros(40))
    assert ours.bounds == by_hand.bounds
    assert (ours.n_pairs, ours.n_informative) == (120, 40)
    naive = rosenbaum_bounds(difference, np.zeros(120))
    assert naive.bounds[0].p_upper < 0.1 * ours.bounds[0].p_upper  # control: 120 pairs would claim too much


def test_pairs_that_share_a_title_reject_a_true_null_as_often_as_they_say_only_when_they_are_averaged():
    rejected = {True: 0, False: 0}
    title = np.repeat(np.arange(40), 4)
    for seed in range(400):
        rng = np.random.default_rng(seed)
        difference = rng.normal(0, 1, 40)[title] + 0.3 * rng.normal(size=160)
        for averaged in rejected:
            bound = rosenbaum_bounds(
                difference, np.zeros(160), [1.0], clusters=title if averaged else None, alternative="greater"
            ).bounds[0]
            rejected[averaged] += bound.p_upper < 0.05
    assert stats.binom.ppf(0.001, 400, 0.05) <= rejected[True] <= stats.binom.ppf(0.999, 400, 0.05)
    assert rejected[False] > 0.15 * 400  # control: an interval over pairs under-covers


def test_no_hidden_bias_below_a_thousand_is_said_as_a_thousand():
    assert rosenbaum_bounds(np.arange(1, 4001), np.zeros(4000)).critical_gamma == LARGEST_GAMMA


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: rosenbaum_bounds([1, 2], [0, 0], clusters=[1]), "clusters have 1 rows and the pairs 2"),
        (lambda: rosenbaum_bounds([1, 2], [1]), "one length"),
        (lambda: rosenbaum_bounds([1, np.nan], [1, 2]), "1 pairs lack an outcome"),
        (lambda: rosenbaum_bounds([1, 2], [1, 2]), "no pair differs"),
        (lambda: rosenbaum_bounds([1, 2], [0, 0], [0.5]), "at least 1, found 0.5"),
        (lambda: rosenbaum_bounds([1, 2], [0, 0], variant="book"), "variant 'book' is not known"),
        (lambda: rosenbaum_bounds(np.arange(1, 2100), np.zeros(2099), variant="exact"), "up to 2,000 pairs"),
        (lambda: mcnemar_bounds(0, 0), "discordant pairs"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_a_sentence(call, words):
    with pytest.raises(NotIdentifiedError, match=words):
        call()


@pytest.mark.parametrize("alpha", [0, 1, -1, np.nan, "a"])
def test_an_alpha_that_is_no_share_is_refused(alpha):
    with pytest.raises(NotIdentifiedError, match="is not a share"):
        rosenbaum_bounds([1.0, 2.0], [0.0, 0.0], alpha=alpha)


def test_text_halves_of_pairs_and_no_gamma_are_refused():
    with pytest.raises(NotIdentifiedError, match="treated outcome holds 'a'"):
        rosenbaum_bounds(["a"], ["b"])
    with pytest.raises(NotIdentifiedError, match=r"treated_only=2\.5 is not a whole number"):
        mcnemar_bounds(2.5, 1)
    with pytest.raises(NotIdentifiedError, match="found none"):
        rosenbaum_bounds([1.0], [0.0], ())
