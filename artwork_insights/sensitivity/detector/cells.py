"""Cells of an estimate whose component was detected, and their check on the way in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from artwork_insights.design.folds import encode_titles
from artwork_insights.design.reading import as_numbers, as_positive
from artwork_insights.errors import NotIdentifiedError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class DetectedCells:
    """Cells with the detected component.

    Attributes
    ----------
    detected : array of shape (n,)
        0 or 1; or the propensity itself where only that is known.
    propensity : array of shape (n,)
        Of the detected component given all that the design holds fixed; NaN in cells that the estimate does not use.
    base_propensity : array of shape (n,) or None
        Given the confounders only, without the title's share; sharpens the predictive values under `mundlak`.
    weights : array of shape (n,)
    asset, title : arrays of shape (n,), int
        Cells of one asset share one detection, and so one error.
    by_title : bool
        Whether title means are taken out of the residuals (`mundlak`, `within`).
    """

    detected: FloatArray
    propensity: FloatArray
    base_propensity: FloatArray | None
    weights: FloatArray
    asset: IntArray
    title: IntArray
    by_title: bool

    @property
    def used(self) -> BoolArray:
        """Cells that the estimate speaks of; shape (n,)."""
        return np.isfinite(self.propensity)


def read_cells(
    propensity: npt.ArrayLike,
    detected: npt.ArrayLike | None,
    clusters: npt.ArrayLike | None,
    assets: npt.ArrayLike | None,
    weights: npt.ArrayLike | None,
    base_propensity: npt.ArrayLike | None,
    design: str,
    estimand: str,
) -> DetectedCells:
    """Check what an analyst hands over; shapes and units are those of `correct_detector_error`.

    Raises
    ------
    NotIdentifiedError
        For another length, a propensity outside (0, 1), detections that are not 0 and 1, or a missing column.
    """
    p = as_numbers("propensity", propensity)
    n = len(p)
    used = np.isfinite(p)
    is_share = (p[used] > 0) & (p[used] < 1)
    if not used.any() or ((estimand == "ATE" or detected is None) and not is_share.all()):
        raise NotIdentifiedError("propensities must lie inside 0 and 1; give the detected component's, out of fold.")
    by_title = design != "pooled"
    if by_title and (detected is None or clusters is None):
        raise NotIdentifiedError(f"design {design!r} needs `detected` and `clusters`: errors differ within titles.")
    given = {"detected": detected, "base_propensity": base_propensity}
    numbers = {name: as_numbers(name, values) for name, values in given.items() if values is not None}
    codes = {"clusters": clusters, "assets": assets}
    labels = {name: np.asarray(values, dtype=object) for name, values in codes.items() if values is not None}
    for name, values in {**numbers, **labels}.items():
        if values.shape != (n,):
            raise NotIdentifiedError(f"{name} has shape {values.shape} and the propensity {n} rows; give one per row.")
    seen = numbers.get("detected", p)
    if detected is not None and not np.isin(seen, (0.0, 1.0)).all():
        raise NotIdentifiedError("`detected` must hold 0 and 1 only: it is there or it is not.")
    own = np.arange(n)
    return DetectedCells(
        seen if detected is not None else np.where(used, p, 0.0),
        p,
        numbers.get("base_propensity"),
        np.ones(n) if weights is None else as_positive("weights", weights, n),
        encode_titles(labels.get("assets", own)),
        encode_titles(labels.get("clusters", labels.get("assets", own))),
        by_title,
    )
