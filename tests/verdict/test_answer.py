from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from artwork_insights.effects.estimates import EffectEstimate
from artwork_insights.verdict.answer import answer_question, error_of_answer, false_coverage_levels, level_of_look

LARGE = 1_000_000
Z = stats.norm


def estimate(effect, std_error=1.0, degrees_of_freedom=LARGE):
    return EffectEstimate("ATE", "mundlak", "aipw", effect, std_error, degrees_of_freedom, 900, 300, 60)


@pytest.mark.parametrize("effect", [-3.1, -1.2, -0.2, 0.0, 0.4, 1.9, 2.4])
@pytest.mark.parametrize("smallest", [None, 0.5, 1.5, 4.0])
def test_an_interval_answers_exactly_at_the_error_of_its_answer(effect, smallest):
    one = estimate(effect)
    error = error_of_answer(one, smallest)
    if error < 1e-12 or error > 0.999:
        return
    for change, answered in ((1e-4, True), (-1e-4, False)):
        interval = one.interval(1 - error * (1 + change))
        assert (answer_question(interval, smallest) != "undecided") is answered


def test_an_estimate_without_error_is_always_answered():
    assert error_of_answer(estimate(0.1, 0.0), 0.5) == 0.0
    assert error_of_answer(estimate(2.0, 0.0), 0.5) == 0.0


def test_one_question_keeps_the_level_of_the_study():
    assert false_coverage_levels([0.01], 0.95) == ((0.95, True),)
    assert false_coverage_levels([0.2], 0.95) == ((0.95, False),)
    assert false_coverage_levels([], 0.95) == ()


def test_levels_follow_benjamini_and_yekutieli():
    """Of four, p = .001, .02, .03, .5: .03 <= 3/4 x .05 selects three, with intervals at 1 - 3/4 x .05."""
    levels = false_coverage_levels([0.5, 0.02, 0.001, 0.03], 0.95)
    assert [selected for _, selected in levels] == [False, True, True, True]
    assert [level for level, _ in levels] == pytest.approx([0.95, 0.9625, 0.9625, 0.9625])


def test_an_error_that_is_not_a_number_is_never_selected():
    assert false_coverage_levels([math.nan, 0.01], 0.95) == ((0.95, False), (0.975, True))


def test_whatever_is_selected_still_answers():
    rng = np.random.default_rng(4)
    for _ in range(200):
        estimates = [estimate(e) for e in rng.normal(0, 3, 6)]
        levels = false_coverage_levels([error_of_answer(one, 1.0) for one in estimates], 0.95)
        for one, (level, selected) in zip(estimates, levels, strict=True):
            assert not selected or answer_question(one.interval(level * (1 - 1e-9)), 1.0) != "undecided"


DRAWS = 4000


def false_coverage(adjusted):
    """Mean share of selected intervals that miss, 0 where none is selected: ten questions, nine without an effect."""
    rng = np.random.default_rng(11)
    truth = np.r_[2.5, np.zeros(9)]
    missed = []
    for seen in truth + rng.normal(size=(DRAWS, 10)):
        p = 2 * Z.sf(np.abs(seen))
        if adjusted:
            levels = [level if chosen else None for level, chosen in false_coverage_levels(p, 0.95)]
        else:
            levels = [0.95 if one < 0.05 else None for one in p]
        out = [
            abs(one - mean) > Z.ppf(0.5 + level / 2)
            for one, mean, level in zip(seen, truth, levels, strict=True)
            if level is not None
        ]
        missed.append(float(np.mean(out)) if out else 0.0)
    return float(np.mean(missed))


def test_adjusted_intervals_keep_the_false_coverage_rate_and_plain_ones_do_not():
    error = math.sqrt(0.05 * 0.95 / DRAWS)
    assert false_coverage(adjusted=True) <= 0.05 + 3 * error
    assert false_coverage(adjusted=False) > 0.15  # the control: selected at 5 % and shown at 95 %


def test_the_looks_spend_no_more_than_the_whole_error():
    assert level_of_look(0.95, None) == 0.95
    spent = [1 - level_of_look(0.95, look) for look in range(1, 20_000)]
    assert spent == sorted(spent, reverse=True)
    assert sum(spent) == pytest.approx(0.05, rel=1e-4)  # the sum of 1 / k^2 is pi^2 / 6
    assert sum(spent) < 0.05


def test_looking_often_at_growing_data_errs_no_more_than_the_level_and_plain_looks_do():
    rng = np.random.default_rng(2)
    looks = 20
    walk = rng.normal(size=(DRAWS, looks)).cumsum(axis=1) / np.sqrt(np.arange(1, looks + 1))
    spent = [Z.ppf(0.5 + level_of_look(0.95, look) / 2) for look in range(1, looks + 1)]
    assert (np.abs(walk) > spent).any(axis=1).mean() <= 0.05
    assert (np.abs(walk) > Z.ppf(0.975)).any(axis=1).mean() > 0.15
