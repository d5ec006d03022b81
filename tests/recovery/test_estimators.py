"""Planted effects are recovered, intervals cover, and the simpler analyses fail by a stated amount.

The catalogue has unobserved title quality, non-linear confounding, 100 to 100,000 impressions a cell and 4 to 10
artworks a title. The truth of an estimate is the mean planted effect of the very cells it speaks of. Settings of the
learners are those that the grid search chose on the first draw, fixed so that many draws are affordable.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from artwork_insights.design.assignment import make_assignment
from artwork_insights.design.confounders import Confounders
from artwork_insights.design.learners import BoostingSettings
from artwork_insights.effects.design_fit import DesignFit, fit_design
from artwork_insights.effects.groups import group_effects_of
from artwork_insights.effects.nuisances import Settings, fold_labels
from artwork_insights.effects.sample import AnalysisSample
from artwork_insights.effects.scores import average_scores
from tests.recovery.simulator import Draw, draw_catalogue

SETTINGS = Settings(BoostingSettings(2, 0.05, 5.0, 100), BoostingSettings(2, 0.05, 30.0, 300))
SEEDS = range(8)
N_TITLES = 150
NAMES = ("x", "z", "country")
PLANTED = 0.01  # takes per impression
UNLIKELY = 0.005  # a correct estimator fails one of these tests with about this probability


@dataclass(frozen=True)
class Fitted:
    draw: Draw
    fits: dict[str, DesignFit]

    def truth(self, design: str, inside: np.ndarray | None = None) -> float:
        """Mean planted effect over the cells of the fit; for `within`, as the partially linear model weights them."""
        fit = self.fits[design]
        weights = fit.sample.assignment.weights
        if design == "within":
            weights = weights * fit.partially_linear_scores().denominator[0]
        inside = np.ones(len(weights), dtype=bool) if inside is None else inside
        return float(np.average(self.draw.effect[fit.keep][inside], weights=weights[inside]))


def fit(draw, designs=("mundlak", "within", "pooled"), outcome=None, seed=0):
    assignment = make_assignment(
        draw.treatment,
        Confounders(draw.confounders, NAMES, NAMES),
        draw.title,
        asset=draw.asset,
        weights=draw.weights,
        groups={"genre": draw.genre, "country": draw.country},
    )
    sample = AnalysisSample(assignment, draw.outcome if outcome is None else outcome)
    folds = fold_labels(sample, 5, 1, np.random.default_rng(seed))
    return Fitted(draw, {d: fit_design(sample, d, folds, trim=0.05, seed=seed, settings=SETTINGS) for d in designs})


@pytest.fixture(scope="module")
def draws():
    return [fit(draw_catalogue(seed, n_titles=N_TITLES), seed=seed) for seed in SEEDS]


def estimate(one, design):
    return one.fits[design].estimate("ATO" if design == "within" else "ATE")


def covers(interval, truth):
    return interval[0] <= truth <= interval[1]


def fewest_covered(n):
    """Fewest of n 95 % intervals that cover, short of a very unlucky draw."""
    return int(binom.ppf(UNLIKELY, n, 0.95))


@pytest.mark.parametrize("design", ["mundlak", "within"])
def test_the_average_effect_is_recovered_and_its_interval_covers(draws, design):
    z = [(estimate(one, design).effect - one.truth(design)) / estimate(one, design).std_error for one in draws]
    assert np.abs(z).max() < 3
    assert abs(np.mean(z)) < 2.58 / np.sqrt(len(z))
    covered = sum(covers(estimate(one, design).interval(), one.truth(design)) for one in draws)
    assert covered >= fewest_covered(len(draws))


@pytest.mark.parametrize("design", ["mundlak", "within"])
def test_the_error_is_small_enough_to_be_of_use(draws, design):
    """Width must not do the work: a fifth of the effect would be too wide."""
    assert max(estimate(one, design).std_error for one in draws) < PLANTED / 5


def test_control_comparing_across_titles_is_off_by_many_errors_and_covers_nothing(draws):
    z = [(estimate(one, "pooled").effect - one.truth("pooled")) / estimate(one, "pooled").std_error for one in draws]
    covered = [covers(estimate(one, "pooled").interval(), one.truth("pooled")) for one in draws]
    assert min(z) > 4
    assert np.mean(covered) < 0.5


def group_results(one):
    """Estimate, truth, and error of rows taken as independent, for each genre and country."""
    design = one.fits["mundlak"]
    scores, assignment = design.scores("ATE"), design.sample.assignment
    for group in group_effects_of(design, "ATE", ("genre", "country")):
        inside = assignment.groups[group.modifier] == group.group
        rows = type(scores)(scores.numerator[:, inside], scores.denominator[:, inside])
        naive = average_scores(rows, assignment.weights[inside], np.arange(int(inside.sum())))
        yield group, one.truth("mundlak", inside), naive.std_error


def test_effects_by_genre_and_country_are_recovered_and_their_intervals_cover(draws):
    results = [result for one in draws for result in group_results(one)]
    assert len(results) == 8 * len(SEEDS)
    z = np.array([(group.estimate.effect - truth) / group.estimate.std_error for group, truth, _ in results])
    # the sixty largest of a standard normal reach 3 once in six times, so one may pass 3 and none 4
    assert (np.abs(z) > 3).sum() <= 1
    assert np.abs(z).max() < 4
    genres = [(g, truth) for g, truth, _ in results if g.modifier == "genre"]
    covered = sum(covers(g.estimate.interval(), truth) for g, truth in genres)
    assert covered >= fewest_covered(len(genres))


def test_the_order_of_genres_is_found(draws):
    """Planted effects of genres 0 to 4 are 0, .5, 1, 1.5 and 2 times the mean."""
    table = pd.DataFrame(
        [(g.group, g.estimate.effect) for one in draws for g, _, _ in group_results(one) if g.modifier == "genre"]
    )
    means = table.groupby(0)[1].mean()
    assert list(means.sort_values().index) == ["0", "1", "2", "3", "4"]
    assert abs(means["0"]) < 0.002
    assert means["4"] == pytest.approx(2 * PLANTED, abs=0.003)


def test_control_rows_taken_as_independent_are_too_sure():
    """An artwork's own luck is the same in all its ten countries; rows as draws count it ten times."""
    covered, clustered = [], []
    for seed in range(5):
        one = fit(draw_catalogue(100 + seed, n_titles=60, n_countries=10), ("mundlak",), seed=seed)
        for group, truth, naive_error in group_results(one):
            if group.modifier == "genre":
                covered.append(abs(group.estimate.effect - truth) < 1.96 * naive_error)
                clustered.append(covers(group.estimate.interval(), truth))
    assert np.mean(covered) < 0.85
    assert sum(clustered) >= fewest_covered(len(clustered))


