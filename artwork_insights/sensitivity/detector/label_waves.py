"""Labels made so far: how much the drawing of them still leaves to chance, so that a plan adds to them.

Every wave is a sample of its own, and waves count in proportion to their labels (`catalog.labels.carried_by`): an
artwork stands for the sum over waves of (share of the wave) R / pi. The variance of that is the sum of share^2
(1 / pi - 1). Of a wave that was not drawn evenly, pi is known of the artworks drawn alone; each of them stands for
1 / pi in the sum over artworks (Horvitz and Thompson 1952, J. Am. Stat. Assoc. 47).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from artwork_insights.catalog.labels import PROBABILITY, WAVE

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
EVEN = 1e-9
"""Largest difference between the probabilities of a wave that was drawn evenly."""


@dataclass(frozen=True, slots=True)
class EarlierLabels:
    """The labels of one hypothesis that are there already.

    Attributes
    ----------
    n_artworks : int
        That have a label.
    n_labels : int
        Labels; more than artworks where some were labelled in several waves.
    gap : array of shape (a,)
        Of each artwork of the study, what the drawing leaves to chance: the variance of how many artworks it stands
        for, estimated where it is known of the drawn ones alone.
    """

    n_artworks: int
    n_labels: int
    gap: FloatArray

    def and_more(self, probability: FloatArray) -> FloatArray:
        """The gap with one more wave, drawn with these probabilities (a,)."""
        share = float(probability.sum()) / (float(probability.sum()) + self.n_labels)
        return np.asarray(share**2 * (1 / probability - 1) + (1 - share) ** 2 * self.gap)


def read_earlier_labels(
    labels: pd.DataFrame, is_labelled: BoolArray, assets: Sequence[str], is_used: BoolArray
) -> EarlierLabels | None:
    """Work out what the labels of a hypothesis leave to chance; None where none of them is about it.

    Parameters
    ----------
    labels : DataFrame of n rows
        From `read_labels`.
    is_labelled : array of shape (n,)
        Rows in which a person saw what the hypothesis asks about.
    assets : sequence of str
        The a artworks of the study.
    is_used : array of shape (a,)
        Artworks that the hypothesis compares.
    """
    place = pd.Series(np.arange(len(assets)), index=list(assets))
    at = labels["asset_id"].map(place)
    counted = is_labelled & at.notna().to_numpy() & is_used[at.fillna(0).to_numpy(np.int64)]
    if not counted.any():
        return None
    gap, n_used, n_labels = np.zeros(len(assets)), int(is_used.sum()), int(counted.sum())
    waves = labels[WAVE].to_numpy()
    for wave in np.unique(waves[counted]):
        rows = counted & (waves == wave)
        size = int(rows.sum())
        given = labels[PROBABILITY].to_numpy(np.float64)[rows] * size / int((waves == wave).sum())
        chance = np.minimum(np.where(np.isnan(given), size / n_used, given), 1.0)
        share = (size / n_labels) ** 2
        if np.ptp(chance) < EVEN:
            gap += share * (1 / chance[0] - 1)
        else:
            np.add.at(gap, at.to_numpy()[rows].astype(np.int64), share * (1 / chance - 1) / chance)
    return EarlierLabels(int(labels.loc[counted, "asset_id"].nunique()), n_labels, gap)
