"""Detector error in one fitted hypothesis: labels, known rates, the labelled posters, or the errors it would take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from artwork_insights.catalog.columns import FEATURE_COLUMNS
from artwork_insights.design.confounders import FloatArray
from artwork_insights.diagnostic import Diagnostic
from artwork_insights.effects.cells import Cells
from artwork_insights.effects.design_fit import DesignFit
from artwork_insights.effects.estimates import EffectEstimate, Estimand
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.inquiry.detector_cells import (
    DetectorInput,
    detected_cells,
    label_values,
    labelled_cells,
    rates_given,
    rates_of_rows,
)
from artwork_insights.inquiry.fitting import FittedHypothesis
from artwork_insights.sensitivity.assumptions import DetectorAccuracy
from artwork_insights.sensitivity.detector.known_rates import CorrectedEffect, correct_cells
from artwork_insights.sensitivity.detector.labelled import LabelledEffect, correct_with_labels, detected_slope
from artwork_insights.sensitivity.detector.posters import poster_rates
from artwork_insights.sensitivity.detector.rates import ALL_STYLES, DetectorRates
from artwork_insights.sensitivity.detector.result import CorrectedDesign, DetectorError, judge_detector
from artwork_insights.sensitivity.detector.sign_turn import DetectorSignTurn, detector_sign_turn
from artwork_insights.study import Estimation, Hypothesis

DRAWS = 200
"""Of the rates' posterior in a run; each takes some milliseconds."""


def examine_detector(
    cells: Cells,
    hypothesis: Hypothesis,
    fitted: FittedHypothesis,
    estimate: EffectEstimate,
    given: DetectorInput | None,
    settings: Estimation,
    seed: int,
) -> DetectorError | None:
    """Correct the headline for detector error as far as anything is known of it.

    Returns
    -------
    DetectorError or None
        None for a component measured on the picture itself, of which nothing was labelled.
    """
    labels = None if given is None else given.labels
    values = None if labels is None else label_values(cells, hypothesis, labels)
    is_labelled = values is not None and bool(np.isfinite(values).any())
    named = given is not None and hypothesis.name in given.table.hypotheses
    if not (is_labelled or named or is_detected(hypothesis)):
        return None
    rates = rates_about(hypothesis, given)
    error = DetectorError("none")
    try:
        if is_labelled:
            error = _from_labels(cells, hypothesis, fitted, given, settings, seed)
        elif rates:
            error = _from_rates(cells, fitted, estimate, rates, given, settings, seed)
        else:
            error = _from_posters(cells, hypothesis, fitted, estimate, settings, seed)
    except NotIdentifiedError as reason:
        error = DetectorError("labels" if is_labelled else "rates", unknown=str(reason))
    return replace(error, sign_turn=_sign_turn(fitted, error.accuracy, settings.level))


def check_detector(
    error: DetectorError | None, estimate: EffectEstimate, component: str, level: float
) -> list[Diagnostic]:
    """The check that follows from it; nothing for a component measured on the picture itself."""
    return [] if error is None else [judge_detector(error, *estimate.interval(level), component)]


def is_detected(hypothesis: Hypothesis) -> bool:
    """Whether the treatment is made of what the face detector found."""
    columns = [FEATURE_COLUMNS[name] for name in hypothesis.expression.names if name in FEATURE_COLUMNS]
    return any(column.face_role == "derived" for column in columns)


def rates_about(hypothesis: Hypothesis, given: DetectorInput | None) -> dict[str, DetectorRates]:
    """Rates of the study file that are about this hypothesis; empty where there are none."""
    if given is None:
        return {}
    named = given.table.hypotheses
    return rates_given(given.table) if hypothesis.name in named or (not named and is_detected(hypothesis)) else {}


def _from_labels(
    cells: Cells,
    hypothesis: Hypothesis,
    fitted: FittedHypothesis,
    given: DetectorInput | None,
    settings: Estimation,
    seed: int,
) -> DetectorError:
    assert given is not None
    ready, rows = labelled_cells(cells, fitted, hypothesis, given.labels, settings, seed)
    covariates = _styles(cells, fitted.rows[rows], given.table.style_column)
    effect = correct_with_labels(ready, covariates=covariates, level=settings.level, seed=seed)
    return DetectorError(
        "labels",
        accuracy=_accuracy(effect),
        labelled=effect,
        labelled_uncorrected=detected_slope(ready).effect,
    )


