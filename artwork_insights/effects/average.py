"""Average effects from arrays: the estimators of a study, one call each, for a notebook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from artwork_insights.design.assignment import Assignment, label_arrays
from artwork_insights.design.embedding_guard import SMALLEST_VARIANCE_LEFT
from artwork_insights.design.learners import Learner
from artwork_insights.design.reading import check_count, check_trim
from artwork_insights.effects.arrays import in_own_order, sample_from_arrays
from artwork_insights.effects.design_fit import DesignFit, NothingComparableError, fit_design
from artwork_insights.effects.estimates import EffectEstimate, Estimand, GroupEffect
from artwork_insights.effects.groups import group_effects_of, label_crossings
from artwork_insights.effects.nuisances import fold_labels
from artwork_insights.effects.quality import describe_estimate, name_encoding
from artwork_insights.effects.sample import AnalysisSample
from artwork_insights.effects.scores import Scores, average_scores
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.study import DesignName, TrimRule

DoubleScore = Literal["aipw", "plr"]
DEFAULT_TRIM = 0.05
ESTIMANDS = ("ATE", "ATT", "ATO")


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
    trim: TrimRule | None = None,
    seed: int = 0,
) -> EffectEstimate:
    """Estimate the average effect of a treatment by cross-fitted double machine learning.

    Parameters
    ----------
    outcome : array of shape (n,)
        Raw rates, or another outcome.
    treatment : array of shape (n,)
        Zeros and ones or truth values, or a continuous treatment (always `plr`, and the estimand is the slope).
    confounders : DataFrame of n rows, or array of shape (n, k)
        Decided before, or independently of, the treatment.
    clusters : array of shape (n,) or (n, 2), optional
        Titles. Errors, folds and designs follow them; without them every row stands alone, errors are those published
        for double machine learning, and critical values normal. A second column, e.g. country, joins the confounders,
        and errors are clustered by it too where both sides have at least 30.
    estimand : {"ATE", "ATT", "ATO"}
        For `aipw`; the partially linear model of a binary treatment estimates the overlap-weighted ATO.
    score : {"aipw", "plr"}
        Doubly robust score, or the partially linear model.
    design : {"pooled", "mundlak", "within"}, optional
        By default `mundlak` where clusters repeat, and `pooled` where they do not or where no cluster has rows that
        differ in the treatment.
    weights : array of shape (n,), optional
        Precision weights, positive; never numbers of impressions.
    learner : {"xgboost", "linear", "lasso", "random_forest", "lightgbm", "stacked"}
        Of both nuisance models.
    folds : int or array of shape (n,)
        Number of folds grouped by cluster, or fold labels.
    repeats : int
        Repetitions over fold seeds, combined by the median rule.
    trim : float or "crump", optional
        Propensities outside [trim, 1 - trim], or outside Crump's optimal limits, are left out; 0.05 by default.
    seed : int
        Of folds and learners.

    Returns
    -------
    EffectEstimate
        Its `diagnostics` tell of overlap, of the models, of how much of the treatment the confounders leave, and of how
        many assets and titles carry it.

    Raises
    ------
    NotIdentifiedError
        Where the data cannot answer under the design, in one sentence.

    References
    ----------
    Chernozhukov et al. (2018), Double/debiased machine learning for treatment and structural parameters.
    Mundlak (1978), On the pooling of time series and cross section data.
    """
    check_question(estimand, score)
    sample = sample_from_arrays(outcome, treatment, confounders, clusters, weights=weights)
    fit = fit_sample(sample, design, learner, folds, repeats, trim, seed, clustered=clusters is not None)
    return estimate_from_fit(fit, estimand, score, seed)


def estimate_from_fit(fit: DesignFit, estimand: Estimand, score: DoubleScore, seed: int) -> EffectEstimate:
    """The estimate asked for, with its diagnostics; a slope for a continuous treatment, ATO for `plr`."""
    if not fit.is_binary:
        estimate = fit.estimate("slope")
    elif score == "plr":
        estimate = fit.estimate("ATO", plr=True)
    else:
        fit.scores(estimand)  # refuses ATE and ATT under `within`
        estimate = fit.estimate(estimand)
    return replace(estimate, diagnostics=describe_estimate(fit, estimate, seed=seed))


def estimate_group_effects(
    outcome: npt.ArrayLike,
    treatment: npt.ArrayLike,
    confounders: pd.DataFrame | npt.ArrayLike,
    clusters: npt.ArrayLike | None = None,
    *,
    groups: Mapping[str, npt.ArrayLike] | pd.DataFrame,
    crossings: Sequence[str] = (),
    estimand: Estimand = "ATE",
    design: DesignName | None = None,
    weights: npt.ArrayLike | None = None,
    learner: Learner = "xgboost",
    folds: int | npt.ArrayLike = 5,
    repeats: int = 1,
    trim: TrimRule | None = None,
    seed: int = 0,
) -> tuple[GroupEffect, ...]:
    """Estimate the effect within groups, from the same scores as `estimate_average_effect`.

    Parameters
    ----------
    groups : DataFrame of n rows, or mapping from modifier to array of shape (n,)
        E.g. genre and country.
    crossings : sequence of str
        Further modifiers made of those, e.g. ``"genre x country"``.

    The other parameters are those of `estimate_average_effect`.

    Returns
    -------
    tuple of GroupEffect
    """
    check_question(estimand, "aipw")
    labels = label_arrays(groups)
    sample = sample_from_arrays(outcome, treatment, confounders, clusters, weights=weights, groups=labels)
    known = label_crossings(sample.assignment.groups, list(crossings))  # refuses before anything is fitted
    if isinstance(crossings, str) or set(crossings) - set(known):
        raise NotIdentifiedError(f"crossings {crossings!r} must be a list of crossings such as 'genre x country'.")
    fit = fit_sample(sample, design, learner, folds, repeats, trim, seed, clustered=clusters is not None)
    chosen: Estimand = estimand if fit.is_binary else "slope"
    return group_effects_of(fit, chosen, (*labels, *crossings), seed=seed)


def difference_in_means(assignment: Assignment, outcome: npt.NDArray[np.float64]) -> EffectEstimate:
    """The naive contrast: mean with the component less mean without, clustered as effects are; a slope if continuous.

    It is shown to be held against, not to be believed.
    """
    treatment, weights = assignment.treatment, assignment.weights
    centred = treatment - np.average(treatment, weights=weights)
    residual = outcome - np.average(outcome, weights=weights)
    scores = Scores((centred * residual)[None], (centred**2)[None])
    mean = average_scores(scores, weights, assignment.block, crossed=assignment.country)
    return EffectEstimate(
        estimand="ATE" if assignment.is_binary else "slope",
        design="pooled",
        score="difference_in_means",
        effect=mean.effect,
        std_error=mean.std_error,
        degrees_of_freedom=mean.degrees_of_freedom,
        n_cells=len(outcome),
        n_assets=assignment.n_assets,
        n_titles=assignment.n_titles,
    )


def choose_design(assignment: Assignment) -> DesignName:
    """`mundlak` where titles have several artworks, `pooled` where each has one."""
    return "mundlak" if assignment.repeats_titles else "pooled"


def default_design(assignment: Assignment) -> DesignName:
    """`choose_design`, or `pooled` where no title varies in the treatment, as with one artwork in many countries."""
    return choose_design(assignment) if assignment.in_varying_title().any() else "pooled"


def fit_sample(
    sample: AnalysisSample,
    design: DesignName | None,
    learner: Learner,
    folds: int | npt.ArrayLike,
    repeats: int,
    trim: TrimRule | None,
    seed: int,
    *,
    clustered: bool = True,
) -> DesignFit:
    """Fit the design asked for, or the default one, on a sample made from arrays."""
    return fit_in_place(sample, design, learner, folds, repeats, trim, seed, clustered=clustered)[0]


def fit_in_place(
    sample: AnalysisSample,
    design: DesignName | None,
    learner: Learner,
    folds: int | npt.ArrayLike,
    repeats: int,
    trim: TrimRule | None,
    seed: int,
    *,
    clustered: bool = True,
) -> tuple[DesignFit, npt.NDArray[np.int64]]:
    """`fit_sample`, and the row of the sample that each of the fit's cells was."""
    check_choices(design=design, learner=learner, seed=seed)
    check_coding(sample.assignment.treatment)
    sample, folds, order = in_own_order(sample, folds)
    labels = fold_labels(sample, folds, repeats, np.random.default_rng(seed))
    limit = DEFAULT_TRIM if trim is None else check_trim(trim)
    chosen = design or default_design(sample.assignment)
    try:
        fit = fit_design(sample, chosen, labels, trim=limit, seed=seed, learner=learner)
    except NothingComparableError as error:
        named = name_encoding(sample, chosen, seed)
        raise NotIdentifiedError(f"{error} In particular, {named}" if named else str(error)) from None
    encoding = name_encoding(sample, chosen, seed) if fit.variance_left < SMALLEST_VARIANCE_LEFT else ""
    return replace(fit, clustered=clustered, encoding=encoding), order[fit.keep]


