"""Columns of a question less what its confounders predict of them, each fitted once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from artwork_insights.design.assignment import BoolArray
from artwork_insights.design.confounders import Confounders, FloatArray, add_title_means, encode_confounders
from artwork_insights.design.folds import IntArray, assign_title_folds, encode_titles
from artwork_insights.design.learners import BoostingSettings, Features, Problem, cross_fit
from artwork_insights.effects.cells import Cells
from artwork_insights.inquiry.fitting import present_modifiers
from artwork_insights.study import Estimation

PARTIALLING = BoostingSettings(max_depth=3, learning_rate=0.1, min_child_weight=20.0, rounds=100)


class ClearedCells:
    """The cells of a question, and what its confounders leave of any column; a column is fitted once and remembered.

    Attributes
    ----------
    frame : DataFrame of n rows
    outcome, weights : arrays of shape (n,)
        Weights have mean 1.
    title, folds : arrays of shape (n,), int
    absorb : array of shape (n,), int, or None
        Titles, where they have several artworks.
    confounders : Confounders
        With their title means where titles are absorbed.
    """

    def __init__(
        self,
        frame: pd.DataFrame,
        outcome: FloatArray,
        weights: FloatArray,
        title: IntArray,
        folds: IntArray,
        absorb: IntArray | None,
        confounders: Confounders,
        seed: int,
    ) -> None:
        self.frame, self.outcome, self.weights = frame, outcome, weights
        self.title, self.folds, self.absorb = title, folds, absorb
        self.confounders, self.seed = confounders, seed
        self._features = Features(confounders.values)
        self._residuals: dict[bytes, FloatArray] = {}

    @property
    def n_assets(self) -> int:
        """Artworks behind the cells."""
        return int(self.frame["asset_id"].nunique())

    def residual(self, values: FloatArray) -> FloatArray:
        """A column (n,) less its out-of-fold prediction by boosted trees, titles absorbed."""
        key = values.tobytes()
        if key not in self._residuals:
            problem = Problem(self._features, values, self.weights, "squared_error", absorb=self.absorb)
            self._residuals[key] = np.asarray(values - cross_fit(problem, self.folds, PARTIALLING, self.seed)[0])
        return self._residuals[key]


class Clearings:
    """The cleared cells of all questions of one hypothesis; questions over the same rows and confounders share them."""

    def __init__(self, cells: Cells, settings: Estimation, seed: int) -> None:
        self.cells, self.settings, self.seed = cells, settings, seed
        self._made: dict[tuple[bytes, tuple[str, ...]], ClearedCells] = {}

    def over(self, rows: BoolArray, confounders: Sequence[str], apart: Sequence[str]) -> ClearedCells:
        """Clear the cells in `rows` (m,) of confounders and country, leaving the columns `apart` out of these."""
        countries = present_modifiers(self.cells, ("country",))
        names = tuple(name for name in dict.fromkeys((*confounders, *countries)) if name not in apart)
        key = (np.packbits(rows).tobytes(), names)
        if key not in self._made:
            self._made[key] = self._clear(rows, names)
        return self._made[key]

    def _clear(self, rows: BoolArray, names: tuple[str, ...]) -> ClearedCells:
        cells = self.cells
        frame = cells.frame.loc[rows]
        title = encode_titles(frame["title_id"])
        weights = cells.weights[rows] / cells.weights[rows].mean()
        embedding = cells.embedding[rows] if "embedding" in names and cells.embedding is not None else None
        encoded = encode_confounders(frame[[name for name in names if name != "embedding"]], embedding)
        absorb = title if frame["asset_id"].nunique() > title.max() + 1 else None
        inputs = encoded if absorb is None else add_title_means(encoded, title, weights)
        n_folds = min(self.settings.folds, int(title.max()) + 1)
        folds = assign_title_folds(title, n_folds, np.random.default_rng(self.seed))
        return ClearedCells(frame, cells.outcome[rows], weights, title, folds, absorb, inputs, self.seed)
