"""Cells of a fitted hypothesis as the corrections for detector error take them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from artwork_insights.catalog.labels import carried_by, read_labels, seen_columns
from artwork_insights.design.confounders import FloatArray
from artwork_insights.effects.cells import Cells
from artwork_insights.effects.design_fit import DesignFit
from artwork_insights.effects.nuisances import fit_nuisances, fold_labels
from artwork_insights.errors import NotIdentifiedError, TableError
from artwork_insights.inquiry.fitting import FittedHypothesis
from artwork_insights.sensitivity.detector.cells import DetectedCells
from artwork_insights.sensitivity.detector.labelled import LabelledCells
from artwork_insights.sensitivity.detector.rates import ALL_STYLES, CellRates, DetectorRates, rates_of_cells
from artwork_insights.study import Detector, Estimation, Hypothesis, Study


@dataclass(frozen=True, slots=True)
class DetectorInput:
    """The ``[detector]`` table of a study, with its labels read."""

    table: Detector
    labels: pd.DataFrame | None = None


def read_detector(study: Study) -> DetectorInput | None:
    """Read the labels that a study names, if any, and see that some hypothesis can be answered with them.

    Raises
    ------
    TableError
        Where the label table cannot be read, or has nothing that a hypothesis asks about.
    """
    if study.detector is None:
        return None
    path = study.detector.labels
    if path is None:
        return DetectorInput(study.detector)
    labels = read_labels(path)
    asked = {name for one in study.hypothesis for name in (one.name, *one.expression.names)}
    asked |= {"face_count"} if "face_present" in asked else set()
    seen = seen_columns(labels)
    if not asked.intersection(seen):
        raise TableError(
            f"{path.name} has the columns {', '.join(seen)}, and no hypothesis asks about one of them; name a column "
            f"after a feature of a treatment or after a hypothesis: {', '.join(sorted(asked))}."
        )
    return DetectorInput(study.detector, labels)


def rates_given(table: Detector) -> dict[str, DetectorRates]:
    """Rates by style, as the study file gives them; empty where it gives none."""
    sections = dict(table.styles)
    if table.overall is not None:
        sections[ALL_STYLES] = table.overall
    return {
        style: DetectorRates(one.sensitivity, one.specificity, one.n_positive, one.n_negative)
        for style, one in sections.items()
    }


def rates_of_rows(cells: Cells, rows: FloatArray, rates: Mapping[str, DetectorRates], style_column: str) -> CellRates:
    """Rates of cells by their style.

    Raises
    ------
    NotIdentifiedError
        Where rates differ by style and the assets have no such column.
    """
    style = None
    if set(rates) != {ALL_STYLES}:
        if style_column not in cells.frame:
            raise NotIdentifiedError(
                f"the detector's rates differ by style, but the assets have no column {style_column!r}; add it, or "
                "give one sensitivity and specificity for all."
            )
        style = cells.frame[style_column].to_numpy()[rows].astype(str)
    return rates_of_cells(rates, style, len(rows))


def detected_cells(fitted: FittedHypothesis, fit: DesignFit) -> tuple[DetectedCells, np.ndarray]:
    """Cells of a fit with those of titles that do not vary, which carry error too; and which of all cells they are."""
    assignment = fitted.sample.assignment
    by_title = fit.design != "pooled"
    rows = fit.keep | ~fit.eligible if by_title else fit.keep
    pooled = fitted.fits.get("pooled")
    base = None if pooled is None else pooled.propensity[rows]
    propensity = np.where(fit.keep, fit.propensity, np.nan)[rows]
    asset, title = (
        np.unique(codes[rows], return_inverse=True)[1].astype(np.int64)
        for codes in (assignment.asset, assignment.title)
    )
    return DetectedCells(
        assignment.treatment[rows], propensity, base, assignment.weights[rows], asset, title, by_title
    ), np.flatnonzero(rows)


def label_values(cells: Cells, hypothesis: Hypothesis, labels: pd.DataFrame) -> FloatArray:
    """The treatment as a person saw it, one per row of the label table; NaN where nobody looked.

    A column with the hypothesis's name holds the component itself; otherwise the treatment is worked out from the
    labelled features, and from measured ones where it asks for some that no person saw.
    """
    if hypothesis.name in labels:
        return labels[hypothesis.name].to_numpy(np.float64, na_value=np.nan)
    names = hypothesis.expression.names
    if "face_present" in names and "face_present" not in labels and "face_count" in labels:
        labels = labels.assign(
            face_present=(labels["face_count"] > 0).where(labels["face_count"].notna()).astype("float64")
        )
    if not any(name in labels for name in names):
        return np.full(len(labels), np.nan)
    measured = cells.frame.drop_duplicates("asset_id").set_index("asset_id")
    columns = {
        name: (labels[name] if name in labels else labels["asset_id"].map(measured[name])).to_numpy(
            np.float64, na_value=np.nan
        )
        for name in names
    }
    return hypothesis.expression.evaluate(columns)


def labelled_cells(
    cells: Cells,
    fitted: FittedHypothesis,
    hypothesis: Hypothesis,
    labels: pd.DataFrame | None,
    settings: Estimation,
    seed: int,
) -> tuple[LabelledCells, np.ndarray]:
    """Cells with out-of-fold residuals over all titles, and which of the sample's cells they are.

    Where the headline compares within titles, models are fitted anew on all titles: leaving out those whose *detected*
    component does not vary would select on the detector, whose errors may depend on the outcome.
    """
    fit = fitted.headline
    assignment = fitted.sample.assignment
    by_title = fit.design != "pooled"
    if by_title:
        folds = fold_labels(fitted.sample, settings.folds, 1, np.random.default_rng(seed))[0]
        nuisances = fit_nuisances(fitted.sample, "within", folds, seed, fit.settings, settings.learner)[0]
        rows = np.arange(len(fitted.sample.outcome))
    else:
        nuisances, rows = fit.repetitions[0], np.flatnonzero(fit.keep)
    asset = np.unique(assignment.asset[rows], return_inverse=True)[1].astype(np.int64)
    title = np.unique(assignment.title[rows], return_inverse=True)[1].astype(np.int64)
    label, carries = np.full(len(rows), np.nan), np.zeros(len(rows))
    if labels is not None:
        ids = cells.frame["asset_id"].to_numpy()[fitted.rows[rows]]
        value = label_values(cells, hypothesis, labels)
        known = np.isfinite(value) & labels["asset_id"].isin(set(ids)).to_numpy()
        stands_for = carried_by(labels, known, int(asset.max()) + 1)
        seen = pd.Series(value[known], index=labels["asset_id"].to_numpy()[known])
        _refuse_contradictions(seen)
        seen = seen.groupby(level=0).first()
        label = seen.reindex(ids).to_numpy(np.float64)
        carries = stands_for.reindex(ids).fillna(0.0).to_numpy(np.float64)
    return LabelledCells(
        fitted.sample.outcome[rows] - nuisances.outcome,
        assignment.treatment[rows],
        nuisances.treatment,
        label,
        carries,
        assignment.weights[rows],
        asset,
        title,
        by_title,
        assignment.block[rows],
    ), rows


def _refuse_contradictions(seen: pd.Series) -> None:
    varied = seen.groupby(level=0).nunique()
    if (varied > 1).any():
        raise NotIdentifiedError(
            f"asset_id {varied.index[varied > 1][0]!r} has different labels in different waves; keep one of them."
        )
