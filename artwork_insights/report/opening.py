"""The opening of a report: what was studied in one line, and three sentences without statistics."""

from __future__ import annotations

from collections.abc import Sequence

from artwork_insights.effects.estimates import GroupEffect
from artwork_insights.report.advice import (
    advise,
    groups_that_differ,
    is_alike,
    is_tested,
    modifiers_of,
    strongest_groups,
)
from artwork_insights.report.findings import Finding, StudyResult
from artwork_insights.report.numbers import count
from artwork_insights.report.sentences import capitalised, in_words, join_words, subject
from artwork_insights.report.turning import find_turning
from artwork_insights.verdict.verdict import Answer

MOST_NAMES = 3
_APART: dict[Answer, str] = {
    "positive": "works the other way in",
    "negative": "works the other way in",
    "practically_zero": "makes no difference that matters in",
    "undecided": "is not clear in",
}


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
    return [
        subject(finding.question) if find_turning(finding) is None else f"the {in_words(finding.question.component)}"
        for finding in findings
    ]


def _answered(result: StudyResult, answer: str) -> list[Finding]:
    """Findings with this answer; one whose effect turns is told apart, by `_turning`."""
    return [
        f for f in result.findings if advise(f) != "unknown" and f.verdict.answer == answer and find_turning(f) is None
    ]


def _turning(finding: Finding) -> str:
    turning, component = find_turning(finding), in_words(finding.question.component)
    if turning is None:
        return ""
    if turning.best is None:
        return f"do not go by the {component} alone, which works one way at first and then the other"
    return f"with the {component}, aim for {turning.best}"


def _what_to_do(result: StudyResult) -> str:
    parts = []
    if use := _answered(result, "positive"):
        parts.append(f"use artwork with {join_words(_subjects(use))}")
    if avoid := _answered(result, "negative"):
        parts.append(f"avoid {join_words(_subjects(avoid), 'or')}")
    if spare := _answered(result, "practically_zero"):
        parts.append(f"do not count on {join_words(_subjects(spare), 'or')} to make a difference")
    parts += [text for finding in result.findings if (text := _turning(finding))]
    if not parts:
        return "Change nothing on the strength of this study yet: none of its questions has an answer to act on."
    return f"{capitalised('; '.join(parts))}."


def _for_whom(result: StudyResult) -> str:
    answered = _answered(result, "positive") + _answered(result, "negative")
    if not answered:
        return "For whom it would differ cannot be told before there is a main answer."
    if not any(finding.group_effects for finding in answered):
        return "Whether it differs from one group to another was not asked."
    parts = [part for finding in answered for part in _differences(finding, result.level)]
    if parts:
        return f"{capitalised('; '.join(parts))}."
    names = [name for finding in answered for name in modifiers_of(finding) if is_tested(finding, name)]
    if not names:
        return "Whether it differs from one group to another could not be tested."
    return f"We saw no clear difference by {join_words([in_words(name) for name in dict.fromkeys(names)], 'or')}."


def _differences(finding: Finding, level: float) -> list[str]:
    """What is said of the groups of one finding; only of modifiers whose joint test found a difference."""
    tested = [name for name in modifiers_of(finding) if is_tested(finding, name)]
    different = [name for name in tested if not is_alike(finding, name)]
    if not different:
        return []
    first, *further = (_clause(finding, name, level) for name in different)
    clauses = [first]
    for name, text in zip(different[1:], further, strict=True):
        by = f"by {in_words(name)}"
        clauses.append(f"{by} it {text.replace(f'differs {by}', 'differs')}")
    same = [in_words(name) for name in tested if name not in different]
    ending = f", with no clear difference by {join_words(same, 'or')}" if same else ""
    return [f"{subject(finding.question)} {', and '.join(clauses)}{ending}"]


def _clause(finding: Finding, modifier: str, level: float) -> str:
    verb = "works best" if finding.verdict.answer == "positive" else "does most harm"
    strongest = strongest_groups(finding, modifier, level)
    apart = groups_that_differ(finding, modifier, level)
    least = [f"{_APART[answer]} {_named(apart[answer])}" for answer in _APART if answer in apart]
    if not strongest and not least:
        return f"differs by {in_words(modifier)}, though no group stands out by itself"
    most = [f"{verb} in {_named(strongest)}"] if strongest else []
    return join_words([*most, join_words(least)] if least else most, "but")


def _named(groups: Sequence[GroupEffect]) -> str:
    names = [group.group for group in groups[:MOST_NAMES]]
    more = len(groups) - len(names)
    return join_words([*names, f"{more} more"] if more else names)


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
