"""Older estimators against independent regressions and hand-made contrasts, and against the simulated truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm

from artwork_insights.design.assignment import make_assignment
from artwork_insights.design.confounders import Confounders
from artwork_insights.design.pairs import pair_artworks
from artwork_insights.effects.design_fit import fit_design
from artwork_insights.effects.nuisances import fold_labels
from artwork_insights.effects.sample import AnalysisSample
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.sensitivity.stress.estimators import (
    compare_pairs,
    regress_with_title_effects,
    weigh_equally,
    weight_by_propensity,
)

EFFECT = 0.5


def make_sample(seed=0, n_titles=150, countries=2, effect=EFFECT):
    rng = np.random.default_rng(seed)
    owner = np.repeat(np.arange(n_titles), rng.integers(3, 9, n_titles))
    n = len(owner)
    quality, x = rng.normal(size=n_titles), rng.normal(size=n)
    treated = (rng.random(n) < 1 / (1 + np.exp(-0.8 * x - quality[owner]))).astype(float)
    own = effect * treated + x + 2 * quality[owner] + 0.5 * rng.normal(size=n)
    asset = np.repeat(np.arange(n), countries)
    country = np.tile(np.arange(countries), n)
    outcome = own[asset] + country + 0.1 * rng.normal(size=len(asset))
    confounders = Confounders(np.column_stack([x[asset], country]).astype(float), ("x", "country"), ("x", "country"))
    weights = rng.uniform(0.5, 2, len(asset))
    assignment = make_assignment(
        treated[asset], confounders, owner[asset], asset=asset, weights=weights, country=country
    )
    return AnalysisSample(assignment, outcome)


def pairs_of(fit, caliper_sd=0.2):
    return pair_artworks(fit.sample.assignment, fit.propensity[fit.keep], caliper_sd=caliper_sd)


@pytest.fixture(scope="module")
def fitted():
    sample = make_sample()
    folds = fold_labels(sample, 5, 1, np.random.default_rng(0))
    return fit_design(sample, "mundlak", folds, trim=0.02, seed=0, learner="linear")


def test_regression_with_title_effects_is_least_squares_with_a_dummy_per_title():
    sample = make_sample(1, n_titles=40)
    assignment = sample.assignment
    ours = regress_with_title_effects(sample)
    dummies = (assignment.title[:, None] == np.arange(assignment.n_titles)).astype(float)
    design = np.column_stack([assignment.treatment, assignment.confounders.values, dummies])
    witness = sm.WLS(sample.outcome, design, weights=assignment.weights).fit(
        cov_type="cluster", cov_kwds={"groups": assignment.title}
    )
    assert ours.effect == pytest.approx(witness.params[0], rel=1e-8)
    assert ours.std_error == pytest.approx(witness.bse[0], rel=0.12)  # dummies count as parameters there
    plain = sm.OLS(sample.outcome, design).fit()
    assert regress_with_title_effects(sample, weights=False).effect == pytest.approx(plain.params[0], rel=1e-8)


def test_weighting_is_the_contrast_of_two_weighted_means(fitted):
    sample, assignment = fitted.sample, fitted.sample.assignment
    p, t, w = fitted.repetitions[0].treatment, assignment.treatment, assignment.weights
    total = np.bincount(assignment.title, weights=w)
    y = sample.outcome - (np.bincount(assignment.title, weights=w * sample.outcome) / total)[assignment.title]
    for population, on, off in (("ATE", 1 / p, 1 / (1 - p)), ("ATO", 1 - p, p)):
        contrast = np.average(y, weights=w * t * on) - np.average(y, weights=w * (1 - t) * off)
        assert weight_by_propensity(fitted, population).effect == pytest.approx(contrast, rel=1e-9)


def test_matched_pairs_count_one_difference_per_title(fitted):
    pairs = pairs_of(fitted, None)
    found = compare_pairs(fitted, pairs)
    assignment = fitted.sample.assignment
    country = np.unique(assignment.country, return_inverse=True)[1]
    mean = np.bincount(country, weights=assignment.weights * fitted.sample.outcome) / np.bincount(
        country, weights=assignment.weights
    )
    own = fitted.sample.outcome - mean[country]
    by_asset = [np.average(own[assignment.asset == a], weights=assignment.weights[assignment.asset == a])
                for a in range(assignment.n_assets)]  # fmt: skip
    apart = np.array(by_asset)[pairs.treated] - np.array(by_asset)[pairs.control]
    by_title = [apart[pairs.title == title].mean() for title in np.unique(pairs.title)]
    assert found.effect == pytest.approx(np.mean(by_title), rel=1e-9)
    assert found.n_titles <= fitted.sample.assignment.n_titles
    assert found.degrees_of_freedom == found.n_titles - 1
    assert found.n_assets >= 2 * found.n_titles


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_every_older_way_finds_the_truth_within_three_errors_and_the_plain_contrast_does_not(seed):
    sample = make_sample(seed)
    folds = fold_labels(sample, 5, 1, np.random.default_rng(seed))
    fit = fit_design(sample, "mundlak", folds, trim=0.02, seed=0, learner="linear")
    ways = [
        regress_with_title_effects(sample), weight_by_propensity(fit, "ATE"), weight_by_propensity(fit, "ATO"),
        weigh_equally(fit, "ATE"),
    ]  # fmt: skip
    for found in ways:
        assert abs(found.effect - EFFECT) <= 3 * found.std_error
    treated = sample.assignment.treatment == 1
    plain = sample.outcome[treated].mean() - sample.outcome[~treated].mean()
    assert plain > EFFECT + 10 * ways[0].std_error  # the control: titles and x confound


def test_matching_inside_titles_takes_most_of_the_confounding_away():
    """Few artworks per title: the caliper leaves a little of x between the members of a pair."""
    sample = make_sample(3, n_titles=400)
    folds = fold_labels(sample, 5, 1, np.random.default_rng(0))
    fit = fit_design(sample, "mundlak", folds, trim=0.02, seed=0, learner="linear")
    found = compare_pairs(fit, pairs_of(fit))
    treated = sample.assignment.treatment == 1
    plain = sample.outcome[treated].mean() - sample.outcome[~treated].mean()
    assert abs(found.effect - EFFECT) <= 3 * found.std_error
    assert abs(plain - EFFECT) > 10 * found.std_error


def test_what_has_no_propensity_is_refused(fitted):
    sample = make_sample(2, n_titles=40)
    doses = replace(
        sample.assignment, treatment=sample.assignment.treatment + sample.assignment.confounders.values[:, 0]
    )
    folds = fold_labels(sample, 3, 1, np.random.default_rng(0))
    slope = fit_design(replace(sample, assignment=doses), "mundlak", folds, trim=0.05, seed=0, learner="linear")
    for make in (lambda: compare_pairs(slope, pairs_of(fitted)), lambda: weight_by_propensity(slope, "ATE")):
        with pytest.raises(NotIdentifiedError, match="two sides"):
            make()
    with pytest.raises(NotIdentifiedError, match="titles have a pair"):
        compare_pairs(fitted, pairs_of(fitted, 0.0))
