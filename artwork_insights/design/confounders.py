"""Confounders as a numeric matrix, and their title means (Mundlak 1978)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from artwork_insights.design.folds import IntArray
from artwork_insights.design.projection import choose_components, principal_components
from artwork_insights.errors import NotIdentifiedError, TableError

FloatArray = npt.NDArray[np.float64]
LARGEST_NUMBER_OF_LEVELS = 50
EMBEDDING_COMPONENTS = 20
_SECONDS_PER_DAY = 86_400
_NUMBERS = ("integer", "floating", "mixed-integer-float", "boolean", "decimal")


@dataclass(frozen=True, slots=True)
class Confounders:
    """Encoded confounders.

    Attributes
    ----------
    values : array of shape (n, k)
        Numbers; NaN where a confounder is missing.
    names : tuple of str, length k
        One per column, e.g. ``"genre=Drama"``.
    blocks : tuple of str, length k
        The confounder each column comes from, e.g. ``"genre"``.
    """

    values: FloatArray
    names: tuple[str, ...]
    blocks: tuple[str, ...]

    def rows(self, keep: npt.NDArray[np.bool_] | npt.NDArray[np.int64]) -> Confounders:
        """Select rows by mark or by place."""
        return Confounders(self.values[keep], self.names, self.blocks)

    def without(self, blocks: Sequence[str]) -> Confounders:
        """Leave out whole blocks."""
        keep = np.array([block not in blocks for block in self.blocks], dtype=bool)
        return Confounders(
            self.values[:, keep],
            tuple(name for name, kept in zip(self.names, keep, strict=True) if kept),
            tuple(block for block, kept in zip(self.blocks, keep, strict=True) if kept),
        )

    def filled(self) -> FloatArray:
        """Values without holes for linear models: column means, with indicator columns for what was missing."""
        return fill_missing(self.values)


def fill_missing(values: FloatArray) -> FloatArray:
    """Column means for holes, and an indicator column for each column with holes; shape (n, k) in, (n, >= k) out."""
    missing = np.isnan(values)
    if not missing.any():
        return values
    means = np.where(missing, 0.0, values).sum(axis=0) / np.maximum((~missing).sum(axis=0), 1)
    return np.hstack([np.where(missing, means, values), missing[:, missing.any(axis=0)].astype(np.float64)])


def as_confounders(confounders: pd.DataFrame | npt.ArrayLike | Confounders) -> Confounders:
    """Confounders of n rows from what an analyst has: a data frame, an array of shape (n,) or (n, k), or themselves."""
    if isinstance(confounders, Confounders):
        return confounders
    if isinstance(confounders, pd.DataFrame):
        return encode_confounders(confounders)
    frame = array_frame(confounders)
    columns = [read_numbers(frame[name]) for name in frame]
    if not columns or any(column is None for column in columns):
        return encode_confounders(frame)
    names = tuple(str(name) for name in frame)  # of numbers every column is kept, a constant one too
    return Confounders(np.column_stack([column for column in columns if column is not None]), names, names)


def array_frame(confounders: npt.ArrayLike) -> pd.DataFrame:
    """A data frame of an array of shape (n,) or (n, k); columns are called ``confounder 0``, ``confounder 1``, ...

    Raises
    ------
    NotIdentifiedError
        When it has another shape.
    """
    try:
        matrix = np.asarray(confounders)
    except ValueError:  # rows of different lengths
        raise NotIdentifiedError(
            "the confounders' rows differ in length; give a data frame or (n, k) numbers."
        ) from None
    if matrix.ndim not in (1, 2):
        raise NotIdentifiedError(f"the confounders have shape {matrix.shape}; give a data frame or (n, k) numbers.")
    matrix = matrix[:, None] if matrix.ndim == 1 else matrix
    return pd.DataFrame(matrix, columns=[f"confounder {k}" for k in range(matrix.shape[1])])


def name_columns(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with text for column names and rows numbered anew.

    Raises
    ------
    TableError
        When two columns have one name.
    """
    names = [str(name) for name in frame.columns]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise TableError(f"two columns are called {twice!r}; give each a name of its own.")
    return frame.set_axis(names, axis=1).reset_index(drop=True)


def read_numbers(column: pd.Series) -> FloatArray | None:
    """Numbers of a column of numbers, truth values or dates (days since 1970), holes NaN; None for text.

    Numbers that stand among Python objects, as in a column beside text, are numbers too.
    """
    if pd.api.types.is_object_dtype(column) and pd.api.types.infer_dtype(column, skipna=True) in _NUMBERS:
        return _finite(np.array([np.nan if hole else float(v) for v, hole in zip(column, column.isna(), strict=True)]))
    if pd.api.types.is_datetime64_any_dtype(column) or pd.api.types.is_timedelta64_dtype(column):
        is_time = pd.api.types.is_datetime64_any_dtype(column)
        passed = column - pd.Timestamp(0, tz=column.dt.tz) if is_time else column
        return np.asarray(passed.dt.total_seconds() / _SECONDS_PER_DAY, dtype=np.float64)
    if pd.api.types.is_complex_dtype(column):
        raise TableError(f"column {str(column.name)!r} holds complex numbers; give its parts.")
    if pd.api.types.is_bool_dtype(column) or pd.api.types.is_numeric_dtype(column):
        return _finite(column.to_numpy(dtype=np.float64, na_value=np.nan))
    return None


