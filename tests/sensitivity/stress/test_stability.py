from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from artwork_insights.errors import NotIdentifiedError
from artwork_insights.sensitivity.stress.stability import (
    FALSE_ALARM,
    REFIT_NOISE,
    Carriers,
    LeftOutGroup,
    draw_subset,
    find_carriers,
    largest_spread,
    measure_stability,
    subset_stability_diagnostic,
)
from artwork_insights.study.limits import VerdictLimits
from artwork_insights.verdict.limits import hold_against_limits

DRAWS = 2000


def differences(rng, k, share=0.8, draws=DRAWS):
    """Of k subset fits from the whole in standard errors, for each of many sound studies: titles, and refits."""
    own = np.sqrt(1 / share - 1) * rng.normal(size=(draws, k)) + REFIT_NOISE / np.sqrt(share) * rng.normal(
        size=(draws, k)
    )
    return own - REFIT_NOISE * rng.normal(size=(draws, 1))


def test_subsets_of_a_mean_spread_as_its_error_predicts_and_errors_too_small_are_caught():
    """Means of 200 titles, each of 10 equal rows, and the chance of a refit in each: the true error is that over
    titles, the wrong one that over rows."""
    sound, fooled = [], []
    for seed in range(DRAWS):
        rng = np.random.default_rng(seed)
        titles = rng.normal(size=200)
        error = titles.std(ddof=1) / np.sqrt(200)
        whole = titles.mean() + REFIT_NOISE * error * rng.normal()
        means = [
            titles[draw_subset(np.arange(200), 0.8, rng)].mean() + REFIT_NOISE / np.sqrt(0.8) * error * rng.normal()
            for _ in range(5)
        ]
        sound.append(measure_stability(means, whole, error))
        fooled.append(measure_stability(means, whole, error / np.sqrt(10)))
    assert np.mean([one.p_value < 0.05 for one in sound]) == pytest.approx(0.05, abs=3 * np.sqrt(0.05 * 0.95 / DRAWS))
    assert np.mean([subset_stability_diagnostic(one, None).passed is False for one in sound]) <= 0.005
    assert np.mean([subset_stability_diagnostic(one, None).passed is False for one in fooled]) > 0.8


@pytest.mark.parametrize("k", [1, 2, 5, 20])
def test_chance_passes_the_limit_once_in_a_thousand_whatever_the_number_of_subsets(k):
    found = [measure_stability(row, 0.0, 1.0) for row in differences(np.random.default_rng(k), k, draws=20_000)]
    failed = np.mean([one.spread > largest_spread(k) for one in found])
    assert failed == pytest.approx(FALSE_ALARM, abs=3 * np.sqrt(FALSE_ALARM / 20_000))
    assert np.mean([one.p_value < 0.05 for one in found]) == pytest.approx(0.05, abs=3 * np.sqrt(0.0475 / 20_000))
    assert largest_spread(k) == pytest.approx(np.sqrt(stats.chi2.isf(0.001, k) / k))


def test_without_the_chance_in_the_making_sound_studies_would_fail_far_more_often_than_promised():
    """The control: two subsets held against a limit of twice what the draw of the titles alone predicts."""
    moved = differences(np.random.default_rng(3), 2, draws=20_000)
    plain = np.sqrt((moved**2).mean(axis=1) / (1 / 0.8 - 1))
    assert np.mean(plain > 2.0) > 0.06
    assert np.exp(-(2.0**2)) == pytest.approx(0.018, abs=5e-4)  # what the draw of the titles alone would allow


def test_a_subset_takes_whole_titles():
    title = np.repeat(np.arange(50), 4)
    kept = draw_subset(title, 0.8, np.random.default_rng(0))
    assert len(np.unique(title[kept])) == 40
    assert not set(title[kept]) & set(title[~kept])


def test_leaving_a_group_out_is_the_mean_of_the_others_and_few_titles_turn_the_sign():
    top = np.array([9.0, 1.0, -1.0, 2.0, -3.0, 1.0])
    title = np.arange(6)
    genre = np.array(["a", "a", "b", "b", "c", "c"])
    weights = np.array([1.0, 2.0, 1.0, 1.0, 1.0, 1.0])
    found = find_carriers(top, np.ones(6), title, {"genre": genre}, weights)
    by_name = {one.group: one for one in found.groups}
    assert by_name["a"].effect == pytest.approx(np.average(top[2:], weights=weights[2:]))
    assert by_name["a"].share == pytest.approx(3 / 7)
    assert found.groups[0].group == "a"  # moves it most
    assert found.n_titles_to_zero == 2  # of a sum of 10: 9, then one of 2
    assert found.n_titles == 6


def test_without_a_title_that_speaks_for_it_none_turns_the_sign():
    assert find_carriers([0.0, 0.0], [1.0, 1.0], [0, 1], {}).n_titles_to_zero is None


def test_who_carries_the_estimate_is_told_and_decides_nothing():
    carriers = Carriers((LeftOutGroup("genre", "Drama", 0.1, 0.4),), 3, 200)
    check = subset_stability_diagnostic(measure_stability([1.0, 1.1], 1.0, 0.2), carriers)
    assert check.passed
    assert "without 3 of the 200 titles" in check.sentence
    assert subset_stability_diagnostic(None, carriers).passed is None


def test_a_spread_of_twice_what_chance_passes_blocks_whatever_the_number_of_subsets():
    for k in (2, 5):
        moved = np.where(np.arange(k) % 2 == 0, 1.0, -1.0)
        unit = measure_stability(moved, 0.0, 1.0).spread
        for times, blocking in ((1.5, False), (2.5, True)):
            size = times * largest_spread(k) / unit
            check = subset_stability_diagnostic(measure_stability(size * moved, 0.0, 1.0), None)
            (held,) = hold_against_limits([check], VerdictLimits())
            assert (held.passed, held.blocking) == (False, blocking)
            assert held.value == pytest.approx(times * held.limit)


def test_one_subset_is_held_against_the_variance_of_its_difference():
    found = measure_stability([2.0], 1.0, 0.2)
    assert found.spread == pytest.approx(1.0 / (0.2 * np.sqrt(0.25 + 2.25 * REFIT_NOISE**2)))
    assert "Over a random subset of 80%" in subset_stability_diagnostic(found, None).sentence


def test_bad_input_is_refused_in_one_sentence():
    with pytest.raises(NotIdentifiedError, match="at least one subset"):
        measure_stability([], 1.0, 0.1)
    with pytest.raises(NotIdentifiedError, match="positive error"):
        measure_stability([1.0], 1.0, 0.0)
    with pytest.raises(NotIdentifiedError, match="one row per cell"):
        find_carriers([1.0, 2.0], [1.0, 1.0], [0, 1], {"genre": ["a"]})
    with pytest.raises(NotIdentifiedError, match="no weight"):
        find_carriers([], [], [], {})
    with pytest.raises(NotIdentifiedError, match="share"):
        draw_subset([0, 1], 1.5, np.random.default_rng(0))
