"""Matched pairs in words: what the two of a pair share, and why there are none to look at."""

from __future__ import annotations

from collections.abc import Sequence

from artwork_insights.report.findings import Finding, PairPicture
from artwork_insights.report.sentences import in_words


def pairs_in_words(pairs: Sequence[PairPicture], component: str) -> str:
    """How the pairs of the gallery were found."""
    found = (
        f"that were about equally likely to have {in_words(component)}; of those pairs, the most alike in everything "
        "else."
    )
    if all(pair.control_title is None for pair in pairs):
        return f"Artworks of the same title {found}"
    return (
        f"Artworks of different titles{_kind(pairs[0].shared)} {found} Two titles differ in more than their artwork, "
        "so these show what was compared and prove nothing."
    )


def no_pairs_in_words(finding: Finding) -> str:
    """Why there is no pair to look at."""
    component = in_words(finding.question.component)
    if not finding.question.is_binary:
        return (
            f"Pairs are shown of components that an artwork has or has not; of {component} there is more or less, so "
            "there are none."
        )
    if finding.estimate.design == "pooled":
        return (
            "No two artworks of titles that are alike in what is known were about equally likely to have "
            f"{component}, one with it and one without."
        )
    return f"No title has two artworks that were about equally likely to have {component}, one with it and one without."


def kind_in_words(pair: PairPicture) -> str:
    """What two artworks of different titles have in common, as the end of a clause; empty where it is nothing."""
    return _kind(pair.shared)


def _kind(shared: str) -> str:
    return "" if shared in ("title", "nothing") else f" of the same {shared}"
