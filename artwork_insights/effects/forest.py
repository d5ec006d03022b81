"""Causal forest on out-of-fold residuals: who responds, beyond the groups that were named.

EconML's forest subsamples rows, not titles. Here it is bagged over half-samples of titles, and a cell's effect is the
mean over the bags that have not seen its title, so that no title speaks for itself (Athey, Tibshirani and Wager 2019;
half-samples by cluster as in Athey and Wager 2019).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from artwork_insights.design.confounders import Confounders, FloatArray, title_means
from artwork_insights.design.folds import IntArray
from artwork_insights.effects.design_fit import DesignFit
from artwork_insights.effects.estimates import ForestSummary, GroupEffect

LARGEST_NUMBER_OF_CELLS = 50_000
NUMBER_OF_BAGS = 10
TREES_PER_BAG = 48
LARGEST_GAP = 3.0


@dataclass(frozen=True, slots=True)
class CausalForestFit:
    """Conditional effects by cell.

    Attributes
    ----------
    conditional_effects : array of shape (n,)
        In the outcome's unit per unit of treatment; NaN for a cell whose title was in every bag.
    importance : array of shape (k,)
        Share of the heterogeneity that splits on each modifier account for; sums to 1.
    """

    conditional_effects: FloatArray
    importance: FloatArray


def fit_causal_forest(
    outcome_residual: npt.ArrayLike,
    treatment_residual: npt.ArrayLike,
    modifiers: FloatArray,
    clusters: npt.ArrayLike,
    *,
    weights: npt.ArrayLike | None = None,
    bags: int = NUMBER_OF_BAGS,
    trees: int = TREES_PER_BAG,
    seed: int = 0,
) -> CausalForestFit:
    """Fit forests on half-samples of titles and predict each title by the forests that have not seen it.

    Parameters
    ----------
    outcome_residual, treatment_residual : arrays of shape (n,)
        Outcome and treatment less their out-of-fold predictions.
    modifiers : array of shape (n, k)
        What the effect may vary with; no NaN.
    clusters : array of shape (n,)
        Titles.
    weights : array of shape (n,), optional
    bags, trees : int
        Half-samples, and trees in each (a multiple of 4).

    Returns
    -------
    CausalForestFit
    """
    from econml.grf import CausalForest  # takes seconds to import

    y, t = np.asarray(outcome_residual, dtype=np.float64), np.asarray(treatment_residual, dtype=np.float64)
    weight = np.ones_like(y) if weights is None else np.asarray(weights, dtype=np.float64)
    titles, title = np.unique(np.asarray(clusters), return_inverse=True)
    rng = np.random.default_rng(seed)
    total, seen = np.zeros(len(y)), np.zeros(len(y))
    importance = np.zeros(modifiers.shape[1])
    scale = float(y.std()) or 1.0
    for _ in range(bags):
        in_bag = np.isin(title, rng.permutation(len(titles))[: (len(titles) + 1) // 2])
        forest = CausalForest(
            n_estimators=trees,
            min_samples_leaf=20,
            max_samples=0.45,
            inference=False,
            n_jobs=1,
            random_state=int(rng.integers(2**31)),
        )
        forest.fit(modifiers[in_bag], t[in_bag, None], y[in_bag, None] / scale, sample_weight=weight[in_bag])
        total[~in_bag] += scale * np.asarray(forest.predict(modifiers[~in_bag])).ravel()
        seen[~in_bag] += 1
        importance += np.nan_to_num(forest.feature_importances())
    effects = np.divide(total, seen, out=np.full(len(y), np.nan), where=seen > 0)
    share = importance.sum()
    return CausalForestFit(effects, importance / share if share > 0 else importance)


def summarise_forest(
    fit: DesignFit, group_effects: tuple[GroupEffect, ...], modifiers: Confounders, seed: int
) -> ForestSummary | None:
    """Fit the forest on a design's residuals and hold it against the group effects.

    Parameters
    ----------
    modifiers : Confounders of the fit's n cells
        Encoded effect modifiers.

    Returns
    -------
    ForestSummary, or None without modifiers
        Above 50,000 cells the forest is fitted on a random draw of whole titles with at most so many, and says so.
    """
    if modifiers.values.shape[1] == 0:
        return None
    rows = _capped_rows(fit.sample.assignment.title, seed)
    assignment = fit.sample.assignment
    nuisances = fit.repetitions[0]
    y, t = fit.sample.outcome - nuisances.outcome, assignment.treatment - nuisances.treatment
    if fit.design != "pooled":
        y = y - title_means(y, assignment.title, assignment.weights)
        t = t - title_means(t, assignment.title, assignment.weights)
    forest = fit_causal_forest(
        y[rows],
        t[rows],
        modifiers.filled()[rows],
        assignment.title[rows],
        weights=assignment.weights[rows],
        seed=seed,
    )
    effects = forest.conditional_effects
    known = ~np.isnan(effects)
    weights = assignment.weights[rows] * known
    means = _group_means(np.nan_to_num(effects), weights, rows, assignment.groups)
    gaps = [
        abs(mean - g.estimate.effect) / g.estimate.std_error
        for g in group_effects
        for modifier, group, mean in means
        if (modifier, group) == (g.modifier, g.group)
    ]
    largest_gap = max(gaps, default=0.0)
    columns = forest.importance[: len(modifiers.names)]
    blocks = dict.fromkeys(modifiers.blocks, 0.0)
    for block, value in zip(modifiers.blocks, columns, strict=True):
        blocks[block] += float(value)
    agree = "agrees with the group effects" if largest_gap <= LARGEST_GAP else "disagrees with some group effects"
    capped = "" if len(rows) == len(y) else f" It was fitted on {len(rows):,} of {len(y):,} cells."
    return ForestSummary(
        mean_effect=float(np.average(np.nan_to_num(effects), weights=weights)),
        quantiles=tuple(float(q) for q in np.quantile(effects[known], (0.05, 0.25, 0.5, 0.75, 0.95))),
        importance=tuple(sorted(blocks.items(), key=lambda item: (-item[1], item[0]))),
        group_means=means,
        largest_gap=float(largest_gap),
        n_cells=len(rows),
        sentence=f"The causal forest {agree}.{capped}",
    )


def _capped_rows(title: IntArray, seed: int) -> IntArray:
    if len(title) <= LARGEST_NUMBER_OF_CELLS:
        return np.arange(len(title))
    order = np.random.default_rng(seed).permutation(int(title.max()) + 1)
    sizes = np.bincount(title)[order].cumsum()
    return np.flatnonzero(np.isin(title, order[sizes <= LARGEST_NUMBER_OF_CELLS]))


def _group_means(
    effects: FloatArray, weights: FloatArray, rows: IntArray, groups: Mapping[str, npt.NDArray[np.object_]]
) -> tuple[tuple[str, str, float], ...]:
    found = []
    for modifier, labels in groups.items():
        text = labels[rows].astype(str)
        for group in sorted({str(label) for label in text}):
            inside = text == group
            if weights[inside].sum() > 0:
                found.append((modifier, group, float(np.average(effects[inside], weights=weights[inside]))))
    return tuple(found)
