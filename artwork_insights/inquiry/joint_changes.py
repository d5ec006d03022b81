"""Changes of several features at once, for one hypothesis: from one combination of the catalogue to another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from artwork_insights.design.assigning import check_roles, require_columns, require_numbers
from artwork_insights.design.confounders import FloatArray
from artwork_insights.effects.cells import Cells
from artwork_insights.errors import NotIdentifiedError, TableError
from artwork_insights.expression import parse_expression
from artwork_insights.inquiry.clearing import ClearedCells, Clearings
from artwork_insights.inquiry.fitting import with_popularity
from artwork_insights.inquiry.why import within_percentiles
from artwork_insights.mechanisms.feature_surface import ClearedSurface, Surface
from artwork_insights.mechanisms.joint_change import FEWEST, JointChange, joint_change
from artwork_insights.study import FeatureChange, Hypothesis

COUNT, SIZE = "face_count", "face_area_share_mean"
MANY, FEW = 3, 1


def answer_joint_changes(
    clearings: Clearings, hypothesis: Hypothesis, asked: Sequence[FeatureChange]
) -> tuple[tuple[JointChange, ...], tuple[str, ...]]:
    """Answer the changes that concern a hypothesis, or the usual one of faces; and why some could not be."""
    questions = list(asked)
    if not questions:
        usual = typical_change(clearings.cells)
        questions = [] if usual is None else [usual]
    found, reasons = [], []
    for question in questions:
        if not set(question.features) & set(hypothesis.expression.names):
            continue
        try:
            found.append(_answer(clearings, question, hypothesis.confounders))
        except (NotIdentifiedError, TableError) as error:
            reasons.append(f"What a change of {' and '.join(question.features)} together does is not known: {error}")
    return tuple(found), tuple(reasons)


def typical_change(cells: Cells) -> FeatureChange | None:
    """From three small faces to one large: what artworks with three faces, and with one, typically look like.

    The sizes are the medians of the smaller half among artworks with three faces and of the larger half among those
    with one. None where a column is missing or fewer than twice the least number of artworks have three faces or one.
    """
    if COUNT not in cells.frame or SIZE not in cells.frame:
        return None
    artwork = cells.frame.drop_duplicates("asset_id")
    count = artwork[COUNT].to_numpy(np.float64, na_value=np.nan)
    size = artwork[SIZE].to_numpy(np.float64, na_value=np.nan)
    many, few = (size[(count == faces) & np.isfinite(size)] for faces in (MANY, FEW))
    if min(len(many), len(few)) < 2 * FEWEST:
        return None
    small, large = float(np.percentile(many, 25)), float(np.percentile(few, 75))
    return FeatureChange.model_validate({"from": {COUNT: MANY, SIZE: small}, "to": {COUNT: FEW, SIZE: large}})


def _answer(clearings: Clearings, asked: FeatureChange, confounders: Sequence[str]) -> JointChange:
    """One surface over the features, on columns cleared by boosted trees, titles absorbed."""
    cells = clearings.cells
    chosen = tuple(
        n for n in with_popularity(cells, asked.confounders or tuple(confounders)) if n not in asked.features
    )
    columns = {}
    for name in asked.features:
        treatment = parse_expression(name)
        check_roles(treatment, chosen)
        require_columns(cells.frame, treatment, chosen, has_embedding=cells.embedding is not None)
        require_numbers(cells.frame, name, "joint_change")
        values = cells.frame[name].to_numpy(np.float64, na_value=np.nan)
        whole = (values == np.round(values))[np.isfinite(values)].all()
        columns[name] = values if whole else within_percentiles(values)
    table = np.column_stack([*columns.values()])
    rows = np.isfinite(table).all(axis=1)
    if not rows.any():
        raise NotIdentifiedError(f"no artwork has all of {', '.join(columns)}.")
    cleared, inside = clearings.over(rows, chosen, apart=asked.features), table[rows]
    return joint_change(
        cleared.outcome,
        {name: inside[:, place] for place, name in enumerate(columns)},
        (asked.start, asked.to),
        clusters=cleared.title,
        weights=cleared.weights,
        absorb=cleared.absorb,
        cleared=_clear_surface(cleared, tuple(columns), inside),
        assets=cleared.frame["asset_id"].to_numpy(),
        level=clearings.settings.level,
    )


def _clear_surface(cleared: ClearedCells, names: tuple[str, ...], features: FloatArray) -> ClearedSurface:
    """Residuals of the features, their squares and products; then in standard deviations, as the surface asks."""
    surface = Surface.over(names, features)
    plain = np.column_stack([cleared.residual(np.ascontiguousarray(column)) for column in features.T])
    z = plain / surface.spread
    columns = []
    for i, j in surface.pairs:
        product = cleared.residual(features[:, i] * features[:, j])
        held = surface.centre[j] * plain[:, i] + surface.centre[i] * plain[:, j]
        columns.append((product - held) / (surface.spread[i] * surface.spread[j]))
    return ClearedSurface(cleared.residual(cleared.outcome), np.column_stack([z, *columns]))
