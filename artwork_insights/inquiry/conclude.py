"""The verdicts of a study, made together: how many questions were asked decides how wide each answer must be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from artwork_insights.diagnostic import Diagnostic
from artwork_insights.report.findings import Finding
from artwork_insights.study import Study
from artwork_insights.study.limits import VerdictLimits
from artwork_insights.verdict.answer import error_of_answer, false_coverage_levels, level_of_look
from artwork_insights.verdict.case import Surroundings
from artwork_insights.verdict.judge import judge
from artwork_insights.verdict.limits import hold_against_limits

SLOPE_IS_OVER = "The slope is over the "
"""How the sentence of `tell_slope` begins, by which it is found again among what was left out."""


def conclude(findings: Sequence[Finding], study: Study, *, is_rate: bool) -> tuple[Finding, ...]:
    """Judge the findings of a study together, by its own limits.

    Intervals of the findings that answer keep the false coverage rate over all hypotheses with an estimate, and the
    rate itself is what is left of the error at this look at the data. `is_rate` says whether outcomes are take rates.
    """
    level = level_of_look(study.estimation.level, study.study.look)
    errors = [error_of_answer(f.estimate, f.question.smallest_effect_of_interest) for f in findings]
    levels = false_coverage_levels(errors, level)
    return tuple(
        _conclude_one(finding, own, selected, error, (len(findings), level), study.verdict, is_rate=is_rate)
        for finding, (own, selected), error in zip(findings, levels, errors, strict=True)
    )


def _conclude_one(
    finding: Finding,
    level: float,
    selected: bool,
    error: float,
    family: tuple[int, float],
    limits: VerdictLimits,
    *,
    is_rate: bool,
) -> Finding:
    finding = replace(finding, diagnostics=(*finding.diagnostics, *_quality(finding)))
    n_asked, of_study = family
    alone = n_asked == 1
    if not alone:
        check = _say_multiplicity(error, n_asked, level, of_study, selected=selected)
        finding = replace(finding, diagnostics=(*finding.diagnostics, check))
    verdict = judge(
        finding.estimate,
        finding.question.smallest_effect_of_interest,
        finding.diagnostics,  # as they came: the judge holds them against the limits, which must not happen twice
        level,
        limits=limits,
        selected=alone or selected,
        surroundings=_surroundings(finding, is_rate=is_rate),
    )
    return replace(_held(finding, limits), verdict=verdict)


def _held(finding: Finding, limits: VerdictLimits) -> Finding:
    """The finding with every check decided by the limits of the study, wherever it stands."""

    def decide(check: Diagnostic) -> Diagnostic:
        return hold_against_limits([check], limits)[0]

    return replace(
        finding,
        diagnostics=tuple(decide(check) for check in finding.diagnostics),
        design_gap=decide(finding.design_gap),
        assumptions=tuple(replace(line, evidence=decide(line.evidence)) for line in finding.assumptions),
    )


def _quality(finding: Finding) -> tuple[Diagnostic, ...]:
    """How good the model of the outcome is, and how many titles carry the estimate; decided by their limits."""
    found = []
    r2, titles = finding.nuisance.outcome_r2, finding.estimate.n_effective_titles
    if r2 is not None:
        words = f"The confounders predict {max(r2, 0.0):.0%} of the outcome's variance in titles not seen."
        found.append(Diagnostic("outcome_r2", r2, None, None, words))
    if titles is not None:
        words = f"The estimate rests on as much as {titles:,.0f} of {finding.estimate.n_titles:,} titles."
        found.append(Diagnostic("effective_titles", titles, None, None, words))
    return tuple(found)


def _say_multiplicity(error: float, n_asked: int, level: float, of_study: float, *, selected: bool) -> Diagnostic:
    name, limit = "multiplicity", 1 - of_study
    if selected:
        sentence = (
            f"{n_asked} questions were asked. The answer is read from a {100 * level:.3g} % interval, wide enough that "
            f"of the intervals that answer at most {100 * limit:.2g} in 100 miss."
        )
        return Diagnostic(name, error, 1 - level, True, sentence)
    if error <= limit:
        sentence = (
            f"Alone this question would have an answer; among the {n_asked} that were asked, one such answer is to be "
            "expected by chance, so that it does not count as one."
        )
        return Diagnostic(name, error, limit / n_asked, False, sentence)
    sentence = f"{n_asked} questions were asked; this one has no answer even when it is read alone."
    return Diagnostic(name, error, limit, None, sentence)


def _surroundings(finding: Finding, *, is_rate: bool) -> Surroundings:
    overlap = finding.overlap
    missing = () if overlap is None else sorted(overlap.missing, key=lambda group: -group.n_artworks)
    return Surroundings(
        component=finding.question.component,
        speaks_of=say_whose_effect(finding),
        to_make=tuple(f"{group.group}: {_lowered(group.advice)}" for group in missing),
        titles_to_test=tuple(pair.title for pair in finding.pairs if pair.control_title is None),
        base_rate=finding.base_rate if is_rate else None,
        is_rate=is_rate,
    )


def _lowered(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def tell_slope(n_titles: int, n_all: int) -> str:
    """Which titles a slope speaks of, where the design cannot use all of them; `say_whose_effect` finds it again."""
    return f"{SLOPE_IS_OVER}{n_titles:,} of {n_all:,} titles whose artworks differ in the component."


def say_whose_effect(finding: Finding) -> str:
    """Which artwork the answer is about, where trimming or the design left some out; empty where it is all of it."""
    overlap = finding.overlap
    if overlap is None:
        return next((line for line in finding.left_out if line.startswith(SLOPE_IS_OVER)), "")
    if overlap.n_after == overlap.n_before:
        return ""
    whole = [group.group for group in overlap.dropped if group.n_dropped == group.n_before]
    ending = f" Nothing of these is left: {', '.join(whole)}." if whole else ""
    return overlap.estimand_sentence + ending