def test_control_impressions_taken_as_draws_of_the_effect_are_far_too_sure(draws):
    """Weights and errors as if each of a cell's thousands of impressions were an artwork of its own."""
    covered, too_small = [], []
    for one in draws[:5]:
        by_count = fit(replace(one.draw, weights=one.draw.impressions), ("mundlak",))
        design = by_count.fits["mundlak"]
        scores, weights = design.scores("ATE"), design.sample.assignment.weights
        effect = estimate(by_count, "mundlak").effect
        off = weights * (scores.numerator[0] - effect * scores.denominator[0])
        error = np.sqrt((off**2 / one.draw.impressions[design.keep]).sum()) / (weights @ scores.denominator[0])
        covered.append(abs(effect - by_count.truth("mundlak")) < 1.96 * error)
        too_small.append(estimate(one, "mundlak").std_error / error)
    assert np.mean(covered) < 0.5
    assert min(too_small) > 10


def siblings_mean(draw):
    """Mean outcome of the title's other artworks in the same country."""
    frame = pd.DataFrame({"title": draw.title, "country": draw.country, "y": draw.outcome})
    cell = frame.groupby(["title", "country"])["y"]
    return ((cell.transform("sum") - frame.y) / (cell.transform("size") - 1)).to_numpy()


def test_two_artworks_a_title_are_enough_on_the_raw_rate_and_mislead_on_a_leave_one_out_outcome():
    draw = draw_catalogue(5, n_titles=700, n_countries=2, sizes=(2, 2))
    raw = fit(draw)
    for design in ("mundlak", "within"):
        assert abs(estimate(raw, design).effect - raw.truth(design)) < 3 * estimate(raw, design).std_error
    adjusted = fit(draw, ("within", "pooled"), outcome=draw.outcome - siblings_mean(draw))
    inflated = estimate(adjusted, "within")  # own title means on a leave-one-out outcome: n / (n - 1) = 2
    assert inflated.effect / estimate(raw, "within").effect == pytest.approx(2, abs=0.2)
    assert inflated.interval()[0] > 1.3 * adjusted.truth("within")
    shrunken = estimate(adjusted, "pooled")  # own treatment alone: siblings are alike, so the effect shrinks
    assert shrunken.effect + shrunken.std_error < adjusted.truth("pooled")


def test_an_effect_that_is_not_there_is_seldom_found():
    averages, families = [], []
    for seed in SEEDS:
        one = fit(draw_catalogue(200 + seed, n_titles=100, mean_effect=0.0), ("mundlak",), seed=seed)
        averages.append(estimate(one, "mundlak").p_value)
        families.append(min(g.q_value for g, _, _ in group_results(one)))
    most = int(binom.isf(UNLIKELY, len(SEEDS), 0.05))
    assert sum(p < 0.05 for p in averages) <= most
    assert sum(q < 0.05 for q in families) <= most
    one = fit(draw_catalogue(200, n_titles=100), ("mundlak",))
    assert estimate(one, "mundlak").p_value < 1e-4


@pytest.mark.parametrize("design", ["mundlak", "within"])
def test_the_slope_of_a_continuous_treatment_is_recovered(design):
    z = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        title = np.repeat(np.arange(120), rng.integers(4, 11, 120))
        n, quality = len(title), rng.normal(size=120)[title]
        x = rng.normal(size=n)
        share = 0.2 + 0.05 * np.sin(2 * x) + 0.05 * quality + 0.05 * rng.normal(size=n)
        outcome = 0.1 + 0.04 * quality + 0.02 * np.sin(2 * x) + 0.08 * share + 0.006 * rng.normal(size=n)
        sample = AnalysisSample(make_assignment(share, Confounders(x[:, None], ("x",), ("x",)), title), outcome)
        folds = fold_labels(sample, 5, 1, rng)
        one = fit_design(sample, design, folds, trim=0.05, seed=seed, settings=SETTINGS).estimate("slope")
        assert one.std_error < 0.01
        z.append((one.effect - 0.08) / one.std_error)
    assert np.abs(z).max() < 3
    assert abs(np.mean(z)) < 2.58 / 2