def _finite(numbers: FloatArray) -> FloatArray:
    return np.where(np.isinf(numbers), np.nan, numbers)


def encode_confounders(
    frame: pd.DataFrame, embedding: FloatArray | None = None, *, titles: npt.ArrayLike | None = None
) -> Confounders:
    """Encode columns: numbers as they are, truth values as 0 and 1, categories one column per level.

    Parameters
    ----------
    frame : DataFrame of n rows
        One column per confounder; dates count in days. Categories of more than 50 levels keep the 49 most
        frequent and ``other``.
    embedding : array of shape (n, d), optional
        Replaced by its leading principal components, at most 20; their number is chosen by the likelihood of titles
        held out (`choose_components`), which sees no treatment and no outcome.
    titles : array of shape (n,), optional
        Title of each row, for that choice; without it every row stands alone.

    Raises
    ------
    TableError
        When a category column has as many levels as rows (an identifier, not a confounder), or two columns have one
        name.
    """
    columns: list[FloatArray] = []
    names: list[str] = []
    blocks: list[str] = []
    frame = name_columns(frame)
    for block in frame.columns:
        for name, column in _encode_column(str(block), frame[block]):
            columns.append(column)
            names.append(name)
            blocks.append(str(block))
    if embedding is not None:
        n_components = choose_components(embedding, titles, largest=EMBEDDING_COMPONENTS)
        components = principal_components(embedding, n_components)
        columns += list(components.T)
        names += [f"embedding[{i}]" for i in range(components.shape[1])]
        blocks += ["embedding"] * components.shape[1]
    values = np.column_stack(columns) if columns else np.empty((len(frame), 0))
    return Confounders(np.ascontiguousarray(values, dtype=np.float64), tuple(names), tuple(blocks))


def _encode_column(name: str, column: pd.Series) -> list[tuple[str, FloatArray]]:
    numbers = read_numbers(column)
    if numbers is not None:
        known = numbers[~np.isnan(numbers)]
        return [(name, numbers)] if len(known) and (known.min() < known.max() or len(known) < len(numbers)) else []
    text = column.astype("str").where(column.notna(), "missing").to_numpy(dtype=object)
    levels, counts = np.unique(text.astype(str), return_counts=True)
    if len(levels) == len(text) and len(text) > LARGEST_NUMBER_OF_LEVELS:
        raise TableError(f"confounder {name!r} has a different text in every row: it is an identifier, leave it out.")
    if len(levels) > LARGEST_NUMBER_OF_LEVELS:
        frequent = set(levels[np.argsort(-counts, kind="stable")[: LARGEST_NUMBER_OF_LEVELS - 1]])
        text = np.array([value if value in frequent else "other" for value in text], dtype=object)
        levels = np.unique(text.astype(str))
    if len(levels) == 1:
        return []
    if len(levels) == 2:
        levels = levels[1:]  # the second column would say the same
    return [(f"{name}={level}", (text == level).astype(np.float64)) for level in levels]


def title_means(values: FloatArray, title: IntArray, weights: FloatArray) -> FloatArray:
    """Weighted title means, own row included, spread back over rows; NaN is left out of a mean.

    Parameters
    ----------
    values : array of shape (n,) or (n, k)
    title : array of shape (n,)
        Codes 0, 1, ...
    weights : array of shape (n,)

    Returns
    -------
    array of the shape of `values`
    """
    matrix = values[:, None] if values.ndim == 1 else values
    seen = ~np.isnan(matrix)
    size = int(title.max()) + 1 if len(title) else 0
    means = np.empty_like(matrix)
    for k in range(matrix.shape[1]):
        held = weights * seen[:, k]
        total = np.bincount(title, weights=held * np.where(seen[:, k], matrix[:, k], 0.0), minlength=size)
        mass = np.bincount(title, weights=held, minlength=size)
        mean = np.divide(total, mass, out=np.full(size, np.nan), where=mass > 0)
        means[:, k] = mean[title]
    return means[:, 0] if values.ndim == 1 else means


def constant_blocks(confounders: Confounders, title: IntArray) -> tuple[str, ...]:
    """Blocks none of whose columns differs between the cells of a title."""
    distance = confounders.values - title_means(confounders.values, title, np.ones(len(title)))
    varies = np.nan_to_num(np.abs(distance)).max(axis=0, initial=0.0) > 1e-9
    varying = {block for block, kept in zip(confounders.blocks, varies, strict=True) if kept}
    return tuple(block for block in dict.fromkeys(confounders.blocks) if block not in varying)


def add_title_means(confounders: Confounders, title: IntArray, weights: FloatArray) -> Confounders:
    """Append the title means of the confounders that vary within titles, and each row's distance from them.

    The distances span nothing new for a linear model; trees would need many splits to find them.
    """
    means = title_means(confounders.values, title, weights)
    distance = confounders.values - means
    varies = np.nan_to_num(np.abs(distance)).max(axis=0, initial=0.0) > 1e-9
    varying = [name for name, kept in zip(confounders.names, varies, strict=True) if kept]
    varying_blocks = [block for block, kept in zip(confounders.blocks, varies, strict=True) if kept]
    return Confounders(
        np.hstack([confounders.values, means[:, varies], distance[:, varies]]),
        (*confounders.names, *(f"title mean of {n}" for n in varying), *(f"{n} less title mean" for n in varying)),
        (*confounders.blocks, *varying_blocks, *varying_blocks),
    )
