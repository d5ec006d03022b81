"""Matched pairs of artworks: alike in how likely they were to have the component, one with it and one without.

A cell is an artwork in a country; the two cells of one artwork are no two chances to have been treated. So artworks are
matched and not cells: each by the mean logit of its propensity over its countries.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from artwork_insights.design.assignment import Assignment
from artwork_insights.design.confounders import FloatArray
from artwork_insights.design.folds import IntArray
from artwork_insights.design.matching import match_pairs
from artwork_insights.design.reading import as_numbers
from artwork_insights.errors import NotIdentifiedError


@dataclass(frozen=True, slots=True)
class ArtworkPairs:
    """Pairs of one treated and one control artwork.

    Attributes
    ----------
    treated, control : arrays of shape (m,), int
        Asset codes of the assignment; no artwork stands in two pairs.
    title : array of shape (m,), int
        Title code of the treated artwork.
    n_unmatched : int
        Treated artworks without a partner near enough.
    """

    treated: IntArray
    control: IntArray
    title: IntArray
    n_unmatched: int


def pair_artworks(
    assignment: Assignment,
    propensity: npt.ArrayLike,
    *,
    strata: npt.ArrayLike | None = None,
    caliper_sd: float = 0.2,
    seed: int = 0,
) -> ArtworkPairs:
    """Match each treated artwork with the nearest control of its stratum on the propensity.

    Parameters
    ----------
    assignment : Assignment of n cells
        Of a binary treatment.
    propensity : array of shape (n,)
        Out of fold, in (0, 1).
    strata : array of shape (n,), optional
        Labels that the two of a pair share, the same in all cells of an artwork; by default its title.
    caliper_sd, seed
        As in `match_pairs`.

    Raises
    ------
    NotIdentifiedError
        The treatment is not binary, lengths differ, or one side is empty.
    """
    if not assignment.is_binary:
        raise NotIdentifiedError("pairs need a treatment of zeros and ones; cut a continuous one into two first.")
    chance = as_numbers("propensity", propensity)
    labels = assignment.title if strata is None else np.asarray(strata)
    if len(chance) != len(assignment.asset) or len(labels) != len(assignment.asset):
        raise NotIdentifiedError("propensity and strata need one value for each cell of the assignment.")
    if not ((chance > 0) & (chance < 1)).all():
        raise NotIdentifiedError("pairs need propensities strictly between 0 and 1; leave out or clip the others.")
    logit = average_by_asset(np.log(chance / (1 - chance)), assignment)
    first = np.unique(assignment.asset, return_index=True)[1]
    pairs = match_pairs(
        1 / (1 + np.exp(-logit)), assignment.treatment[first], strata=labels[first], caliper_sd=caliper_sd, seed=seed
    )
    return ArtworkPairs(pairs.treated, pairs.control, assignment.title[first][pairs.treated], pairs.n_unmatched)


def average_by_asset(values: FloatArray, assignment: Assignment) -> FloatArray:
    """Weighted mean over the cells of each asset; shape (n,) in, one per asset code out."""
    weights = assignment.weights
    return np.asarray(np.bincount(assignment.asset, weights=weights * values)
                      / np.bincount(assignment.asset, weights=weights))  # fmt: skip


def most_alike(pairs: ArtworkPairs, covariates: FloatArray, largest: int) -> IntArray:
    """The pairs to show: of each title the one most alike in its covariates, the closest first.

    Parameters
    ----------
    pairs : ArtworkPairs
    covariates : array of shape (a, k)
        One row per asset code, e.g. confounders and the picture's embedding; standardised here, NaN counts as the mean.
    largest : int
        Number of pairs kept.

    Returns
    -------
    array of shape (at most `largest`,), int
        Numbers of pairs; by root mean square distance in SD, ties by title code.
    """
    standard = _standardise(covariates)
    distance = np.sqrt(((standard[pairs.treated] - standard[pairs.control]) ** 2).mean(axis=1))
    order = np.lexsort((pairs.title, distance))
    best = np.sort(np.unique(pairs.title[order], return_index=True)[1])
    return np.asarray(order[best][:largest])


def _standardise(covariates: FloatArray) -> FloatArray:
    if covariates.size == 0:
        return np.zeros((len(covariates), 1))
    seen = ~np.isnan(covariates)
    count = np.maximum(seen.sum(axis=0), 1)
    mean = np.where(seen, covariates, 0.0).sum(axis=0) / count
    centred = np.where(seen, covariates - mean, 0.0)
    spread = np.sqrt((centred**2).sum(axis=0) / count)
    return np.asarray(np.divide(centred, spread, out=np.zeros_like(centred), where=spread > 0))
