"""The verdict: credibility of the design x answer to the question, by stated rules."""

from __future__ import annotations

from collections.abc import Sequence

from artwork_insights.diagnostic import Diagnostic
from artwork_insights.effects.estimates import EffectEstimate
from artwork_insights.report.findings import Answer, Verdict, VerdictWord

ANSWERED = {
    "positive": "The component helps: the whole range of plausible effects lies above zero.",
    "negative": "The component hurts: the whole range of plausible effects lies below zero.",
    "practically_zero": "The component makes no difference worth acting on: every plausible effect is smaller than the "
    "smallest one that would matter.",
    "undecided": "The data do not settle it: helping and hurting are both still plausible.",
}
TOO_SMALL_STILL_PLAUSIBLE = "It may still be smaller than the smallest effect that would matter."
NOT_TO_BE_READ = "Until that is mended, the number says nothing about the component, whatever its size."
UNSETTLED = {
    "measurement": "how exactly the component is measured",
    "overlap": "whether there is artwork to compare with",
    "interference": "whether artworks of a title affect each other",
    "no_interference": "whether artworks of a title affect each other",
    "unconfoundedness": "whether something unseen is behind it",
    "placebo_treatment": "whether chance is told from an effect",
    "design_gap": "whether another comparison agrees",
}
"""Checks that can be left open, in words; what any other one leaves open is information and no doubt."""
MORE_DATA = "More titles with artworks that differ in this component would narrow the answer."


def judge(
    estimate: EffectEstimate,
    smallest_effect_of_interest: float | None,
    diagnostics: Sequence[Diagnostic],
    level: float = 0.95,
) -> Verdict:
    """Judge an estimate on two axes.

    *Answer*: ``practically_zero`` where the whole interval lies within plus or minus the smallest effect of interest;
    else ``positive`` or ``negative`` where the interval excludes zero; else ``undecided``. *Credible*: no blocking
    diagnostic failed. The words: ``not_supported`` where a blocking diagnostic failed, whatever the number says;
    ``inconclusive`` where credible and undecided; ``supported_with_caveats`` where answered and another diagnostic
    failed; ``supported`` otherwise. A diagnostic whose `passed` is None decides nothing.

    Parameters
    ----------
    estimate : EffectEstimate
        The headline.
    smallest_effect_of_interest : float or None
        In the outcome's unit, >= 0; None or 0 means that any effect matters.
    diagnostics : sequence of Diagnostic
        Every check that should count, those of the estimate included, most important first.
    level : float
        Of the interval, in (0, 1).

    Returns
    -------
    Verdict
        Its reasons are: blocking failures, the answer, other failures, what could not be checked, how much was passed.
    """
    interval = estimate.interval(level)
    answer = answer_question(interval, smallest_effect_of_interest)
    blocking = [check.sentence for check in diagnostics if check.passed is False and check.blocking]
    caveats = [check.sentence for check in diagnostics if check.passed is False and not check.blocking]
    word = choose_word(answer, credible=not blocking, caveats=bool(caveats))
    answered = _say_answer(answer, interval, smallest_effect_of_interest) if not blocking else [NOT_TO_BE_READ]
    reasons = [*blocking, *answered, *caveats, *_count(diagnostics)]
    return Verdict(word, answer, not blocking, tuple(dict.fromkeys(reasons)))


def answer_question(interval: tuple[float, float], smallest_effect_of_interest: float | None) -> Answer:
    """Answer from an interval alone; an interval that only touches zero is undecided."""
    low, high = interval
    threshold = smallest_effect_of_interest or 0.0
    if threshold > 0 and -threshold <= low and high <= threshold:
        return "practically_zero"
    if low > 0:
        return "positive"
    return "negative" if high < 0 else "undecided"


def choose_word(answer: Answer, *, credible: bool, caveats: bool) -> VerdictWord:
    """Choose the word for an answer under a design."""
    if not credible:
        return "not_supported"
    if answer == "undecided":
        return "inconclusive"
    return "supported_with_caveats" if caveats else "supported"


def _say_answer(answer: Answer, interval: tuple[float, float], smallest_effect_of_interest: float | None) -> list[str]:
    sentences = [ANSWERED[answer]]
    threshold = smallest_effect_of_interest or 0.0
    nearest = min(abs(interval[0]), abs(interval[1]))
    if answer in ("positive", "negative") and nearest < threshold:
        sentences.append(TOO_SMALL_STILL_PLAUSIBLE)
    if answer == "undecided":
        sentences.append(MORE_DATA)
    return sentences


def _count(diagnostics: Sequence[Diagnostic]) -> list[str]:
    """What could not be checked, and how many checks were passed; two designs that agree are information."""
    unknown = [
        UNSETTLED[check.name]
        for check in diagnostics
        if check.passed is None and check.name in UNSETTLED and (check.value is None or check.name != "design_gap")
    ]
    decided = [check.passed for check in diagnostics if check.passed is not None]
    sentences = [f"Not settled by these data: {', '.join(dict.fromkeys(unknown))}."] if unknown else []
    if decided:
        sentences.append(f"{sum(decided)} of {len(decided)} checks were passed.")
    return sentences
