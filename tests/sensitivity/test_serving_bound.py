"""The odds bound on a serving policy against every policy that there is, on a grid, and against planted selection."""

from __future__ import annotations

import numpy as np
import pytest

from artwork_insights.errors import NotIdentifiedError
from artwork_insights.sensitivity.serving.bound import (
    bound_served_difference,
    find_serving_gamma,
    gamma_of_shift,
    highest_rate,
    lowest_rate,
)

GRID = 200_001


def odds(p):
    return p / (1 - p)


@pytest.mark.parametrize("gamma", [1.0, 1.2, 2.0, 5.0])
@pytest.mark.parametrize(("rate", "share"), [(0.06, 0.2), (0.3, 0.5), (0.5, 0.05), (0.9, 0.7)])
def test_no_policy_within_the_odds_goes_beyond_the_bound_and_one_reaches_it(rate, share, gamma):
    """Every audience rate that fits the log, with the one policy that makes it look as observed (Bayes' rule)."""
    truth = np.linspace(1e-6, 1 - 1e-6, GRID)
    likers, others = rate * share / truth, (1 - rate) * share / (1 - truth)  # chance of being shown, of each kind
    possible = (likers < 1) & (others < 1)
    truth, likers, others = truth[possible], likers[possible], others[possible]
    ratio = odds(likers) / odds(others)
    slack = 1e-4  # of the grid, relative
    allowed = truth[(ratio <= gamma * (1 + slack)) & (ratio >= (1 - slack) / gamma)]
    assert allowed.min() == pytest.approx(lowest_rate(rate, share, gamma), abs=1e-4)
    assert allowed.max() == pytest.approx(highest_rate(rate, share, gamma), abs=1e-4)


def test_random_policies_over_two_artworks_stay_inside_and_come_close():
    """Viewers are of four kinds, by what they would take; each has its own chance of being shown the treated one."""
    rng = np.random.default_rng(0)
    reach = []
    for _ in range(4000):
        kinds = rng.dirichlet([1, 1, 1, 1])  # takes neither, control only, treated only, both
        treated_likers, control_likers = np.array([0, 0, 1, 1.0]), np.array([0, 1.0, 0, 1])
        chance = rng.uniform(0.05, 0.95, 4)
        share = kinds @ chance
        p1 = kinds * chance @ treated_likers / share
        p0 = kinds * (1 - chance) @ control_likers / (1 - share)

        def selection(shown, likers, kinds=kinds):
            among = [kinds[likers == k] @ shown[likers == k] / kinds[likers == k].sum() for k in (1, 0)]
            return odds(among[0]) / odds(among[1])

        ratios = np.array([selection(chance, treated_likers), selection(1 - chance, control_likers)])
        gamma = float(np.max(np.maximum(ratios, 1 / ratios)))
        bounds = bound_served_difference(p1, share, p0, 1 - share, gamma)
        truth = kinds @ treated_likers - kinds @ control_likers
        assert bounds.difference[0] - 1e-9 <= truth <= bounds.difference[1] + 1e-9
        ratio = (kinds @ treated_likers) / (kinds @ control_likers)
        assert bounds.ratio[0] - 1e-9 <= ratio <= bounds.ratio[1] + 1e-9
        reach.append((truth - bounds.difference[0]) / (bounds.difference[1] - bounds.difference[0]))
    assert min(reach) < 0.02  # some policy nearly reaches each end, so the bound could not be tighter
    assert max(reach) > 0.98


def test_bounds_of_less_selection_would_be_broken():
    """The control: a bound at half the log odds of the policy does not hold the truth."""
    likers, others, truth = 0.6, 0.3, 0.1
    share = truth * likers + (1 - truth) * others
    rate, gamma = truth * likers / share, odds(likers) / odds(others)
    assert lowest_rate(rate, share, gamma) == pytest.approx(truth)
    assert lowest_rate(rate, share, np.sqrt(gamma)) > truth


def test_planted_selection_is_found():
    """Artworks with the component are shown to likers at 1.7 times the odds; they do no better."""
    rng = np.random.default_rng(1)
    planted, n = 1.7, 400
    truth = rng.uniform(0.03, 0.12, n)
    treated = np.arange(n) % 2 == 0
    others = rng.uniform(0.05, 0.4, n)
    gamma = np.where(treated, planted, 1.0)
    likers = gamma * odds(others) / (1 + gamma * odds(others))
    share = truth * likers + (1 - truth) * others
    shown = truth * likers / share
    coefficients = np.where(treated, 1, -1) / (n / 2)
    effect = coefficients @ (shown - truth)
    assert effect > 0.015
    found = find_serving_gamma(effect, shown, share, coefficients, interval=(effect - 0.005, effect + 0.005))
    assert found.gamma == pytest.approx(planted, rel=1e-6)
    assert 1 < found.gamma_limit < planted
    assert 1 < found.gamma_any_policy < planted
    assert gamma_of_shift(effect, shown, share, coefficients) == pytest.approx(planted, rel=1e-6)


def test_an_effect_of_the_other_sign_takes_the_same_selection():
    rates, shares = np.array([0.1, 0.2, 0.05, 0.08]), np.array([0.2, 0.3, 0.4, 0.1])
    coefficients = np.array([0.5, 0.5, -0.5, -0.5])
    one = find_serving_gamma(0.03, rates, shares, coefficients, interval=(0.01, 0.05))
    other = find_serving_gamma(-0.03, rates, shares, -coefficients, interval=(-0.05, -0.01))
    assert one == other
    assert find_serving_gamma(0.03, rates, shares, coefficients, interval=(-0.01, 0.05)).gamma_limit == 1.0


def test_artwork_that_everyone_saw_leaves_nothing_to_the_policy():
    found = find_serving_gamma(0.01, [0.1, 0.09], [1.0, 1.0], [1, -1])
    assert found.gamma is None
    assert found.largest_shift == 0


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: find_serving_gamma(0.1, [0.1], [0.2, 0.3], [1]), "have 1, 2 and 1 rows"),
        (lambda: find_serving_gamma(0.1, [1.1], [0.2], [1]), "lie between 0 and 1"),
        (lambda: find_serving_gamma(np.nan, [0.1], [0.2], [1]), "is not a number"),
        (lambda: find_serving_gamma(0.1, [], [], []), "have 0, 0 and 0 rows"),
        (lambda: bound_served_difference(0.1, 0.2, 0.3, 0.4, 0.5), "gamma=0.5 is below 1"),
        (lambda: bound_served_difference(1.1, 0.2, 0.3, 0.4, 2), "treated_rate=1.1 is no share"),
    ],
)
def test_bad_input_is_one_sentence(call, words):
    with pytest.raises(NotIdentifiedError, match=words):
        call()