def _require(what: str, value: str | None, known: Sequence[str | None]) -> None:
    if value not in known:
        raise NotIdentifiedError(f"{what} {value!r} is not known; use {' or '.join(map(repr, known))}.")


def check_question(estimand: str, score: str) -> None:
    """Refuse an unknown estimand or score, naming the known ones, and one that the partially linear model has not."""
    _require("estimand", estimand, ESTIMANDS)
    _require("score", score, get_args(DoubleScore))
    if score == "plr" and estimand == "ATT":
        raise NotIdentifiedError(
            "the partially linear model estimates the overlap-weighted ATO, not the ATT; use score='aipw'."
        )


def check_coding(treatment: npt.NDArray[np.float64]) -> None:
    """Refuse two values other than 0 and 1: as a number they would get a slope, which is not the effect asked for."""
    low, high = treatment.min(), treatment.max()
    if ((treatment == low) | (treatment == high)).all() and (low, high) != (0.0, 1.0):
        raise NotIdentifiedError(
            f"the treatment has the two values {low:g} and {high:g}; code without as 0 and with as 1."
        )


def check_choices(*, design: str | None, learner: str, seed: int = 0) -> None:
    """Refuse an unknown design or learner, naming the known ones, and a seed that is no whole number."""
    check_count("seed", seed, 0)
    _require("learner", learner, get_args(Learner))
    _require("design", design, (None, *get_args(DesignName)))
