"""Covariate balance: how alike treated and untreated artworks are, before and after weighting."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BalanceRow:
    """Balance of one confounder (or one block such as the embedding, by its largest component).

    Attributes
    ----------
    confounder : str
        Name of the column or block.
    smd_before, smd_after : float
        Standardised mean difference (treated less control over the SD pooled over both arms before weighting),
        before and after inverse-propensity weighting.
    smd_within_title : float
        The same after title means are taken out, before weighting.
    variance_ratio_before, variance_ratio_after : float
        Treated over control variance.
    """

    confounder: str
    smd_before: float
    smd_after: float
    smd_within_title: float
    variance_ratio_before: float
    variance_ratio_after: float
