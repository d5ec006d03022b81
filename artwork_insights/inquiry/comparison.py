"""The comparison itself, of one fitted hypothesis: overlap, balance, calibration, and the quality of the models."""

from __future__ import annotations

import math

from artwork_insights.design.balance import LARGEST_SMD, BalanceRow, measure_balance
from artwork_insights.design.calibration import Calibration, measure_calibration
from artwork_insights.design.missing import FEWEST_COMPARABLE_TITLES
from artwork_insights.design.overlap import Overlap, check_overlap
from artwork_insights.design.treatment_model import calibration_by_tenth, treatment_auc, treatment_variance_left
from artwork_insights.diagnostic import Diagnostic
from artwork_insights.effects.estimates import EffectEstimate, NuisanceQuality
from artwork_insights.effects.quality import held_out_r2
from artwork_insights.inquiry.fitting import FittedHypothesis
from artwork_insights.study import TrimRule

BLOCKING_SMD = 0.5


def check_comparison(
    fitted: FittedHypothesis, trim: TrimRule, component: str, titles_needed: int
) -> tuple[Overlap | None, tuple[BalanceRow, ...], Calibration | None]:
    """Overlap, balance and calibration of the headline, where it has a propensity."""
    fit, assignment = fitted.headline, fitted.sample.assignment
    if not fit.is_binary or fit.design == "within":
        return None, (), None
    overlap = check_overlap(
        assignment.treatment,
        fit.propensity,
        groups=assignment.groups,
        clusters=assignment.title,
        weights=assignment.weights,
        trim=trim,
        assets=assignment.asset,
        component=component,
        titles_needed=titles_needed,
    )
    inner, propensity = fit.sample.assignment, fit.propensity[fit.keep]
    balance = measure_balance(
        inner.confounders,
        inner.treatment,
        weights=inner.weights,
        propensity=propensity,
        clusters=inner.title,
        estimand="ATE",
    )
    usable = fit.eligible
    calibration = measure_calibration(
        assignment.treatment[usable],
        fit.propensity[usable],
        weights=assignment.weights[usable],
        assets=assignment.asset[usable],
    )
    return overlap, balance, calibration


def titles_for_interval(estimate: EffectEstimate, smallest_effect: float | None, level: float) -> int:
    """Titles that a group needs for an interval no wider, on each side, than the smallest effect of interest.

    The headline's half-width shrinks with the square root of the number of titles, and a group's does as well; at
    least the 10 that any comparison needs, which is also the answer where no effect is named.
    """
    if not smallest_effect:
        return FEWEST_COMPARABLE_TITLES
    low, high = estimate.interval(level)
    needed = estimate.n_titles * ((high - low) / 2 / smallest_effect) ** 2
    return max(FEWEST_COMPARABLE_TITLES, math.ceil(needed)) if math.isfinite(needed) else FEWEST_COMPARABLE_TITLES


def measure_nuisances(fitted: FittedHypothesis) -> NuisanceQuality:
    """Quality of the headline's models for held-out titles.

    Where titles are absorbed, their own levels are taken out of target and prediction alike before R2 is measured.
    """
    fit = fitted.headline
    assignment, nuisances = fit.sample.assignment, fit.repetitions[0]
    absorbed = fit.design != "pooled"
    is_propensity = fit.is_binary and fit.design != "within"
    return NuisanceQuality(
        treatment_auc=treatment_auc(assignment, nuisances.treatment) if is_propensity else None,
        treatment_r2=None
        if is_propensity
        else held_out_r2(assignment, assignment.treatment, nuisances.treatment, absorbed=absorbed),
        outcome_r2=held_out_r2(assignment, fit.sample.outcome, nuisances.outcome, absorbed=absorbed),
        calibration=calibration_by_tenth(assignment, nuisances.treatment) if is_propensity else (),
        treatment_settings=fit.settings.treatment.as_dict() if fit.settings else {},
        outcome_settings=fit.settings.outcome.as_dict() if fit.settings else {},
        treatment_variance_left=treatment_variance_left(assignment, nuisances.treatment),
    )


def judge_balance(balance: tuple[BalanceRow, ...]) -> Diagnostic:
    """Hold the confounder that differs most after weighting against `LARGEST_SMD`; blocking above `BLOCKING_SMD`."""
    worst = max(balance, key=lambda row: row.size)
    passed = worst.size <= LARGEST_SMD
    sentence = (
        f"After weighting, artworks with and without the component are alike in everything we adjust for "
        f"(largest difference {worst.size:.2f} SD)."
        if passed
        else "After weighting, artworks with and without the component still differ in "
        f"{worst.confounder.replace('=', ' ')} by {worst.size:.2f} SD."
    )
    return Diagnostic("balance", worst.size, LARGEST_SMD, passed, sentence, blocking=worst.size > BLOCKING_SMD)
