"""Random forests (Breiman 2001)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

from artwork_insights.design.assignment import BoolArray
from artwork_insights.design.confounders import FloatArray
from artwork_insights.design.learners.growing import NamedNumbers
from artwork_insights.design.learners.problem import Problem

ROWS_PER_TREE = 20_000


@dataclass(frozen=True, slots=True)
class RandomForestSettings(NamedNumbers):
    """Settings of a forest; each tree sees at most 20,000 rows.

    Attributes
    ----------
    trees : int
    min_samples_leaf : int
    features_per_split : float
        Share of the columns.
    """

    trees: int = 300
    min_samples_leaf: int = 5
    features_per_split: float = 1 / 3

    def margins(
        self, problem: Problem, held_out: BoolArray, seed: int, arms: tuple[float, ...] = ()
    ) -> list[FloatArray]:
        """Fit on the other rows; margins of the held-out ones as they are, then as if in each arm."""
        kind = RandomForestClassifier if problem.is_binary else RandomForestRegressor
        rows = ~held_out
        forest = kind(
            n_estimators=self.trees,
            min_samples_leaf=self.min_samples_leaf,
            max_features=self.features_per_split,
            max_samples=min(int(rows.sum()), ROWS_PER_TREE),
            random_state=seed,
            n_jobs=1,
        ).fit(problem.values(rows), problem.target[rows], sample_weight=problem.weights[rows])

        def predict(arm: float | None) -> FloatArray:
            values = problem.values(held_out, arm)
            if not problem.is_binary:
                return np.asarray(forest.predict(values))
            chances = forest.predict_proba(values)
            if len(forest.classes_) == 1:  # the other rows are all treated, or none is
                return np.full(len(values), float(forest.classes_[0]))
            return np.asarray(chances[:, 1])

        return [problem.margin(predict(arm)) for arm in (None, *arms)]
