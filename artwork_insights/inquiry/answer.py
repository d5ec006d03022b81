"""One hypothesis from cells to finding: effect, why, how wrong it could be, verdict, pictures."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from artwork_insights.design.overlap import Overlap
from artwork_insights.effects.average import difference_in_means
from artwork_insights.effects.cells import Cells
from artwork_insights.effects.estimates import GroupEffect
from artwork_insights.effects.forest.fit import SMALLEST_NUMBER_OF_TITLES
from artwork_insights.effects.forest.summary import ForestSummary, summarise_forest
from artwork_insights.effects.groups import base_rate, group_effects_of
from artwork_insights.inquiry.attack import attack
from artwork_insights.inquiry.conclude import tell_slope
from artwork_insights.inquiry.detector import examine_detector
from artwork_insights.inquiry.detector_cells import DetectorInput
from artwork_insights.inquiry.fitting import (
    FittedHypothesis,
    fit_hypothesis,
    present_modifiers,
    with_popularity,
)
from artwork_insights.inquiry.levels import compare_arms, trace_doses
from artwork_insights.inquiry.mechanisms import find_mechanisms
from artwork_insights.inquiry.pairs import show_pairs
from artwork_insights.inquiry.refits import Remaker
from artwork_insights.inquiry.responders import find_moderation
from artwork_insights.inquiry.serving import check_serving
from artwork_insights.inquiry.stress import stress_hypothesis
from artwork_insights.report.findings import Finding, Question
from artwork_insights.study import Checks, Estimation, FeatureChange, Hypothesis, Mediation
from artwork_insights.verdict.verdict import NOT_JUDGED
from artwork_insights.wording import describe_component

NO_FOREST = (
    f"No causal forest was grown: that needs {SMALLEST_NUMBER_OF_TITLES} titles and an effect modifier that varies."
)


@dataclass(frozen=True, slots=True)
class Inquiry:
    """A finding and the very cells that it speaks of.

    Attributes
    ----------
    finding : Finding
    cells : DataFrame
        ``asset_id``, ``country`` where there is one, ``weight``, and the group labels, one row per cell estimated.
    """

    finding: Finding
    cells: pd.DataFrame


def seed_of(study_seed: int, name: str) -> int:
    """Seed of one hypothesis: adding a hypothesis does not change the numbers of the others."""
    return int.from_bytes(hashlib.sha256(f"{study_seed}/{name}".encode()).digest()[:4], "big") % 2**31


def phrase_outcome(outcome_column: str | None) -> str:
    """The outcome in words."""
    return "how often people choose the title" if outcome_column is None else f"the {outcome_column.replace('_', ' ')}"


def phrase_question(hypothesis: Hypothesis, cells: Cells, outcome_column: str | None) -> Question:
    """The hypothesis with its component in words."""
    component = describe_component(hypothesis.expression)
    outcome = phrase_outcome(outcome_column)
    return Question(
        name=hypothesis.name,
        statement=hypothesis.statement or f"Does {component} in the artwork change {outcome}?",
        source=hypothesis.source,
        treatment=hypothesis.treatment,
        component=component,
        is_binary=not hypothesis.expression.is_plain_feature or _is_truth(cells.frame, hypothesis.treatment),
        smallest_effect_of_interest=hypothesis.smallest_effect_of_interest,
        confounders=with_popularity(cells, hypothesis.confounders),
        effect_modifiers=present_modifiers(cells, hypothesis.effect_modifiers),
    )


def _is_truth(frame: pd.DataFrame, name: str) -> bool:
    return name in frame and bool(frame[name].dropna().isin([0, 1]).all())


def inquire(
    cells: Cells,
    hypothesis: Hypothesis,
    settings: Estimation,
    mediations: Sequence[Mediation],
    *,
    changes: Sequence[FeatureChange] = (),
    checks: Checks,
    detector: DetectorInput | None = None,
    study_seed: int,
    outcome_column: str | None,
    title_names: pd.Series,
) -> Inquiry:
    """Answer one hypothesis.

    Parameters
    ----------
    cells : Cells
    hypothesis : Hypothesis
    settings : Estimation
    mediations : sequence of Mediation
        Those of the study; the ones that concern this hypothesis are answered.
    changes : sequence of FeatureChange
        Those of the study; without any, the usual one of faces where it concerns this hypothesis.
    checks : Checks
        What must show nothing, and how often the estimate is made anew.
    detector : DetectorInput, optional
        What the study knows of the detector's errors.
    study_seed : int
    outcome_column : str or None
        Column of the titles that is the outcome; None for take rates.
    title_names : Series
        Name to show for each title_id.

    Raises
    ------
    NotIdentifiedError, TableError
        Where the data cannot answer, in one sentence.
    """
    seed = seed_of(study_seed, hypothesis.name)
    question = phrase_question(hypothesis, cells, outcome_column)
    fitted = fit_hypothesis(cells, hypothesis, settings, seed)
    fit = fitted.headline
    estimate = fit.estimate(fitted.estimand)
    detector_error = examine_detector(cells, hypothesis, fitted, estimate, detector, settings, seed)
    maker = Remaker(fitted, settings, seed)
    found = attack(
        maker, estimate, hypothesis, question.component,
        outcome_words=phrase_outcome(outcome_column), is_rate=outcome_column is None, detector=detector_error,
        has_countries="country" in cells.frame and outcome_column is None,
    )  # fmt: skip
    serving = check_serving(cells, fitted, estimate, settings.level)
    stress, stress_checks = stress_hypothesis(cells, hypothesis, maker, checks)
    found = replace(found, diagnostics=(*found.diagnostics, *serving.diagnostics, *stress_checks))
    group_effects = group_effects_of(fit, fitted.estimand, question.effect_modifiers, level=settings.level)
    arms, no_arms = compare_arms(fitted, hypothesis, settings, seed)
    curve, no_curve = trace_doses(fitted, settings, seed)
    moderation, unmoderated = find_moderation(fitted, question.effect_modifiers, settings.level)
    mediation, mechanisms, unmediated = find_mechanisms(fitted, cells, hypothesis, mediations, changes, settings, seed)
    base = base_rate(fit)
    forest, no_forest = _grow_forest(fitted, group_effects, hypothesis, question.component, settings, seed)
    finding = Finding(
        question=question,
        verdict=NOT_JUDGED,  # a verdict takes all findings of the study, and its limits: see `conclude`
        base_rate=base,
        estimate=estimate,
        naive=difference_in_means(fitted.sample.assignment, fitted.sample.outcome),
        designs=fitted.named_designs(),
        design_gap=found.design_gap,
        alternatives=serving.alternatives,
        group_effects=group_effects,
        forest=forest,
        nuisance=found.nuisance, overlap=found.overlap, balance=found.balance,
        moderation=moderation, mediation=mediation, mechanisms=mechanisms,
        e_value=found.e_value,
        robustness=found.robustness,
        placebo=found.placebo,
        assumptions=found.assumptions,
        diagnostics=found.diagnostics,
        warnings=fitted.assigned.warnings,
        left_out=(
            *fitted.assigned.left_out, *_estimand_sentence(fitted, found.overlap),
            *no_arms, *no_curve, *no_forest, *unmoderated, *unmediated,
        ),
        pairs=show_pairs(cells, fitted, title_names, seed, maker.matched),
        unseen=found.unseen,
        arms=arms, dose_response=curve, serving=serving.policy, stress=stress, detector=detector_error,
    )  # fmt: skip
    return Inquiry(finding, estimated_cells(cells, fitted))


def _grow_forest(
    fitted: FittedHypothesis,
    group_effects: tuple[GroupEffect, ...],
    hypothesis: Hypothesis,
    component: str,
    settings: Estimation,
    seed: int,
) -> tuple[ForestSummary | None, tuple[str, ...]]:
    """What a causal forest sees, or why there is none where the study asks for one."""
    if not settings.forest:
        return None, ()
    fit = fitted.headline
    labels = pd.DataFrame({name: list(column) for name, column in fit.sample.assignment.groups.items()})
    smallest = hypothesis.smallest_effect_of_interest or 0.0
    forest = summarise_forest(
        fit, group_effects, labels, seed, component=component, smallest_effect=smallest, level=settings.level
    )
    return forest, () if forest is not None else (NO_FOREST,)


def _estimand_sentence(fitted: FittedHypothesis, overlap: Overlap | None) -> tuple[str, ...]:
    if overlap is not None:
        return (overlap.estimand_sentence,)
    if fitted.headline.eligible.all():
        return ()
    n_titles, n_all = fitted.headline.sample.assignment.n_titles, fitted.sample.assignment.n_titles
    return (tell_slope(n_titles, n_all),)


def estimated_cells(cells: Cells, fitted: FittedHypothesis) -> pd.DataFrame:
    """The very cells that the headline speaks of: ``asset_id``, ``country``, ``weight`` and the group labels."""
    rows = fitted.rows[fitted.headline.keep]
    assignment = fitted.headline.sample.assignment
    columns = [name for name in ("asset_id", "country") if name in cells.frame]
    kept = cells.frame.loc[rows, columns].reset_index(drop=True)
    kept["weight"] = assignment.weights
    for name, labels in assignment.groups.items():
        kept[name] = list(labels)
    return kept
