"""How wrong one fitted hypothesis could be: diagnostics, placebo, robustness, evidence for each assumption."""

from __future__ import annotations

from dataclasses import dataclass

from artwork_insights.catalog.columns import FEATURE_COLUMNS
from artwork_insights.design.balance import BalanceRow
from artwork_insights.design.calibration import Calibration, judge_calibration
from artwork_insights.design.confounders import FloatArray, constant_blocks
from artwork_insights.design.embedding_guard import TreatmentGuard, guard_treatment, judge_guard
from artwork_insights.design.overlap import Overlap
from artwork_insights.design.treatment_model import treatment_variance_left
from artwork_insights.diagnostic import Diagnostic
from artwork_insights.effects.estimates import EffectEstimate, NuisanceQuality
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.inquiry.comparison import check_comparison, judge_balance, measure_nuisances, titles_for_interval
from artwork_insights.inquiry.fitting import FittedHypothesis
from artwork_insights.inquiry.identification import compare_designs, judge_identification, tell_title_confounding
from artwork_insights.sensitivity.assumptions import AssumptionEvidence, gather_evidence
from artwork_insights.sensitivity.interference import SiblingSlope, estimate_sibling_slope
from artwork_insights.sensitivity.observed_confounders import ConfounderStrength, measure_confounders
from artwork_insights.sensitivity.placebo import Placebo, placebo_diagnostic, placebo_within_titles
from artwork_insights.sensitivity.robustness import Robustness, robustness_of_residuals
from artwork_insights.study import Estimation, Hypothesis


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
    design_gap = compare_designs(fitted)
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
    diagnostics = [
        judge_identification(fitted),
        *(line.evidence for line in evidence),
        design_gap,
        tell_title_confounding(fitted),
    ]
    diagnostics += [placebo_diagnostic(placebo)] if placebo is not None else []
    diagnostics += [judge_balance(balance)] if balance else []
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
