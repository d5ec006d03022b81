"""Every mechanism of one hypothesis: what carries its effect, along what it changes, and moves that can be made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from artwork_insights.effects.cells import Cells
from artwork_insights.inquiry.clearing import Clearings
from artwork_insights.inquiry.fitting import FittedHypothesis, present_modifiers
from artwork_insights.inquiry.joint_changes import answer_joint_changes
from artwork_insights.inquiry.responders import find_continuous_moderation
from artwork_insights.inquiry.why import answer_mediations
from artwork_insights.mechanisms.paths import MediationResult
from artwork_insights.mechanisms.summary import Mechanisms
from artwork_insights.study import Estimation, FeatureChange, Hypothesis, Mediation


def find_mechanisms(
    fitted: FittedHypothesis,
    cells: Cells,
    hypothesis: Hypothesis,
    mediations: Sequence[Mediation],
    changes: Sequence[FeatureChange],
    settings: Estimation,
    seed: int,
) -> tuple[tuple[MediationResult, ...], Mechanisms, tuple[str, ...]]:
    """Mediation, the other mechanisms, and why some could not be found; columns are cleared once for all of them."""
    clearings = Clearings(cells, settings, seed)
    mediation, found, unmediated = answer_mediations(clearings, hypothesis, mediations)
    modifiers = present_modifiers(cells, hypothesis.effect_modifiers)
    moderation, unmoderated = find_continuous_moderation(fitted, cells, modifiers, settings.level, hypothesis.slopes_at)
    moves, unmoved = answer_joint_changes(clearings, hypothesis, changes)
    return (
        mediation,
        replace(found, moderation=moderation, joint_changes=moves),
        (*unmediated, *unmoderated, *unmoved),
    )
