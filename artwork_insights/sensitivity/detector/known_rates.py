"""The effect that a detector without errors would have shown, from its sensitivity and specificity."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import stats

from artwork_insights.design.reading import check_count, check_number, check_share
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.sensitivity.detector.attenuation import (
    Attenuation,
    average_attenuation,
    slope_attenuation,
)
from artwork_insights.sensitivity.detector.cells import DetectedCells, read_cells
from artwork_insights.sensitivity.detector.rates import ALL_STYLES, CellRates, DetectorRates, rates_of_cells
from artwork_insights.study import DesignName

FloatArray = npt.NDArray[np.float64]
CorrectedEstimand = Literal["ATE", "ATO"]
Shares = float | Mapping[str, float]
Counts = int | Mapping[str, int] | None
MOST_IMPOSSIBLE = 0.2
"""Share of drawn rates that the detections rule out above which the labels behind them are called too few."""
NODES = 199


@dataclass(frozen=True, slots=True)
class CorrectedEffect:
    """An effect with the detector's errors taken out, under errors that do not depend on the outcome.

    Attributes
    ----------
    effect, std_error : float
        In the outcome's unit.
    lower, upper, level : float
        Interval; where the rates have counts behind them, over their Jeffreys posterior as well.
    estimand : {"ATE", "ATO"}
        ``"ATO"`` for a partially linear slope.
    attenuation : float
        What the errors leave of the effect: the uncorrected estimate tends to this times the effect.
    sensitivity, specificity : float
        Mean over the cells.
    prevalence : float
        Share of the weight on cells that truly have the component.
    uncorrected : float
        The estimate as given.
    """

    effect: float
    std_error: float
    lower: float
    upper: float
    level: float
    estimand: CorrectedEstimand
    attenuation: float
    sensitivity: float
    specificity: float
    prevalence: float
    uncorrected: float


def correct_detector_error(
    effect: float,
    std_error: float,
    propensity: npt.ArrayLike,
    *,
    sensitivity: Shares,
    specificity: Shares,
    n_positive: Counts = None,
    n_negative: Counts = None,
    style: npt.ArrayLike | None = None,
    detected: npt.ArrayLike | None = None,
    estimand: CorrectedEstimand = "ATO",
    design: DesignName = "pooled",
    clusters: npt.ArrayLike | None = None,
    assets: npt.ArrayLike | None = None,
    weights: npt.ArrayLike | None = None,
    base_propensity: npt.ArrayLike | None = None,
    degrees_of_freedom: float = float("inf"),
    level: float = 0.95,
    draws: int = 400,
    seed: int = 0,
) -> CorrectedEffect:
    """Correct the effect of a detected component for errors that do not depend on the outcome.

    Parameters
    ----------
    effect, std_error : float
        As estimated with the detected component.
    propensity : array of shape (n,)
        Of the detected component, out of fold, given everything the design holds fixed; NaN in cells that the estimate
        does not use. Under `mundlak` and `within` give the cells of *all* titles, those whose detected component does
        not vary too: they carry error.
    sensitivity, specificity : float, or mapping from style to float
        Key ``"all"`` serves the styles that are not named.
    n_positive, n_negative : int, or mapping from style to int, optional
        Labelled artworks behind them; without, the rates are taken as known exactly.
    style : array of shape (n,), optional
        Needed where the rates differ by style. The estimate should then hold style fixed.
    detected : array of shape (n,), optional
        0 and 1; needed under `mundlak` and `within`.
    estimand : {"ATO", "ATE"}
        ``"ATO"`` for a partially linear slope, ``"ATE"`` for the doubly robust average over all cells.
    design : {"pooled", "mundlak", "within"}
    clusters, assets : arrays of shape (n,), optional
        Titles, needed under `mundlak` and `within`; and assets, where several rows share one detection.
    weights : array of shape (n,), optional
    base_propensity : array of shape (n,), optional
        Given the confounders alone; sharpens the ATE under `mundlak`.
    degrees_of_freedom : float
        Of the uncorrected estimate's interval.
    level : float
    draws, seed : int
        Of the rates' posterior.

    Returns
    -------
    CorrectedEffect
        Where the effect differs between cells, its average with the attenuation of each cell as a further weight.

    Raises
    ------
    NotIdentifiedError
        For input that does not fit, rates no better than chance, or rates that the detections rule out.
    """
    cells = read_cells(propensity, detected, clusters, assets, weights, base_propensity, design, estimand)
    rates = read_rates(sensitivity, specificity, n_positive, n_negative)
    return correct_cells(
        check_number("effect", effect),
        check_number("std_error", std_error),
        cells,
        rates_of_cells(rates, style, len(cells.detected)),
        _check_estimand(estimand, design),
        degrees_of_freedom=degrees_of_freedom,
        level=check_share("level", level),
        draws=check_count("draws", draws, 20),
        seed=seed,
    )


def correct_cells(
    effect: float,
    std_error: float,
    cells: DetectedCells,
    rates: CellRates,
    estimand: CorrectedEstimand,
    *,
    degrees_of_freedom: float = float("inf"),
    level: float = 0.95,
    draws: int = 400,
    seed: int = 0,
) -> CorrectedEffect:
    """Correct an estimate over cells that are already in order; see `correct_detector_error`."""
    attenuate = slope_attenuation if estimand == "ATO" else average_attenuation
    se, sp = (values[rates.style] for values in rates.point())
    found = attenuate(cells, se, sp)
    drawn = [found] if rates.is_exact else _draw_attenuations(attenuate, cells, rates, draws, seed)
    factors = np.array([one.factor for one in drawn])
    # the estimate's own error and that of the factor, which is estimated from the same cells
    spreads = np.hypot(std_error / factors, effect * np.array([one.std_error for one in drawn]) / factors**2)
    nodes = stats.t.ppf((np.arange(NODES) + 0.5) / NODES, degrees_of_freedom)
    if rates.is_exact:
        half = float(stats.t.ppf(0.5 + level / 2, degrees_of_freedom)) * float(spreads[0])
        lower, upper = effect / found.factor - half, effect / found.factor + half
    else:
        mixture = (effect / factors)[:, None] + spreads[:, None] * nodes
        lower, upper = (float(q) for q in np.quantile(mixture, [0.5 - level / 2, 0.5 + level / 2]))
    own = float(np.hypot(std_error / found.factor, effect * found.std_error / found.factor**2))
    used = cells.used
    return CorrectedEffect(
        effect=effect / found.factor,
        std_error=float(np.hypot(own, float((effect / factors).std()))),
        lower=lower,
        upper=upper,
        level=level,
        estimand=estimand,
        attenuation=found.factor,
        sensitivity=float(np.average(se[used], weights=cells.weights[used])),
        specificity=float(np.average(sp[used], weights=cells.weights[used])),
        prevalence=found.prevalence,
        uncorrected=effect,
    )


def _draw_attenuations(
    attenuate: Callable[[DetectedCells, FloatArray, FloatArray], Attenuation],
    cells: DetectedCells,
    rates: CellRates,
    draws: int,
    seed: int,
) -> list[Attenuation]:
    """Attenuation under rates drawn from their posterior; draws that the detections rule out are left out."""
    found = []
    drawn = rates.draw(draws, np.random.default_rng(seed))
    for se, sp in zip(*drawn, strict=True):
        if (se + sp <= 1).any():
            continue
        try:
            found.append(attenuate(cells, se[rates.style], sp[rates.style]))
        except NotIdentifiedError:
            continue
    if len(found) < (1 - MOST_IMPOSSIBLE) * draws:
        raise NotIdentifiedError(
            f"{1 - len(found) / draws:.0%} of the sensitivities and specificities that the labelled artworks allow "
            "cannot be those of these detections; label more artworks."
        )
    return found


def read_rates(
    sensitivity: Shares, specificity: Shares, n_positive: Counts = None, n_negative: Counts = None
) -> dict[str, DetectorRates]:
    """Rates by style from numbers or mappings; a number serves every style.

    Raises
    ------
    NotIdentifiedError
        Where a style has one rate and not the other, or one is no share.
    """
    given = {"sensitivity": sensitivity, "specificity": specificity, "n_positive": n_positive, "n_negative": n_negative}
    styles = [style for values in given.values() if isinstance(values, Mapping) for style in values]
    rates = {}
    for style in dict.fromkeys(styles or [ALL_STYLES]):
        one = {name: value.get(style) if isinstance(value, Mapping) else value for name, value in given.items()}
        for name in ("sensitivity", "specificity"):
            if one[name] is None:
                raise NotIdentifiedError(f"style {style!r} has no {name}; give both rates for every style.")
        rates[str(style)] = DetectorRates(
            float(check_number("sensitivity", one["sensitivity"] or 0.0)),
            float(check_number("specificity", one["specificity"] or 0.0)),
            None if one["n_positive"] is None else check_count("n_positive", one["n_positive"], 1),  # type: ignore[arg-type]
            None if one["n_negative"] is None else check_count("n_negative", one["n_negative"], 1),  # type: ignore[arg-type]
        )
    return rates


def _check_estimand(estimand: str, design: str) -> CorrectedEstimand:
    if design not in ("pooled", "mundlak", "within"):
        raise NotIdentifiedError(f"design={design!r} is not known; use 'pooled', 'mundlak' or 'within'.")
    if estimand == "ATO":
        return "ATO"
    if estimand == "ATE" and design != "within":
        return "ATE"
    raise NotIdentifiedError(
        f"estimand={estimand!r} cannot be corrected under design {design!r}; use 'ATO' for a partially linear slope, "
        "or 'ATE' for a doubly robust average of 'pooled' or 'mundlak'."
    )
