"""Why, for one hypothesis: mediation with boosted controls, natural effects, and how they bear an unseen cause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from artwork_insights.catalog.columns import FEATURE_COLUMNS
from artwork_insights.design.assigning import check_roles, require_columns, require_numbers
from artwork_insights.design.confounders import FloatArray, title_means
from artwork_insights.errors import NotIdentifiedError, TableError
from artwork_insights.expression import parse_expression
from artwork_insights.inquiry.clearing import PARTIALLING, ClearedCells, Clearings
from artwork_insights.inquiry.fitting import with_popularity
from artwork_insights.mechanisms.joint_mediation import JointMediation, mediate_jointly
from artwork_insights.mechanisms.mediation import mediate
from artwork_insights.mechanisms.mediation_sensitivity import RhoCurve, indirect_by_rho
from artwork_insights.mechanisms.natural_dml import natural_effects_dml
from artwork_insights.mechanisms.natural_effects import Cleared, natural_effects
from artwork_insights.mechanisms.natural_results import NaturalEffects
from artwork_insights.mechanisms.paths import MediationResult
from artwork_insights.mechanisms.summary import Mechanisms
from artwork_insights.study import Hypothesis, Mediation

DML_FOLDS = 3
"""Nested models are many: three folds keep a run short."""


@dataclass(frozen=True, slots=True)
class MediationAnswer:
    """One mediation question, answered in every way; `left_out` says what could not be."""

    mediation: tuple[MediationResult, ...]
    natural: tuple[NaturalEffects, ...]
    rho_curves: tuple[RhoCurve, ...]
    joint: JointMediation | None
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Question:
    """Cells, dose and mediators of a mediation question."""

    mediation: Mediation
    cleared: ClearedCells
    dose: FloatArray
    mediators: dict[str, FloatArray]
    n_undefined: int


def concerns(mediation: Mediation, hypothesis: Hypothesis) -> bool:
    """Whether a mediation question belongs to a hypothesis: both speak of one feature."""
    return bool(set(parse_expression(mediation.treatment).names) & set(hypothesis.expression.names))


def answer_mediations(
    clearings: Clearings, hypothesis: Hypothesis, mediations: Sequence[Mediation]
) -> tuple[tuple[MediationResult, ...], Mechanisms, tuple[str, ...]]:
    """Answer the mediation questions that concern a hypothesis; and why some could not be."""
    answers, reasons = [], []
    for mediation in mediations:
        if not concerns(mediation, hypothesis):
            continue
        try:
            answers.append(explore_mediation(clearings, mediation, hypothesis.confounders))
        except (NotIdentifiedError, TableError) as error:
            carriers = " and ".join(mediation.names)
            reasons.append(f"Whether {carriers} carries the effect of {mediation.treatment} is not known: {error}")
    mechanisms = Mechanisms(
        natural=tuple(one for answer in answers for one in answer.natural),
        rho_curves=tuple(one for answer in answers for one in answer.rho_curves),
        joint_mediation=tuple(answer.joint for answer in answers if answer.joint is not None),
    )
    reasons += [reason for answer in answers for reason in answer.left_out]
    return tuple(one for answer in answers for one in answer.mediation), mechanisms, tuple(reasons)


def explore_mediation(clearings: Clearings, mediation: Mediation, confounders: Sequence[str]) -> MediationAnswer:
    """Ask whether mediators carry the effect of a treatment, over the cells where they are defined.

    Outcome, treatment and mediators are first cleared of the same confounders by cross-fitted boosted trees (titles
    absorbed where they have several artworks), so that the regressions need no linear controls. Mediators are
    winsorised at their 1st and 99th percentiles: a few wrongly detected faces as large as the frame would otherwise
    decide the slope. Natural effects of a binary treatment come from double machine learning, of others from the
    linear form with an interaction, on the cleared columns.

    Raises
    ------
    NotIdentifiedError, TableError
        Where it cannot be asked, in one sentence.
    """
    level = clearings.settings.level
    question = _pose(clearings, mediation, confounders)
    found = tuple(_mediate(question, name, level) for name in mediation.names)
    natural, curves, reasons = [], [], []
    for name in mediation.names:
        try:
            natural.append(_natural(question, name, level))
            curves.append(_by_rho(question, name, level))
        except NotIdentifiedError as error:
            reasons.append(f"How much goes through {name} and how much past it is not known: {error}")
    joint = None
    if len(mediation.names) > 1:
        try:
            joint = _jointly(question, level)
        except NotIdentifiedError as error:
            reasons.append(f"What {' and '.join(mediation.names)} carry together is not known: {error}")
    return MediationAnswer(found, tuple(natural), tuple(curves), joint, tuple(reasons))


def _pose(clearings: Clearings, mediation: Mediation, confounders: Sequence[str]) -> _Question:
    cells, treatment = clearings.cells, parse_expression(mediation.treatment)
    chosen = with_popularity(cells, mediation.confounders or tuple(confounders))
    check_roles(treatment, chosen)
    require_columns(cells.frame, treatment, chosen, has_embedding=cells.embedding is not None)
    require_columns(cells.frame, treatment, mediation.names, has_embedding=False)
    dose = treatment.evaluate(
        {name: cells.frame[name].to_numpy(np.float64, na_value=np.nan) for name in treatment.names}
    )
    carriers = {}
    for name in mediation.names:
        require_numbers(cells.frame, name, "mediator")
        carriers[name] = within_percentiles(cells.frame[name].to_numpy(np.float64, na_value=np.nan))
    rows = np.isfinite(dose) & np.isfinite(np.column_stack([*carriers.values()])).all(axis=1)
    for name, values in {mediation.treatment: dose, **carriers}.items():
        if not rows.any() or np.ptp(values[rows]) == 0:
            raise NotIdentifiedError(
                f"{name} does not vary where {mediation.treatment} and {' and '.join(carriers)} are all defined."
            )
    cleared = clearings.over(rows, chosen, apart=mediation.names)
    inside = {name: values[rows] for name, values in carriers.items()}
    return _Question(mediation, cleared, dose[rows], inside, int((np.isfinite(dose) & ~rows).sum()))


def _mediate(question: _Question, name: str, level: float) -> MediationResult:
    cleared = question.cleared
    result = mediate(
        cleared.residual(cleared.outcome),
        cleared.residual(question.dose),
        cleared.residual(question.mediators[name]),
        clusters=cleared.title,
        weights=cleared.weights,
        absorb=cleared.absorb,
        treatment_name=question.mediation.treatment,
        mediator_name=name,
        rule=_rule(question),
        level=level,
        seed=cleared.seed,
        n_assets=cleared.n_assets,
    )
    return replace(result, n_undefined=question.n_undefined)


def _natural(question: _Question, name: str, level: float) -> NaturalEffects:
    """Natural effects: double machine learning for a treatment of 0 or 1, else the linear form between quartiles."""
    cleared, dose, mediator = question.cleared, question.dose, question.mediators[name]
    if np.isin(dose, (0.0, 1.0)).all():
        return _natural_dml(question, name, level)
    low, high = np.percentile(dose, (25, 75), method="nearest")
    ends = (float(low), float(high)) if low < high else (float(dose.min()), float(dose.max()))
    return natural_effects(
        cleared.outcome,
        dose,
        mediator,
        clusters=cleared.title,
        weights=cleared.weights,
        absorb=cleared.absorb,
        cleared=Cleared(*(cleared.residual(column) for column in (cleared.outcome, dose, mediator, dose * mediator))),
        levels=ends,
        treatment_name=question.mediation.treatment,
        mediator_name=name,
        rule=_rule(question),
        seed=cleared.seed,
        n_assets=cleared.n_assets,
        level=level,
    )


def _natural_dml(question: _Question, name: str, level: float) -> NaturalEffects:
    """Where titles have several artworks: those whose artworks differ in the treatment, each with its own level."""
    cleared, dose, mediator = question.cleared, question.dose, question.mediators[name]
    controls, rows = cleared.confounders.values, np.ones(len(dose), dtype=bool)
    if cleared.absorb is not None:
        means = title_means(np.column_stack([dose, mediator]), cleared.title, cleared.weights)
        controls = np.column_stack([controls, means])
        rows = (means[:, 0] > 0) & (means[:, 0] < 1)
        if not rows.any():
            raise NotIdentifiedError(f"no title has artworks with and without {question.mediation.treatment}.")
    result = natural_effects_dml(
        cleared.outcome[rows],
        dose[rows],
        mediator[rows],
        controls[rows],
        cleared.title[rows],
        weights=cleared.weights[rows],
        absorb=None if cleared.absorb is None else cleared.absorb[rows],
        folds=DML_FOLDS,
        settings=PARTIALLING,
        treatment_name=question.mediation.treatment,
        mediator_name=name,
        rule=_rule(question),
        seed=cleared.seed,
        n_assets=int(cleared.frame["asset_id"][rows].nunique()),
        level=level,
    )
    return replace(result, n_left_out=result.n_left_out + int((~rows).sum()))


def _by_rho(question: _Question, name: str, level: float) -> RhoCurve:
    cleared = question.cleared
    return indirect_by_rho(
        cleared.residual(cleared.outcome),
        cleared.residual(question.dose),
        cleared.residual(question.mediators[name]),
        clusters=cleared.title,
        weights=cleared.weights,
        absorb=cleared.absorb,
        treatment_name=question.mediation.treatment,
        mediator_name=name,
        seed=cleared.seed,
        level=level,
    )


def _jointly(question: _Question, level: float) -> JointMediation:
    cleared = question.cleared
    return mediate_jointly(
        cleared.residual(cleared.outcome),
        cleared.residual(question.dose),
        {name: cleared.residual(values) for name, values in question.mediators.items()},
        clusters=cleared.title,
        weights=cleared.weights,
        absorb=cleared.absorb,
        treatment_name=question.mediation.treatment,
        seed=cleared.seed,
        n_assets=cleared.n_assets,
        level=level,
    )


def _rule(question: _Question) -> str:
    named = " and ".join(question.mediators)
    faces = [FEATURE_COLUMNS[name].face_role == "derived" for name in question.mediators if name in FEATURE_COLUMNS]
    where = "artworks with at least one face" if any(faces) else f"artworks where {named} is defined"
    return f"{where}; the outer hundredths of {named} are drawn in"


def within_percentiles(values: FloatArray) -> FloatArray:
    """Values drawn in to their 1st and 99th percentiles; NaN stays."""
    if not np.isfinite(values).any():
        return values
    low, high = np.nanpercentile(values, (1, 99))
    return np.clip(values, low, high)
