"""The rules as tables for the documentation, so that the page says what the code does."""

from __future__ import annotations

from artwork_insights.study.limits import VerdictLimits
from artwork_insights.verdict.rules import NEEDS, RULES, Rule

SIDES = {"at_least": "at least", "at_most": "at most"}


def rules_table() -> str:
    """Every rule as a row of Markdown: check, what failing does, default limit with its unit, and why."""
    rows = [f"| `{rule.diagnostic}` | {_effect(rule)} | {_limit(rule)} | {rule.reason} |" for rule in RULES]
    return "\n".join(["| check | failing it | passes at (default) | why |", "|---|---|---|---|", *rows]) + "\n"


def needs_table() -> str:
    """What high credibility needs as rows of Markdown."""
    rows = []
    for need in NEEDS:
        checks = " or ".join(f"`{name}`" for name in need.checks)
        rows.append(f"| {checks} | {need.made_when} | {need.reason} |")
    return "\n".join(["| check | made when it is | why |", "|---|---|---|", *rows]) + "\n"


def _effect(rule: Rule) -> str:
    return "changes the answer" if rule.axis == "answer" else rule.effect_when_failed


def _limit(rule: Rule) -> str:
    if rule.limit is None:
        return "its own"
    words = VerdictLimits.model_fields[rule.diagnostic].description
    side = "at most" if rule.side is None else SIDES[rule.side]
    return f"{'its own; for the size ' if rule.limits_size else ''}{side} {rule.limit:g} ({words})"
