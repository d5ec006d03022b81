"""The rows that a mechanism is asked of, read once: numbers, controls, clusters and weights of the rows that count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from artwork_insights.design.confounders import Confounders, as_confounders
from artwork_insights.design.reading import as_numbers, as_positive
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.mechanisms.regression import FloatArray, IntArray, fill_missing, group_codes

FEWEST_DRAWS = 50


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows with an outcome, a treatment and carriers (mediators, moderators or features) that are all defined.

    Attributes
    ----------
    outcome, treatment, weights : ndarray of shape (n,)
    carriers : ndarray of shape (n, m)
    controls : ndarray of shape (n, k)
        Numbers without holes.
    clusters : ndarray of shape (n,) or None
        Codes 0, 1, ...; None where rows stand alone.
    absorb : ndarray of shape (n,) or None
        Codes of groups whose means are swept out.
    kept : ndarray of shape (all rows,), bool
        The rows that are here.
    """

    outcome: FloatArray
    treatment: FloatArray
    carriers: FloatArray
    controls: FloatArray
    clusters: IntArray | None
    weights: FloatArray
    absorb: IntArray | None
    kept: NDArray[np.bool_]

    @property
    def units(self) -> IntArray:
        """What a bootstrap draws: clusters, or rows."""
        return np.arange(len(self.outcome)) if self.clusters is None else self.clusters

    @property
    def n_units(self) -> int:
        """Number of clusters, or of rows where nothing is clustered."""
        return len(np.unique(self.units))

    @property
    def n_undefined(self) -> int:
        """Rows left out because a carrier is not defined there."""
        return int((~self.kept).sum())


def read_rows(
    outcome: ArrayLike,
    treatment: ArrayLike,
    carriers: Mapping[str, ArrayLike],
    confounders: pd.DataFrame | ArrayLike | Confounders | None,
    clusters: ArrayLike | None,
    weights: ArrayLike | None,
    absorb: ArrayLike | None,
) -> Rows:
    """Read what an analyst has; rows in which a carrier is not defined are left out.

    Raises
    ------
    NotIdentifiedError
        One sentence for text, another length, a missing outcome or treatment, a weight that is not positive, or no row.
    """
    target, dose = as_numbers("outcome", outcome), as_numbers("treatment", treatment)
    columns = {name: as_numbers(name, values) for name, values in carriers.items()}
    n = len(target)
    for name, values in {"outcome": target, "treatment": dose}.items():
        _check_length(name, values, n)
        missing = int((~np.isfinite(values)).sum())
        if missing:
            raise NotIdentifiedError(f"the {name} is missing or infinite in {missing} rows; leave those rows out.")
    for name, values in columns.items():
        _check_length(name, values, n)
    table = np.column_stack([*columns.values()]) if columns else np.zeros((n, 0))
    kept: NDArray[np.bool_] = np.asarray(np.isfinite(table).all(axis=1), dtype=bool)
    if not kept.any():
        raise NotIdentifiedError(f"{' and '.join(columns) or 'outcome'}: no row in which it is defined; add artwork.")
    controls = np.zeros((n, 0))
    if confounders is not None:
        read = as_confounders(confounders).values
        _check_length("confounders", read, n)
        controls = fill_missing(np.where(np.isinf(read), np.nan, read), n)
    importance = np.ones(n) if weights is None else as_positive("weights", weights, n)
    units, groups = (_codes(name, labels, n, kept) for name, labels in (("clusters", clusters), ("absorb", absorb)))
    return Rows(target[kept], dose[kept], table[kept], controls[kept], units, importance[kept], groups, kept)


def named_columns(columns: pd.DataFrame | Mapping[str, ArrayLike]) -> dict[str, ArrayLike]:
    """Columns by name, of a data frame or a mapping; anything else is refused in one sentence."""
    if isinstance(columns, pd.DataFrame):
        return {str(name): columns[name].to_numpy() for name in columns.columns}
    if not isinstance(columns, Mapping):
        raise NotIdentifiedError("give a data frame, or a mapping from names to columns of numbers.")
    return {str(name): values for name, values in columns.items()}


def check_draws(draws: int) -> int:
    """Number of bootstrap draws, at least 50.

    Raises
    ------
    NotIdentifiedError
        For fewer, since they give no interval.
    """
    if not isinstance(draws, (int, np.integer)) or draws < FEWEST_DRAWS:
        raise NotIdentifiedError(f"bootstrap_draws={draws!r} give no interval; ask for at least {FEWEST_DRAWS}.")
    return int(draws)


def _check_length(name: str, values: FloatArray, n: int) -> None:
    if len(values) != n:
        raise NotIdentifiedError(f"{name} has {len(values)} rows and the outcome {n}; give one per row.")


def _codes(name: str, labels: ArrayLike | None, n: int, kept: NDArray[np.bool_]) -> IntArray | None:
    if labels is None:
        return None
    column = pd.Series(np.asarray(labels).ravel())
    _check_length(name, column.to_numpy(), n)
    if column.isna().any():
        raise NotIdentifiedError(f"{name}: {int(column.isna().sum())} rows have no label; leave those rows out.")
    values = column.to_numpy()[kept]
    return group_codes(values.astype(str) if values.dtype == object else values)
