"""Where an image lies outside what a study has seen, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from artwork_insights.advising.components import Component
from artwork_insights.advising.groups import find_unseen
from artwork_insights.advising.support import FeatureRange, Look, Support, numbers_of
from artwork_insights.report.numbers import plain, significant
from artwork_insights.report.sentences import join_words
from artwork_insights.wording import LABELS

FloatArray = npt.NDArray[np.float64]
FEWEST_SEEN = 5
"""Artworks with (or without) a component in a genre or country: with fewer, it has not been seen there."""
NAMED = 3
"""Measures named where an image as a whole is unlike the study's."""


def find_outside(
    frame: pd.DataFrame, support: Support, components: Sequence[Component], labels: Mapping[str, str]
) -> list[tuple[str, ...]]:
    """Reasons, one tuple per image; an empty one for an image inside.

    An image is outside where a feature that the study's treatments or confounders read lies beyond the 1st or 99th
    percentile of the analysed artwork; where all its measures together lie further from the middle than 99 of 100
    analysed artworks; or where fewer than 5 artworks of the title's genre or country are like it in a component (with
    it or without it), and too few titles there have both to compare.

    Parameters
    ----------
    frame : DataFrame of n rows
        Features of the images.
    """
    reasons: list[list[str]] = [[] for _ in range(len(frame))]
    for reach in support.ranges:
        if reach.feature in frame:
            for row, value in enumerate(numbers_of(frame, [reach.feature])[:, 0]):
                if value < reach.low or value > reach.high:
                    reasons[row].append(_beyond(reach, float(value)))
    if support.look is not None and set(support.look.features) <= set(frame.columns):
        for row, reason in _far_looks(frame, support.look).items():
            reasons[row].append(reason)
    for component in components:
        for row, reason in _uncompared(component, labels).items():
            reasons[row].append(reason)
    return [tuple(found) for found in reasons]


def _beyond(reach: FeatureRange, value: float) -> str:
    return (
        f"{_label(reach.feature)} is {significant(value)}, and 98 of 100 artworks of the study lie from "
        f"{significant(reach.low)} to {significant(reach.high)}"
    )


def _far_looks(frame: pd.DataFrame, look: Look) -> dict[int, str]:
    """Images that are far from the middle of the study's artwork; a measure that an image lacks counts as the mean."""
    values = numbers_of(frame, look.features)
    values = np.where(np.isfinite(values), values, np.array(look.centre))
    distance = look.distance(values)
    away = np.abs(values - np.array(look.centre)) / np.array(look.scale)
    found = {}
    for row in map(int, np.flatnonzero(distance > look.limit)):
        most = [_label(look.features[k]) for k in np.argsort(-away[row])[:NAMED]]
        found[row] = (
            f"as a whole it is unlike the study's artwork (distance {plain(float(distance[row]), 1)}; 99 of 100 lie "
            f"within {plain(look.limit, 1)}), most of all in {join_words(most)}"
        )
    return found


def _uncompared(component: Component, labels: Mapping[str, str]) -> dict[int, str]:
    """Images of the side that the title's group has hardly any of."""
    missing = find_unseen(component.finding, labels)
    if missing is None or component.shape != "condition":
        return {}
    rare = 1.0 if 2 * missing.n_treated <= missing.n_artworks else 0.0
    n_rare = missing.n_treated if rare else missing.n_artworks - missing.n_treated
    side = f"{'with' if rare else 'without'} {component.finding.question.component}"
    if n_rare >= FEWEST_SEEN:
        return {}
    reason = f"{n_rare:,} of {missing.n_artworks:,} artworks of {missing.group} in the study are {side}"
    return {row: reason for row, value in enumerate(component.loadings[:, 0]) if value == rare}


def _label(feature: str) -> str:
    return LABELS.get(feature, feature.replace("_", " "))
