"""Same-title pairs of artwork that are alike except for the component: the report's picture gallery."""

from __future__ import annotations

from dataclasses import dataclass


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
