"""Interference: whether the other artworks of a title change how an artwork does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from artwork_insights.design.reading import as_numbers
from artwork_insights.diagnostic import Diagnostic
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.mechanisms.regression import FloatArray, as_weights, fit_clustered_ols, group_codes, is_nested
from artwork_insights.sensitivity.title_quality import TitleQuality, hold_quality, quality_from_popularity

CLEAR = 0.05
"""Level at which an association with siblings counts as there."""


@dataclass(frozen=True, slots=True)
class SiblingSlope:
    """Association of an artwork's outcome with the component in the other artworks of its title.

    Attributes
    ----------
    slope, std_error, p_value : float
        Change of the outcome residual from no sibling with the component to all (per unit of the siblings' mean for a
        continuous treatment), clustered by title, t(titles - 1).
    n_assets, n_titles : int
        Assets without the component (all assets for a continuous treatment) that have siblings, and their titles.
    per_artwork : float
        Share that one artwork is of another one's siblings, in (0, 1], on average.
    title_quality_known : bool
        Whether each title's quality was held fixed, its measurement error allowed for.
    """

    slope: float
    std_error: float
    p_value: float
    n_assets: int
    n_titles: int
    per_artwork: float = 1.0
    title_quality_known: bool = False


def estimate_sibling_slope(
    outcome_residual: ArrayLike,
    treatment: ArrayLike,
    asset: ArrayLike,
    title: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    compared: ArrayLike | None = None,
    popularity: ArrayLike | None = None,
    country: ArrayLike | None = None,
    fewest_titles: int = 10,
) -> SiblingSlope:
    """Regress the untreated assets' outcome residual on the treated share of their siblings, clustered by title.

    The share leaves the asset itself out and counts every other artwork of the title that was shown, whether or not it
    is comparable itself. For a continuous treatment all assets take part, with their own treatment
    beside the siblings' mean. Untreated assets of a title all have the same share, so the comparison is between titles
    and shares every confounding between titles: an association is a reason to ask, not proof of interference. With
    popularity from before the comparison in several countries each title's quality is held fixed, popularity in the
    other countries standing as instrument (`title_quality.hold_quality`). Popularity alone, taken out as it is, would
    leave part of the quality in the residual (docs/serving.md).

    Parameters
    ----------
    outcome_residual, treatment : array of shape (n,)
        One per cell; the treatment is the same in all cells of an asset.
    asset, title : array of shape (n,)
        Labels; each asset belongs to one title.
    weights : array of shape (n,), optional
    compared : array of shape (n,), bool, optional
        Cells that are compared; the others only count as siblings, and their residual is not read. All by default.
    popularity, country : array of shape (n,), optional
        Of the title in the cell's country, from outside the comparison, NaN where not known; and the country.
    fewest_titles : int
        Titles that are needed.

    Raises
    ------
    NotIdentifiedError
        Too few titles with an untreated asset and siblings, or the share does not vary between them.
    """
    left, dose = as_numbers("outcome residual", outcome_residual), as_numbers("treatment", treatment)
    inside = np.ones(len(left), dtype=bool) if compared is None else np.asarray(compared, dtype=bool)
    _refuse_odd(left, dose, inside)
    row_weights = as_weights(weights, len(left))
    titles, assets = group_codes(title), group_codes(asset)
    if not is_nested(assets, titles):
        raise NotIdentifiedError("an asset belongs to two titles; give each asset one title.")
    share, siblings = _siblings_mean(dose, assets, titles)
    is_binary = set(np.unique(dose)) <= {0.0, 1.0}
    rows = inside & (siblings > 0) & ((dose == 0) if is_binary else np.ones(len(dose), dtype=bool))
    n_titles = len(np.unique(titles[rows]))
    if n_titles < fewest_titles or np.ptp(share[rows]) == 0:
        raise NotIdentifiedError(
            f"{n_titles} titles can show whether sibling artworks matter; at least {fewest_titles} that differ in them "
            "are needed."
        )
    design = share[rows, None] if is_binary else np.column_stack([share, dose])[rows]
    fit = fit_clustered_ols(left[rows], design, titles[rows], weights=row_weights[rows])
    if fit.dropped:
        raise NotIdentifiedError("The siblings' component cannot be told from the artwork's own.")
    n_assets = len(np.unique(assets[rows]))
    per_artwork = float(np.average(1 / siblings[rows], weights=row_weights[rows]))
    quality = _quality(popularity, country, titles)
    if quality is not None:
        held = hold_quality(left[rows], design, quality.rows(rows), titles[rows], row_weights[rows])
        if held is not None:
            return SiblingSlope(held.slope, held.std_error, held.p_value, n_assets, n_titles, per_artwork, True)
    return SiblingSlope(
        float(fit.coefficients[0]), float(fit.std_errors[0]), float(fit.p_values[0]), n_assets, n_titles, per_artwork
    )


def _quality(popularity: ArrayLike | None, country: ArrayLike | None, titles: np.ndarray) -> TitleQuality | None:
    if popularity is None or country is None:
        return None
    known, place = as_numbers("popularity", popularity), group_codes(country)
    if not len(known) == len(place) == len(titles):
        raise NotIdentifiedError(
            f"popularity has {len(known)} rows, country {len(place)} and title {len(titles)}; give one each per cell."
        )
    return quality_from_popularity(known, titles, place)


def interference_diagnostic(
    slope: SiblingSlope | None,
    *,
    is_binary: bool = True,
    std_error: float | None = None,
) -> Diagnostic:
    """Turn the association with siblings into a check.

    No association passes. An association is informational, since titles that use the component more may simply be
    better or worse titles; it fails only where each title's quality was held fixed. `is_binary` chooses the words:
    artworks without the component, or artworks that have as much of it themselves.

    `std_error` is that of the effect. An artwork with the component changes the siblings' share of each of the others
    by `per_artwork`, so the effect inside titles is off by that times the slope: an association that could not move it
    by its own error passes.
    """
    name = "interference"
    if slope is None:
        sentence = "Too few titles have several artworks to see whether they affect each other."
        return Diagnostic(name, None, CLEAR, None, sentence)
    who, few, many = (
        ("Artworks without the component", "however many of their title's other artworks have it", "have it")
        if is_binary
        else (
            "Artworks alike in the component",
            "however much of it their title's other artworks have",
            "have more of it",
        )
    )
    if slope.p_value >= CLEAR:
        sentence = f"{who} do about the same {few}, over {slope.n_titles} titles; a small influence would go unseen."
        return Diagnostic(name, slope.p_value, CLEAR, True, sentence)
    direction = "better" if slope.slope > 0 else "worse"
    text = f"{who} do {direction} in titles whose other artworks {many}"
    if slope.title_quality_known and std_error is not None and abs(slope.slope) * slope.per_artwork <= std_error:
        sentence = f"{text}; but so little that the effect would change by less than its own error."
        return Diagnostic(name, slope.p_value, CLEAR, True, sentence)
    if slope.title_quality_known:
        sentence = (
            f"{text}, even with the titles' popularity taken out: the artworks of a title seem to affect each other."
        )
        return Diagnostic(name, slope.p_value, CLEAR, False, sentence)
    sentence = (
        f"{text}. That may be influence between artworks, or only that such titles are more or less popular anyway; "
        "popularity from before the comparison, in two countries or more, would tell."
    )
    return Diagnostic(name, slope.p_value, CLEAR, None, sentence)


def _refuse_odd(left: FloatArray, dose: FloatArray, inside: np.ndarray) -> None:
    if not len(left) == len(dose) == len(inside):
        raise NotIdentifiedError(
            f"the outcome residual has {len(left)} rows, the treatment {len(dose)} and the compared cells "
            f"{len(inside)}; give one of each per cell."
        )
    if not (np.isfinite(left[inside]).all() and np.isfinite(dose).all()):
        raise NotIdentifiedError("the outcome residual or the treatment is missing in some cells; leave those out.")


def _siblings_mean(treatment: FloatArray, assets: np.ndarray, titles: np.ndarray) -> tuple[FloatArray, FloatArray]:
    """Mean treatment of the other assets of the title, and their number; each asset counts once; shape (n,)."""
    first = np.unique(assets, return_index=True)[1]
    owner, given = titles[first], treatment[first]
    totals, counts = np.bincount(owner, given), np.bincount(owner).astype(np.float64)
    others = counts[owner] - 1
    mean = np.divide(totals[owner] - given, others, out=np.zeros_like(given), where=others > 0)
    return mean[assets], others[assets]
