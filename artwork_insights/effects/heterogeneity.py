"""For whom, from arrays: a causal forest tested on other titles, and a rule that says where a component pays."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from artwork_insights.design.learners import Learner
from artwork_insights.design.reading import check_number, check_share
from artwork_insights.effects.arrays import sample_from_arrays
from artwork_insights.effects.average import fit_in_place
from artwork_insights.effects.estimates import Estimand
from artwork_insights.effects.forest.modifiers import as_frame
from artwork_insights.effects.forest.summary import ForestSummary, summarise_forest
from artwork_insights.effects.groups import group_effects_of
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.study import DesignName, TrimRule


def summarise_heterogeneity(
    outcome: npt.ArrayLike,
    treatment: npt.ArrayLike,
    confounders: pd.DataFrame | npt.ArrayLike,
    modifiers: pd.DataFrame | npt.ArrayLike,
    clusters: npt.ArrayLike,
    *,
    cost: float = 0.0,
    component: str = "the component",
    design: DesignName | None = None,
    weights: npt.ArrayLike | None = None,
    learner: Learner = "xgboost",
    folds: int | npt.ArrayLike = 5,
    trim: TrimRule | None = None,
    level: float = 0.95,
    seed: int = 0,
) -> ForestSummary:
    """Ask whether effects differ, along what, whether that holds on other titles, and where the component pays.

    A causal forest is grown on the out-of-fold residuals of `estimate_average_effect` and held against the effects of
    the groups that text modifiers make. On titles it has not seen, its predictions are regressed on doubly robust
    scores (`calibration`: does the heterogeneity exist), the cells it ranks first are compared with all
    (`targeting`: the rank-weighted average effect), and a rule of at most two questions is measured (`policy`).

    Parameters
    ----------
    outcome, treatment, confounders, clusters, design, weights, learner, folds, trim, seed
        As in `estimate_average_effect`.
    modifiers : DataFrame of n rows, or array of shape (n, k)
        What the effect may vary with: numbers, truth values or text.
    cost : float
        What the component costs, in the outcome's unit; the rule asks where it gains more.
    component : str
        The treatment in words, for the sentences.
    level : float
        Of intervals.

    Returns
    -------
    ForestSummary
        `calibration` and `targeting` are None where the forest predicts one effect for all; `policy` is None where no
        modifier has two levels.

    Raises
    ------
    NotIdentifiedError
        As `estimate_average_effect`; fewer than 40 titles, no modifier that varies, or another number of rows.

    References
    ----------
    Chernozhukov, Demirer, Duflo and Fernandez-Val (2018), Generic machine learning inference on heterogeneous effects.
    Yadlowsky, Fleming, Shah, Brunskill and Wager (2021), Evaluating treatment prioritization rules.
    Athey and Wager (2021), Policy learning with observational data.
    """
    check_share("level", level)
    if check_number("cost", cost) < 0:
        raise NotIdentifiedError(f"cost={cost!r} is below zero; give what the component costs in the outcome's unit.")
    frame = as_frame(modifiers).reset_index(drop=True)
    if len(frame) != np.size(outcome):
        raise NotIdentifiedError(f"modifiers have {len(frame)} rows and the outcome {np.size(outcome)}.")
    groups = {name: frame[name].to_numpy() for name in frame.columns if not pd.api.types.is_numeric_dtype(frame[name])}
    sample = sample_from_arrays(outcome, treatment, confounders, clusters, weights=weights, groups=groups)
    fit, place = fit_in_place(sample, design, learner, folds, 1, trim, seed)
    estimand: Estimand = "slope" if not fit.is_binary else "ATO" if fit.design == "within" else "ATE"
    inside = frame.iloc[place].reset_index(drop=True)
    of_groups = group_effects_of(fit, estimand, tuple(groups), level=level, seed=seed)
    found = summarise_forest(fit, of_groups, inside, seed, component=component, smallest_effect=cost, level=level)
    if found is None:
        raise NotIdentifiedError(
            f"{fit.sample.assignment.n_titles} titles have comparable artworks and {len(frame.columns)} modifiers were "
            "given; a forest needs 40 titles and a modifier that varies."
        )
    return found
