"""True effects agree with a second reading of the equations: scalar code and plain Monte Carlo, sharing nothing."""

from __future__ import annotations

import math

import numpy as np
import pytest

from artwork_insights.catalog.synthetic import make_catalogue
from artwork_insights.catalog.synthetic_truth import expected_rates

GENRES = ["Action", "Comedy", "Documentary", "Drama", "Horror", "Romance"]
COUNTRIES = ["BR", "DE", "JP", "KR", "US"]
NUMBERS = {
    "additive": {
        "alpha": [0.10, -0.15, -0.45, -0.10, -0.55, 0.00], "genre": [0.098, 0.104, 0.092, 0.100, 0.094, 0.106],
        "country": [0.004, -0.002, -0.008, 0.000, 0.007], "m": [0.5, 1.1, 0.0, 1.4, 0.8, 1.6],
        "k": [1.15, 0.85, 0.70, 1.30, 1.00],
    },
    "logit": {
        "alpha": [-0.40, 0.10, 0.00, -0.30, 0.15, -0.10], "genre": [-2.45, -2.30, -2.50, -2.38, -2.34, -2.42],
        "country": [0.05, -0.03, -0.08, 0.07, 0.00], "m": [1.6, 0.6, 1.2, 0.9, 0.0, 1.4],
        "k": [0.80, 1.20, 1.00, 0.75, 1.30],
    },
}  # fmt: skip


def s(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x))


def face_probability(structure: str, genre: int, year: int, series: bool, quality: float, aspect: float) -> float:
    alpha = NUMBERS[structure]["alpha"][genre]
    if structure == "additive":
        hump = math.exp(-(((year - 2013) / 4.5) ** 2))
        bump = math.exp(-(((aspect - 1) / (0.14 if aspect < 1 else 0.30)) ** 2))
        return s(alpha - 0.60 + 0.70 * quality + 0.9 * hump + 0.3 * series + 1.5 * bump)
    wave = math.sin(2 * math.pi * aspect / 0.8)
    return s(alpha - 0.45 + 0.70 * quality + 1.0 * (year >= 2012) - 0.3 * series + 0.9 * wave)


def draw_counts(structure: str, quality: float, taste: float, n: int, rng: np.random.Generator) -> np.ndarray:
    if structure == "additive":
        odds = [math.exp((-0.33 + 0.28 * quality + 0.22 * taste) * extra) for extra in range(6)]
        return rng.choice([1, 2, 3, 4, 5, 6], n, p=[odd / sum(odds) for odd in odds])
    return 1 + rng.binomial(5, s(-0.30 + 0.35 * quality + 0.30 * taste), n)


def draw_areas(counts: np.ndarray, size_taste: float, rng: np.random.Generator) -> np.ndarray:
    """Mean area share by drawing every single face."""
    areas = np.zeros(len(counts))
    for i, (count, z) in enumerate(zip(counts, rng.standard_normal(len(counts)), strict=True)):
        if count:
            central = 0.10 + 0.30 * s(0.55 - 1.14 * math.log(count) + size_taste + 0.45 * z)
            ranks = [0.0] if count == 1 else [1 - 2 * face / (count - 1) for face in range(count)]
            areas[i] = sum(0.8 * (central * math.exp(0.1 * rank)) ** 2 for rank in ranks) / count
    return areas


def rate(
    structure: str, genre: int, country: int, year: int, series: bool, quality: float, aspect: float, lightness: float,
    noise: float, counts: np.ndarray, areas: np.ndarray,
) -> np.ndarray:  # fmt: skip
    numbers = NUMBERS[structure]
    response = numbers["m"][genre] * numbers["k"][country]
    has_face = counts > 0
    base = numbers["genre"][genre] + numbers["country"][country] + noise
    if structure == "additive":
        hump = math.exp(-(((year - 2013) / 4.5) ** 2))
        bump = math.exp(-(((aspect - 1) / (0.14 if aspect < 1 else 0.30)) ** 2))
        title = 0.015 * quality + 0.0025 * (quality**2 - 1) + 0.012 * hump + 0.004 * series
        gain = 0.034 - 0.0047 * (counts - 1) + 0.43 * (areas - 0.067)
        return base + title + 0.016 * bump + 0.00008 * (lightness - 45) + has_face * response * gain
    wave = math.sin(2 * math.pi * aspect / 0.8)
    gain = 0.58 - 0.22 * np.log(np.where(has_face, counts, 1)) + 2.5 * (np.sqrt(areas) - 0.255)
    logit = base + 0.14 * (year >= 2012) + 0.04 * series + 0.14 * wave + 0.001 * (lightness - 45)
    return math.exp(0.16 * quality) / (1 + np.exp(-(logit + has_face * response * gain)))


@pytest.mark.parametrize("structure", ["additive", "logit"])
@pytest.mark.parametrize("threshold", [0, 3])
def test_both_arms_agree_with_an_independent_resimulation(structure, threshold):
    catalogue = make_catalogue(structure, seed=11, n_titles=14)
    rates = expected_rates(catalogue, f"face_count > {threshold}").set_index(["asset_id", "country"])
    rng = np.random.default_rng(0)
    noise = catalogue.unobserved_cells.set_index(["asset_id", "country"])["noise"]
    titles = catalogue.titles.merge(catalogue.unobserved_titles, on="title_id").set_index("title_id")
    gaps, errors = [], []
    for asset in catalogue.assets.merge(catalogue.artwork, on="asset_id").itertuples():
        title = titles.loc[asset.title_id]
        genre, series = GENRES.index(title["genre"]), title["format"] == "series"
        about = (title["launch_year"], series, title["quality"], asset.aspect_ratio)
        chance = face_probability(structure, genre, *about)
        counts = draw_counts(structure, title["quality"], title["count_taste"], 3000, rng)
        counts = np.where(rng.random(3000) < chance, counts, 0)
        areas = draw_areas(counts, title["size_taste"], rng)
        own_count = np.array([asset.face_count])
        own_area = np.nan_to_num(np.array([asset.face_area_share_mean]))
        for place, country in enumerate(COUNTRIES):
            where = (structure, genre, place, *about, asset.background_lightness, noise[asset.asset_id, country])
            own = float(rate(*where, own_count, own_area)[0])
            found = rates.loc[(asset.asset_id, country)]
            mine, other = ("rate_treated", "rate_untreated") if found["treated"] else ("rate_untreated", "rate_treated")
            assert found["treated"] == (asset.face_count > threshold)
            assert found[mine] == pytest.approx(own, rel=1e-9)
            arm = (counts > threshold) != found["treated"]
            drawn = rate(*where, counts[arm], areas[arm])
            gaps.append(drawn.mean() - found[other])
            errors.append(drawn.std() / np.sqrt(arm.sum()) + 1e-12)
    z = np.array(gaps) / np.array(errors)
    # five countries share their draws; the largest of about 100 artworks' deviations stays below 5 Monte Carlo errors
    assert np.abs(z).max() < 5
    mean_effect = (rates["rate_treated"] - rates["rate_untreated"]).mean()
    assert abs(np.mean(gaps)) < 0.01 * abs(mean_effect)
