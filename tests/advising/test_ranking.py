"""Differences, intervals that cover, the chance of being best, ties."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy import stats

from artwork_insights.advising.components import Component
from artwork_insights.advising.ranking import Scores, find_ties, order_images
from tests.report.conftest import make_finding

LEVEL = 0.95
DRAWS = 2000
MONTE_CARLO = 3 * np.sqrt(LEVEL * (1 - LEVEL) / DRAWS)


def component(loadings: list[list[float]], effect: list[float], covariance: list[list[float]]) -> Component:
    n = len(loadings)
    return Component(
        make_finding(), "condition", np.array(loadings, float), np.array(effect), np.array(covariance), np.inf,
        ("",) * n, "on average", False,
    )  # fmt: skip


def coverage(correlation: float, *, summed: bool) -> float:
    """Share of intervals of a difference that hold the truth, errors of two findings being correlated."""
    rng = np.random.default_rng(3)
    covariance = np.array([[1.0, correlation], [correlation, 1.0]])
    held = 0
    for noise in rng.multivariate_normal([0, 0], covariance, DRAWS):
        parts = tuple(component([[0.0], [1.0]], [effect], [[1.0]]) for effect in (2.0 + noise[0], 3.0 + noise[1]))
        found = Scores(parts, LEVEL).difference(1, 0)
        half = (found.high - found.low) / 2 * (1.0 if summed else np.sqrt(2) / 2)
        held += abs(found.effect - 5.0) <= half
    return held / DRAWS


@pytest.mark.parametrize("correlation", [1.0, 0.5, 0.0, -0.9])
def test_an_interval_over_two_findings_covers_whatever_their_correlation(correlation):
    assert coverage(correlation, summed=True) >= LEVEL - MONTE_CARLO


def test_an_interval_that_takes_findings_as_independent_does_not_cover():
    assert coverage(1.0, summed=False) < 0.88  # the control: 0.834 in theory


def test_an_interval_over_one_finding_covers_as_often_as_it_says():
    rng = np.random.default_rng(5)
    truth, covariance = np.array([1.0, -2.0]), np.array([[1.0, 0.6], [0.6, 2.0]])
    loadings = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]
    held = 0
    for effect in rng.multivariate_normal(truth, covariance, DRAWS):
        found = Scores((component(loadings, list(effect), covariance.tolist()),), LEVEL).difference(1, 2)
        held += found.low <= 3.0 <= found.high
    assert held / DRAWS == pytest.approx(LEVEL, abs=MONTE_CARLO)


def test_the_chance_of_being_best_of_two_is_that_of_a_normal_difference():
    scores = Scores((component([[0.0], [1.0]], [0.8], [[1.0]]),), LEVEL)
    chance = scores.chance_of_best(np.array([True, True]), np.random.default_rng(1))
    assert chance[1] == pytest.approx(stats.norm.cdf(0.8), abs=0.015)
    assert chance.sum() == pytest.approx(1.0)


def test_equal_images_share_the_chance_and_others_than_those_inside_have_none():
    scores = Scores((component([[1.0], [1.0], [0.0], [9.0]], [5.0], [[1.0]]),), LEVEL)
    chance = scores.chance_of_best(np.array([True, True, True, False]), np.random.default_rng(1))
    assert chance[:2] == pytest.approx([0.5, 0.5], abs=0.01)
    assert chance[3] == 0.0


def test_the_chance_is_drawn_with_no_less_than_the_interval_s_error():
    """Two findings, each half of the difference: the errors add up to 2, and so does the spread of the draws."""
    parts = tuple(component([[0.0], [1.0]], [1.0], [[1.0]]) for _ in range(2))
    chance = Scores(parts, LEVEL).chance_of_best(np.array([True, True]), np.random.default_rng(1))
    assert chance[1] == pytest.approx(stats.norm.cdf(2.0 / 2.0), abs=0.015)


def test_a_verdict_read_from_a_wider_interval_keeps_it():
    plain = component([[0.0], [1.0]], [1.0], [[1.0]])
    strict = dataclasses.replace(
        plain,
        finding=dataclasses.replace(plain.finding, verdict=dataclasses.replace(plain.finding.verdict, level=0.99)),
    )
    found = Scores((strict,), LEVEL).difference(1, 0)
    assert found.high - found.effect == pytest.approx(stats.norm.ppf(0.995))
    assert Scores((plain,), LEVEL).difference(1, 0).high - 1 == pytest.approx(stats.norm.ppf(0.975))


def test_images_outside_come_last_and_equal_ones_keep_their_order():
    inside = np.array([True, False, True, True])
    assert order_images(np.array([1.0, 9.0, 2.0, 2.0]), inside) == (2, 3, 0, 1)


def test_ties_are_the_differences_whose_interval_holds_zero():
    scores = Scores((component([[0.0], [1.0], [1.0], [2.0]], [3.0], [[1.0]]),), LEVEL)
    ties = find_ties(scores, (3, 1, 2, 0), np.array([True, True, True, True]))
    assert ties == {3: (), 1: (2,), 2: (1,), 0: ()}
    wide = Scores((component([[0.0], [1.0]], [1.0], [[1.0]]),), LEVEL)
    assert find_ties(wide, (1, 0), np.array([True, True])) == {1: (0,), 0: (1,)}
    assert find_ties(wide, (1, 0), np.array([True, False])) == {0: ()}
