"""Rates with the audience held alike, beside the cells of a study."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from artwork_insights.catalog.served import Served, ServingMethod
from artwork_insights.design.confounders import FloatArray
from artwork_insights.outcomes.precision import precision_weights


@dataclass(frozen=True, slots=True)
class ServedCells:
    """A second outcome for m cells: their rate, had each artwork met the whole audience of its title.

    Attributes
    ----------
    method : {"doubly_robust", "standardised"}
    audiences : tuple of str
        Columns of the log that say to whom an artwork was shown.
    rate, weights : arrays of shape (m,)
        Takes per impression, and precision weights of mean 1 by effective impressions.
    effective_impressions, covered_share, clipped_share : arrays of shape (m,)
        See `artwork_insights.catalog.served.Served`.
    """

    method: ServingMethod
    audiences: tuple[str, ...]
    rate: FloatArray
    weights: FloatArray
    effective_impressions: FloatArray
    covered_share: FloatArray
    clipped_share: FloatArray


def join_served(served: Served | None, frame: pd.DataFrame, first_of: pd.Series) -> ServedCells | None:
    """Bring the rates into the order of the cells; near-identical artworks are averaged by what each one tells.

    Parameters
    ----------
    served : Served or None
        From the catalogue; None where its log tells nothing of audiences.
    frame : DataFrame of m cells
        asset_id, title_id, country.
    first_of : Series
        Indexed by asset_id: the asset that stands for it.

    Returns
    -------
    ServedCells or None
        None also where a cell has no such rate.
    """
    if served is None:
        return None
    rows = served.frame
    n = rows["effective_impressions"]
    shares = {name: n * rows[name] for name in ("rate", "covered_share", "clipped_share")}
    stand_in = rows["asset_id"].map(first_of).fillna(rows["asset_id"])
    totals = (
        pd.DataFrame({"asset_id": stand_in, "country": rows["country"], "n": n, **shares})
        .groupby(["asset_id", "country"], sort=False)
        .sum()
    )
    found = totals.reindex(pd.MultiIndex.from_frame(frame[["asset_id", "country"]]))
    if found["n"].isna().any():
        return None
    effective = found["n"].to_numpy(np.float64)
    rate, covered, clipped = (found[name].to_numpy(np.float64) / effective for name in shares)
    weights = precision_weights(np.clip(rate, 0, 1) * effective, effective, frame["title_id"], frame["country"])
    return ServedCells(served.method, served.audiences, rate, weights, effective, covered, clipped)
