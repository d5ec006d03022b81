"""For whom, for one hypothesis: effects that differ by group, or along a number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from artwork_insights.effects.cells import Cells
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.inquiry.fitting import FittedHypothesis
from artwork_insights.mechanisms.continuous_moderation import ContinuousModeration, moderate_continuous
from artwork_insights.mechanisms.moderation import Moderation, moderate

FEWEST_VALUES = 11
"""A number of this many values is also taken as one, beside its groups."""


def find_moderation(
    fitted: FittedHypothesis, modifiers: Sequence[str], level: float = 0.95
) -> tuple[tuple[Moderation, ...], tuple[str, ...]]:
    """Joint tests of effects that differ by modifier, on out-of-fold residuals; and why some could not be made."""
    outcome, treatment = fitted.headline.residuals()
    assignment = fitted.headline.sample.assignment
    found, reasons = [], []
    for modifier in modifiers:
        groups = assignment.groups.get(modifier)
        if groups is None:
            continue
        try:
            found.append(
                moderate(
                    outcome, treatment, groups,
                    clusters=assignment.block, weights=assignment.weights, modifier=modifier, level=level,
                )
            )  # fmt: skip
        except NotIdentifiedError as error:
            reasons.append(f"Whether the effect differs by {modifier} is not known: {error}")
    return tuple(found), tuple(reasons)


def find_continuous_moderation(
    fitted: FittedHypothesis,
    cells: Cells,
    modifiers: Sequence[str],
    level: float,
    slopes_at: Mapping[str, Sequence[float]] | None = None,
) -> tuple[tuple[ContinuousModeration, ...], tuple[str, ...]]:
    """Simple slopes and Johnson-Neyman regions along the modifiers that are numbers, on out-of-fold residuals.

    A modifier with values in `slopes_at` is taken as a number however few values it has.
    """
    wanted = slopes_at or {}
    numbers = [name for name in modifiers if name in cells.frame and _is_number(cells.frame[name], name in wanted)]
    reasons = [
        f"The effect at {', '.join(f'{value:g}' for value in values)} of {name} is not known: {name} is no column of "
        "numbers."
        for name, values in wanted.items()
        if name not in numbers
    ]
    if not numbers:
        return (), tuple(reasons)
    outcome, treatment = fitted.headline.residuals()
    assignment = fitted.headline.sample.assignment
    frame = cells.frame.loc[fitted.rows[fitted.headline.keep]]
    found = []
    for modifier in numbers:
        try:
            found.append(
                moderate_continuous(
                    outcome, treatment, frame[modifier].to_numpy(np.float64, na_value=np.nan),
                    clusters=assignment.block, weights=assignment.weights, values=wanted.get(modifier),
                    modifier=modifier, level=level,
                )
            )  # fmt: skip
        except NotIdentifiedError as error:
            reasons.append(f"How the effect changes along {modifier} is not known: {error}")
    return tuple(found), tuple(reasons)


def _is_number(column: pd.Series, is_wanted: bool) -> bool:
    numeric = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    return numeric and (is_wanted or column.nunique() >= FEWEST_VALUES)
