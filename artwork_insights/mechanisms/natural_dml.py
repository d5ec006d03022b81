r"""Natural effects of a binary treatment by cross-fitted double machine learning.

With :math:`p(x) = P(T=1|X)`, :math:`q(m,x) = P(T=1|M,X)`, :math:`\mu_t(m,x) = E[Y|T=t,M,X]` and
:math:`\nu_t(s,x) = E[\mu_t(M,X)|T=s,X]`, the efficient score of the mean outcome with the treatment at 1 and
the mediator as under 0 is

.. math:: \frac{T(1-q)}{q(1-p)}(Y-\mu_1) + \frac{1-T}{1-p}(\mu_1-\nu_1(0)) + \nu_1(0),

and that with both at 1 is :math:`T(Y-\nu_1(1))/p + \nu_1(1)`; the other two are their mirror images (Tchetgen Tchetgen
and Shpitser 2012). The density of the mediator is replaced by q after Bayes' rule; the nested regression is fitted on
predictions made out of fold inside the training rows (Farbmacher, Huber, Laffers, Langen and Spindler 2022).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from artwork_insights.design.folds import assign_title_folds
from artwork_insights.design.learners import Features, Learner, LearnerSettings, Problem, cross_fit, tune
from artwork_insights.design.reading import check_count, check_share, check_trim
from artwork_insights.effects.inference import clustered_means
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.mechanisms.natural_results import (
    Counted,
    NaturalEffect,
    NaturalEffects,
    assemble,
    effect_with_error,
    with_means,
)
from artwork_insights.mechanisms.regression import FloatArray, IntArray
from artwork_insights.mechanisms.rows import Rows, read_rows

EDGE = 1e-3
"""Propensities are kept this far from 0 and 1 even where nothing is trimmed."""


@dataclass(frozen=True, slots=True)
class MediatorNuisances:
    """Out-of-fold predictions of n rows.

    Attributes
    ----------
    propensity, propensity_mediator : arrays of shape (n,)
        Chance of treatment given the confounders, and given the mediator as well.
    outcome : array of shape (n, 2)
        Expected outcome without and with treatment, given mediator and confounders.
    nested : array of shape (n, 2, 2)
        ``nested[:, t, s]``: mean of `outcome` at treatment t over the mediator as under treatment s.
    """

    propensity: FloatArray
    propensity_mediator: FloatArray
    outcome: FloatArray
    nested: FloatArray


def natural_effects_dml(
    outcome: ArrayLike,
    treatment: ArrayLike,
    mediator: ArrayLike,
    confounders: pd.DataFrame | ArrayLike | None = None,
    clusters: ArrayLike | None = None,
    *,
    weights: ArrayLike | None = None,
    absorb: ArrayLike | None = None,
    folds: int = 5,
    trim: float = 0.02,
    learner: Learner = "xgboost",
    settings: LearnerSettings | None = None,
    treatment_name: str = "treatment",
    mediator_name: str = "mediator",
    rule: str = "",
    seed: int = 0,
    n_assets: int | None = None,
    level: float = 0.95,
) -> NaturalEffects:
    """Split the effect of a binary treatment into what goes through a mediator and what goes past it.

    Nothing is assumed of how outcome, mediator and confounders hang together; any interaction is allowed. Folds are
    grouped by title and errors clustered by title.

    Parameters
    ----------
    outcome, treatment, mediator : array of shape (n,)
        The treatment is 0 or 1; rows without a mediator are left out.
    confounders : DataFrame of n rows or array of shape (n, k), optional
    clusters, weights : arrays of shape (n,), optional
    absorb : array of shape (n,), optional
        Titles that get a level of their own in the outcome models; they lie inside clusters. Give the title means of
        treatment and mediator among the confounders then.
    folds : int
    trim : float
        Rows whose chance of treatment lies outside [trim, 1 - trim], with or without the mediator known, are left out.
    learner, settings
        Tuned once on the outcome where no settings are given.
    seed, n_assets, level, treatment_name, mediator_name, rule
        As for `natural_effects`.

    Raises
    ------
    NotIdentifiedError
        A treatment that is not 0 or 1, no rows with overlap, or what `natural_effects` refuses.
    """
    check_count("folds", folds, 2)
    check_trim(trim)
    check_share("level", level)
    rows = read_rows(outcome, treatment, {"mediator": mediator}, confounders, clusters, weights, absorb)
    if not np.isin(rows.treatment, (0.0, 1.0)).all() or np.ptp(rows.treatment) == 0:
        raise NotIdentifiedError(f"{treatment_name} is not 0 in some rows and 1 in others; use natural_effects.")
    rows = replace(rows, weights=rows.weights / rows.weights.mean())
    found = fit_mediator_nuisances(rows, folds, learner, settings, seed)
    inside = _inside(found, trim)
    if len(np.unique(rows.units[inside])) < 2 or np.ptp(rows.treatment[inside]) == 0:
        raise NotIdentifiedError(
            f"{mediator_name} tells {treatment_name} almost without fail, so the two cannot be told apart; "
            "no artwork has the one without the other."
        )
    counted = Counted(
        treatment_name, mediator_name, rule, (0.0, 1.0), int(inside.sum()),
        int(inside.sum()) if n_assets is None else n_assets, len(np.unique(rows.units[inside])),
        rows.n_undefined + int((~inside).sum()), level,
    )  # fmt: skip
    scores = with_means(_effect_scores(rows, found))
    effects = {name: _average(rows, values, inside, level) for name, values in scores.items()}
    result = assemble("double_machine_learning", counted, effects, interaction=True, ratio_draws=None)
    if result.proportion_mediated is None:
        return result
    apart = (scores["acme"] - result.proportion_mediated * scores["total"]) / result.total.effect
    reach = _average(rows, apart, inside, level).high  # delta method: the mean of these is zero
    share = result.proportion_mediated
    return replace(result, proportion_interval=(share - reach, share + reach))


def _average(rows: Rows, scores: FloatArray, inside: NDArray[np.bool_], level: float) -> NaturalEffect:
    """Weighted mean of scores with an error clustered by title."""
    size = int(inside.sum())
    title = np.unique(rows.units[inside], return_inverse=True)[1]
    mean = clustered_means(
        scores[inside], np.ones(size), rows.weights[inside], title, np.zeros(size, dtype=np.int64),
        clustered=rows.clusters is not None,
    )  # fmt: skip
    if not np.isfinite(mean.std_error[0]):
        raise NotIdentifiedError("one title carries the natural effects alone; add titles that have both.")
    return effect_with_error(float(mean.effect[0]), float(mean.std_error[0]), float(mean.degrees_of_freedom[0]), level)


def fit_mediator_nuisances(
    rows: Rows, folds: int, learner: Learner, settings: LearnerSettings | None, seed: int
) -> MediatorNuisances:
    """Cross-fit all models; a title is predicted only by models that saw none of its rows.

    The nested mean of fold k is learnt from the other folds alone: there the outcome model is fitted on one half of the
    titles and predicts the other, and those predictions are regressed on the confounders.
    """
    labels = assign_title_folds(rows.units, min(folds, rows.n_units), np.random.default_rng(seed))
    plain, wide = Features(rows.controls), Features(np.column_stack([rows.carriers, rows.controls]))
    by_treatment = Problem(plain, rows.treatment, rows.weights, "logistic", absorb=rows.absorb)
    outcome = Problem(wide, rows.outcome, rows.weights, "squared_error", absorb=rows.absorb, treatment=rows.treatment)
    chosen = settings or tune(outcome, labels, seed, learner)
    propensity = cross_fit(by_treatment, labels, chosen, seed + 1)[0]
    given_mediator = cross_fit(replace(by_treatment, features=wide), labels, chosen, seed + 2)[0]
    expected = np.column_stack(cross_fit(outcome, labels, chosen, seed + 3, arms=(0.0, 1.0))[1:])
    nested = np.empty((len(labels), 2, 2))
    for fold in range(int(labels.max()) + 1):
        held_out = labels == fold
        inner = _predict_halves(outcome, rows.units, held_out, chosen, seed + 4 + fold)
        for t in (0, 1):
            target = np.where(held_out, expected[:, t], inner[:, t])  # held-out rows give only their title's level
            problem = Problem(plain, target, rows.weights, "squared_error", rows.absorb, rows.treatment)
            arms = cross_fit(problem, held_out.astype(np.int64), chosen, seed + 100 + fold, arms=(0.0, 1.0))[1:]
            nested[held_out, t] = np.column_stack(arms)[held_out]
    return MediatorNuisances(propensity, given_mediator, expected, nested)


def _predict_halves(
    outcome: Problem, units: IntArray, held_out: NDArray[np.bool_], settings: LearnerSettings, seed: int
) -> FloatArray:
    """Expected outcomes (n, 2) of the rows not held out, each half of the titles by a model of the other."""
    training = np.flatnonzero(~held_out)
    halves = assign_title_folds(units[training], 2, np.random.default_rng(seed))
    both = cross_fit(_rows(outcome, training), halves, settings, seed, arms=(0.0, 1.0))[1:]
    predictions = np.zeros((len(units), 2))
    predictions[training] = np.column_stack(both)
    return predictions


def _rows(problem: Problem, rows: NDArray[np.intp]) -> Problem:
    treatment = None if problem.treatment is None else problem.treatment[rows]
    absorb = None if problem.absorb is None else problem.absorb[rows]
    features = Features(problem.features.values[rows])
    return Problem(features, problem.target[rows], problem.weights[rows], problem.objective, absorb, treatment)


def _inside(found: MediatorNuisances, trim: float) -> NDArray[np.bool_]:
    edge = max(trim, EDGE)
    both = np.column_stack([found.propensity, found.propensity_mediator])
    return np.asarray(((both >= edge) & (both <= 1 - edge)).all(axis=1))


def _effect_scores(rows: Rows, found: MediatorNuisances) -> Mapping[str, FloatArray]:
    """Efficient scores of the five effects, (n,) each."""
    treated, y = rows.treatment, rows.outcome
    p, q = (np.clip(values, EDGE, 1 - EDGE) for values in (found.propensity, found.propensity_mediator))
    score: dict[tuple[int, int], FloatArray] = {}
    for t, is_t, p_t, q_t in ((0, 1 - treated, 1 - p, 1 - q), (1, treated, p, q)):
        own, crossed = found.nested[:, t, t], found.nested[:, t, 1 - t]
        expected = found.outcome[:, t]
        score[t, t] = is_t / p_t * (y - own) + own
        score[t, 1 - t] = (
            is_t * (1 - q_t) / (q_t * (1 - p_t)) * (y - expected)
            + (1 - is_t) / (1 - p_t) * (expected - crossed)
            + crossed
        )
    return {
        "acme_control": score[0, 1] - score[0, 0],
        "acme_treated": score[1, 1] - score[1, 0],
        "ade_control": score[1, 0] - score[0, 0],
        "ade_treated": score[1, 1] - score[0, 1],
        "total": score[1, 1] - score[0, 0],
    }
