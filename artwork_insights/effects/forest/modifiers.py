"""What an effect may vary with, as numbers: the same columns for the cells of a fit and for cells that come later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from artwork_insights.design.confounders import FloatArray, array_frame, encode_confounders, name_columns, read_numbers
from artwork_insights.errors import TableError


@dataclass(frozen=True, slots=True)
class ModifierColumns:
    """How modifiers become columns.

    Attributes
    ----------
    names : tuple of str, length k
        One per column, e.g. ``"genre=Drama"``.
    blocks : tuple of str, length k
        The modifier each column comes from.
    fill : array of shape (k,)
        What stands for a missing number: the mean of the cells of the fit.
    marked : tuple of str
        Modifiers whose missing numbers get a column of their own.
    """

    names: tuple[str, ...]
    blocks: tuple[str, ...]
    fill: FloatArray
    marked: tuple[str, ...]

    @property
    def all_blocks(self) -> tuple[str, ...]:
        """The modifier of every column that `encode` makes."""
        return (*self.blocks, *self.marked)

    def encode(self, modifiers: pd.DataFrame | npt.ArrayLike) -> FloatArray:
        """Columns of these cells; shape (n, k and one per marked modifier), no NaN."""
        frame = as_frame(modifiers)
        absent = [block for block in dict.fromkeys(self.blocks) if block not in frame.columns]
        if absent:
            raise TableError(f"the modifiers lack {', '.join(map(repr, absent))}; the forest was fitted with them.")
        raw = [self._column(frame, name, block) for name, block in zip(self.names, self.blocks, strict=True)]
        values = np.column_stack(raw) if raw else np.empty((len(frame), 0))
        marks = [np.isnan(values[:, self.names.index(block)]).astype(np.float64) for block in self.marked]
        filled = np.where(np.isnan(values), self.fill, values)
        return np.ascontiguousarray(np.column_stack([filled, *marks]) if marks else filled)

    def _column(self, frame: pd.DataFrame, name: str, block: str) -> FloatArray:
        if name == block:
            numbers = read_numbers(frame[block])
            if numbers is None:
                raise TableError(f"modifier {block!r} holds text; the forest was fitted with numbers.")
            return numbers
        text = frame[block].astype("str").where(frame[block].notna(), "missing").to_numpy(dtype=object)
        level = name.removeprefix(f"{block}=")
        if level != "other":
            return np.asarray(text == level, dtype=np.float64)
        named = [n.removeprefix(f"{block}=") for n, b in zip(self.names, self.blocks, strict=True) if b == block]
        return np.asarray(~np.isin(text.astype(str), named) | (text == "other"), dtype=np.float64)


def as_frame(modifiers: pd.DataFrame | npt.ArrayLike) -> pd.DataFrame:
    """Modifiers as a data frame; the columns of an array are called ``modifier 0``, ``modifier 1`` and so on."""
    if isinstance(modifiers, pd.DataFrame):
        return name_columns(modifiers)
    frame = array_frame(modifiers)
    return frame.set_axis([f"modifier {k}" for k in range(frame.shape[1])], axis=1)


def learn_columns(modifiers: pd.DataFrame | npt.ArrayLike) -> ModifierColumns:
    """Decide the columns from the cells of a fit: numbers as they are, one column per level of a text.

    Modifiers that do not vary are left out.
    """
    encoded = encode_confounders(as_frame(modifiers))
    missing = np.isnan(encoded.values)
    counts = (~missing).sum(axis=0)
    total = np.where(missing, 0.0, encoded.values).sum(axis=0)
    fill = np.divide(total, counts, out=np.zeros(len(counts)), where=counts > 0)
    marked = tuple(name for name, some in zip(encoded.names, counts < len(missing), strict=True) if some)
    return ModifierColumns(encoded.names, encoded.blocks, fill, marked)


def sum_by_modifier(blocks: Sequence[str], values: FloatArray) -> dict[str, float]:
    """Add up a number per column over the columns of each modifier, largest first."""
    total = dict.fromkeys(blocks, 0.0)
    for block, value in zip(blocks, values, strict=True):
        total[block] += float(value)
    return dict(sorted(total.items(), key=lambda item: (-item[1], item[0])))
