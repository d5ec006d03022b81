"""Same-title pairs of artwork that are alike except for the component: the report's picture gallery."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from artwork_insights.design.confounders import FloatArray


@dataclass(frozen=True, slots=True)
class ArtworkPair:
    """Two artworks of one title, one with the component and one without.

    Attributes
    ----------
    title_id, treated_asset, control_asset : str
        Identifiers.
    distance : float
        Distance between the two on standardised confounders (root mean square, in SD).
    """

    title_id: str
    treated_asset: str
    control_asset: str
    distance: float


def find_alike_pairs(
    asset: npt.ArrayLike, title: npt.ArrayLike, treated: npt.ArrayLike, covariates: FloatArray, *, largest: int
) -> tuple[ArtworkPair, ...]:
    """Find, in each title, the treated and the untreated artwork that are most alike, and keep the closest pairs.

    Parameters
    ----------
    asset, title : arrays of shape (n,), str
        One row per artwork.
    treated : array of shape (n,), bool
    covariates : array of shape (n, k)
        What the two should share; standardised here over all artworks, NaN counts as the mean.
    largest : int
        Number of pairs kept, one per title.

    Returns
    -------
    tuple of ArtworkPair, closest first, ties by title
    """
    asset, title, treated = np.asarray(asset, object), np.asarray(title, object), np.asarray(treated, bool)
    standard = _standardise(covariates)
    order = np.argsort(title.astype(str), kind="stable")
    starts = np.flatnonzero(np.r_[True, title[order][1:] != title[order][:-1]])
    found = []
    for rows in np.split(order, starts[1:]):
        with_it, without_it = rows[treated[rows]], rows[~treated[rows]]
        if not len(with_it) or not len(without_it):
            continue
        gaps = np.sqrt(((standard[with_it][:, None] - standard[without_it][None]) ** 2).mean(axis=2))
        i, j = np.unravel_index(int(gaps.argmin()), gaps.shape)
        found.append(
            ArtworkPair(str(title[rows[0]]), str(asset[with_it[i]]), str(asset[without_it[j]]), float(gaps[i, j]))
        )
    return tuple(sorted(found, key=lambda pair: (pair.distance, pair.title_id))[:largest])


def _standardise(covariates: FloatArray) -> FloatArray:
    if covariates.size == 0:
        return np.zeros((len(covariates), 1))
    seen = ~np.isnan(covariates)
    mean = np.nanmean(np.where(seen.any(axis=0), covariates, 0.0), axis=0)
    spread = np.nanstd(np.where(seen.any(axis=0), covariates, 0.0), axis=0)
    centred = np.where(seen, covariates - mean, 0.0)
    return np.asarray(np.divide(centred, spread, out=np.zeros_like(centred), where=spread > 0))
