"""Checks held against the limits of the study."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from artwork_insights.diagnostic import Diagnostic
from artwork_insights.study.limits import VerdictLimits
from artwork_insights.verdict.rule import Rule
from artwork_insights.verdict.rules import rule_of


def hold_against_limits(diagnostics: Sequence[Diagnostic], limits: VerdictLimits) -> tuple[Diagnostic, ...]:
    """Decide anew the checks whose limit the study sets, those without a limit of their own, and what is severe.

    A check that failed or passed for a reason beside its value (too few rows, say) keeps its outcome, and one that only
    informs goes on doing so. Not to be applied twice: a setting that multiplies the check's own limit would count
    twice.
    """
    ruled = [(check, rule_of(check.name)) for check in diagnostics]
    return tuple(_weigh(_decide(check, rule, limits), rule, check.limit) for check, rule in ruled)


def _decide(check: Diagnostic, rule: Rule, limits: VerdictLimits) -> Diagnostic:
    if rule.side is None or check.value is None:
        return check
    setting = float(getattr(limits, rule.diagnostic))
    if check.limit is None:
        return check if rule.is_relative else _held(check, check.value, rule, setting)
    if rule.diagnostic not in limits.model_fields_set or (check.passed is None and not rule.passing_informs):
        return check
    if not rule.is_relative and check.limit != rule.limit:  # in another unit, as the overlap of what is no condition
        return check
    limit = setting * check.limit if rule.is_relative else setting
    if rule.holds(check.value, check.limit) == rule.holds(check.value, limit):
        return replace(check, limit=limit)
    held = _held(check, check.value, rule, limit)
    told = {True: "passed", False: "failed", None: "information"}[held.passed]
    sentence = f"{check.sentence} The study's own limit is {limit:.3g}, so that this counts as {told}."
    return replace(held, sentence=sentence, blocking=check.blocking and held.passed is False)


def _held(check: Diagnostic, value: float, rule: Rule, limit: float) -> Diagnostic:
    within = rule.holds(value, limit)
    return replace(check, limit=limit, passed=False if not within else None if rule.passing_informs else True)


def _weigh(check: Diagnostic, rule: Rule, own_limit: float | None) -> Diagnostic:
    """A failure is severe where its rule says so; where the rule names no value, where the check itself says so."""
    severe = rule.severe_beyond(own_limit)
    if severe is None or check.value is None:
        return check
    blocking = check.passed is False and not rule.holds(check.value, severe)
    return check if blocking == check.blocking else replace(check, blocking=blocking)
