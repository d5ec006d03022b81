"""The effect of a finding where a title stands: in its genre and country where they are known to differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from artwork_insights.design.missing import MissingComparison
from artwork_insights.effects.estimates import EffectEstimate, GroupEffect
from artwork_insights.report.advice import answer_in_group
from artwork_insights.report.findings import Finding
from artwork_insights.study import CROSS


@dataclass(frozen=True, slots=True)
class LocalEffect:
    """One number of a finding and where it holds.

    Attributes
    ----------
    effect, std_error, degrees_of_freedom : float
        In the outcome's unit.
    where : str
        ``"on average"``, or the group, e.g. ``"Drama"``.
    is_local : bool
        Whether it is that of a group.
    is_exception : bool
        Whether the group is another case than the average: its interval leaves out the average effect, and it does not
        answer as the average does (no difference that matters, the other direction, or undecided).
    caution : str
        Why it is not that of the title's group though groups differ; else empty.
    """

    effect: float
    std_error: float
    degrees_of_freedom: float
    where: str
    is_local: bool
    is_exception: bool = False
    caution: str = ""


def find_local_effect(finding: Finding, labels: Mapping[str, str], level: float = 0.95) -> LocalEffect:
    """Effect in the groups that `labels` names, where the joint test says that groups differ; else the average.

    A group that is an exception is taken first. Else, where two modifiers differ, their
    crossing is taken if the study has it, else the clearer of the two. The effect is the partially pooled one, with the
    standard error of the group's own estimate: partial pooling moves it towards the others by less than that error on
    average, so the interval is on the safe side.

    Parameters
    ----------
    labels : mapping from modifier to label
        E.g. ``{"genre": "Drama", "country": "KR"}``; what is not known is left out.
    level : float
        At which a group's own answer is read.
    """
    clear = sorted((row.p_value, row.modifier) for row in finding.moderation if row.is_clear)
    known = [modifier for _, modifier in clear if modifier in labels]
    crossed = [(f"{a}{CROSS}{b}", f"{labels[a]}{CROSS}{labels[b]}") for a in known for b in known if a != b]
    places = [*crossed, *((name, labels[name]) for name in known)]
    groups = [group for place in places for group in finding.group_effects if (group.modifier, group.group) == place]
    exceptions = [group for group in groups if _is_exception(finding, group, level)]
    for group in (*exceptions, *groups):
        estimate = group.estimate
        return LocalEffect(
            group.shrunken_effect, estimate.std_error, estimate.degrees_of_freedom, group.group, True, bool(exceptions)
        )
    return _on_average(finding, [modifier for _, modifier in clear], labels)


def _is_exception(finding: Finding, group: GroupEffect, level: float) -> bool:
    answer = answer_in_group(group, finding.question.smallest_effect_of_interest, level)
    low, high = group.estimate.interval(level)
    return answer != finding.verdict.answer and not low <= finding.estimate.effect <= high


def _on_average(finding: Finding, clear: list[str], labels: Mapping[str, str]) -> LocalEffect:
    estimate: EffectEstimate = finding.estimate
    unseen = [labels[modifier] for modifier in clear if modifier in labels]
    caution = ""
    if unseen:
        caution = (
            f"what {finding.question.component} does differs by {clear[0]}, and the study has too little artwork of "
            f"{' and '.join(unseen)} to say what it does there: the average over all is used."
        )
    elif clear:
        caution = (
            f"what {finding.question.component} does differs by {' and by '.join(clear)}; "
            "name them (--title, --genre, --country) and the effect there is used instead of the average."
        )
    return LocalEffect(
        estimate.effect, estimate.std_error, estimate.degrees_of_freedom, "on average", False, caution=caution
    )


def find_unseen(finding: Finding, labels: Mapping[str, str]) -> MissingComparison | None:
    """The group of a title in which artwork with and without the component could not be compared, if it is one."""
    if finding.overlap is None:
        return None
    genre_country = {f"{one} in {labels['country']}" for one in labels.values()} if "country" in labels else set()
    for missing in finding.overlap.missing:
        parts = missing.modifier.split(", ")
        if len(parts) == 1 and labels.get(missing.modifier) == missing.group:
            return missing
        pair = ", ".join(labels.get(part, "") for part in parts)
        if len(parts) > 1 and all(part in labels for part in parts) and missing.group in {pair, *genre_country}:
            return missing
    return None
