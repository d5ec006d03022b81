"""Where the images of a title are to be shown: its genre, and the country, as the study names them."""

from __future__ import annotations

from artwork_insights.advising.support import Support
from artwork_insights.errors import TableError, did_you_mean
from artwork_insights.report.findings import StudyResult

MOST_LISTED = 12


def find_labels(
    result: StudyResult,
    support: Support,
    *,
    title: str | None = None,
    country: str | None = None,
    genre: str | None = None,
) -> dict[str, str]:
    """Labels by modifier for a title of the study, or for a genre and a country.

    Raises
    ------
    TableError
        For a title, genre or country that the study does not know, or a title and another genre than its own.
    """
    labels: dict[str, str] = {}
    if title is not None:
        if title not in support.titles:
            hint = did_you_mean(title, support.titles) or "; for a title that the study does not have, give --genre"
            raise TableError(f"title {title!r} is not in the study{hint}.")
        labels |= support.titles[title]
    for modifier, label in (("genre", genre), ("country", country)):
        if label is None:
            continue
        if labels.get(modifier, label) != label:
            raise TableError(f"title {title!r} is of {modifier} {labels[modifier]!r}, not {label!r}; leave one out.")
        _require_label(modifier, label, result, support)
        labels[modifier] = label
    return labels


def _require_label(modifier: str, label: str, result: StudyResult, support: Support) -> None:
    known = {g.group for finding in result.findings for g in finding.group_effects if g.modifier == modifier}
    known |= {of_title[modifier] for of_title in support.titles.values() if modifier in of_title}
    if not known:
        raise TableError(f"the study has no effects by {modifier}; leave --{modifier} out.")
    if label not in known:
        names = sorted(known)
        more = f" and {len(names) - MOST_LISTED:,} more" if len(names) > MOST_LISTED else ""
        hint = did_you_mean(label, names) or f"; known: {', '.join(names[:MOST_LISTED])}{more}"
        raise TableError(f"{modifier} {label!r} is not in the study{hint}.")