def _accuracy(effect: LabelledEffect) -> DetectorAccuracy | None:
    if effect.sensitivity is None or effect.specificity is None:
        return None
    return DetectorAccuracy(
        effect.sensitivity, effect.specificity, f"{effect.n_labelled:,} labelled artworks of this catalogue"
    )


def _styles(cells: Cells, rows: FloatArray, column: str) -> FloatArray | None:
    """Indicators of each style but the first, where the assets have styles."""
    if column not in cells.frame:
        return None
    style = cells.frame[column].astype(str).to_numpy()[rows]
    names = np.unique(style)[1:]
    return np.column_stack([style == name for name in names]).astype(np.float64) if len(names) else None


def _from_rates(
    cells: Cells,
    fitted: FittedHypothesis,
    estimate: EffectEstimate,
    rates: Mapping[str, DetectorRates],
    given: DetectorInput | None,
    settings: Estimation,
    seed: int,
) -> DetectorError:
    column = given.table.style_column if given is not None else "style"
    corrected = _correct(cells, fitted, fitted.headline, estimate, fitted.estimand, rates, column, settings, seed)
    counts = [one.n_positive + one.n_negative for one in rates.values() if one.n_positive and one.n_negative]
    source = f"{sum(counts):,} labelled artworks" if counts else "as the study file says"
    designs = []
    for name in ("pooled", "within"):
        fit = fitted.fits.get(name)
        if fit is not None:
            slope = fit.estimate("ATO", plr=True)
            one = _correct(cells, fitted, fit, slope, "ATO", rates, column, settings, seed)
            designs.append(CorrectedDesign(name, slope.effect, one))
    return DetectorError(
        "rates",
        accuracy=DetectorAccuracy(corrected.sensitivity, corrected.specificity, source),
        corrected=corrected,
        designs=tuple(designs),
    )


def _from_posters(
    cells: Cells,
    hypothesis: Hypothesis,
    fitted: FittedHypothesis,
    estimate: EffectEstimate,
    settings: Estimation,
    seed: int,
) -> DetectorError:
    rates = poster_rates(hypothesis.expression)
    if rates is None or not fitted.headline.is_binary:
        return DetectorError("none")
    try:
        error = _from_rates(cells, fitted, estimate, {ALL_STYLES: rates}, None, settings, seed)
    except NotIdentifiedError:  # this detector cannot have been as it was on the posters
        return DetectorError("none")
    return replace(error, source="posters", accuracy=None)


def _correct(
    cells: Cells,
    fitted: FittedHypothesis,
    fit: DesignFit,
    estimate: EffectEstimate,
    estimand: Estimand,
    rates: Mapping[str, DetectorRates],
    style_column: str,
    settings: Estimation,
    seed: int,
) -> CorrectedEffect:
    if not fit.is_binary:
        raise NotIdentifiedError(
            "sensitivity and specificity are about a component that is or is not there; label artworks to correct "
            "the effect of one that there is more or less of."
        )
    ready, rows = detected_cells(fitted, fit)
    return correct_cells(
        estimate.effect,
        estimate.std_error,
        ready,
        rates_of_rows(cells, fitted.rows[rows], rates, style_column),
        "ATE" if estimand == "ATE" else "ATO",
        degrees_of_freedom=estimate.degrees_of_freedom,
        level=settings.level,
        draws=DRAWS,
        seed=seed,
    )


def _sign_turn(fitted: FittedHypothesis, accuracy: DetectorAccuracy | None, level: float) -> DetectorSignTurn | None:
    fit = fitted.headline
    if not fit.is_binary:
        return None
    inner = fit.sample.assignment
    residual, _ = fitted.headline.residuals()
    try:
        return detector_sign_turn(
            residual,
            inner.treatment,
            sensitivity=1.0 if accuracy is None else accuracy.sensitivity,
            specificity=1.0 if accuracy is None else accuracy.specificity,
            clusters=inner.block,
            weights=inner.weights,
            by_title=fit.design != "pooled",
            level=level,
        )
    except NotIdentifiedError:
        return None
