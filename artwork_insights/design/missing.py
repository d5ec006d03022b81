"""Where no comparison is possible, in words, and what artwork would have to be made to learn the effect there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from artwork_insights.design.folds import IntArray, distinct

BoolArray = npt.NDArray[np.bool_]
StringArray = npt.NDArray[np.object_]
FEWEST_COMPARABLE_TITLES = 10
"""Titles with comparable artwork of both kinds that a comparison inside titles needs at least."""


@dataclass(frozen=True, slots=True)
class MissingComparison:
    """A group of artwork in which the effect cannot be learnt from what was shown.

    Attributes
    ----------
    modifier, group : str
        E.g. ``"genre"`` and ``"Documentary"``, or ``"genre, country"`` and ``"Documentary in JP"``.
    n_artworks, n_treated : int
        Artworks (not cells) of the group, and those that show the component.
    n_titles, n_titles_comparable : int
        Titles of the group, and those with artwork of both kinds inside the overlap. Where titles have one artwork
        each, the second is the number of comparable titles on the smaller side.
    n_to_make_with, n_to_make_without : int
        Artworks that would have to be made with and without the component.
    sentence, advice : str
        What is missing and what to make, in words.
    """

    modifier: str
    group: str
    n_artworks: int
    n_treated: int
    n_titles: int
    n_titles_comparable: int
    n_to_make_with: int
    n_to_make_without: int
    sentence: str
    advice: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What was shown: n cells.

    Attributes
    ----------
    asset, title : arrays of shape (n,), int
        Codes.
    treated, kept : arrays of shape (n,), bool
        With the component, and inside the overlap.
    """

    asset: IntArray
    title: IntArray
    treated: BoolArray
    kept: BoolArray

    @property
    def repeats_titles(self) -> bool:
        """Whether some title has several assets."""
        return len(distinct(self.asset)) > len(distinct(self.title))

    def rows(self, inside: IntArray) -> Shown:
        """Select cells by number."""
        return Shown(self.asset[inside], self.title[inside], self.treated[inside], self.kept[inside])


def find_missing(
    shown: Shown, groups: Mapping[str, StringArray], *, component: str, titles_needed: int
) -> tuple[MissingComparison, ...]:
    """Name the groups, and the pairs of groups, without comparable artwork.

    A group is named when fewer than 10 of its titles have comparable artwork both with and without the component;
    where titles have one artwork each, when one side has fewer than 10 comparable titles. A pair such as genre x
    country is named only when neither of its two groups is named already.

    Every artwork made for a title that lacks its kind adds one title that can be compared: the number to make is the
    number of titles lacking, `titles_needed` less those there are, as far as the group has titles.

    Parameters
    ----------
    groups : mapping from modifier to array of shape (n,)
    component : str
        In words, e.g. "a face".
    titles_needed : int
        Comparable titles to reach, at least 10.

    Returns
    -------
    tuple of MissingComparison
        Single groups before pairs, those of most artworks first.
    """
    found: list[MissingComparison] = []
    named: set[tuple[str, str]] = set()
    repeats = shown.repeats_titles
    for parts, labels, inside in _each_group(groups, shown):
        if len(parts) > 1 and any((part, label) in named for part, label in zip(parts, labels, strict=True)):
            continue
        missing = _examine(shown.rows(inside), parts, labels, component, titles_needed, repeats)
        if missing is not None:
            found.append(missing)
            named |= {(parts[0], labels[0])} if len(parts) == 1 else set()
    return tuple(sorted(found, key=lambda m: (m.modifier.count(","), -m.n_artworks, m.modifier, m.group)))


