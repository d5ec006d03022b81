"""How wrong one fitted hypothesis could be: diagnostics, placebo, robustness, evidence for each assumption."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from artwork_insights.design.balance import BalanceRow
from artwork_insights.design.calibration import Calibration, judge_calibration
from artwork_insights.design.confounders import FloatArray
from artwork_insights.design.embedding_guard import TreatmentGuard, guard_treatment, judge_guard
from artwork_insights.design.overlap import Overlap
from artwork_insights.design.treatment_model import treatment_variance_left
from artwork_insights.diagnostic import Diagnostic
from artwork_insights.effects.estimates import EffectEstimate, NuisanceQuality
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.inquiry.comparison import check_comparison, judge_balance, measure_nuisances, titles_for_interval
from artwork_insights.inquiry.detector import check_detector, is_detected
from artwork_insights.inquiry.fitting import FittedHypothesis
from artwork_insights.inquiry.identification import compare_designs, judge_identification, tell_title_confounding
from artwork_insights.inquiry.refits import Remaker
from artwork_insights.inquiry.unseen import examine_unseen
from artwork_insights.sensitivity.assumptions import AssumptionEvidence, gather_evidence
from artwork_insights.sensitivity.detector.result import DetectorError
from artwork_insights.sensitivity.e_value import EValue
from artwork_insights.sensitivity.interference import SiblingSlope, estimate_sibling_slope
from artwork_insights.sensitivity.placebo import Placebo, placebo_diagnostic, placebo_within_titles
from artwork_insights.sensitivity.robustness import Robustness
from artwork_insights.sensitivity.unseen import UnseenConfounding
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
    unseen: UnseenConfounding
    e_value: EValue | None


def attack(
    maker: Remaker,
    estimate: EffectEstimate,
    hypothesis: Hypothesis,
    component: str,
    *,
    outcome_words: str = "how often people choose the title",
    has_countries: bool = True,
    is_rate: bool = True,
    detector: DetectorError | None = None,
) -> Attack:
    """Run every check of one hypothesis; `diagnostics` holds those that the verdict counts, most important first."""
    fitted, settings, seed = maker.fitted, maker.settings, maker.seed
    fit = fitted.headline
    propensity = fit.repetitions[0].treatment
    titles_needed = titles_for_interval(estimate, hypothesis.smallest_effect_of_interest, settings.level)
    overlap, balance, calibration = check_comparison(fitted, settings.trim, component, titles_needed)
    guard = guard_treatment(fitted.sample.assignment.rows(fit.eligible), fit.design, seed=seed)
    outcome, _ = fitted.headline.residuals()
    inner = fit.sample.assignment
    unseen = examine_unseen(maker, estimate, component, is_rate=is_rate)
    placebo = _placebo(fitted, outcome, settings, seed)
    design_gap = compare_designs(fitted)
    evidence = gather_evidence(
        component=component,
        overlap=overlap,
        robustness=unseen.robustness,
        design_gap=design_gap,
        observed_confounders=unseen.confounding.benchmarks,
        siblings=_siblings(fitted),
        std_error=estimate.std_error,
        detector=None if detector is None else detector.accuracy,
        is_detected=detector is not None or is_detected(hypothesis),
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
    diagnostics += check_detector(detector, estimate, component, settings.level)
    diagnostics += unseen.diagnostics
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
        unseen.robustness,
        evidence,
        design_gap,
        tuple(diagnostics),
        unseen.confounding,
        unseen.e_value,
    )


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
    shown = fitted.sample.assignment  # trimming leaves cells out of the comparison, not out of the title
    residual = np.full(len(shown.treatment), np.nan)
    residual[fit.keep] = fit.sample.outcome - fit.repetitions[0].outcome_control
    places = [place for place, block in enumerate(shown.confounders.blocks) if block == "popularity"]
    try:
        return estimate_sibling_slope(
            residual, shown.treatment, shown.asset, shown.title, shown.weights, compared=fit.keep,
            popularity=shown.confounders.values[:, places[0]] if places else None, country=shown.country,
        )  # fmt: skip
    except NotIdentifiedError:
        return None
