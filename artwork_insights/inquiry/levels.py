"""How much of a component, for one fitted hypothesis: its arms against one another, and its dose-response."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from artwork_insights.effects.arm_effects import arm_effects_of
from artwork_insights.effects.arms import ArmEffects, cut_arms, encode_arms
from artwork_insights.effects.dose_response import DoseResponse, dose_response_of
from artwork_insights.effects.nuisances import fold_labels
from artwork_insights.effects.sample import AnalysisSample
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.inquiry.fitting import FittedHypothesis
from artwork_insights.study import Estimation, Hypothesis

MOST_VALUES_WITHOUT_A_CURVE = 10


def compare_arms(
    fitted: FittedHypothesis, hypothesis: Hypothesis, settings: Estimation, seed: int
) -> tuple[ArmEffects | None, tuple[str, ...]]:
    """All contrasts of the arms that a hypothesis asks for, under the headline's design; and what was left out."""
    if hypothesis.arms is None:
        return None, ()
    sample, treatment = fitted.sample, fitted.sample.assignment.treatment
    cut = cut_arms(treatment, hypothesis.arms)
    kept = np.asarray(cut.codes >= 0)
    below = len(np.unique(sample.assignment.asset[~kept]))
    notes = (f"{below:,} artworks lie below the first arm, {hypothesis.arms[0]:g}, and are in none.",) if below else ()
    folds = fold_labels(sample, settings.folds, settings.repeats, np.random.default_rng(seed))
    try:
        code, names = encode_arms(cut[kept], None)
        inner = sample.rows(kept)
        assignment = replace(inner.assignment, treatment=code.astype(np.float64))
        effects = arm_effects_of(
            AnalysisSample(assignment, inner.outcome),
            names,
            fitted.headline.design,
            [labels[kept] for labels in folds],
            trim=settings.trim,
            level=settings.level,
            seed=seed,
            learner=settings.learner,
            outcome_settings=fitted.headline.settings.outcome if fitted.headline.settings else None,
        )
    except NotIdentifiedError as error:
        return None, (*notes, f"The arms could not be compared: {error}")
    return effects, notes


def trace_doses(
    fitted: FittedHypothesis, settings: Estimation, seed: int
) -> tuple[DoseResponse | None, tuple[str, ...]]:
    """The curve of a feature of more than 10 values, under the headline's design; and why it could not be drawn."""
    sample, fit = fitted.sample, fitted.headline
    if fit.is_binary or len(np.unique(sample.assignment.treatment)) <= MOST_VALUES_WITHOUT_A_CURVE:
        return None, ()
    folds = fold_labels(sample, settings.folds, settings.repeats, np.random.default_rng(seed))
    try:
        curve = dose_response_of(
            sample, fit.design, folds, level=settings.level, seed=seed, learner=settings.learner, settings=fit.settings
        )
    except NotIdentifiedError as error:
        return None, (f"The curve of the effect over the amount could not be drawn: {error}",)
    return curve, ()
