"""What a rule and a need are: the shape of the data that `artwork_insights.verdict.rules` holds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from artwork_insights.diagnostic import Diagnostic
from artwork_insights.study.limits import VerdictLimits

Axis = Literal["credibility", "answer"]
Effect = Literal["blocks", "caveat", "informs"]
Side = Literal["at_least", "at_most"]
Made = Literal["decided", "measured", "compared"]


@dataclass(frozen=True, slots=True)
class Rule:
    """What follows from one check.

    Attributes
    ----------
    diagnostic : str
        Name of the check.
    axis : {"credibility", "answer"}
        Side of the verdict that it speaks to.
    effect_when_failed : {"blocks", "caveat", "informs"}
    reason : str
        Why a failure has this effect, and why the default limit is what it is.
    side : {"at_least", "at_most"} or None
        On which side of its limit the check passes; None where the limit is the check's own and not a setting.
    severe_at : float or None
        Value beyond which, on the same side, a failure blocks; None where no value does it by itself.
    severe_times : float or None
        The same as a multiple of the check's own limit, where that comes from the data.
    made_when : {"decided", "measured", "compared"}
        What it takes for the check to be made: to have passed or failed, to have a value, or to have one and a limit
        to hold it against.
    unsettled : str
        What is not known while it could not be made; empty where that is no doubt.
    remedy : str
        What to do where it failed.
    passing_informs : bool
        Whether a value on the right side of the limit is information only, and not a check passed.
    is_relative : bool
        Whether the setting multiplies the check's own limit, which comes from the data.
    limits_size : bool
        Whether the setting is the largest value at which credibility is high, passed or not; beyond it only the
        direction is relied on.
    is_ratio : bool
        Whether the value is a multiple, so that half as large is as far from one as twice as large.
    """

    diagnostic: str
    axis: Axis
    effect_when_failed: Effect
    reason: str
    side: Side | None = None
    severe_at: float | None = None
    severe_times: float | None = None
    made_when: Made = "decided"
    unsettled: str = ""
    remedy: str = ""
    passing_informs: bool = False
    is_relative: bool = False
    limits_size: bool = False
    is_ratio: bool = False

    @property
    def limit(self) -> float | None:
        """The default limit, a key of ``[verdict]`` in the study file; None where there is no such key."""
        if self.side is None and not self.limits_size:
            return None
        return float(VerdictLimits.model_fields[self.diagnostic].default)

    def holds(self, value: float, limit: float) -> bool:
        """Whether a value lies on the side of a limit on which the check passes."""
        return value >= limit if self.side == "at_least" else value <= limit

    def severe_beyond(self, own_limit: float | None) -> float | None:
        """Value beyond which a failure blocks, for a check with this limit of its own; None where none does."""
        if self.severe_times is not None and own_limit is not None:
            return self.severe_times * own_limit
        return self.severe_at

    def size_of(self, value: float) -> float:
        """The value as `limits_size` counts it: a multiple by how far it is from one, another sign infinitely."""
        if not self.is_ratio:
            return value
        return max(value, 1 / value) if value > 0 else math.inf

    def is_made(self, check: Diagnostic) -> bool:
        """Whether a check of this rule was made."""
        return {
            "decided": check.passed is not None,
            "measured": check.value is not None,
            "compared": check.value is not None and check.limit is not None,
        }[self.made_when]


@dataclass(frozen=True, slots=True)
class Need:
    """What high credibility needs: one of some checks, made.

    Attributes
    ----------
    checks : tuple of str
        Names, one of which must have been made (`Rule.made_when`).
    unsettled : str
        What is not known without it.
    reason, remedy : str
        Why high credibility needs it, and how it comes about.
    applies_to : {"all", "take_rates"}
        Outcomes that it is needed for: all, or take rates of a log alone.
    """

    checks: tuple[str, ...]
    unsettled: str
    reason: str
    remedy: str
    applies_to: Literal["all", "take_rates"] = "all"
