"""How wrong one fitted hypothesis could be: diagnostics, placebo, robustness, evidence for each assumption."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from artwork_insights.catalog.columns import FEATURE_COLUMNS
from artwork_insights.design.balance import LARGEST_SMD, BalanceRow, measure_balance
from artwork_insights.design.calibration import Calibration, judge_calibration, measure_calibration
from artwork_insights.design.confounders import FloatArray, constant_blocks
from artwork_insights.design.embedding_guard import TreatmentGuard, guard_treatment, judge_guard
from artwork_insights.design.missing import FEWEST_COMPARABLE_TITLES
from artwork_insights.design.overlap import Overlap, check_overlap
from artwork_insights.design.treatment_model import calibration_by_tenth, treatment_auc, treatment_variance_left
from artwork_insights.diagnostic import Diagnostic
from artwork_insights.effects.estimates import EffectEstimate, NuisanceQuality
from artwork_insights.effects.gap import check_agreement, describe_title_confounding
from artwork_insights.effects.quality import held_out_r2
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.fitting import FittedHypothesis, outcome_is_by_title
from artwork_insights.sensitivity.assumptions import AssumptionEvidence, gather_evidence
from artwork_insights.sensitivity.interference import SiblingSlope, estimate_sibling_slope
from artwork_insights.sensitivity.observed_confounders import ConfounderStrength, measure_confounders
from artwork_insights.sensitivity.placebo import Placebo, placebo_diagnostic, placebo_within_titles
from artwork_insights.sensitivity.robustness import Robustness, robustness_of_residuals
from artwork_insights.study import Estimation, Hypothesis, TrimRule

BLOCKING_SMD = 0.5


@dataclass(frozen=True, slots=True)
class Attack:
    """What the checks of one hypothesis found."""

    nuisance: NuisanceQuality
    overlap: Overlap | None
    balance: tuple[BalanceRow, ...]
    calibration: Calibration | None
    guard: TreatmentGuard
    placebo: Placebo | None
    robustness: Robustness
    assumptions: tuple[AssumptionEvidence, ...]
    design_gap: Diagnostic
    diagnostics: tuple[Diagnostic, ...]


def attack(
    fitted: FittedHypothesis,
    estimate: EffectEstimate,
    hypothesis: Hypothesis,
    component: str,
    settings: Estimation,
    seed: int,
    *,
    outcome_words: str = "how often people choose the title",
    has_countries: bool = True,
) -> Attack:
    """Run every check of one hypothesis; `diagnostics` holds those that the verdict counts, most important first."""
    fit = fitted.headline
    propensity = fit.repetitions[0].treatment
    titles_needed = titles_for_interval(estimate, hypothesis.smallest_effect_of_interest, settings.level)
    overlap, balance, calibration = check_comparison(fitted, settings.trim, component, titles_needed)
    guard = guard_treatment(fitted.sample.assignment.rows(fit.eligible), fit.design, seed=seed)
    outcome, treatment = fitted.residuals()
    inner = fit.sample.assignment
    robustness = robustness_of_residuals(
        outcome,
        treatment,
        estimate.effect,
        estimate.std_error,
        estimate.n_titles - 1,
        weights=inner.weights,
        alpha=1 - settings.level,
    )
    placebo = _placebo(fitted, outcome, settings, seed)
    design_gap = _design_gap(fitted)
    evidence = gather_evidence(
        component=component,
        overlap=overlap,
        robustness=robustness,
        design_gap=design_gap,
        observed_confounders=_confounder_strengths(fitted),
        siblings=_siblings(fitted),
        title_quality_known="popularity" in inner.confounders.blocks,
        is_detected=any(_is_face_feature(name) for name in hypothesis.expression.names),
        treatment_variance_left=treatment_variance_left(inner, propensity),
        outcome_words=outcome_words,
        is_binary=fit.is_binary,
        has_countries=has_countries,
        within_titles=fit.design != "pooled",
    )
    nuisance = measure_nuisances(fitted)
    diagnostics = [_identified(fitted), *(line.evidence for line in evidence), design_gap, _title_confounding(fitted)]
    diagnostics += [placebo_diagnostic(placebo)] if placebo is not None else []
    diagnostics += [_judge_balance(balance)] if balance else []
    diagnostics += [judge_calibration(calibration)] if calibration is not None else []
    diagnostics += [judge_guard(guard)] if fit.is_binary or guard.encoding else []
    return Attack(
        nuisance,
        overlap,
        balance,
        calibration,
        guard,
        placebo,
        robustness,
        evidence,
        design_gap,
        tuple(diagnostics),
    )


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
        assignment.treatment[usable], fit.propensity[usable], weights=assignment.weights[usable]
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


def _is_face_feature(name: str) -> bool:
    return name in FEATURE_COLUMNS and FEATURE_COLUMNS[name].face_role == "derived"


def _placebo(fitted: FittedHypothesis, outcome: FloatArray, settings: Estimation, seed: int) -> Placebo | None:
    assignment = fitted.headline.sample.assignment
    if fitted.headline.design == "pooled" or settings.placebo_draws == 0:
        return None
    try:
        return placebo_within_titles(
            outcome,
            assignment.treatment,
            assignment.asset,
            assignment.title,
            assignment.weights,
            draws=settings.placebo_draws,
            seed=seed,
        )
    except NotIdentifiedError:
        return None


def _siblings(fitted: FittedHypothesis) -> SiblingSlope | None:
    fit = fitted.fits.get("pooled")
    if fit is None or not fitted.sample.assignment.repeats_titles:
        return None
    assignment, nuisances = fit.sample.assignment, fit.repetitions[0]
    residual = fit.sample.outcome - nuisances.outcome_control
    try:
        return estimate_sibling_slope(
            residual, assignment.treatment, assignment.asset, assignment.title, assignment.weights
        )
    except NotIdentifiedError:
        return None


def _confounder_strengths(fitted: FittedHypothesis) -> tuple[ConfounderStrength, ...]:
    sample = fitted.headline.sample
    assignment = sample.assignment
    if not assignment.confounders.names:
        return ()
    confounders = assignment.confounders
    if fitted.headline.design != "pooled":  # what does not differ between the artworks of a title is swept out
        confounders = confounders.without(("country", *constant_blocks(confounders, assignment.title)))
    if not confounders.names:
        return ()
    return measure_confounders(
        sample.outcome,
        assignment.treatment,
        confounders.values,
        confounders.blocks,
        weights=assignment.weights,
        absorb=None if fitted.headline.design == "pooled" else assignment.title,
    )


def _identified(fitted: FittedHypothesis) -> Diagnostic:
    assignment = fitted.sample.assignment
    n_varying = len(np.unique(assignment.title[assignment.in_varying_title()]))
    share = n_varying / assignment.n_titles
    if fitted.headline.design != "pooled":
        sentence = f"{n_varying:,} of {assignment.n_titles:,} titles have artworks that differ in the component."
        return Diagnostic("identification", share, None, True, sentence)
    if n_varying and outcome_is_by_title(fitted.sample):
        sentence = (
            "All artworks of a title share one outcome, so an artwork cannot be told from its title: this is an "
            "association among titles, adjusted for what we know of them, and not an effect of the artwork."
        )
        return Diagnostic("identification", 0.0, None, False, sentence, blocking=True)
    sentence = (
        "No title has artworks that differ in the component, so an artwork cannot be told from its title: this is an "
        "association among titles, adjusted for what we know of them, and not an effect of the artwork."
        if n_varying == 0
        else f"Only {n_varying:,} of {assignment.n_titles:,} titles have artworks that differ in the component; the "
        "comparison is between titles, adjusted for what we know of them, and not inside them."
    )
    return Diagnostic("identification", share, None, False, sentence, blocking=True)


def _design_gap(fitted: FittedHypothesis) -> Diagnostic:
    if {"mundlak", "within"} <= set(fitted.fits):
        return check_agreement(fitted.fits["mundlak"], fitted.fits["within"], fitted.sample.assignment.block)
    sentence = "Only one design is identified, so it cannot be held against another."
    return Diagnostic("design_gap", None, None, None, sentence)


def _title_confounding(fitted: FittedHypothesis) -> Diagnostic:
    if {"mundlak", "pooled"} <= set(fitted.fits):
        blocks = fitted.sample.assignment.block
        return describe_title_confounding(fitted.fits["pooled"], fitted.fits["mundlak"], blocks)
    sentence = "Whether titles confound the comparison cannot be told here."
    return Diagnostic("title_confounding", None, None, None, sentence)


def _judge_balance(balance: tuple[BalanceRow, ...]) -> Diagnostic:
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
