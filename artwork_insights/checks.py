"""How wrong one fitted hypothesis could be: diagnostics, placebo, robustness, evidence for each assumption."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from artwork_insights.catalog.columns import FEATURE_COLUMNS
from artwork_insights.design.assignment import Assignment
from artwork_insights.design.balance import BalanceRow, measure_balance
from artwork_insights.design.confounders import FloatArray, constant_blocks, title_means
from artwork_insights.design.overlap import Overlap, check_overlap
from artwork_insights.design.treatment_model import calibration_by_tenth, treatment_auc, treatment_variance_left
from artwork_insights.diagnostic import Diagnostic
from artwork_insights.effects.estimates import EffectEstimate, NuisanceQuality
from artwork_insights.effects.gap import check_agreement, describe_title_confounding
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.fitting import FittedHypothesis, outcome_is_by_title
from artwork_insights.sensitivity.assumptions import AssumptionEvidence, gather_evidence
from artwork_insights.sensitivity.interference import SiblingSlope, estimate_sibling_slope
from artwork_insights.sensitivity.observed_confounders import ConfounderStrength, measure_confounders
from artwork_insights.sensitivity.placebo import Placebo, placebo_diagnostic, placebo_within_titles
from artwork_insights.sensitivity.robustness import Robustness, robustness_of_residuals
from artwork_insights.study import Estimation, Hypothesis

LARGEST_SMD = 0.1
BLOCKING_SMD = 0.5
SMALLEST_VARIANCE_LEFT = 0.05


@dataclass(frozen=True, slots=True)
class Attack:
    """What the checks of one hypothesis found."""

    nuisance: NuisanceQuality
    overlap: Overlap | None
    balance: tuple[BalanceRow, ...]
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
    fit, assignment = fitted.headline, fitted.sample.assignment
    propensity = fit.repetitions[0].treatment
    trimmed = fit.is_binary and fit.design != "within"
    overlap = check_overlap(assignment, fit.propensity, settings.trim, eligible=fit.eligible) if trimmed else None
    balance = measure_balance(fit.sample.assignment, propensity) if trimmed else ()
    outcome, treatment = fitted.residuals()
    inner = fit.sample.assignment
    robustness = robustness_of_residuals(
        outcome,
        treatment,
        estimate.effect,
        estimate.std_error,
        estimate.degrees_of_freedom,
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
    diagnostics += [_judge_variance_left(nuisance.treatment_variance_left)] if fit.is_binary else []
    return Attack(nuisance, overlap, balance, placebo, robustness, evidence, design_gap, tuple(diagnostics))


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
        treatment_r2=None if is_propensity else _r2(assignment, assignment.treatment, nuisances.treatment, absorbed),
        outcome_r2=_r2(assignment, fit.sample.outcome, nuisances.outcome, absorbed),
        calibration=calibration_by_tenth(assignment, nuisances.treatment) if is_propensity else (),
        treatment_settings=fit.settings.treatment.as_dict(),
        outcome_settings=fit.settings.outcome.as_dict(),
        treatment_variance_left=treatment_variance_left(assignment, nuisances.treatment),
    )


def _is_face_feature(name: str) -> bool:
    return name in FEATURE_COLUMNS and FEATURE_COLUMNS[name].face_role == "derived"


def _r2(assignment: Assignment, target: FloatArray, prediction: FloatArray, absorbed: bool) -> float:
    weights = assignment.weights
    if absorbed:
        means = title_means(np.column_stack([target, prediction]), assignment.title, weights)
        target, prediction = target - means[:, 0], prediction - means[:, 1]
    spread = np.average((target - np.average(target, weights=weights)) ** 2, weights=weights)
    return float(1 - np.average((target - prediction) ** 2, weights=weights) / spread) if spread > 0 else 0.0


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
        return check_agreement(fitted.fits["mundlak"], fitted.fits["within"], fitted.sample.assignment.title)
    sentence = "Only one design is identified, so it cannot be held against another."
    return Diagnostic("design_gap", None, None, None, sentence)


def _title_confounding(fitted: FittedHypothesis) -> Diagnostic:
    if {"mundlak", "pooled"} <= set(fitted.fits):
        title = fitted.sample.assignment.title
        return describe_title_confounding(fitted.fits["pooled"], fitted.fits["mundlak"], title)
    sentence = "Whether titles confound the comparison cannot be told here."
    return Diagnostic("title_confounding", None, None, None, sentence)


def _judge_balance(balance: tuple[BalanceRow, ...]) -> Diagnostic:
    worst = max(balance, key=lambda row: abs(row.smd_after))
    value = abs(worst.smd_after)
    passed = value <= LARGEST_SMD
    sentence = (
        f"After weighting, artworks with and without the component are alike in everything we adjust for "
        f"(largest difference {value:.2f} SD)."
        if passed
        else "After weighting, artworks with and without the component still differ in "
        f"{worst.confounder.replace('=', ' ')} by {value:.2f} SD."
    )
    return Diagnostic("balance", value, LARGEST_SMD, passed, sentence, blocking=value > BLOCKING_SMD)


def _judge_variance_left(left: float) -> Diagnostic:
    passed = left >= SMALLEST_VARIANCE_LEFT
    sentence = f"{left:.0%} of the component's variation is left after adjusting" + (
        "." if passed else ": the confounders nearly determine it (an embedding among them may encode it)."
    )
    return Diagnostic("treatment_variance_left", left, SMALLEST_VARIANCE_LEFT, passed, sentence)
