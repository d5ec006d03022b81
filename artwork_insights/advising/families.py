"""Which findings may be added up: those that speak of different things; of the others one stands for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from artwork_insights.advising.components import SHAPES, Component
from artwork_insights.advising.support import Likeness
from artwork_insights.catalog.columns import FEATURE_COLUMNS
from artwork_insights.expression import parse_expression
from artwork_insights.report.findings import Finding

LARGEST_CORRELATION = 0.2
"""Of two treatments inside titles: above it, one effect added to the other would count a fifth of it twice."""


@dataclass(frozen=True, slots=True)
class UnusedFinding:
    """A finding that the ranking does not use, and why, in one sentence."""

    name: str
    reason: str


def choose_components(
    components: Sequence[Component], likenesses: Sequence[Likeness]
) -> tuple[tuple[Component, ...], tuple[UnusedFinding, ...]]:
    """Keep one component of every family of findings that speak of the same thing.

    Two findings are of one family where their treatments read a common feature, or two features made of the faces, or
    go together inside titles (correlation above 0.2, or not known), unless each was estimated with the other's
    features held fixed. Families are joined through common members. Of a family the first is used in which the images
    differ: arms before a curve before a condition before a slope, an effect known in the title's own group before an
    average, no caveats before caveats, then in the order of the study. Where the title's group is an exception for a
    member (see `LocalEffect`), that member comes first, and then what is known in that group: the finer averages of
    the others are known not to hold there.
    """
    related = {frozenset((like.first, like.second)): like.correlation for like in likenesses}
    families: list[list[Component]] = []
    for component in components:
        joined = [family for family in families if any(speak_of_one(component, other, related) for other in family)]
        families = [family for family in families if family not in joined]
        families.append([member for family in joined for member in family] + [component])
    used, unused = [], []
    for family in families:
        order = _sort_family([component for component in components if component in family])
        used.append(order[0])
        unused += [UnusedFinding(member.finding.question.name, _why(member, order[0])) for member in order[1:]]
    return tuple(component for component in components if component in used), tuple(unused)


def speak_of_one(one: Component, other: Component, related: dict[frozenset[str], float | None]) -> bool:
    """Whether adding the effects of two findings would count something twice."""
    features, others = (set(_features(component.finding)) for component in (one, other))
    if features & others:
        return True
    if all(any(_made_of_faces(name) for name in names) for names in (features, others)):
        return True
    held = others <= set(one.finding.question.confounders) and features <= set(other.finding.question.confounders)
    correlation = related.get(frozenset((one.finding.question.name, other.finding.question.name)))
    return not held and (correlation is None or abs(correlation) > LARGEST_CORRELATION)


def _features(finding: Finding) -> tuple[str, ...]:
    return parse_expression(finding.question.treatment).names


def _made_of_faces(name: str) -> bool:
    return name in FEATURE_COLUMNS and FEATURE_COLUMNS[name].face_role == "derived"


def _sort_family(family: Sequence[Component]) -> list[Component]:
    exceptional = any(member.is_exception for member in family)

    def place(member: Component) -> tuple[bool, bool, bool, int, bool, bool]:
        return (
            not member.tells_apart(),
            exceptional and not member.is_exception,
            exceptional and not member.is_local,
            SHAPES.index(member.shape),
            not member.is_local,
            member.finding.verdict.word != "supported",
        )

    return sorted(family, key=place)


def _why(member: Component, chosen: Component) -> str:
    same = f"it speaks of the same thing as {chosen.finding.question.name}, so that adding both would count it twice"
    return f"{same}." if member.tells_apart() else f"the images do not differ in it, and {same}."
