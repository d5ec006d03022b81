"""What a verdict rests on, and what would change it, with the numbers that say how far it is from changing."""

from __future__ import annotations

import math

from artwork_insights.verdict.case import Case
from artwork_insights.verdict.rules import RULES
from artwork_insights.verdict.verdict import Statement

MOST_GROUNDS = 3
FARTHEST_NARROWING = 10.0
"""An interval that would have to be more than ten times narrower, with a hundred times the titles, is out of reach."""


def name_grounds(case: Case) -> tuple[Statement, ...]:
    """What carried the verdict: the failures that block, or the interval and the checks that held, in rule order."""
    if case.checks.blocking:
        return tuple(Statement(check.sentence) for check in case.checks.blocking)
    order = {rule.diagnostic: place for place, rule in enumerate(RULES)}
    held = sorted(case.checks.passed, key=lambda check: order.get(check.name, len(order)))
    return (*_ground_of_answer(case), *(Statement(check.sentence) for check in held[:MOST_GROUNDS]))


def _ground_of_answer(case: Case) -> tuple[Statement, ...]:
    if not all(map(math.isfinite, case.interval)):
        return ()
    name = f"The {100 * case.level:.3g} % interval, {{}} to {{}},"
    threshold = (-case.smallest, case.smallest)
    told = {
        "positive": (f"{name} lies above zero.", case.interval),
        "negative": (f"{name} lies below zero.", case.interval),
        "practically_zero": (f"{name} lies within {{}} to {{}}, where an effect makes no difference.",
                             (*case.interval, *threshold)),
        "undecided": (f"{name} does not settle the question.", case.interval),
    }[case.answer]  # fmt: skip
    return (Statement(*told),)


def name_conditions(case: Case) -> tuple[Statement, ...]:
    """What would change the verdict: another interval, a stronger unseen confounder, or a failed check that held."""
    found = [
        Statement(f"The comparison counts again once this holds: {_short(check.sentence)}")
        for check in case.checks.blocking
    ]
    if not case.checks.blocking:
        found += [*_other_interval(case), *_unseen_confounder(case), *_hidden_odds(case)]
    if case.checks.caveats:
        n = len(case.checks.caveats)
        failed = "The check" if n == 1 else f"The {n} checks"
        found.append(Statement(f"{failed} that failed would have to hold for the answer to stand without caveats."))
    found += [
        Statement(f"{check.sentence} Until an experiment settles it, only the direction of the effect is relied on.")
        for check in case.checks.of_size
        if not case.checks.blocking and check not in case.checks.caveats
    ]
    if case.checks.unmet:
        unknown = ", nor ".join(need.unsettled for need in case.checks.unmet)
        found.append(Statement(f"It is not known {unknown}; once it is, credibility can rise."))
    return tuple(found)


def _short(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def _other_interval(case: Case) -> list[Statement]:
    if not all(map(math.isfinite, case.interval)):
        return []
    low, high = case.interval
    if case.answer == "positive":
        return [Statement("The interval would have to reach down to zero; its nearer end is {} above.", (low,))]
    if case.answer == "negative":
        return [Statement("The interval would have to reach up to zero; its nearer end is {} below.", (high,))]
    if case.answer == "practically_zero":
        room = case.smallest - max(abs(low), abs(high))
        text = "The interval would have to reach an effect of {} or {}; there is room for a shift of {}."
        return [Statement(text, (-case.smallest, case.smallest, room))]
    times = narrowing_needed(case)
    if not 1 < times < FARTHEST_NARROWING:
        return []
    return [
        Statement(f"An interval {times:.1f} times narrower around the same effect, {{}}, would answer.",
                  (case.estimate.effect,))
    ]  # fmt: skip


def narrowing_needed(case: Case) -> float:
    """By how much the interval must shrink around the same effect before it answers, the easier way; 1 if it does."""
    half, effect = (case.interval[1] - case.interval[0]) / 2, abs(case.estimate.effect)
    reach = max(effect, case.smallest - effect)
    return max(1.0, half / reach) if reach > 0 and math.isfinite(half) else math.inf


def _unseen_confounder(case: Case) -> list[Statement]:
    value, strongest = case.values.get("unconfoundedness", (None, None))
    if value is None or case.answer not in ("positive", "negative"):
        return []
    against = "" if strongest is None else f"; one as strong as the strongest observed counts {strongest:.1%}"
    return [
        Statement(
            f"Something unseen that explains {value:.1%} of what is left of both the component and the outcome would "
            f"bring the effect to zero{against}."
        )
    ]


def _hidden_odds(case: Case) -> list[Statement]:
    gamma, _ = case.values.get("hidden_bias", (None, None))
    if gamma is None or not math.isfinite(gamma) or case.answer not in ("positive", "negative"):
        return []
    return [
        Statement(
            f"In pairs of alike artworks, something unseen that makes the component {gamma:.2f} times as likely, in "
            "odds, in one of the two would leave the effect in doubt."
        )
    ]
