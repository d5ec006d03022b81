"""One estimate as the judge sees it: its checks sorted by what follows from them, its interval and its answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from artwork_insights.diagnostic import Diagnostic
from artwork_insights.effects.estimates import EffectEstimate
from artwork_insights.study.limits import VerdictLimits
from artwork_insights.verdict.rule import Need, Rule
from artwork_insights.verdict.rules import NEEDS, rule_of
from artwork_insights.verdict.verdict import Answer, Credibility


@dataclass(frozen=True, slots=True)
class SortedChecks:
    """The checks that speak to credibility, each kind in the order given.

    Attributes
    ----------
    blocking, caveats : tuple of Diagnostic
        Failed; the number says nothing, or it stands with a doubt.
    passed : tuple of Diagnostic
    of_size : tuple of Diagnostic
        Beyond the value up to which the size of the effect is relied on, passed or not.
    unmet : tuple of Need
        Of high credibility, for this outcome.
    """

    blocking: tuple[Diagnostic, ...]
    caveats: tuple[Diagnostic, ...]
    passed: tuple[Diagnostic, ...]
    of_size: tuple[Diagnostic, ...]
    unmet: tuple[Need, ...]

    @property
    def credibility(self) -> Credibility:
        """``low`` where something blocks, ``high`` where nothing failed, all needs are met and the size holds."""
        if self.blocking:
            return "low"
        return "moderate" if self.caveats or self.of_size or self.unmet else "high"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the estimate is about, and what the next actions are made of.

    Attributes
    ----------
    component : str
        In words, e.g. "a face".
    speaks_of : str
        Which artwork the answer is about, where it is not all of it.
    to_make : tuple of str
        What artwork to make, one sentence per group that lacks it, the largest group first.
    titles_to_test : tuple of str
        Titles with two artworks that are alike except for the component.
    base_rate : float or None
        Takes per impression without the component; None for an outcome that is no rate.
    is_rate : bool
        Whether the outcome is a take rate of a log, which was shown to somebody.
    """

    component: str = "the component"
    speaks_of: str = ""
    to_make: tuple[str, ...] = ()
    titles_to_test: tuple[str, ...] = ()
    base_rate: float | None = None
    is_rate: bool = True


@dataclass(frozen=True, slots=True)
class Case:
    """An estimate, what it is asked, and what was found about it.

    Attributes
    ----------
    estimate : EffectEstimate
    smallest : float
        Smallest effect of interest in the outcome's unit; 0 where any effect matters.
    interval : (float, float)
        What the answer was read from.
    level : float
        Of `interval`.
    answer : str
    checks : SortedChecks
    values : dict of str to (float or None, float or None)
        Value and limit of every check by name, also of those that only inform.
    surroundings : Surroundings
    """

    estimate: EffectEstimate
    smallest: float
    interval: tuple[float, float]
    level: float
    answer: Answer
    checks: SortedChecks
    values: dict[str, tuple[float | None, float | None]]
    surroundings: Surroundings


def sort_checks(diagnostics: Sequence[Diagnostic], limits: VerdictLimits, *, is_rate: bool = True) -> SortedChecks:
    """Sort the checks that speak to credibility by what their rules say follows.

    `is_rate` says whether the outcome is a take rate of a log; another one does not need what is about showings.
    """
    counted = [check for check in diagnostics if _counts(rule_of(check.name))]
    failed = [check for check in counted if check.passed is False]
    needs = [need for need in NEEDS if is_rate or need.applies_to != "take_rates"]
    return SortedChecks(
        blocking=tuple(check for check in failed if _blocks(check)),
        caveats=tuple(check for check in failed if not _blocks(check)),
        passed=tuple(check for check in counted if check.passed),
        of_size=tuple(check for check in counted if _is_beyond(check, limits)),
        unmet=tuple(need for need in needs if not any(_meets(check, need) for check in diagnostics)),
    )


def _counts(rule: Rule) -> bool:
    return rule.axis == "credibility" and rule.effect_when_failed != "informs"


def _blocks(check: Diagnostic) -> bool:
    return check.blocking or rule_of(check.name).effect_when_failed == "blocks"


def _is_beyond(check: Diagnostic, limits: VerdictLimits) -> bool:
    rule = rule_of(check.name)
    if not rule.limits_size or check.value is None:
        return False
    return rule.size_of(check.value) > float(getattr(limits, check.name))


def _meets(check: Diagnostic, need: Need) -> bool:
    return check.name in need.checks and rule_of(check.name).is_made(check)
