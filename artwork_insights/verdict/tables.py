"""The rules as tables for the documentation, so that the page says what the code does."""

from __future__ import annotations

from collections.abc import Sequence

from artwork_insights.study.limits import VerdictLimits
from artwork_insights.verdict.rule import Need, Rule
from artwork_insights.verdict.rules import NEEDS, RULES, rule_of

SIDES = {"at_least": "at least", "at_most": "at most"}
OUTCOMES = {"all": "every outcome", "take_rates": "take rates"}


def rules_table() -> str:
    """Every rule as a row of Markdown: check, what failing does, default limit, what is severe, and why."""
    rows = [(f"`{rule.diagnostic}`", _effect(rule), _limit(rule), _severe(rule), rule.reason) for rule in RULES]
    return _table(("check", "failing it", "passes at (default)", "severe", "why"), rows)


def needs_table() -> str:
    """What high credibility needs as rows of Markdown."""
    rows = [(_checks(need), OUTCOMES[need.applies_to], need.reason) for need in NEEDS]
    return _table(("check, made when it is", "needed for", "why"), rows)


def _table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "".join(f"| {' | '.join(cells)} |\n" for cells in (names, ["---"] * len(names), *rows))


def _checks(need: Need) -> str:
    return " or ".join(f"`{name}` {rule_of(name).made_when}" for name in need.checks)


def _effect(rule: Rule) -> str:
    return "changes the answer" if rule.axis == "answer" else rule.effect_when_failed


def _limit(rule: Rule) -> str:
    if rule.limit is None:
        return "its own"
    words = VerdictLimits.model_fields[rule.diagnostic].description
    side = "at most" if rule.side is None else SIDES[rule.side]
    return f"{'its own; for the size ' if rule.limits_size else ''}{side} {rule.limit:g} ({words})"


def _severe(rule: Rule) -> str:
    beyond = "below" if rule.side == "at_least" else "above"
    if rule.severe_times is not None:
        return f"{beyond} {rule.severe_times:g} times its own limit"
    return "–" if rule.severe_at is None else f"{beyond} {rule.severe_at:g}"
