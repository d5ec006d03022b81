"""Moderation by a number: simple slopes, and where along the moderator the effect is told apart from none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from artwork_insights.design.reading import as_numbers, check_share
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.mechanisms.paths import PathEstimate, path_of
from artwork_insights.mechanisms.regression import ClusteredFit, FloatArray, fit_clustered_ols
from artwork_insights.mechanisms.rows import Rows, read_rows


@dataclass(frozen=True, slots=True)
class SimpleSlope:
    """Effect of the treatment at one value of the moderator.

    Attributes
    ----------
    value : float
        Of the moderator.
    effect, std_error, low, high, p_value : float
        Pointwise; cluster-robust by title.
    """

    value: float
    effect: float
    std_error: float
    low: float
    high: float
    p_value: float


@dataclass(frozen=True, slots=True)
class SignificanceRegion:
    """A stretch of the moderator on which the effect is told apart from none.

    Attributes
    ----------
    low, high : float
        Its ends, within the moderator's range.
    sign : {-1, 1}
        Of the effect there.
    share : float
        Share of the rows inside.
    """

    low: float
    high: float
    sign: int
    share: float


@dataclass(frozen=True, slots=True)
class ContinuousModeration:
    """Interaction of a treatment with a number.

    Attributes
    ----------
    modifier : str
    treatment, moderator, interaction : PathEstimate
        Coefficients: effect at a moderator of 0, slope of the moderator without treatment, change of the effect per
        unit of the moderator.
    slopes : tuple of SimpleSlope
        At the values asked for; by default the mean and one standard deviation below and above it.
    curve : tuple of SimpleSlope
        Over the range of the moderator, to draw.
    boundaries : tuple of float
        Johnson-Neyman points inside the range, where the interval just touches zero; none, one or two.
    regions : tuple of SignificanceRegion
        Where the effect is told apart from none at `level`, pointwise.
    share_inside : float
        Share of the rows in any of them.
    n_rows, n_titles, degrees_of_freedom : int
    level : float
    sentence : str
        In words.
    """

    modifier: str
    treatment: PathEstimate
    moderator: PathEstimate
    interaction: PathEstimate
    slopes: tuple[SimpleSlope, ...]
    curve: tuple[SimpleSlope, ...]
    boundaries: tuple[float, ...]
    regions: tuple[SignificanceRegion, ...]
    share_inside: float
    n_rows: int
    n_titles: int
    degrees_of_freedom: int
    level: float
    sentence: str


def moderate_continuous(
    outcome: ArrayLike,
    treatment: ArrayLike,
    moderator: ArrayLike,
    confounders: pd.DataFrame | ArrayLike | None = None,
    clusters: ArrayLike | None = None,
    *,
    weights: ArrayLike | None = None,
    absorb: ArrayLike | None = None,
    values: Sequence[float] | None = None,
    modifier: str = "moderator",
    curve_points: int = 41,
    level: float = 0.95,
) -> ContinuousModeration:
    """Estimate how the effect of a treatment changes along a number.

    One regression on treatment, moderator and their product. The effect at a value m is the treatment's coefficient
    plus m times the product's; its error follows from their covariance (Aiken and West 1991). The Johnson-Neyman points
    solve effect squared = t squared times variance (Johnson and Neyman 1936; Bauer and Curran 2005). The moderator is
    never centred: no estimate here depends on where its zero lies.

    Parameters
    ----------
    outcome, treatment, moderator : array of shape (n,)
        Rows without a moderator are left out.
    confounders : DataFrame of n rows or array of shape (n, k), optional
    clusters, weights, absorb : arrays of shape (n,), optional
        As for `mediate`.
    values : sequence of float, optional
        Of the moderator, for the simple slopes.
    curve_points : int
        At least 2.
    level : float
        Of all intervals.

    Raises
    ------
    NotIdentifiedError
        Treatment, moderator or their product does not vary beside the other columns, or an input is no column of
        numbers.
    """
    check_share("level", level)
    rows = read_rows(outcome, treatment, {"moderator": moderator}, confounders, clusters, weights, absorb)
    fit = _fit(rows, modifier)
    along = rows.carriers[:, 0]
    if values is None:
        centre = float(np.average(along, weights=rows.weights))
        spread = float(np.sqrt(np.average((along - centre) ** 2, weights=rows.weights) * len(along) / (len(along) - 1)))
        wanted = np.array([centre - spread, centre, centre + spread])
    else:
        wanted = as_numbers("values", list(values))
    slopes = _slopes(fit, wanted, level)
    curve = _slopes(fit, np.linspace(along.min(), along.max(), max(curve_points, 2)), level)
    boundaries = _johnson_neyman(fit, level, float(along.min()), float(along.max()))
    regions = _regions(fit, along, boundaries, level)
    interaction = path_of(fit, 2)
    return ContinuousModeration(
        modifier, path_of(fit, 0), path_of(fit, 1), interaction, slopes, curve, boundaries, regions,
        float(sum(region.share for region in regions)), len(along), rows.n_units, fit.degrees_of_freedom, level,
        _sentence(modifier, interaction, regions, 1 - level),
    )  # fmt: skip


def _fit(rows: Rows, modifier: str) -> ClusteredFit:
    along = rows.carriers[:, 0]
    labels = ["the treatment", modifier, f"the product of the treatment and {modifier}"]
    design = np.column_stack([rows.treatment, along, rows.treatment * along, rows.controls])
    extra = [f"confounder {i}" for i in range(rows.controls.shape[1])]
    fit = fit_clustered_ols(
        rows.outcome, design, rows.clusters, weights=rows.weights, absorb=rows.absorb, names=[*labels, *extra]
    )
    if np.isnan(fit.coefficients[1]) and rows.absorb is not None:  # the absorbed groups hold the moderator already
        fit = _with_zero(fit, 1)
    lost = [name for name, value in zip(labels, fit.coefficients, strict=False) if np.isnan(value)]
    if lost:
        raise NotIdentifiedError(
            f"{modifier}: {lost[0]} does not vary beside the other columns in {len(along)} rows; take what repeats it "
            "out of the confounders, or add artwork."
        )
    return fit


def _with_zero(fit: ClusteredFit, place: int) -> ClusteredFit:
    """The fit with a coefficient of zero without error where a column was absorbed."""
    coefficients, errors, p_values = fit.coefficients.copy(), fit.std_errors.copy(), fit.p_values.copy()
    covariance = fit.covariance.copy()
    coefficients[place], errors[place], p_values[place] = 0.0, 0.0, 1.0
    covariance[place], covariance[:, place] = 0.0, 0.0
    return ClusteredFit(fit.names, coefficients, errors, p_values, covariance, fit.dropped, fit.residuals, fit.n_rows,
                        fit.n_clusters, fit.degrees_of_freedom)  # fmt: skip


def _slopes(fit: ClusteredFit, values: FloatArray, level: float) -> tuple[SimpleSlope, ...]:
    reach = float(stats.t.ppf((1 + level) / 2, fit.degrees_of_freedom))
    found = []
    for value in values:
        effect = float(fit.coefficients[0] + value * fit.coefficients[2])
        error = float(np.sqrt(_variance(fit, float(value))))
        p_value = float(2 * stats.t.sf(abs(effect) / error, fit.degrees_of_freedom)) if error > 0 else 1.0
        found.append(SimpleSlope(float(value), effect, error, effect - reach * error, effect + reach * error, p_value))
    return tuple(found)


def _variance(fit: ClusteredFit, value: float) -> float:
    v = fit.covariance
    return float(v[0, 0] + 2 * value * v[0, 2] + value**2 * v[2, 2])


def _johnson_neyman(fit: ClusteredFit, level: float, lowest: float, highest: float) -> tuple[float, ...]:
    """Roots of effect squared less t squared times variance, a quadratic in the moderator, inside its range."""
    critical = float(stats.t.ppf((1 + level) / 2, fit.degrees_of_freedom)) ** 2
    b, v = fit.coefficients, fit.covariance
    curve = [
        b[2] ** 2 - critical * v[2, 2], 2 * (b[0] * b[2] - critical * v[0, 2]), b[0] ** 2 - critical * v[0, 0]
    ]  # fmt: skip
    roots = np.roots(curve)
    real = np.sort(roots[np.abs(roots.imag) <= 1e-9 * np.maximum(1.0, np.abs(roots))].real)
    return tuple(float(root) for root in real if lowest < root < highest)


def _regions(
    fit: ClusteredFit, along: FloatArray, boundaries: tuple[float, ...], level: float
) -> tuple[SignificanceRegion, ...]:
    edges = [float(along.min()), *boundaries, float(along.max())]
    found = []
    for number, (low, high) in enumerate(pairwise(edges)):
        (middle,) = _slopes(fit, np.array([(low + high) / 2]), level)
        if middle.p_value < 1 - level:
            last = number == len(edges) - 2
            inside = (along >= low) & ((along <= high) if last else (along < high))
            found.append(SignificanceRegion(low, high, 1 if middle.effect > 0 else -1, float(inside.mean())))
    return tuple(found)


def _sentence(modifier: str, interaction: PathEstimate, regions: tuple[SignificanceRegion, ...], alpha: float) -> str:
    named = modifier.replace("_", " ")
    if interaction.p_value < alpha:
        grows = "rises" if interaction.coefficient > 0 else "falls"
        text = f"The effect {grows} with {named}"
    else:
        text = f"There is no clear sign that the effect changes with {named}"
    if not regions:
        return f"{text}; at no value of it is the effect told apart from none."
    parts = [
        f"{'positive' if region.sign > 0 else 'negative'} from {region.low:.4g} to {region.high:.4g} "
        f"({round(100 * region.share)} % of the rows)"
        for region in regions
    ]
    return f"{text}; it is clearly {' and '.join(parts)}."
