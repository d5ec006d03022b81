"""What a verdict says, in words."""

from __future__ import annotations

from collections.abc import Sequence

from artwork_insights.diagnostic import Diagnostic
from artwork_insights.verdict.rules import rule_of
from artwork_insights.verdict.verdict import Answer

ANSWERED = {
    "positive": "The component helps: the whole range of plausible effects lies above zero.",
    "negative": "The component hurts: the whole range of plausible effects lies below zero.",
    "practically_zero": "The component makes no difference worth acting on: every plausible effect is smaller than the "
    "smallest one that would matter.",
    "undecided": "The data do not settle it: helping and hurting are both still plausible.",
}
TOO_SMALL_STILL_PLAUSIBLE = "It may still be smaller than the smallest effect that would matter."
NOT_TO_BE_READ = "Until that is mended, the number says nothing about the component, whatever its size."
MORE_DATA = "More titles with artworks that differ in this component would narrow the answer."


def say_answer(
    answer: Answer, interval: tuple[float, float], smallest_effect_of_interest: float | None
) -> tuple[str, ...]:
    """The answer in a sentence, with what it leaves open."""
    sentences = [ANSWERED[answer]]
    threshold = smallest_effect_of_interest or 0.0
    nearest = min(abs(interval[0]), abs(interval[1]))
    if answer in ("positive", "negative") and nearest < threshold:
        sentences.append(TOO_SMALL_STILL_PLAUSIBLE)
    if answer == "undecided":
        sentences.append(MORE_DATA)
    return tuple(sentences)


def count_checks(diagnostics: Sequence[Diagnostic]) -> tuple[str, ...]:
    """What could not be checked, and how many checks were passed; a check that only informs leaves no doubt."""
    unknown = [rule_of(check.name).unsettled for check in diagnostics if is_unsettled(check)]
    decided = [check.passed for check in diagnostics if check.passed is not None]
    sentences = [f"Not settled by these data: {', '.join(dict.fromkeys(unknown))}."] if unknown else []
    if decided:
        sentences.append(f"{sum(decided)} of {len(decided)} checks were passed.")
    return tuple(sentences)


def is_unsettled(check: Diagnostic) -> bool:
    """Whether a check leaves a doubt that has a name; what only informs where it passes is none."""
    rule = rule_of(check.name)
    return check.passed is None and bool(rule.unsettled) and (check.value is None or not rule.passing_informs)