def _each_group(
    groups: Mapping[str, StringArray], shown: Shown
) -> Iterator[tuple[tuple[str, ...], tuple[str, ...], IntArray]]:
    """Names of modifiers, their labels, and the rows of each group: single modifiers first, then pairs."""
    coded = {name: np.unique(np.asarray(labels).astype(str), return_inverse=True) for name, labels in groups.items()}
    names = sorted(coded, key=lambda name: name == "country")  # "Documentary in JP", not the other way round
    for parts in (*((name,) for name in names), *combinations(names, 2)):
        code = np.zeros(len(shown.title), dtype=np.int64)
        for name in parts:
            code = code * len(coded[name][0]) + coded[name][1]
        order = np.argsort(code, kind="stable")
        for rows in np.split(order, np.flatnonzero(np.diff(code[order])) + 1):
            yield parts, tuple(str(coded[name][0][coded[name][1][rows[0]]]) for name in parts), rows


def _examine(
    shown: Shown, parts: tuple[str, ...], labels: tuple[str, ...], component: str, needed: int, repeats: bool
) -> MissingComparison | None:
    n_titles = len(distinct(shown.title))
    kept_with = distinct(shown.title[shown.kept & shown.treated])
    kept_without = distinct(shown.title[shown.kept & ~shown.treated])
    both = (
        len(np.intersect1d(kept_with, kept_without, assume_unique=True))
        if repeats
        else min(len(kept_with), len(kept_without))
    )
    if both >= FEWEST_COMPARABLE_TITLES:
        return None
    n_artworks, n_treated = len(distinct(shown.asset)), len(distinct(shown.asset[shown.treated]))
    make = _to_make(shown, both, needed, repeats)
    group = " in ".join(labels) if parts[-1] == "country" else ", ".join(labels)
    lacking = (
        f"{both:,} of {n_titles:,} {_plural(n_titles, 'title')} can be compared with {_both(component)}"
        if repeats
        else f"{both:,} on the smaller side can be compared"
    )
    sentence = (
        f"{group}: {n_treated:,} of {n_artworks:,} {_plural(n_artworks, 'artwork')} "
        f"{'shows' if n_artworks == 1 else 'show'} {component}; {lacking}."
    )
    advice = _advise(make, n_titles, component, needed, repeats)
    return MissingComparison(", ".join(parts), group, n_artworks, n_treated, n_titles, both, *make, sentence, advice)


def _to_make(shown: Shown, both: int, needed: int, repeats: bool) -> tuple[int, int]:
    """Artworks to make with and without the component."""
    rare_is_with = 2 * len(distinct(shown.asset[shown.treated])) <= len(distinct(shown.asset))
    if not repeats:
        lacking = needed - both
        return (lacking, 0) if rare_is_with else (0, lacking)
    lacking = max(min(needed, len(distinct(shown.title))) - both, 0)
    rare = shown.treated if rare_is_with else ~shown.treated
    # titles that show nothing but the rare kind get one of the other; all others get one of the rare kind
    only_rare = len(np.setdiff1d(shown.title[rare], shown.title[~rare]))
    able = len(distinct(shown.title)) - both - only_rare
    of_rare = min(lacking, able)
    return (of_rare, lacking - of_rare) if rare_is_with else (lacking - of_rare, of_rare)


def _advise(make: tuple[int, int], n_titles: int, component: str, needed: int, repeats: bool) -> str:
    kinds = [
        f"{number:,} {_plural(number, 'artwork')} {kind} {component}"
        for number, kind in zip(make, ("with", "without"), strict=True)
        if number
    ]
    reason = (
        f"{needed:,} titles with both are the fewest that a comparison needs"
        if needed <= FEWEST_COMPARABLE_TITLES
        else f"about {needed:,} titles with both would make the interval as narrow as the smallest effect of interest"
    )
    if not repeats:
        return f"To learn the effect there, show about {' and '.join(kinds)} more ({needed:,} on each side are needed)."
    steps = [f"make about {' and '.join(kinds)}, one for each title that has none or hardly any"] if kinds else []
    if n_titles < needed:
        steps.append(
            f"add {needed - n_titles:,} further {_plural(needed - n_titles, 'title')} with artwork of both kinds"
        )
    return f"To learn the effect there, {', and '.join(steps)} ({reason})."


def _both(component: str) -> str:
    return f"artwork both with and without {component}"


def _plural(number: int, noun: str) -> str:
    return noun if number == 1 else f"{noun}s"
