"""One fitted hypothesis against the policy that showed its artworks: audiences held alike, or the odds it takes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from artwork_insights.design.confounders import FloatArray, title_means
from artwork_insights.diagnostic import Diagnostic
from artwork_insights.effects.cells import Cells
from artwork_insights.effects.design_fit import DesignFit
from artwork_insights.effects.estimates import EffectEstimate, NamedEstimate
from artwork_insights.effects.gap import compare_scores
from artwork_insights.effects.sample import AnalysisSample
from artwork_insights.effects.served import ServedCells
from artwork_insights.inquiry.fitting import FittedHypothesis
from artwork_insights.sensitivity.serving.bound import find_serving_gamma, gamma_of_shift
from artwork_insights.sensitivity.serving.policy import ServingPolicy, judge_serving

SERVED_NAMES = {"doubly_robust": "weighted by chances of being shown", "standardised": "same audience for all"}


@dataclass(frozen=True, slots=True)
class ServingCheck:
    """What is known of the serving policy, the check it makes, and the estimate with audiences held alike, if any.

    All of it is empty where the outcome is no take rate of a log.
    """

    policy: ServingPolicy | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    alternatives: tuple[NamedEstimate, ...] = ()


def check_serving(cells: Cells, fitted: FittedHypothesis, estimate: EffectEstimate, level: float) -> ServingCheck:
    """Hold the headline against the serving policy.

    The estimate with audiences held alike keeps the headline's cells and propensities. Its models of the outcome are
    the headline's, moved by what holding audiences alike adds to a title on average: the double robustness of the
    score carries the rest, nothing is fitted anew, and the gap between the two estimates has an error of its own.
    """
    if cells.impressions is None or "country" not in cells.frame:
        return ServingCheck()
    fit = fitted.headline
    rows = fitted.rows[fit.keep]
    shares = impression_shares(cells)[rows]
    rates = np.clip(fit.sample.outcome, 0.0, 1.0)
    coefficients = effect_coefficients(fit)
    found = find_serving_gamma(estimate.effect, rates, shares, coefficients, interval=estimate.interval(level))
    raw = alike = None
    gap = gap_error = seen = None
    if cells.served is not None:
        served_fit, raw_fit = _with_audiences_alike(fit, cells.served, rows)
        raw, alike = raw_fit.estimate(fitted.estimand), served_fit.estimate(fitted.estimand)
        scored = [(one, one.scores(fitted.estimand)) for one in (served_fit, raw_fit)]
        gap, gap_error = compare_scores(scored, fitted.sample.assignment.block)
        sign = -1.0 if estimate.effect < 0 else 1.0
        seen = gamma_of_shift(-sign * gap, rates, shares, sign * coefficients)
    policy = _describe(cells, rows, raw, alike, (gap, gap_error), level)
    policy = replace(
        policy,
        gamma=found.gamma,
        gamma_limit=found.gamma_limit,
        gamma_any_policy=found.gamma_any_policy,
        gamma_seen=seen,
    )
    return ServingCheck(policy, (judge_serving(policy),), _alternatives(policy, alike))


def impression_shares(cells: Cells) -> FloatArray:
    """Share of each cell in the impressions of its title in the country, shape (m,), in (0, 1]."""
    counts = pd.Series(cells.impressions)
    totals = counts.groupby([cells.frame["title_id"].to_numpy(), cells.frame["country"].to_numpy()]).transform("sum")
    return np.asarray(counts / totals, dtype=np.float64)


def effect_coefficients(fit: DesignFit) -> FloatArray:
    """What one more take per impression in a cell adds to the effect of a fit, shape (n,); models held fixed."""
    assignment = fit.sample.assignment
    weights, t = assignment.weights, assignment.treatment
    expected = np.median([one.treatment for one in fit.repetitions], axis=0)
    if fit.is_binary and fit.design != "within":
        treated, control = weights * t / expected, weights * (1 - t) / (1 - expected)
        return np.asarray(treated / treated.sum() - control / control.sum())
    left = t - expected
    if fit.design == "within":
        left = left - title_means(left, assignment.title, weights)
    return np.asarray(weights * left / float(weights @ left**2))


def _with_audiences_alike(fit: DesignFit, served: ServedCells, rows: np.ndarray) -> tuple[DesignFit, DesignFit]:
    """The headline's fit with the rates of one audience, and with those as shown, both with the former's weights."""
    weights = served.weights[rows] / served.weights[rows].mean()
    assignment = replace(fit.sample.assignment, weights=weights)
    rate = served.rate[rows]
    added = rate - fit.sample.outcome
    level = np.full(len(rows), np.average(added, weights=weights))
    level = level if fit.design == "pooled" else title_means(added, assignment.title, weights)
    repetitions = tuple(
        replace(
            one,
            outcome=one.outcome + level,
            outcome_control=one.outcome_control + level,
            outcome_treated=one.outcome_treated + level,
        )
        for one in fit.repetitions
    )
    alike = replace(fit, sample=AnalysisSample(assignment, rate), repetitions=repetitions)
    return alike, replace(fit, sample=AnalysisSample(assignment, fit.sample.outcome))


def _describe(
    cells: Cells,
    rows: np.ndarray,
    raw: EffectEstimate | None,
    alike: EffectEstimate | None,
    gap: tuple[float | None, float | None],
    level: float,
) -> ServingPolicy:
    served = cells.served
    low, high = (None, None) if alike is None else alike.interval(level)
    raw_low, raw_high = (None, None) if raw is None else raw.interval(level)
    covered = information = clipped = None
    if served is not None and cells.impressions is not None:
        shown = cells.impressions[rows]
        covered = float(np.mean(served.covered_share[rows]))
        information = float(min(np.median(served.effective_impressions[rows] / shown), 1.0))
        clipped = float(np.average(served.clipped_share[rows], weights=shown))
    return ServingPolicy(
        method=None if served is None else served.method,
        audiences=() if served is None else served.audiences,
        effect=None if alike is None else alike.effect,
        std_error=None if alike is None else alike.std_error,
        low=low,
        high=high,
        raw_effect=None if raw is None else raw.effect,
        raw_std_error=None if raw is None else raw.std_error,
        raw_low=raw_low,
        raw_high=raw_high,
        gap=gap[0],
        gap_std_error=gap[1],
        covered_share=covered,
        information_share=information,
        clipped_share=clipped,
        gamma=None,
        gamma_limit=None,
        gamma_any_policy=None,
        gamma_seen=None,
    )


def _alternatives(policy: ServingPolicy, alike: EffectEstimate | None) -> tuple[NamedEstimate, ...]:
    if policy.method is None:
        return ()
    over = " and ".join(policy.audiences)
    words = (
        "Every showing is weighted by the inverse of its logged chance, the title's other artworks standing in where "
        "it was not shown."
        if policy.method == "doubly_robust"
        else f"Rates as if every artwork of a title had met the same mix of {over}."
    )
    return (NamedEstimate(SERVED_NAMES[policy.method], alike, words),)
