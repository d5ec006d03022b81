"""The forest of one fitted design: effects by cell, what they agree with, and whether they hold on other titles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from artwork_insights.design.confounders import FloatArray, title_means
from artwork_insights.design.folds import IntArray, distinct
from artwork_insights.effects.design_fit import DesignFit
from artwork_insights.effects.estimates import GroupEffect
from artwork_insights.effects.forest.bags import Residuals
from artwork_insights.effects.forest.calibration import Calibration, calibrate
from artwork_insights.effects.forest.fit import SMALLEST_NUMBER_OF_TITLES, capped_rows, fit_causal_forest
from artwork_insights.effects.forest.held_out import predict_held_out
from artwork_insights.effects.forest.modifiers import learn_columns
from artwork_insights.effects.forest.policy import Policy, learn_policy
from artwork_insights.effects.forest.targeting import TargetingCurve, targeting_curve

LARGEST_GAP = 3.0
SHOWN_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True, slots=True)
class ForestSummary:
    """The causal forest's view of who responds.

    Attributes
    ----------
    mean_effect : float
        Mean conditional effect over the cells.
    quantiles : tuple of float
        5, 25, 50, 75 and 95 % quantiles of the conditional effects over cells.
    importance : tuple of (str, float)
        Modifiers and their share of the forest's splits, largest first.
    group_means : tuple of (str, str, float)
        Modifier, group and mean conditional effect, to be held against the group effects.
    largest_gap : float
        Largest gap to a group effect, in that group's standard errors.
    n_cells : int
        Cells the forest was fitted on.
    sentence : str
        In words, whether the forest agrees.
    typical_std_error : float or None
        Median standard error of a conditional effect.
    calibration : Calibration or None
        Whether predicted differences hold on other titles; None where the forest predicts none.
    targeting : TargetingCurve or None
        What ranking by predicted effect gains on other titles; None without a ranking.
    policy : Policy or None
        A rule for where the component pays; None without modifiers of several levels.
    """

    mean_effect: float
    quantiles: tuple[float, ...]
    importance: tuple[tuple[str, float], ...]
    group_means: tuple[tuple[str, str, float], ...]
    largest_gap: float
    n_cells: int
    sentence: str
    typical_std_error: float | None = None
    calibration: Calibration | None = None
    targeting: TargetingCurve | None = None
    policy: Policy | None = None


def summarise_forest(
    fit: DesignFit,
    group_effects: Sequence[GroupEffect],
    modifiers: pd.DataFrame,
    seed: int,
    *,
    component: str = "the component",
    smallest_effect: float = 0.0,
    level: float = 0.95,
) -> ForestSummary | None:
    """Fit the forest on a design's residuals, hold it against the group effects, and test it on other titles.

    Titles that share a picture are one: together in or out of a half-sample, and learned from or tested.

    Parameters
    ----------
    modifiers : DataFrame of the fit's n cells
    component : str
        The treatment in words.
    smallest_effect : float
        Smallest effect of interest; what the component costs where it is to pay.
    level : float
        Of intervals.

    Returns
    -------
    ForestSummary, or None
        Without a modifier that varies, and with fewer than 40 titles. Above 50,000 cells the forest is fitted on a
        random draw of whole titles with at most so many, and says so.
    """
    assignment = fit.sample.assignment
    columns = learn_columns(modifiers)
    rows = capped_rows(assignment.block, seed)
    if not columns.names or len(distinct(assignment.block[rows])) < SMALLEST_NUMBER_OF_TITLES:
        return None
    y, t = _residuals(fit)
    frame = modifiers.iloc[rows].reset_index(drop=True)
    weights = assignment.weights[rows]
    forest = fit_causal_forest(y[rows], t[rows], frame, assignment.block[rows], weights=weights, seed=seed)
    effects = forest.conditional_effects
    known = ~np.isnan(effects)
    means = _group_means(np.nan_to_num(effects), weights * known, rows, assignment.groups)
    gap = _largest_gap(means, group_effects)
    data = Residuals(y, t, columns.encode(modifiers), assignment.block, assignment.weights).rows(rows)
    tested = _test_on_other_titles(fit, data, rows, modifiers, seed, component, smallest_effect, level)
    agree = "agrees with the group effects" if gap <= LARGEST_GAP else "disagrees with some group effects"
    capped = "" if len(rows) == len(y) else f" It was fitted on {len(rows):,} of {len(y):,} cells."
    return ForestSummary(
        mean_effect=float(np.average(np.nan_to_num(effects), weights=weights * known)),
        quantiles=tuple(float(q) for q in np.quantile(effects[known], SHOWN_QUANTILES)),
        importance=tuple(forest.importance.items()),
        group_means=means,
        largest_gap=gap,
        n_cells=len(rows),
        sentence=f"The causal forest {agree}.{capped}",
        typical_std_error=float(np.nanmedian(forest.std_errors)),
        calibration=tested[0],
        targeting=tested[1],
        policy=tested[2],
    )


def _residuals(fit: DesignFit) -> tuple[FloatArray, FloatArray]:
    """Out-of-fold residuals; under designs that absorb titles, less their title means."""
    assignment, nuisances = fit.sample.assignment, fit.repetitions[0]
    y, t = fit.sample.outcome - nuisances.outcome, assignment.treatment - nuisances.treatment
    if fit.design == "pooled":
        return y, t
    title, weights = assignment.title, assignment.weights
    return y - title_means(y, title, weights), t - title_means(t, title, weights)


def _test_on_other_titles(
    fit: DesignFit,
    data: Residuals,
    rows: IntArray,
    modifiers: pd.DataFrame,
    seed: int,
    component: str,
    smallest_effect: float,
    level: float,
) -> tuple[Calibration | None, TargetingCurve | None, Policy | None]:
    """Test against scores: doubly robust ones of a condition, partially linear ones of a slope and within titles.

    The rule is learned on all cells, since it needs no forest.
    """
    is_robust = fit.is_binary and fit.design != "within"
    scores = fit.scores("ATE") if is_robust else fit.partially_linear_scores()
    a, b = scores.numerator.mean(axis=0), scores.denominator.mean(axis=0)
    held_out = predict_held_out(data, seed + 1)
    calibration = calibrate(a[rows], b[rows], held_out, data.title, data.weights)
    curve = targeting_curve(a[rows], b[rows], held_out, data.title, data.weights, seed=seed + 2, level=level)
    assignment = fit.sample.assignment
    policy = learn_policy(
        a, b, modifiers, assignment.block, assignment.weights,
        component=component, is_binary=fit.is_binary, cost=smallest_effect, level=level, seed=seed + 3,
    )  # fmt: skip
    return calibration, curve, policy


def _group_means(
    effects: FloatArray, weights: FloatArray, rows: IntArray, groups: Mapping[str, npt.NDArray[np.object_]]
) -> tuple[tuple[str, str, float], ...]:
    found = []
    for modifier, labels in groups.items():
        text = labels[rows].astype(str)  # whatever kind the labels are
        names, code = np.unique(text, return_inverse=True)
        mass = np.bincount(code, weights=weights, minlength=len(names))
        total = np.bincount(code, weights=weights * effects, minlength=len(names))
        found += [(modifier, str(names[k]), float(total[k] / mass[k])) for k in np.flatnonzero(mass > 0)]
    return tuple(found)


def _largest_gap(means: Sequence[tuple[str, str, float]], group_effects: Sequence[GroupEffect]) -> float:
    """Largest distance of the forest's mean in a group from the group's own effect, in standard errors."""
    known = {(modifier, group): mean for modifier, group, mean in means}
    gaps = [
        abs(known[g.modifier, g.group] - g.estimate.effect) / g.estimate.std_error
        for g in group_effects
        if (g.modifier, g.group) in known and g.estimate.std_error > 0
    ]
    return float(max(gaps, default=0.0))
