"""Features of a prediction task: raw, filled for linear models, and binned once for all trees, folds and models."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from threading import Lock

import numpy as np
import numpy.typing as npt

from artwork_insights.design.confounders import FloatArray, fill_missing
from artwork_insights.design.folds import IntArray
from artwork_insights.design.learners.bin_cache import BinCache, CodeArray
from artwork_insights.design.learners.side_by_side import side_by_side

NUMBER_OF_BINS, MOST_BINS = 64, 240
MANY_ROWS = 5_000
"""Rows above which columns get `MOST_BINS`: what differs inside a bin stays a confounder. Four draws of 20,000
rows, same settings: with 64 bins the doubly robust estimates lay 2.1 standard errors above the truth on average, with
240 bins 1.3, with all rows and columns for every tree (`share_drawn`) .9 (``benchmarks/left_behind.py``). Below 5,000
rows what is left is smaller beside the error, and coverage was measured with 64 bins."""
MISSING = 255
BINNED_LATELY = BinCache()
BINNING = Lock()  # `cached_property` has one of its own only before Python 3.12


@dataclass(frozen=True, slots=True)
class Binned:
    """Features as bin numbers.

    Attributes
    ----------
    codes : array of shape (n, k), uint8
        0, 1, ... in the order of the values; 255 where missing.
    sizes : array of shape (k,), int
        Number of bins of each column, from 1 to 255.
    """

    codes: CodeArray
    sizes: IntArray


@dataclass(frozen=True)
class Features:
    """Inputs of a prediction task; what is derived from them is made once, when first asked for.

    Attributes
    ----------
    values : array of shape (n, k)
        May hold NaN.
    is_coarse : bool
        `NUMBER_OF_BINS` however many rows there are: enough to tell settings apart, and faster.
    """

    values: FloatArray
    is_coarse: bool = False

    @property
    def binned(self) -> Binned:
        """Bin numbers of all rows. Folds select rows of them, so that values are never sorted or copied again.

        A column that any other features held lately is not binned again (`BinCache`). Threads that ask at the same
        time wait for the first.
        """
        with BINNING:
            return self._binned

    @cached_property
    def _binned(self) -> Binned:
        if self.is_coarse:
            columns = side_by_side(lambda column: bin_column(column, NUMBER_OF_BINS), self.values.T)
        else:
            columns = side_by_side(lambda column: BINNED_LATELY.look_up(column, bin_column), self.values.T)
        codes = np.empty(self.values.shape, dtype=np.uint8)
        for k, column in enumerate(columns):
            codes[:, k] = column
        known = np.where(codes == MISSING, 0, codes)
        return Binned(codes, known.max(axis=0, initial=0).astype(np.int64) + 1)

    def some(self, rows: npt.NDArray[np.bool_]) -> Features:
        """Some rows, with the bins of all where there are any yet."""
        features = Features(self.values[rows], self.is_coarse)
        if "_binned" in self.__dict__:
            features.__dict__["_binned"] = Binned(self.binned.codes[rows], self.binned.sizes)
        return features

    @cached_property
    def filled(self) -> FloatArray:
        """Columns of mean 0 and SD 1 without holes: means, with indicator columns for what was missing."""
        filled = fill_missing(self.values)
        spread = filled.std(axis=0)
        return np.asarray((filled - filled.mean(axis=0)) / np.where(spread > 0, spread, 1.0))


def bin_column(values: FloatArray, number: int | None = None) -> CodeArray:
    """Bin numbers of one column: every level its own bin where few, else bins of about equal counts.

    Shape (n,) in, (n,) out; NaN becomes 255. About `number` bins, by default as many as suit the rows.
    """
    number = number or (NUMBER_OF_BINS if len(values) <= MANY_ROWS else MOST_BINS)
    missing = np.isnan(values)
    levels, counts = np.unique(values[~missing], return_counts=True)
    ends = _largest_of_bins(levels, counts, number)
    if len(ends) >= MISSING:  # heavy levels part the bins between them
        ends = _largest_of_bins(levels, counts, MOST_BINS // 2)
    codes = np.searchsorted(ends, values, side="left").astype(np.uint8)
    codes[missing] = MISSING
    return codes


def _largest_of_bins(levels: FloatArray, counts: IntArray, number: int) -> FloatArray:
    """Largest value of each bin but the last; a level that fills a bin alone shares it with no other."""
    if len(levels) <= number:
        return levels[:-1]
    heavy = counts > counts.sum() / number
    light = np.where(heavy, 0, counts)
    middle = (np.cumsum(light) - light / 2) / light.sum()
    shared = np.floor(middle * (number - heavy.sum()))
    return np.asarray(levels[:-1][(np.diff(shared) > 0) | heavy[1:] | heavy[:-1]])
