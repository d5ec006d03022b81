"""A rule in plain English: "Choose artwork with a face for Romance and Comedy; without it for Horror in Japan." """

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from artwork_insights.design.assignment import BoolArray
from artwork_insights.effects.forest.policy_search import Branch, PolicyModifier, Rule
from artwork_insights.wording import LABELS

_PREPOSITIONS = {"country": "in", "genre": "for"}
_PLURALS = {"country": "countries", "genre": "genres"}


def rule_in_words(
    rule: Rule, modifiers: Sequence[PolicyModifier], component: str, *, is_binary: bool
) -> tuple[str, ...]:
    """One sentence for where the component is to be had, one for where not.

    Parameters
    ----------
    component : str
        E.g. "a face"; of a continuous treatment, what is measured.
    """
    places: dict[bool, list[str]] = {True: [], False: []}
    sides = [(rule.left, "")]
    if rule.root >= 0:
        root = modifiers[rule.root]
        sides = [(rule.left, _where(root, rule.left_bins)), (rule.right, _where(root, ~rule.left_bins))]
    for branch, place in sides:
        for treats, inner in _parts(branch, modifiers):
            places[treats].append(_join(place, inner))
    verbs = {
        True: f"Choose artwork with {component}" if is_binary else f"Choose artwork with a higher {component}",
        False: f"Choose artwork without {component}" if is_binary else f"Do not raise the {component}",
    }
    return tuple(_sentence(verbs[treats], where) for treats, where in places.items() if where)


def _join(place: str, inner: str) -> str:
    if place.startswith("where ") and inner.startswith("where "):
        return f"{place} and {inner.removeprefix('where ')}"
    return " ".join(part for part in (place, inner) if part)


def _sentence(verb: str, places: Sequence[str]) -> str:
    return f"{verb} everywhere." if not places[0] else f"{verb} {'; and '.join(places)}."


def _parts(branch: Branch, modifiers: Sequence[PolicyModifier]) -> list[tuple[bool, str]]:
    if branch.modifier < 0:
        return [(bool(branch.treat[0]), "")]
    modifier = modifiers[branch.modifier]
    if branch.treat.all() or not branch.treat.any():
        return [(bool(branch.treat[0]), "")]
    return [(True, _where(modifier, branch.treat)), (False, _where(modifier, ~branch.treat))]


def _where(modifier: PolicyModifier, chosen: BoolArray) -> str:
    """The bins as the end of a sentence; whichever of the bins and the others is the shorter list."""
    name = LABELS.get(modifier.name, modifier.name.replace("_", " "))
    if modifier.is_ordered:
        limit = modifier.labels[int(np.flatnonzero(chosen != chosen[0])[0]) - 1]
        return f"where the {name} is {'at most' if chosen[0] else 'above'} {limit}"
    inside = [label for label, kept in zip(modifier.labels, chosen, strict=True) if kept]
    outside = [label for label, kept in zip(modifier.labels, chosen, strict=True) if not kept]
    if modifier.name in _PREPOSITIONS:
        preposition, plural = _PREPOSITIONS[modifier.name], _PLURALS[modifier.name]
        if len(inside) <= len(outside):
            return f"{preposition} {_listed(inside, 'and')}"
        return f"{preposition} {plural} other than {_listed(outside, 'and')}"
    if len(inside) <= len(outside):
        return f"where the {name} is {_listed(inside, 'or')}"
    return f"where the {name} is not {_listed(outside, 'or')}"


def _listed(parts: Sequence[str], last: str) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} {last} {parts[-1]}"
