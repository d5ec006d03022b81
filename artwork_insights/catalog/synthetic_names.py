"""Invented names for the titles of the synthetic catalogue."""

from __future__ import annotations

import numpy as np

_ADJECTIVES = (
    "Silent", "Golden", "Crooked", "Hidden", "Velvet", "Distant", "Broken", "Paper", "Winter", "Electric", "Borrowed",
    "Hollow", "Crimson", "Quiet", "Second", "Glass", "Northern", "Restless", "Wild", "Last",
)  # fmt: skip
_NOUNS = (
    "Harbour", "Orchard", "Signal", "Kingdom", "Letters", "Station", "Garden", "Summer", "Witness", "River", "Promise",
    "Circus", "Island", "Engine", "Mirror", "Neighbours", "Frontier", "Recipe", "Horizon", "Detective",
)  # fmt: skip
_PATTERNS = ("The {adjective} {noun}", "{adjective} {noun}", "Beyond the {noun}", "{noun} Road")


def title_names(rng: np.random.Generator, n_titles: int) -> list[str]:
    """Return `n_titles` different names; beyond the supply of words a numeral is added, as sequels have."""
    names = sorted({p.format(adjective=a, noun=n) for p in _PATTERNS for a in _ADJECTIVES for n in _NOUNS})
    order = rng.permutation(len(names))
    return [
        names[order[i % len(names)]] + (f" {i // len(names) + 1}" if i >= len(names) else "") for i in range(n_titles)
    ]
