from __future__ import annotations

import numpy as np
import pytest

from artwork_insights.errors import NotIdentifiedError
from artwork_insights.sensitivity.stress.stability import (
    Carriers,
    LeftOutGroup,
    draw_subset,
    find_carriers,
    measure_stability,
    subset_stability_diagnostic,
)

DRAWS = 400


def test_subsets_of_a_mean_spread_as_its_error_predicts_and_errors_too_small_are_caught():
    """Means of 200 titles, each of 10 equal rows: the true error is that over titles, the wrong one that over rows."""
    sound, fooled = [], []
    for seed in range(DRAWS):
        rng = np.random.default_rng(seed)
        titles = rng.normal(size=200)
        whole, error = titles.mean(), titles.std(ddof=1) / np.sqrt(200)
        means = [titles[draw_subset(np.arange(200), 0.8, rng)].mean() for _ in range(5)]
        sound.append(measure_stability(means, whole, error))
        fooled.append(measure_stability(means, whole, error / np.sqrt(10)))
    assert np.mean([one.p_value < 0.05 for one in sound]) == pytest.approx(0.05, abs=3 * np.sqrt(0.05 * 0.95 / DRAWS))
    assert np.mean([subset_stability_diagnostic(one, None).passed is False for one in sound]) <= 0.01
    assert np.mean([subset_stability_diagnostic(one, None).passed is False for one in fooled]) > 0.8


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


def test_an_error_a_quarter_of_what_it_should_be_blocks():
    check = subset_stability_diagnostic(measure_stability([2.0, 0.0], 1.0, 0.2), None)
    assert check.blocking
    assert check.value == pytest.approx(1.0 / (0.5 * 0.2))


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
