"""An effect that does not go one way: where more of a component first helps and then harms, one slope says little."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from artwork_insights.effects.arms import ArmEffects
from artwork_insights.effects.estimates import EffectEstimate
from artwork_insights.report.findings import Finding


@dataclass(frozen=True, slots=True)
class Turning:
    """Arms whose effect rises and falls.

    Attributes
    ----------
    best : str or None
        The arm that does more than every other, told apart with all contrasts at once; None where none does.
    against : str
        The arm that `effect` is held against.
    effect : EffectEstimate or None
        Of the best arm; None where that is the first one.
    """

    best: str | None
    against: str
    effect: EffectEstimate | None


def find_turning(finding: Finding) -> Turning | None:
    """The turning of a credible finding; None where the arms are not known to both rise and fall.

    A step from one arm to the next counts where its simultaneous interval leaves out zero.
    """
    arms = finding.arms
    if arms is None or not finding.verdict.credible:
        return None
    steps = {_side(arms, after, before) for before, after in pairwise(arms.arms)}
    if not {-1, 1} <= steps:
        return None
    best = next(
        (arm for arm in arms.arms if all(_side(arms, arm, other) == 1 for other in arms.arms if other != arm)), None
    )
    effect = None if best in (None, arms.reference) else arms.contrast(best or "", arms.reference).estimate
    return Turning(best, arms.reference, effect)


def _side(arms: ArmEffects, arm: str, other: str) -> int:
    """1 where an arm does more than another, -1 where it does less, 0 where they are not told apart."""
    contrast = arms.contrast(arm, other)
    if contrast.simultaneous_interval is None:
        return 0
    low, high = contrast.simultaneous_interval
    side = 1 if low > 0 else -1 if high < 0 else 0
    return side if contrast.arm == arm else -side
