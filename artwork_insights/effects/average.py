"""Average effects from arrays: the estimators of a study, one call each, for a notebook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from artwork_insights.design.assignment import Assignment, make_assignment
from artwork_insights.design.confounders import Confounders, encode_confounders
from artwork_insights.effects.design_fit import DesignFit, fit_design
from artwork_insights.effects.estimates import EffectEstimate, Estimand, GroupEffect
from artwork_insights.effects.groups import group_effects_of
from artwork_insights.effects.nuisances import fold_labels
from artwork_insights.effects.sample import AnalysisSample
from artwork_insights.effects.scores import Scores, average_scores
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.study import DesignName

Learner = Literal["xgboost"]
DoubleScore = Literal["aipw", "plr"]
DEFAULT_TRIM = 0.05


def estimate_average_effect(
    outcome: npt.ArrayLike,
    treatment: npt.ArrayLike,
    confounders: pd.DataFrame | npt.ArrayLike,
    clusters: npt.ArrayLike | None = None,
    *,
    estimand: Estimand = "ATE",
    score: DoubleScore = "aipw",
    design: DesignName | None = None,
    weights: npt.ArrayLike | None = None,
    learner: Learner = "xgboost",
    folds: int | npt.ArrayLike = 5,
    repeats: int = 1,
    trim: float | None = None,
    seed: int = 0,
) -> EffectEstimate:
    """Estimate the average effect of a treatment by cross-fitted double machine learning.

    Parameters
    ----------
    outcome : array of shape (n,)
        Raw rates, or another outcome.
    treatment : array of shape (n,)
        Zeros and ones, or a continuous treatment (always `plr`, and the estimand is the slope).
    confounders : DataFrame of n rows, or array of shape (n, k)
        Decided before, or independently of, the treatment.
    clusters : array of shape (n,), optional
        Titles. Errors, folds and designs follow them; without them every row stands alone.
    estimand : {"ATE", "ATT", "ATO"}
        For `aipw`; the partially linear model of a binary treatment estimates the overlap-weighted ATO.
    score : {"aipw", "plr"}
        Doubly robust score, or the partially linear model.
    design : {"pooled", "mundlak", "within"}, optional
        By default `mundlak` where clusters repeat and `pooled` where they do not.
    weights : array of shape (n,), optional
        Precision weights, positive; never numbers of impressions.
    learner : {"xgboost"}
        Of both nuisance models.
    folds : int or array of shape (n,)
        Number of folds grouped by cluster, or fold labels.
    repeats : int
        Repetitions over fold seeds, combined by the median rule.
    trim : float, optional
        Propensities outside [trim, 1 - trim] are left out; 0.05 by default.
    seed : int
        Of folds and learners.

    Returns
    -------
    EffectEstimate

    Raises
    ------
    NotIdentifiedError
        Where the data cannot answer under the design, in one sentence.

    References
    ----------
    Chernozhukov et al. (2018), Double/debiased machine learning for treatment and structural parameters.
    Mundlak (1978), On the pooling of time series and cross section data.
    """
    _require("score", score, get_args(DoubleScore))
    fit = _fit(outcome, treatment, confounders, clusters, design, weights, learner, folds, repeats, trim, seed)
    if not fit.is_binary:
        return fit.estimate("slope")
    if score == "plr":
        return fit.estimate("ATO", plr=True)
    fit.scores(estimand)  # refuses ATE and ATT under `within`
    return fit.estimate(estimand)


def estimate_group_effects(
    outcome: npt.ArrayLike,
    treatment: npt.ArrayLike,
    confounders: pd.DataFrame | npt.ArrayLike,
    clusters: npt.ArrayLike | None = None,
    *,
    groups: Mapping[str, npt.ArrayLike] | pd.DataFrame,
    estimand: Estimand = "ATE",
    design: DesignName | None = None,
    weights: npt.ArrayLike | None = None,
    learner: Learner = "xgboost",
    folds: int | npt.ArrayLike = 5,
    repeats: int = 1,
    trim: float | None = None,
    seed: int = 0,
) -> tuple[GroupEffect, ...]:
    """Estimate the effect within groups, from the same scores as `estimate_average_effect`.

    Parameters
    ----------
    groups : DataFrame of n rows, or mapping from modifier to array of shape (n,)
        E.g. genre and country. The other parameters are those of `estimate_average_effect`.

    Returns
    -------
    tuple of GroupEffect
    """
    columns = groups.to_dict(orient="series") if isinstance(groups, pd.DataFrame) else groups
    labels = {str(name): np.asarray(column, dtype=object) for name, column in columns.items()}
    fit = _fit(outcome, treatment, confounders, clusters, design, weights, learner, folds, repeats, trim, seed, labels)
    chosen: Estimand = estimand if fit.is_binary else "slope"
    return group_effects_of(fit, chosen, tuple(labels))


def difference_in_means(assignment: Assignment, outcome: npt.NDArray[np.float64]) -> EffectEstimate:
    """The naive contrast: mean with the component less mean without, clustered by title; a slope if continuous.

    It is shown to be held against, not to be believed.
    """
    treatment, weights = assignment.treatment, assignment.weights
    centred = treatment - np.average(treatment, weights=weights)
    residual = outcome - np.average(outcome, weights=weights)
    mean = average_scores(Scores((centred * residual)[None], (centred**2)[None]), weights, assignment.title)
    return EffectEstimate(
        estimand="ATE" if assignment.is_binary else "slope",
        design="pooled",
        score="difference_in_means",
        effect=mean.effect,
        std_error=mean.std_error,
        degrees_of_freedom=mean.n_titles - 1,
        n_cells=len(outcome),
        n_assets=assignment.n_assets,
        n_titles=mean.n_titles,
    )


def choose_design(assignment: Assignment) -> DesignName:
    """`mundlak` where titles have several artworks, `pooled` where each has one."""
    return "mundlak" if assignment.repeats_titles else "pooled"


def _fit(
    outcome: npt.ArrayLike,
    treatment: npt.ArrayLike,
    confounders: pd.DataFrame | npt.ArrayLike,
    clusters: npt.ArrayLike | None,
    design: DesignName | None,
    weights: npt.ArrayLike | None,
    learner: Learner,
    folds: int | npt.ArrayLike,
    repeats: int,
    trim: float | None,
    seed: int,
    groups: Mapping[str, npt.ArrayLike] | None = None,
) -> DesignFit:
    _require("learner", learner, get_args(Learner))
    _require("design", design, (None, *get_args(DesignName)))
    values = np.asarray(outcome, dtype=np.float64)
    title = np.arange(len(values)) if clusters is None else clusters
    assignment = make_assignment(treatment, _encode(confounders), title, weights=weights, groups=groups)
    sample = AnalysisSample(assignment, values)
    labels = fold_labels(sample, folds, repeats, np.random.default_rng(seed))
    limit = DEFAULT_TRIM if trim is None else trim
    return fit_design(sample, design or choose_design(assignment), labels, trim=limit, seed=seed)


def _require(what: str, value: str | None, known: Sequence[str | None]) -> None:
    if value not in known:
        raise NotIdentifiedError(f"{what} {value!r} is not known; use {' or '.join(map(repr, known))}.")


def _encode(confounders: pd.DataFrame | npt.ArrayLike | Sequence[float]) -> Confounders:
    if isinstance(confounders, pd.DataFrame):
        return encode_confounders(confounders)
    matrix = np.asarray(confounders, dtype=np.float64)
    matrix = matrix[:, None] if matrix.ndim == 1 else matrix
    names = tuple(f"confounder {k}" for k in range(matrix.shape[1]))
    return Confounders(matrix, names, names)
