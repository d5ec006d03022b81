"""What to do: the table *do / don't / don't know yet*, and which groups stand out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from artwork_insights.effects.estimates import GroupEffect
from artwork_insights.report.findings import Finding, StudyResult
from artwork_insights.report.numbers import Scale, decimals_for
from artwork_insights.report.sentences import VERDICT_LABELS, capitalised, in_words, subject
from artwork_insights.report.turning import Turning, find_turning
from artwork_insights.verdict.verdict import Answer

Advice = Literal["do", "dont", "unknown"]
_ADVICE: dict[Answer, Advice] = {
    "positive": "do", "negative": "dont", "practically_zero": "dont", "undecided": "unknown",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class AdviceRow:
    """One line of the table.

    Attributes
    ----------
    advice : str
        ``do``, ``dont`` or ``unknown``.
    what, where : str
        The component and where the line holds.
    effect : str
        Shown effect or effects; empty where there is none.
    sure : str
        The verdict in plain words.
    anchor : str
        Id of the section that says more.
    """

    advice: Advice
    what: str
    where: str
    effect: str
    sure: str
    anchor: str


@dataclass(frozen=True, slots=True)
class AdviceBlock:
    """The lines of one kind of advice, under its heading."""

    advice: Advice
    heading: str
    rows: tuple[AdviceRow, ...]


def advise(finding: Finding) -> Advice:
    """Kind of advice that a verdict gives."""
    if finding.verdict.word in ("supported", "supported_with_caveats"):
        return _ADVICE[finding.verdict.answer]
    return "unknown"


def answer_in_group(group: GroupEffect, smallest_effect_of_interest: float | None, level: float) -> Answer:
    """Read one group as the verdict reads the average; a direction counts where the q-value over all groups is clear.

    Parameters
    ----------
    level : float
        Of the interval, in (0, 1); the q-value must lie below one less it.
    """
    low, high = group.estimate.interval(level)
    reach = smallest_effect_of_interest
    if reach is not None and -reach < low and high < reach:
        return "practically_zero"
    if group.q_value < 1 - level and (low > 0 or high < 0):
        return "positive" if group.estimate.effect > 0 else "negative"
    return "undecided"


def strongest_groups(finding: Finding, modifier: str, level: float) -> tuple[GroupEffect, ...]:
    """Groups whose whole interval lies beyond the average effect, on its side of zero; strongest first."""
    average = finding.estimate.effect
    sign = 1 if average >= 0 else -1
    return tuple(
        group
        for group in sorted(finding.group_effects, key=lambda group: -sign * group.shrunken_effect)
        if group.modifier == modifier and min(sign * limit for limit in group.estimate.interval(level)) > sign * average
    )


def groups_that_differ(finding: Finding, modifier: str, level: float) -> dict[Answer, tuple[GroupEffect, ...]]:
    """Groups of one modifier whose own answer is another than the average's, by answer."""
    found: dict[Answer, tuple[GroupEffect, ...]] = {}
    for group in sorted(finding.group_effects, key=lambda group: group.shrunken_effect):
        answer = answer_in_group(group, finding.question.smallest_effect_of_interest, level)
        if group.modifier == modifier and answer != finding.verdict.answer:
            found[answer] = (*found.get(answer, ()), group)
    return found


def modifiers_of(finding: Finding) -> tuple[str, ...]:
    """Modifiers with group effects, in the order of the results."""
    return tuple(dict.fromkeys(group.modifier for group in finding.group_effects))


def is_tested(finding: Finding, modifier: str) -> bool:
    """Whether a joint test of this modifier was made; without one nothing is said about its groups."""
    return any(row.modifier == modifier for row in finding.moderation)


def is_alike(finding: Finding, modifier: str) -> bool:
    """Whether groups of this modifier are not to be singled out: no joint test was made, or it found no difference."""
    return not any(row.modifier == modifier and row.is_clear for row in finding.moderation)


def _where_on_average(finding: Finding, level: float) -> str:
    if advise(finding) == "unknown" or finding.verdict.answer == "practically_zero":
        return "on average"
    strongest = [
        group.group
        for modifier in modifiers_of(finding)
        if not is_alike(finding, modifier)
        for group in strongest_groups(finding, modifier, level)[:2]
    ]
    return f"on average; most of all in {', '.join(strongest)}" if strongest else "on average"


def _rows_of(finding: Finding, scale: Scale, anchor: str, level: float) -> list[AdviceRow]:
    turning = find_turning(finding)
    if turning is not None:
        return [_row_of_turning(finding, turning, scale, anchor)]
    what = capitalised(subject(finding.question))
    sure = VERDICT_LABELS[finding.verdict.word]
    if finding.verdict.answer == "practically_zero" and finding.verdict.credible:
        sure = f"{sure}: makes no difference that matters"
    effect = scale.effect(finding.estimate.effect) if finding.verdict.credible else ""
    rows = [AdviceRow(advise(finding), what, _where_on_average(finding, level), effect, sure, anchor)]
    if advise(finding) == "unknown":
        return rows
    words = {
        "positive": "Clear in these groups",
        "negative": "Clear in these groups",
        "practically_zero": "No difference that matters there",
        "undecided": "Not clear there",
    }
    for modifier in modifiers_of(finding):
        if is_alike(finding, modifier):
            continue
        for answer, groups in groups_that_differ(finding, modifier, level).items():
            where = f"{in_words(modifier)}: {', '.join(group.group for group in groups)}"
            effects = ", ".join(scale.effect(group.estimate.effect) for group in groups)
            rows.append(AdviceRow(_ADVICE[answer], what, where, effects, words[answer], anchor))
    return rows


def _row_of_turning(finding: Finding, turning: Turning, scale: Scale, anchor: str) -> AdviceRow:
    """The arm that does best, instead of a slope that goes up and down."""
    component = capitalised(in_words(finding.question.component))
    if turning.best is None:
        return AdviceRow("unknown", component, "on average", "", "Works one way at first and then the other", anchor)
    effect = ""
    if turning.effect is not None:
        own = replace(scale, decimals=decimals_for(turning.effect.std_error * scale.factor))
        effect = f"{own.effect(turning.effect.effect)} against {turning.against}"
    return AdviceRow("do", f"{component}: {turning.best}", "on average", effect, "Above every other amount", anchor)


def advice_table(
    result: StudyResult, scales: Sequence[Scale], anchors: Sequence[str], refused_anchor: str
) -> tuple[AdviceBlock, ...]:
    """Sort findings, groups that differ from them, and refused hypotheses under *do*, *don't (bother)*, *don't know*.

    Parameters
    ----------
    scales, anchors : sequences
        One per finding.
    refused_anchor : str
        Id of the section on refused hypotheses.
    """
    rows = [
        row
        for finding, scale, anchor in zip(result.findings, scales, anchors, strict=True)
        for row in _rows_of(finding, scale, anchor, result.level)
    ]
    rows += [
        AdviceRow("unknown", capitalised(subject(refused.question)), "", "", "Could not be estimated", refused_anchor)
        for refused in result.refused
    ]
    headings: tuple[tuple[Advice, str], ...] = (
        ("do", "Do"),
        ("dont", "Don’t, or don’t bother"),
        ("unknown", "Don’t know yet"),
    )
    return tuple(
        AdviceBlock(advice, heading, tuple(row for row in rows if row.advice == advice)) for advice, heading in headings
    )
