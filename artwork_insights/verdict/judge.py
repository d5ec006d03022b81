"""Judges one estimate by the rules: the word, the two axes and the reasons."""

from __future__ import annotations

import math
from collections.abc import Sequence

from artwork_insights.diagnostic import Diagnostic
from artwork_insights.effects.estimates import EffectEstimate
from artwork_insights.study.limits import VerdictLimits
from artwork_insights.verdict.actions import name_next_actions
from artwork_insights.verdict.answer import answer_question
from artwork_insights.verdict.case import Case, Surroundings, sort_checks
from artwork_insights.verdict.grounds import name_conditions, name_grounds
from artwork_insights.verdict.limits import hold_against_limits
from artwork_insights.verdict.verdict import Answer, Verdict, VerdictWord
from artwork_insights.verdict.words import NOT_TO_BE_READ, count_checks, say_answer


def judge(
    estimate: EffectEstimate,
    smallest_effect_of_interest: float | None,
    diagnostics: Sequence[Diagnostic],
    level: float = 0.95,
    *,
    limits: VerdictLimits | None = None,
    selected: bool = True,
    surroundings: Surroundings | None = None,
) -> Verdict:
    """Judge an estimate on two axes.

    *Answer*: ``practically_zero`` where the whole interval lies within plus or minus the smallest effect of interest;
    else ``positive`` or ``negative`` where the interval excludes zero; else ``undecided``. *Credibility*: ``low`` where
    a check failed that must hold, ``moderate`` where another one failed, or where what high credibility needs was not
    tried, else ``high``; what a failure does is said by `artwork_insights.verdict.rules`. The words: ``not_supported``
    under low credibility, whatever the number says; else ``inconclusive`` where undecided; ``supported_with_caveats``
    where answered and a check failed; ``supported`` otherwise.

    Parameters
    ----------
    estimate : EffectEstimate
        The headline.
    smallest_effect_of_interest : float or None
        In the outcome's unit, >= 0; None or 0 means that any effect matters.
    diagnostics : sequence of Diagnostic
        Every check that should count, those of the estimate included, most important first.
    level : float
        Of the interval that is read, in (0, 1).
    limits : VerdictLimits, optional
        Of the study file; the defaults without.
    selected : bool
        Whether the finding may answer beside the other questions of its study, see `false_coverage_levels`.
    surroundings : Surroundings, optional
        What the estimate is about, and what the next actions are made of.

    Returns
    -------
    Verdict
        Its reasons are: blocking failures, the answer, other failures, what could not be checked, how much was passed.
    """
    limits, around = limits or VerdictLimits(), surroundings or Surroundings()
    checks = hold_against_limits(diagnostics, limits)
    interval = estimate.interval(level)
    answer = answer_question(interval, smallest_effect_of_interest) if selected else "undecided"
    case = Case(
        estimate=estimate,
        smallest=smallest_effect_of_interest or 0.0,
        interval=interval,
        level=level,
        answer=answer,
        checks=sort_checks(checks, limits, is_rate=around.is_rate),
        values={check.name: (check.value, check.limit) for check in checks},
        surroundings=around,
    )
    credibility = case.checks.credibility
    return Verdict(
        word=choose_word(answer, credible=credibility != "low", caveats=bool(case.checks.caveats)),
        answer=answer,
        credible=credibility != "low",
        reasons=_reasons(case, checks, smallest_effect_of_interest),
        credibility=credibility,
        interval=interval if all(map(math.isfinite, interval)) else None,
        level=level,
        speaks_of=case.surroundings.speaks_of,
        carried_by=name_grounds(case),
        would_change=name_conditions(case),
        next_actions=name_next_actions(case),
    )


def _reasons(case: Case, checks: Sequence[Diagnostic], smallest: float | None) -> tuple[str, ...]:
    blocking, caveats = ([check.sentence for check in some] for some in (case.checks.blocking, case.checks.caveats))
    answered = (NOT_TO_BE_READ,) if blocking else say_answer(case.answer, case.interval, smallest)
    return tuple(dict.fromkeys((*blocking, *answered, *caveats, *count_checks(checks))))


def choose_word(answer: Answer, *, credible: bool, caveats: bool) -> VerdictWord:
    """Choose the word for an answer under a design."""
    if not credible:
        return "not_supported"
    if answer == "undecided":
        return "inconclusive"
    return "supported_with_caveats" if caveats else "supported"
