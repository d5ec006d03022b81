"""What the accepted findings leave unexplained: how far two artworks of a title differ for other reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from artwork_insights.advising.advice import apply_findings
from artwork_insights.advising.families import choose_components
from artwork_insights.advising.support import Support, summarise_support
from artwork_insights.effects.cells import Cells
from artwork_insights.outcomes.precision import leave_own_out_rate, variance_between_assets
from artwork_insights.report.findings import StudyResult

FloatArray = npt.NDArray[np.float64]


def describe_seen(cells: Cells, result: StudyResult, arm_edges: Mapping[str, tuple[float, ...]]) -> Support:
    """Everything that `advise` needs beside the results, from the cells of a study and what was found in them."""
    support = summarise_support(cells.frame, result.findings, arm_edges)
    if cells.impressions is None:
        return support
    title, country = cells.frame["title_id"], cells.frame["country"]
    p = leave_own_out_rate(cells.outcome * cells.impressions, cells.impressions, title, country)
    sampling = p * (1 - p) / cells.impressions

    def spread(outcome: FloatArray) -> float:
        return float(np.sqrt(variance_between_assets(outcome, sampling, title, country)))

    left = cells.outcome - predict_cells(cells.frame, result, support)
    return replace(support, spread_within_titles=spread(cells.outcome), spread_left=spread(left))


def predict_cells(frame: pd.DataFrame, result: StudyResult, support: Support) -> FloatArray:
    """What the accepted findings say of each cell of the study, shape (m,); 0 where they say nothing."""
    predicted = np.zeros(len(frame))
    labels = pd.DataFrame([support.titles.get(str(title), {}) for title in frame["title_id"]]).fillna("")
    labels["country"] = frame["country"].astype(str).to_numpy()
    for rows in labels.groupby(list(labels.columns), sort=True).indices.values():
        place = {str(name): str(label) for name, label in labels.iloc[rows[0]].items() if label}
        components, _ = apply_findings(frame.iloc[rows], result, support, place)
        used, _ = choose_components(components, support.likenesses)
        if used:
            predicted[rows] = np.nan_to_num(np.sum([component.scores for component in used], axis=0))
    return predicted
