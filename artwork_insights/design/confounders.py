"""Confounders as a numeric matrix, and their title means (Mundlak 1978)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from artwork_insights.design.folds import IntArray
from artwork_insights.errors import TableError

FloatArray = npt.NDArray[np.float64]
LARGEST_NUMBER_OF_LEVELS = 50
EMBEDDING_COMPONENTS = 20


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

    def rows(self, keep: npt.NDArray[np.bool_]) -> Confounders:
        """Select rows."""
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
        missing = np.isnan(self.values)
        if not missing.any():
            return self.values
        means = np.nan_to_num(np.nanmean(self.values, axis=0))
        indicators = missing[:, missing.any(axis=0)].astype(np.float64)
        return np.hstack([np.where(missing, means, self.values), indicators])


def encode_confounders(frame: pd.DataFrame, embedding: FloatArray | None = None) -> Confounders:
    """Encode columns: numbers as they are, truth values as 0 and 1, categories one column per level.

    Parameters
    ----------
    frame : DataFrame of n rows
        One column per confounder. Categories of more than 50 levels keep the 49 most frequent and ``other``.
    embedding : array of shape (n, d), optional
        Replaced by its leading principal components (at most 20), which sees no treatment and no outcome.

    Raises
    ------
    TableError
        When a category column has as many levels as rows (an identifier, not a confounder).
    """
    columns: list[FloatArray] = []
    names: list[str] = []
    blocks: list[str] = []
    for block in frame.columns:
        for name, column in _encode_column(str(block), frame[block]):
            columns.append(column)
            names.append(name)
            blocks.append(str(block))
    if embedding is not None:
        components = principal_components(embedding, EMBEDDING_COMPONENTS)
        columns += list(components.T)
        names += [f"embedding[{i}]" for i in range(components.shape[1])]
        blocks += ["embedding"] * components.shape[1]
    values = np.column_stack(columns) if columns else np.empty((len(frame), 0))
    return Confounders(np.ascontiguousarray(values, dtype=np.float64), tuple(names), tuple(blocks))


def _encode_column(name: str, column: pd.Series) -> list[tuple[str, FloatArray]]:
    if pd.api.types.is_bool_dtype(column) or pd.api.types.is_numeric_dtype(column):
        numbers = column.to_numpy(dtype=np.float64, na_value=np.nan)
        numbers = np.where(np.isinf(numbers), np.nan, numbers)
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


def principal_components(embedding: FloatArray, largest: int) -> FloatArray:
    """Scores on the leading principal components; shape (n, d) in, (n, at most `largest`) out; signs fixed."""
    centred = embedding - embedding.mean(axis=0)
    covariance = centred.T @ centred / max(len(centred) - 1, 1)
    values, vectors = np.linalg.eigh(covariance)
    keep = np.argsort(-values)[: min(largest, len(embedding) - 1, embedding.shape[1])]
    keep = keep[values[keep] > 1e-10 * max(values.max(), 1e-300)]
    directions = vectors[:, keep]
    signs = np.sign(directions[np.abs(directions).argmax(axis=0), np.arange(directions.shape[1])])
    return np.asarray(centred @ (directions * signs), dtype=np.float64)


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
