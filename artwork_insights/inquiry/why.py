"""Why and for whom, for one fitted hypothesis: moderation on residuals, and mediation with boosted controls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from artwork_insights.catalog.columns import FEATURE_COLUMNS
from artwork_insights.design.assigning import check_roles, require_columns, require_numbers
from artwork_insights.design.confounders import FloatArray, add_title_means, encode_confounders
from artwork_insights.design.folds import assign_title_folds, encode_titles
from artwork_insights.design.learners import BoostingSettings, Features, Problem, cross_fit
from artwork_insights.effects.cells import Cells
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.expression import parse_expression
from artwork_insights.inquiry.fitting import FittedHypothesis, present_modifiers, with_popularity
from artwork_insights.mechanisms.mediation import MediationResult, mediate
from artwork_insights.mechanisms.moderation import Moderation, moderate
from artwork_insights.study import Estimation, Hypothesis, Mediation

PARTIALLING = BoostingSettings(max_depth=3, learning_rate=0.1, min_child_weight=20.0, rounds=100)


def find_moderation(
    fitted: FittedHypothesis, modifiers: Sequence[str]
) -> tuple[tuple[Moderation, ...], tuple[str, ...]]:
    """Joint tests of effects that differ by modifier, on out-of-fold residuals; and why some could not be made."""
    outcome, treatment = fitted.residuals()
    assignment = fitted.headline.sample.assignment
    found, reasons = [], []
    for modifier in modifiers:
        groups = assignment.groups.get(modifier)
        if groups is None:
            continue
        try:
            found.append(
                moderate(
                    outcome, treatment, groups, clusters=assignment.title, weights=assignment.weights, modifier=modifier
                )
            )
        except NotIdentifiedError as error:
            reasons.append(f"Whether the effect differs by {modifier} is not known: {error}")
    return tuple(found), tuple(reasons)


def concerns(mediation: Mediation, hypothesis: Hypothesis) -> bool:
    """Whether a mediation question belongs to a hypothesis: both speak of one feature."""
    return bool(set(parse_expression(mediation.treatment).names) & set(hypothesis.expression.names))


def answer_mediation(
    cells: Cells, mediation: Mediation, confounders: Sequence[str], settings: Estimation, seed: int
) -> MediationResult:
    """Ask whether a mediator carries the effect of a treatment, over the cells where the mediator is defined.

    Outcome, treatment and mediator are first cleared of the same confounders by cross-fitted boosted trees (titles
    absorbed where they have several artworks), so that Baron and Kenny's four regressions need no linear controls. The
    mediator is winsorised at its 1st and 99th percentiles: a few wrongly detected faces as large as the frame would
    otherwise decide the slope.

    Raises
    ------
    NotIdentifiedError, TableError
        Where it cannot be asked, in one sentence.
    """
    treatment = parse_expression(mediation.treatment)
    chosen = with_popularity(cells, mediation.confounders or tuple(confounders))
    check_roles(treatment, chosen)
    modifiers = present_modifiers(cells, ("country",))
    require_columns(cells.frame, treatment, chosen, has_embedding=cells.embedding is not None)
    require_columns(cells.frame, treatment, [mediation.mediator], has_embedding=False)
    require_numbers(cells.frame, mediation.mediator, "mediator")
    columns = {name: cells.frame[name].to_numpy(np.float64, na_value=np.nan) for name in treatment.names}
    dose = treatment.evaluate(columns)
    mediator = _within_percentiles(cells.frame[mediation.mediator].to_numpy(np.float64, na_value=np.nan))
    rows = np.isfinite(dose) & np.isfinite(mediator)
    if not rows.any() or np.ptp(dose[rows]) == 0 or np.ptp(mediator[rows]) == 0:
        raise NotIdentifiedError(f"{mediation.mediator} or {mediation.treatment} does not vary where both are defined.")
    names = [name for name in dict.fromkeys((*chosen, *modifiers)) if name not in ("embedding", mediation.mediator)]
    frame = cells.frame.loc[rows]
    title, weights = encode_titles(frame["title_id"]), cells.weights[rows] / cells.weights[rows].mean()
    encoded = encode_confounders(
        frame[names], cells.embedding[rows] if "embedding" in chosen and cells.embedding is not None else None
    )
    absorb = title if frame["asset_id"].nunique() > title.max() + 1 else None
    inputs = encoded if absorb is None else add_title_means(encoded, title, weights)
    folds = assign_title_folds(title, min(settings.folds, int(title.max()) + 1), np.random.default_rng(seed))

    features = Features(inputs.values)

    def cleared(values: FloatArray) -> FloatArray:
        problem = Problem(features, values, weights, "squared_error", absorb=absorb)
        return np.asarray(values - cross_fit(problem, folds, PARTIALLING, seed)[0])

    result = mediate(
        cleared(cells.outcome[rows]),
        cleared(dose[rows]),
        cleared(mediator[rows]),
        clusters=title,
        weights=weights,
        absorb=absorb,
        treatment_name=mediation.treatment,
        mediator_name=mediation.mediator,
        rule=f"{_where_defined(mediation.mediator)}; the outer hundredths of {mediation.mediator} are drawn in",
        level=settings.level,
        seed=seed,
        n_assets=int(frame["asset_id"].nunique()),
    )
    return replace(result, n_undefined=int((np.isfinite(dose) & ~np.isfinite(mediator)).sum()))


def _where_defined(mediator: str) -> str:
    column = FEATURE_COLUMNS.get(mediator)
    if column is not None and column.face_role == "derived":
        return "artworks with at least one face"
    return f"artworks where {mediator} is defined"


def _within_percentiles(values: FloatArray) -> FloatArray:
    if not np.isfinite(values).any():
        return values
    low, high = np.nanpercentile(values, (1, 99))
    return np.clip(values, low, high)
