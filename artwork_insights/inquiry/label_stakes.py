"""What labelled artworks would tell about one hypothesis of a study."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from artwork_insights.design.confounders import FloatArray
from artwork_insights.effects.cells import Cells
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.inquiry.detector import is_detected, rates_about
from artwork_insights.inquiry.detector_cells import DetectorInput, label_values, labelled_cells, rates_of_rows
from artwork_insights.inquiry.fitting import FittedHypothesis, fit_hypothesis
from artwork_insights.sensitivity.detector.attenuation import slope_attenuation
from artwork_insights.sensitivity.detector.cells import DetectedCells
from artwork_insights.sensitivity.detector.label_plan import LEAST_DOUBT, Stake, find_stakes
from artwork_insights.sensitivity.detector.labelled import LabelledCells, correct_with_labels, detected_slope
from artwork_insights.sensitivity.detector.posters import poster_rates
from artwork_insights.sensitivity.detector.rates import ALL_STYLES, DetectorRates
from artwork_insights.study import Estimation, Hypothesis

ASSUMED = DetectorRates(0.9, 0.9)
"""Where nothing is known of the detector."""


@dataclass(frozen=True, slots=True)
class HypothesisStake:
    """What labels would tell about one hypothesis.

    Attributes
    ----------
    hypothesis : str
    stake : Stake
        Over all artworks of the study; those it does not use change nothing.
    assumption : str
        How good the detector was taken to be, and why, in words.
    half_width : float
        Of the uncorrected slope's interval, in the outcome's unit.
    """

    hypothesis: str
    stake: Stake
    assumption: str
    half_width: float


def find_hypothesis_stake(
    cells: Cells,
    hypothesis: Hypothesis,
    given: DetectorInput | None,
    settings: Estimation,
    assets: list[str],
    seed: int,
) -> HypothesisStake:
    """Fit one hypothesis and work out what labelling each of `assets` would tell.

    Raises
    ------
    NotIdentifiedError, TableError
        Where its component is no condition, is not guessed by a detector, or cannot be compared.
    """
    named = given is not None and (
        hypothesis.name in given.table.hypotheses or (given.labels is not None and hypothesis.name in given.labels)
    )
    if not (named or is_detected(hypothesis)):
        raise NotIdentifiedError("its component is measured on the picture itself; there is nothing to label.")
    fitted = _fit(cells, hypothesis, settings, seed)
    ready, rows = labelled_cells(cells, fitted, hypothesis, given.labels if given else None, settings, seed)
    if not fitted.headline.is_binary:
        raise NotIdentifiedError("labels are planned for components that an artwork has or has not.")
    rates, words = _assumed(cells, hypothesis, given, ready, settings)
    column = given.table.style_column if given is not None else "style"
    of_rows = rates_of_rows(cells, fitted.rows[rows], rates, column)
    se, sp = (values[of_rows.style] for values in of_rows.point())
    slope = detected_slope(ready)
    detected = DetectedCells(
        ready.detected, ready.expected, None, ready.weights, ready.asset, ready.title, ready.by_title
    )
    factor = slope_attenuation(detected, se, sp).factor
    stake = find_stakes(ready, slope.effect, slope.std_error, factor, se, sp)
    first = np.unique(ready.asset, return_index=True)[1]
    ids = cells.frame["asset_id"].to_numpy()[fitted.rows[rows[first]]]
    return HypothesisStake(hypothesis.name, _spread(stake, list(ids), assets), words, slope.upper - slope.effect)


def _fit(cells: Cells, hypothesis: Hypothesis, settings: Estimation, seed: int) -> FittedHypothesis:
    try:
        return fit_hypothesis(cells, hypothesis, settings, seed, ("mundlak",))
    except NotIdentifiedError:
        return fit_hypothesis(cells, hypothesis, settings, seed, ("pooled",))


def _assumed(
    cells: Cells, hypothesis: Hypothesis, given: DetectorInput | None, ready: LabelledCells, settings: Estimation
) -> tuple[dict[str, DetectorRates], str]:
    """Rates to plan with: those of the labels, of the study file, of the labelled posters, or a guess."""
    if given is not None and given.labels is not None:
        values = label_values(cells, hypothesis, given.labels)
        if np.isfinite(values).any():
            try:
                found = correct_with_labels(ready, level=settings.level)
                if found.sensitivity is not None and found.specificity is not None:
                    rates = DetectorRates(min(found.sensitivity, 0.995), min(found.specificity, 0.995))
                    return {ALL_STYLES: rates}, _words(rates, f"{found.n_labelled:,} labels made so far")
            except NotIdentifiedError:  # too few labels, or labels that say the detector guesses
                pass
    told = rates_about(hypothesis, given)
    if told:
        return told, _words(next(iter(told.values())), "as the study file says")
    posters = poster_rates(hypothesis.expression)
    if posters is not None:
        return {ALL_STYLES: posters}, _words(posters, "as on labelled posters")
    return {ALL_STYLES: ASSUMED}, _words(ASSUMED, "assumed, since nothing is known")


def _words(rates: DetectorRates, source: str) -> str:
    return f"sensitivity {rates.sensitivity:.2f}, specificity {rates.specificity:.2f}, {source}"


def _spread(stake: Stake, own: list[str], assets: list[str]) -> Stake:
    """A stake over all artworks of the study."""
    place = {asset: number for number, asset in enumerate(assets)}
    at = np.array([place[asset] for asset in own])

    def full(values: FloatArray, rest: float) -> FloatArray:
        found = np.full(len(assets), rest)
        found[at] = values
        return found

    return Stake(full(stake.change, 0.0), full(stake.doubt, LEAST_DOUBT), full(stake.pull, 0.0), stake.std_error)
