"""Features of a prediction task: raw, filled for linear models, and binned once for all trees, folds and models."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from artwork_insights.design.confounders import FloatArray, fill_missing
from artwork_insights.design.folds import IntArray
from artwork_insights.design.learners.bin_cache import BinCache, CodeArray
from artwork_insights.design.learners.side_by_side import side_by_side

NUMBER_OF_BINS, MOST_BINS = 64, 240
MANY_ROWS = 20_000
"""Rows above which columns get `MOST_BINS`: what differs inside a bin stays a confounder. For the formulas of
``benchmarks/effects.py`` that alone comes to a bias of .014 with 64 bins and .003 with 250 (within-bin covariances, by
hand), about 2 and .4 standard errors at 100,000 rows. The limit was not tuned: with 64 bins 20,000 rows, whose error is
some .015, may still be off by most of one."""
MISSING = 255
BINNED_LATELY = BinCache()


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
    """

    values: FloatArray

    @cached_property
    def binned(self) -> Binned:
        """Bin numbers of all rows. Folds select rows of them, so that values are never sorted or copied again.

        A column that any other features held lately is not binned again (`BinCache`).
        """
        columns = side_by_side(lambda column: BINNED_LATELY.look_up(column, bin_column), self.values.T)
        codes = np.empty(self.values.shape, dtype=np.uint8)
        for k, column in enumerate(columns):
            codes[:, k] = column
        known = np.where(codes == MISSING, 0, codes)
        return Binned(codes, known.max(axis=0, initial=0).astype(np.int64) + 1)

    def some(self, rows: npt.NDArray[np.bool_]) -> Features:
        """Some rows, with the bins of all where there are any yet."""
        features = Features(self.values[rows])
        if "binned" in self.__dict__:
            features.__dict__["binned"] = Binned(self.binned.codes[rows], self.binned.sizes)
        return features

    @cached_property
    def filled(self) -> FloatArray:
        """Columns of mean 0 and SD 1 without holes: means, with indicator columns for what was missing."""
        filled = fill_missing(self.values)
        spread = filled.std(axis=0)
        return np.asarray((filled - filled.mean(axis=0)) / np.where(spread > 0, spread, 1.0))


def bin_column(values: FloatArray) -> CodeArray:
    """Bin numbers of one column: every level its own bin where few, else bins of about equal counts.

    Shape (n,) in, (n,) out; NaN becomes 255.
    """
    missing = np.isnan(values)
    levels, counts = np.unique(values[~missing], return_counts=True)
    ends = _largest_of_bins(levels, counts, NUMBER_OF_BINS if len(values) <= MANY_ROWS else MOST_BINS)
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
