"""One hypothesis from cells to finding: effect, why, how wrong it could be, verdict, pictures."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from artwork_insights.design.overlap import Overlap
from artwork_insights.design.pairs import find_alike_pairs
from artwork_insights.effects.average import difference_in_means
from artwork_insights.effects.cells import Cells
from artwork_insights.effects.estimates import EffectEstimate
from artwork_insights.effects.forest.summary import summarise_forest
from artwork_insights.effects.groups import base_rate, group_effects_of
from artwork_insights.errors import NotIdentifiedError, TableError
from artwork_insights.inquiry.alternatives import alternative_estimates
from artwork_insights.inquiry.attack import attack
from artwork_insights.inquiry.fitting import (
    FittedHypothesis,
    fit_hypothesis,
    present_modifiers,
    with_popularity,
)
from artwork_insights.inquiry.levels import compare_arms, trace_doses
from artwork_insights.inquiry.why import answer_mediation, concerns, find_moderation
from artwork_insights.mechanisms.mediation import MediationResult
from artwork_insights.report.findings import Finding, PairPicture, Question
from artwork_insights.report.verdict import judge
from artwork_insights.sensitivity.e_value import EValue, e_value_of_difference
from artwork_insights.study import Estimation, Hypothesis, Mediation
from artwork_insights.wording import describe_component

NUMBER_OF_PAIRS = 6


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
    found = attack(
        fitted,
        estimate,
        hypothesis,
        question.component,
        settings,
        seed,
        outcome_words=phrase_outcome(outcome_column),
        has_countries="country" in cells.frame and outcome_column is None,
    )
    group_effects = group_effects_of(fit, fitted.estimand, question.effect_modifiers, level=settings.level)
    arms, no_arms = compare_arms(fitted, hypothesis, settings, seed)
    curve, no_curve = trace_doses(fitted, settings, seed)
    moderation, unmoderated = find_moderation(fitted, question.effect_modifiers)
    mediation, unmediated = _mediate(cells, hypothesis, mediations, settings, seed)
    base = base_rate(fit)
    labels = pd.DataFrame({name: list(column) for name, column in fit.sample.assignment.groups.items()})
    forest = None
    if settings.forest:
        smallest = hypothesis.smallest_effect_of_interest or 0.0
        forest = summarise_forest(
            fit, group_effects, labels, seed,
            component=question.component, smallest_effect=smallest, level=settings.level,
        )  # fmt: skip
    finding = Finding(
        question=question,
        verdict=judge(estimate, hypothesis.smallest_effect_of_interest, found.diagnostics, settings.level),
        base_rate=base,
        estimate=estimate,
        naive=difference_in_means(fitted.sample.assignment, fitted.sample.outcome),
        designs=fitted.named_designs(),
        design_gap=found.design_gap,
        alternatives=alternative_estimates(fitted, settings, seed),
        group_effects=group_effects,
        forest=forest,
        nuisance=found.nuisance,
        overlap=found.overlap,
        balance=found.balance,
        moderation=moderation,
        mediation=mediation,
        e_value=_e_value(estimate, base, settings.level) if outcome_column is None and fit.is_binary else None,
        robustness=found.robustness,
        placebo=found.placebo,
        assumptions=found.assumptions,
        diagnostics=found.diagnostics,
        warnings=fitted.assigned.warnings,
        left_out=(
            *fitted.assigned.left_out, *_estimand_sentence(fitted, found.overlap),
            *no_arms, *no_curve, *unmoderated, *unmediated,
        ),
        pairs=_pairs(cells, fitted, title_names),
        arms=arms,
        dose_response=curve,
    )  # fmt: skip
    return Inquiry(finding, estimated_cells(cells, fitted))


def _estimand_sentence(fitted: FittedHypothesis, overlap: Overlap | None) -> tuple[str, ...]:
    if overlap is not None:
        return (overlap.estimand_sentence,)
    if fitted.headline.eligible.all():
        return ()
    n_titles, n_all = fitted.headline.sample.assignment.n_titles, fitted.sample.assignment.n_titles
    return (f"The slope is over the {n_titles:,} of {n_all:,} titles whose artworks differ in the component.",)


def _mediate(
    cells: Cells, hypothesis: Hypothesis, mediations: Sequence[Mediation], settings: Estimation, seed: int
) -> tuple[tuple[MediationResult, ...], tuple[str, ...]]:
    found, reasons = [], []
    for mediation in mediations:
        if not concerns(mediation, hypothesis):
            continue
        try:
            found.append(answer_mediation(cells, mediation, hypothesis.confounders, settings, seed))
        except (NotIdentifiedError, TableError) as error:
            reasons.append(
                f"Whether {mediation.mediator} carries the effect of {mediation.treatment} is not known: {error}"
            )
    return tuple(found), tuple(reasons)


def _e_value(estimate: EffectEstimate, base: float, level: float) -> EValue | None:
    low, high = estimate.interval(level)
    try:
        return e_value_of_difference(estimate.effect, low, high, base)
    except NotIdentifiedError:
        return None


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


def _pairs(cells: Cells, fitted: FittedHypothesis, title_names: pd.Series) -> tuple[PairPicture, ...]:
    assignment = fitted.sample.assignment
    if not assignment.is_binary or fitted.headline.design == "pooled":
        return ()
    rows = fitted.rows
    frame = cells.frame.loc[rows, ["asset_id", "title_id"]].reset_index(drop=True)
    first = ~frame["asset_id"].duplicated().to_numpy()
    pairs = find_alike_pairs(
        frame["asset_id"][first],
        frame["title_id"][first],
        assignment.treatment[first] == 1,
        assignment.confounders.values[first],
        largest=NUMBER_OF_PAIRS,
    )
    impressions = np.ones(len(rows)) if cells.impressions is None else cells.impressions[rows]
    pooled = pd.DataFrame({"asset_id": frame["asset_id"], "n": impressions, "takes": impressions * cells.outcome[rows]})
    total = pooled.groupby("asset_id")[["n", "takes"]].sum()
    rate = total["takes"] / total["n"]
    counts = None if cells.impressions is None else total["n"]
    return tuple(
        PairPicture(
            title_id=pair.title_id,
            title=str(title_names.get(pair.title_id, pair.title_id)),
            treated_asset=pair.treated_asset,
            control_asset=pair.control_asset,
            treated_rate=float(rate[pair.treated_asset]),
            control_rate=float(rate[pair.control_asset]),
            treated_impressions=None if counts is None else int(counts[pair.treated_asset]),
            control_impressions=None if counts is None else int(counts[pair.control_asset]),
        )
        for pair in pairs
    )
