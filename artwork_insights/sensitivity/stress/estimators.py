"""Older ways to the same effect: regression with title effects, matched pairs of a title, weighting."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from artwork_insights.design.confounders import FloatArray, constant_blocks, title_means
from artwork_insights.design.pairs import ArtworkPairs, average_by_asset
from artwork_insights.effects.design_fit import DesignFit
from artwork_insights.effects.estimates import EffectEstimate, Estimand
from artwork_insights.effects.nuisances import Nuisances
from artwork_insights.effects.sample import AnalysisSample
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.mechanisms.regression import fit_clustered_ols

FEWEST_PAIRED_TITLES = 10


def regress_with_title_effects(sample: AnalysisSample, *, weights: bool = True) -> EffectEstimate:
    """Least squares of the outcome on treatment and confounders, every title with a level of its own.

    Parameters
    ----------
    sample : AnalysisSample
    weights : bool
        Whether precision weights are used; else every row counts the same.

    Raises
    ------
    NotIdentifiedError
        Where no title has artworks that differ in the treatment.
    """
    assignment = sample.assignment
    confounders = assignment.confounders.without(constant_blocks(assignment.confounders, assignment.title))
    fit = fit_clustered_ols(
        sample.outcome,
        np.column_stack([assignment.treatment, confounders.filled()]),
        assignment.block,
        weights=assignment.weights if weights else None,
        absorb=assignment.title,
    )
    if np.isnan(fit.coefficients[0]):
        raise NotIdentifiedError("titles and confounders explain the treatment entirely.")
    return EffectEstimate(
        "ATO" if assignment.is_binary else "slope", "within", "plr",
        float(fit.coefficients[0]), float(fit.std_errors[0]), float(fit.degrees_of_freedom),
        len(sample.outcome), assignment.n_assets, assignment.n_titles,
    )  # fmt: skip


def compare_pairs(fit: DesignFit, pairs: ArtworkPairs) -> EffectEstimate:
    """Compare the artworks of matched pairs of one title, one difference per title.

    An artwork's outcome is its mean over countries, each country's own mean taken out first. The effect is the mean
    over titles of the mean difference of their pairs, its error the standard error of that mean: pairs of one title are
    not independent.

    Parameters
    ----------
    fit : DesignFit
    pairs : ArtworkPairs
        From `pair_artworks`, over the cells that the fit compares.

    Raises
    ------
    NotIdentifiedError
        For a continuous treatment, or fewer than 10 titles with a pair within the caliper.
    """
    if not fit.is_binary or fit.design == "within":
        raise NotIdentifiedError("matching needs a treatment of two sides and a propensity.")
    assignment = fit.sample.assignment
    outcome = fit.sample.outcome
    if assignment.country is not None:
        outcome = outcome - title_means(outcome, assignment.country, assignment.weights)
    outcomes = average_by_asset(outcome, assignment)
    owner = assignment.block[np.unique(assignment.asset, return_index=True)[1]][pairs.treated]
    n_pairs = np.bincount(owner)
    has_pair = n_pairs > 0
    if has_pair.sum() < FEWEST_PAIRED_TITLES:
        raise NotIdentifiedError(
            f"{int(has_pair.sum())} titles have a pair of artworks alike in propensity; {FEWEST_PAIRED_TITLES} needed."
        )
    differences = outcomes[pairs.treated] - outcomes[pairs.control]
    means = np.bincount(owner, weights=differences)[has_pair] / n_pairs[has_pair]
    n_titles = len(means)
    return EffectEstimate(
        "ATT", fit.design, "difference_in_means",
        float(means.mean()), float(means.std(ddof=1) / np.sqrt(n_titles)), n_titles - 1.0,
        2 * len(owner), 2 * len(owner), n_titles,
    )  # fmt: skip


def weight_by_propensity(fit: DesignFit, population: Literal["ATE", "ATO"]) -> EffectEstimate:
    """Weighting alone, no outcome model: inverse propensities (ATE) or overlap weights (ATO), made to add up (Hajek).

    Under designs that take titles' levels out, the outcome less its title mean is weighted: a level is the same for all
    artworks of a title, and would swamp the effect. The augmented score with the two weighted means in place of the
    outcome models is that estimator.

    References
    ----------
    Hajek (1971), comment on Basu. Li, Morgan and Zaslavsky (2018), Balancing covariates via propensity score weighting.
    """
    if not fit.is_binary or fit.design == "within":
        raise NotIdentifiedError("weighting needs a treatment of two sides and a propensity.")
    assignment = fit.sample.assignment
    outcome = fit.sample.outcome
    if fit.design != "pooled":
        outcome = outcome - title_means(outcome, assignment.title, assignment.weights)
    treated, weights = assignment.treatment, assignment.weights
    repetitions = []
    for nuisances in fit.repetitions:
        p = nuisances.treatment
        on, off = (1 / p, 1 / (1 - p)) if population == "ATE" else (1 - p, p)
        one = _mean(outcome, weights * treated * on)
        zero = _mean(outcome, weights * (1 - treated) * off)
        flat = np.ones_like(outcome)
        repetitions.append(Nuisances(p, zero * flat, zero * flat, one * flat))
    estimand: Estimand = population
    return replace(fit, sample=replace(fit.sample, outcome=outcome), repetitions=tuple(repetitions)).estimate(estimand)


def _mean(values: FloatArray, weights: FloatArray) -> float:
    return float(np.average(values, weights=weights))


def weigh_equally(fit: DesignFit, estimand: Estimand) -> EffectEstimate:
    """The same scores with every row counted the same."""
    weights = np.ones_like(fit.sample.assignment.weights)
    return replace(
        fit, sample=replace(fit.sample, assignment=replace(fit.sample.assignment, weights=weights))
    ).estimate(estimand)
