"""What an analyst hands over in a notebook, made into a sample: arrays, Series and data frames of any index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from artwork_insights.design.assignment import Assignment, label_arrays, make_assignment
from artwork_insights.design.confounders import array_frame, encode_confounders
from artwork_insights.design.reading import as_numbers
from artwork_insights.effects.sample import AnalysisSample
from artwork_insights.errors import NotIdentifiedError

SAME = 1e-9


def sample_from_arrays(
    outcome: npt.ArrayLike,
    treatment: npt.ArrayLike,
    confounders: pd.DataFrame | npt.ArrayLike | None,
    clusters: npt.ArrayLike | None = None,
    *,
    weights: npt.ArrayLike | None = None,
    groups: Mapping[str, npt.ArrayLike] | None = None,
) -> AnalysisSample:
    """Make a sample of n cells.

    Parameters
    ----------
    outcome, treatment : arrays of shape (n,)
        Numbers or truth values.
    confounders : DataFrame of n rows, or array of shape (n, k), optional
        Numbers, truth values and text; text becomes one column per level.
    clusters : array of shape (n,) or (n, 2), optional
        Titles; a second column (country) joins the confounders, and errors are clustered by it too where both sides
        have at least 30. Without clusters every row stands alone.
    weights : array of shape (n,), optional
    groups : mapping from modifier to array of shape (n,), optional

    Raises
    ------
    NotIdentifiedError
        For a wrong length or shape, a missing value, text where a number belongs, or a confounder that is the
        treatment itself; in one sentence.
    """
    values = read_column("outcome", outcome)
    frame = _confounder_frame(confounders, len(values))
    labels = label_arrays(groups)
    title: npt.ArrayLike = np.arange(len(values))
    if clusters is not None:
        title, country = _split_clusters(clusters)
        if country is not None and len(country) == len(frame):
            labels.setdefault("country", country)
            frame = frame.assign(**{"country" if "country" not in frame else "second cluster": country})
    assignment = make_assignment(
        read_column("treatment", treatment),
        encode_confounders(frame),
        title,
        weights=weights,
        groups=labels,
        country=labels.get("country"),
    )
    _refuse_copies(assignment)
    return AnalysisSample(assignment, values)


def read_column(what: str, values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Numbers of shape (n,); text is refused even where it reads like numbers, which a column of labels may do.

    Raises
    ------
    NotIdentifiedError
        For text, dates, complex numbers, or another shape.
    """
    array = np.asarray(values)
    texts = array.ravel() if array.dtype.kind in "OUS" else array[:0].ravel()
    odd = next((value for value in texts if isinstance(value, (str, bytes))), None)
    if odd is not None and array.ndim == 1:
        raise NotIdentifiedError(f"the {what} holds {str(odd)!r}; it needs numbers or truth values.")
    return as_numbers(what, values)


def in_own_order(
    sample: AnalysisSample, folds: int | npt.ArrayLike
) -> tuple[AnalysisSample, int | npt.ArrayLike, npt.NDArray[np.int64]]:
    """Rows and titles in an order that follows from what they hold, and the fold labels with them.

    Folds are dealt to titles by number and trees draw rows by place; so neither the order in which rows come nor the
    names of the titles move an estimate. Each row is put in its place by one fixed random combination of its
    standardised numbers, each title by the sum over its rows.

    Parameters
    ----------
    sample : AnalysisSample of n cells
    folds : int or array of shape (n,)
        A number, or labels of another shape, are returned as they are.

    Returns
    -------
    sample : AnalysisSample of n cells
    folds : as given
    order : array of shape (n,), int
        Where each row of the result stood.
    """
    assignment = sample.assignment
    rng, place = np.random.default_rng(0), np.zeros(len(sample.outcome))
    for column in (assignment.weights, *assignment.confounders.values.T):
        place += rng.normal() * _standardised(column)
    for column in (sample.outcome, assignment.treatment):  # turned round, they give the same order
        place += rng.normal() * np.abs(_standardised(column))
    titles, blocks = (np.bincount(codes, place)[codes] for codes in (assignment.title, assignment.block))
    order = np.lexsort((place, assignment.title, titles, assignment.block, blocks))
    moved = assignment.rows(order)
    moved = replace(
        moved, asset=_as_they_come(moved.asset), title=_as_they_come(moved.title), block=_as_they_come(moved.block)
    )
    labels = np.asarray(folds)
    moved_folds = labels[order] if labels.shape == place.shape else folds
    return AnalysisSample(moved, sample.outcome[order]), moved_folds, order


def _standardised(column: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    known = np.where(np.isfinite(column), column, 0.0)
    spread = float(known.std()) or 1.0
    return np.asarray((known - known.mean()) / spread)


def _as_they_come(codes: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Number labels in the order in which they come."""
    _, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first)).astype(np.int64)[inverse.reshape(-1)]


def _refuse_copies(assignment: Assignment) -> None:
    """Refuse a confounder that is the treatment in other units: held fixed, nothing of the treatment is left."""
    treatment = assignment.treatment - assignment.treatment.mean()
    for name, column in zip(assignment.confounders.names, assignment.confounders.values.T, strict=True):
        distance = column - column.mean()  # NaN where a value is missing: then it is no copy
        size = np.abs(distance).max(initial=0.0)
        if 0 < size < np.inf:
            distance = distance / size
            slope = float(distance @ treatment) / float(treatment @ treatment)
            if np.abs(distance - slope * treatment).max() < SAME:
                raise NotIdentifiedError(f"confounder {name!r} is the treatment itself in other units; leave it out.")


def _split_clusters(clusters: npt.ArrayLike) -> tuple[npt.ArrayLike, npt.NDArray[np.object_] | None]:
    columns = np.asarray(clusters, dtype=object)
    if columns.ndim == 1:
        return clusters, None
    if columns.ndim == 2 and columns.shape[1] <= 2:
        second = (
            np.where(pd.isna(columns[:, 1]), "missing", columns[:, 1].astype(str)) if columns.shape[1] == 2 else None
        )
        return columns[:, 0], second
    raise NotIdentifiedError(
        f"clusters have shape {columns.shape}; give one column of titles, or two of titles and countries."
    )


def _confounder_frame(confounders: pd.DataFrame | npt.ArrayLike | Sequence[float] | None, n: int) -> pd.DataFrame:
    if confounders is None:
        return pd.DataFrame(index=range(n))
    if isinstance(confounders, pd.DataFrame):
        return confounders.reset_index(drop=True)
    return array_frame(confounders)
