"""A small catalogue with unobserved title quality, in numbers only.

quality q_j ~ N(0, 1); artworks per title n_j in 4..10; asset covariate x_ij = 0.6 z_j + e_ij, z, e ~ N(0, 1)
logit P(t = 1) = -0.2 + 1.2 q_j + 0.5 z_j^2 - 0.5 + 1.0 sin(2 x_ij)
rate = 0.10 + 0.03 q_j + 0.01 z_j^2 + 0.015 sin(2 x_ij) + effect_g t + 0.006 e_asset, 0.01 more in each further country
impressions n: log-uniform from 10^2 to 10^5; takes: binomial; genre g: effect mean_effect * (0, .5, 1, 1.5, 2)
A share `copies` of the artworks are near-duplicates of the artwork before them in their title: same x, treatment and
rate, impressions and takes of their own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from artwork_insights.outcomes.precision import precision_weights


@dataclass(frozen=True)
class Draw:
    """One row per artwork and country; `picture` numbers what is seen, so that near-duplicates share it."""

    outcome: np.ndarray
    treatment: np.ndarray
    confounders: np.ndarray
    title: np.ndarray
    asset: np.ndarray
    picture: np.ndarray
    genre: np.ndarray
    country: np.ndarray
    impressions: np.ndarray
    takes: np.ndarray
    weights: np.ndarray
    effect: np.ndarray


def draw_catalogue(
    seed: int,
    *,
    n_titles: int = 250,
    n_countries: int = 3,
    mean_effect: float = 0.01,
    sizes: tuple[int, int] = (4, 10),
    copies: float = 0.0,
) -> Draw:
    rng = np.random.default_rng(seed)
    per_title = rng.integers(sizes[0], sizes[1] + 1, n_titles)
    title = np.repeat(np.arange(n_titles), per_title)
    n = len(title)
    quality, z = rng.normal(size=n_titles), rng.normal(size=n_titles)
    genre = rng.integers(0, 5, n_titles)
    x = 0.6 * z[title] + rng.normal(size=n)
    logit = -0.7 + 1.2 * quality[title] + 0.5 * z[title] ** 2 + np.sin(2 * x)
    treated = (rng.random(n) < 1 / (1 + np.exp(-logit))).astype(float)
    effect = mean_effect * 0.5 * genre[title]
    asset_noise = 0.006 * rng.normal(size=n)
    follows = np.r_[False, title[1:] == title[:-1]]
    picture = np.maximum.accumulate(np.where(follows & (rng.random(n) < copies), 0, np.arange(n)))
    mean = 0.10 + 0.03 * quality[title] + 0.01 * z[title] ** 2 + 0.015 * np.sin(2 * x) + effect * treated + asset_noise
    cells = np.repeat(picture, n_countries)
    country = np.tile(np.arange(n_countries), n)
    impressions = np.round(10 ** rng.uniform(2, 5, len(cells)))
    takes = rng.binomial(impressions.astype(int), np.clip(mean[cells] + 0.01 * country, 0.005, 0.9)).astype(float)
    return Draw(
        takes / impressions,
        treated[cells],
        np.column_stack([x[cells], z[title][cells], country]),
        title[cells],
        np.repeat(np.arange(n), n_countries),
        cells,
        genre[title][cells].astype(str),
        country.astype(str),
        impressions,
        takes,
        precision_weights(takes, impressions, title[cells], country),
        effect[cells],
    )
