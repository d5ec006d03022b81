"""The opening of a report: what was studied in one line, and three sentences without statistics."""

from __future__ import annotations

from artwork_insights.report.advice import advise, groups_that_differ, is_alike, modifiers_of, strongest_groups
from artwork_insights.report.findings import Finding, StudyResult
from artwork_insights.report.numbers import count
from artwork_insights.report.sentences import capitalised, in_words, join_words, subject

MOST_NAMES = 3


def studied(result: StudyResult) -> str:
    """What was studied, in one line."""
    parts = [f"{count(result.n_assets)} artworks of {count(result.n_titles)} titles"]
    if result.n_impressions is not None:
        parts.append(f"{count(result.n_impressions)} impressions")
    if result.n_countries is not None:
        parts.append(f"{count(result.n_countries)} {'country' if result.n_countries == 1 else 'countries'}")
    return " · ".join(parts)


def opening(result: StudyResult) -> tuple[str, str, str]:
    """Three sentences: what to do, for whom it differs, and how sure we are and what is not known."""
    return _what_to_do(result), _for_whom(result), _how_sure(result)


def _subjects(findings: list[Finding]) -> list[str]:
    return [subject(finding.question) for finding in findings]


def _answered(result: StudyResult, answer: str) -> list[Finding]:
    return [f for f in result.findings if advise(f) != "unknown" and f.verdict.answer == answer]


def _what_to_do(result: StudyResult) -> str:
    parts = []
    if use := _answered(result, "positive"):
        parts.append(f"use artwork with {join_words(_subjects(use))}")
    if avoid := _answered(result, "negative"):
        parts.append(f"avoid {join_words(_subjects(avoid), 'or')}")
    if spare := _answered(result, "practically_zero"):
        parts.append(f"do not count on {join_words(_subjects(spare), 'or')} to make a difference")
    if not parts:
        return "Change nothing on the strength of this study yet: none of its questions has an answer to act on."
    return f"{capitalised('; '.join(parts))}."


def _for_whom(result: StudyResult) -> str:
    answered = _answered(result, "positive") + _answered(result, "negative")
    if not answered:
        return "For whom it would differ cannot be told before there is a main answer."
    if not any(finding.group_effects for finding in answered):
        return "Whether it differs from one group to another was not asked."
    parts = [part for finding in answered for part in _differences(finding)]
    if not parts:
        names = dict.fromkeys(in_words(name) for finding in answered for name in modifiers_of(finding))
        return f"We saw no clear difference by {join_words(list(names), 'or')}."
    return f"{capitalised('; '.join(parts))}."


def _differences(finding: Finding) -> list[str]:
    who = subject(finding.question)
    clauses: list[str] = []
    same: list[str] = []
    for modifier in modifiers_of(finding):
        strongest = strongest_groups(finding, modifier)[:MOST_NAMES]
        other = [group for groups in groups_that_differ(finding, modifier).values() for group in groups][:MOST_NAMES]
        if is_alike(finding, modifier) or not (strongest or other):
            same.append(in_words(modifier))
            continue
        verb = "works best" if finding.verdict.answer == "positive" else "does most harm"
        most = f"{verb} in {join_words([group.group for group in strongest])}" if strongest else ""
        least = f"shows no such effect in {join_words([group.group for group in other], 'or')}" if other else ""
        clauses.append(join_words([part for part in (most, least) if part], "but"))
    if not clauses:
        return []
    ending = f", and hardly differs by {join_words(same, 'or')}" if same else ""
    return [f"{who} {join_words(clauses)}{ending}"]


def _how_sure(result: StudyResult) -> str:
    words = {finding.question.name: finding.verdict.word for finding in result.findings}
    firm = [f for f in result.findings if words[f.question.name] == "supported"]
    caveats = [f for f in result.findings if words[f.question.name] == "supported_with_caveats"]
    unknown = [f for f in result.findings if advise(f) == "unknown"]
    parts = []
    if firm:
        parts.append(f"on {join_words(_subjects(firm))} the checks held")
    if caveats:
        parts.append(f"on {join_words(_subjects(caveats))} the answer stands with caveats")
    still = [*_subjects(unknown), *(subject(refused.question) for refused in result.refused)]
    if still:
        parts.append(f"what {join_words(still, 'or')} does is not known yet")
    parts.append("something that nobody measured could still play a part")
    return f"{capitalised('; '.join(parts[:-1]))}; and {parts[-1]}." if len(parts) > 1 else f"{capitalised(parts[0])}."
