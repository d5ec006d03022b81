"""Titles with artworks whose component is seen by a detector that errs; the effect is .30 throughout."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from artwork_insights.design.confounders import FloatArray
from artwork_insights.design.folds import IntArray

EFFECT = 0.3


@dataclass(frozen=True, slots=True)
class Drawn:
    """One catalogue: arrays of shape (n,)."""

    title: IntArray
    x: FloatArray
    cartoon: FloatArray
    true: FloatArray
    seen: FloatArray
    outcome: FloatArray


@dataclass(frozen=True, slots=True)
class Slope:
    """Residual on residual with clustered errors, and the residuals."""

    effect: float
    std_error: float
    outcome_left: FloatArray
    expected: FloatArray


def draw_catalogue(
    rng: np.random.Generator,
    *,
    n_titles: int = 150,
    sensitivity: float = 0.9,
    specificity: float = 0.9,
    titles_matter: bool = True,
    differential: bool = False,
) -> Drawn:
    """2 to 9 artworks per title; use of the component follows the title (where it matters), x and the style."""
    sizes = rng.integers(2, 10, n_titles)
    title = np.repeat(np.arange(n_titles), sizes)
    n = len(title)
    quality = rng.normal(size=n_titles)[title] * titles_matter
    x = rng.normal(size=n) + 0.5 * quality
    cartoon = (rng.random(n) < 0.4).astype(np.float64)
    chance = 1 / (1 + np.exp(-(quality + 0.6 * x - 0.5 * cartoon)))
    true = (rng.random(n) < chance).astype(np.float64)
    luck = rng.normal(0, 0.5, n)
    outcome = EFFECT * true + 0.3 * x + 0.2 * cartoon + 0.5 * quality + luck
    found, phantom = np.full(n, sensitivity), np.full(n, 1 - specificity)
    if differential:  # kind to artwork that does well, and worse on cartoons
        found = np.where(luck > 0, 0.97, 0.8) - 0.1 * cartoon
        phantom = np.where(luck > 0, 0.15, 0.03) + 0.05 * cartoon
    seen = np.where(true == 1, rng.random(n) < found, rng.random(n) < phantom).astype(np.float64)
    return Drawn(title, x, cartoon, true, seen, outcome)


def demean(values: FloatArray, title: IntArray) -> FloatArray:
    """Less its title's mean."""
    return values - (np.bincount(title, values) / np.bincount(title))[title]


def linear_slope(drawn: Drawn, treatment: FloatArray, *, within: bool) -> Slope:
    """Partially linear slope with linear nuisances, pooled or within titles."""
    columns = np.column_stack([np.ones(len(drawn.x)), drawn.x, drawn.cartoon])
    y, t = drawn.outcome, treatment
    if within:
        columns = np.column_stack([demean(drawn.x, drawn.title), demean(drawn.cartoon, drawn.title)])
        y, t = demean(y, drawn.title), demean(t, drawn.title)
    y = y - columns @ np.linalg.lstsq(columns, y, rcond=None)[0]
    t = t - columns @ np.linalg.lstsq(columns, t, rcond=None)[0]
    effect = float(t @ y / (t @ t))
    scores = np.bincount(drawn.title, t * (y - effect * t))
    return Slope(effect, float(np.sqrt((scores**2).sum()) / (t @ t)), y, treatment - t)
