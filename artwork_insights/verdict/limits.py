"""Checks held against the limits of the study."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from artwork_insights.diagnostic import Diagnostic
from artwork_insights.study.limits import VerdictLimits
from artwork_insights.verdict.rules import Rule, rule_of


def hold_against_limits(diagnostics: Sequence[Diagnostic], limits: VerdictLimits) -> tuple[Diagnostic, ...]:
    """Decide anew the checks whose limit the study sets, and those that come with a value and no limit of their own.

    A check that failed or passed for a reason beside its value (too few rows, say) keeps its outcome.
    """
    return tuple(_decide(check, rule_of(check.name), limits) for check in diagnostics)


def _decide(check: Diagnostic, rule: Rule, limits: VerdictLimits) -> Diagnostic:
    if rule.side is None or check.value is None:
        return check
    setting = float(getattr(limits, rule.diagnostic))
    if check.limit is None:
        return check if rule.is_relative else _held(check, check.value, rule, setting)
    if rule.diagnostic not in limits.model_fields_set:
        return check
    limit = setting * check.limit if rule.is_relative else setting
    if _lies_within(check.value, check.limit, rule) == _lies_within(check.value, limit, rule):
        return replace(check, limit=limit)
    held = _held(check, check.value, rule, limit)
    told = {True: "passed", False: "failed", None: "information"}[held.passed]
    sentence = f"{check.sentence} The study's own limit is {limit:.3g}, so that this counts as {told}."
    return replace(held, sentence=sentence, blocking=check.blocking and held.passed is False)


def _held(check: Diagnostic, value: float, rule: Rule, limit: float) -> Diagnostic:
    within = _lies_within(value, limit, rule)
    return replace(check, limit=limit, passed=False if not within else None if rule.passing_informs else True)


def _lies_within(value: float, limit: float, rule: Rule) -> bool:
    return value >= limit if rule.side == "at_least" else value <= limit
