r"""Partially linear model with several treatments at once: arms as indicators, or a curve as spline functions.

With residuals :math:`\tilde R` (n, k) of the treatments and :math:`\tilde y` of the outcome, each taken out of fold,

.. math:: \hat\theta = (\tilde R' W \tilde R)^{-1} \tilde R' W \tilde y,

with errors clustered by title and corrected for leverage: the score of title g is multiplied by
:math:`(I - M_g A^{-1})^{-1/2}`, where :math:`M_g` is its share of :math:`A = \tilde R' W \tilde R` (CR2 of Bell and
McCaffrey 2002 in the coordinates of the coefficients). Degrees of freedom are Satterthwaite's under the same working
model, one for each linear combination asked about. A second clustering, by country, joins where titles and countries
are at least 30 each (`effects/two_way.py`).

Sources: Chernozhukov et al. (2018), Double/debiased machine learning; Semenova and Chernozhukov (2021), Debiased
machine learning of conditional average treatment effects and other causal functions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from artwork_insights.design.assignment import Assignment
from artwork_insights.design.confounders import Confounders, FloatArray, title_means
from artwork_insights.design.folds import IntArray, distinct
from artwork_insights.design.learners import Learner
from artwork_insights.design.treatment_model import fit_treatment_model
from artwork_insights.effects.nuisances import Settings, fit_nuisances
from artwork_insights.effects.sample import AnalysisSample
from artwork_insights.effects.scores import combine_repetitions
from artwork_insights.effects.two_way import clusterings, joint_covariance
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.study import DesignName

LEAST_VARIATION = 1e-8
NO_VARIATION = (
    "confounders and titles leave the treatment too little variation of its own; use fewer knots or arms, or leave "
    "confounders out."
)


@dataclass(frozen=True, slots=True)
class Slopes:
    """Coefficients of k treatments in one repetition.

    Attributes
    ----------
    coefficients : array of shape (k,)
    influences : tuple of one or three arrays of shape (g, k)
        What each cluster adds to the coefficients less their expectation, by title, or by title, second cluster and
        both; see `joint_covariance`.
    root : array of shape (k, k)
        Symmetric root of the inverse of A.
    leverage : array of shape (g, k, k)
        Each title's share of A in the coordinates of `root`; empty without clusters.
    n_crossed : int or None
        Second clusters, where errors are clustered by them too.
    """

    coefficients: FloatArray
    influences: tuple[FloatArray, ...]
    root: FloatArray
    leverage: FloatArray
    n_crossed: int | None = None


@dataclass(frozen=True, slots=True)
class Combinations:
    """Linear combinations of the coefficients, over repetitions by the median rule; arrays of shape (m,).

    `covariance` is of shape (m, m) and belongs to the repetition nearest to the medians.
    """

    effect: FloatArray
    std_error: FloatArray
    degrees_of_freedom: FloatArray
    covariance: FloatArray


def fit_slopes(
    sample: AnalysisSample,
    treatments: FloatArray,
    design: DesignName,
    folds: Sequence[IntArray],
    *,
    seed: int,
    clustered: bool = True,
    learner: Learner = "xgboost",
    settings: Settings | None = None,
) -> tuple[Slopes, ...]:
    """Fit the model under a design, once for each repetition.

    Parameters
    ----------
    sample : AnalysisSample of n cells
        All of titles that the design can use.
    treatments : array of shape (n, k)
    design : {"pooled", "mundlak", "within"}
        `mundlak` holds the title means of every treatment fixed, `within` demeans the residuals by title.
    folds : sequence of arrays of shape (n,)
    settings : Settings, optional
        Of the models; tuned on the first treatment where not given.

    Raises
    ------
    NotIdentifiedError
        Where the confounders and titles leave a treatment no variation of its own.
    """
    assignment = sample.assignment
    if design == "mundlak":
        assignment = replace(assignment, confounders=with_means(assignment, treatments))
    found = []
    for repetition, labels in enumerate(folds):
        first = AnalysisSample(replace(assignment, treatment=treatments[:, 0]), sample.outcome)
        base = seed + 100 * repetition
        nuisances, settings = fit_nuisances(first, design, labels, base, settings, learner)
        expected = [nuisances.treatment]
        for k in range(1, treatments.shape[1]):
            one = replace(assignment, treatment=treatments[:, k])
            chosen = settings.treatment if one.is_binary == first.assignment.is_binary else None
            expected.append(fit_treatment_model(one, design, labels, base + 10 * k, chosen, learner).prediction)
        residuals = np.column_stack([treatments - np.column_stack(expected), sample.outcome - nuisances.outcome])
        if design == "within":
            residuals = residuals - title_means(residuals, assignment.title, assignment.weights)
        if (residuals[:, :-1].std(axis=0) <= LEAST_VARIATION * treatments.std(axis=0)).any():
            raise NotIdentifiedError(NO_VARIATION)
        found.append(
            solve_slopes(
                residuals[:, :-1],
                residuals[:, -1],
                assignment.weights,
                assignment.block,
                crossed=assignment.country,
                clustered=clustered,
            )
        )
    return tuple(found)


def with_means(assignment: Assignment, treatments: FloatArray) -> Confounders:
    """Confounders with the title means of several treatments, which `mundlak` holds fixed."""
    confounders = assignment.confounders
    means = title_means(treatments, assignment.title, assignment.weights)
    names = tuple(f"title mean of treatment {k}" for k in range(treatments.shape[1]))
    return replace(
        confounders,
        values=np.hstack([confounders.values, means]),
        names=(*confounders.names, *names),
        blocks=(*confounders.blocks, *names),
    )


def solve_slopes(
    treatments: FloatArray,
    outcome: FloatArray,
    weights: FloatArray,
    cluster: IntArray,
    *,
    crossed: IntArray | None = None,
    clustered: bool = True,
) -> Slopes:
    """Regress residuals on residuals; shapes (n, k), (n,), (n,), (n,).

    `crossed`, shape (n,), is a second clustering, e.g. by country, used where both sides have at least 30.
    """
    gram = np.asarray(treatments.T @ (weights[:, None] * treatments), dtype=np.float64)
    scale = np.sqrt(np.diag(gram))
    correlation = gram / np.outer(scale, scale) if (scale > 0).all() else np.zeros_like(gram)
    if np.linalg.eigvalsh(correlation).min() < LEAST_VARIATION:
        raise NotIdentifiedError(NO_VARIATION)
    values, vectors = np.linalg.eigh(gram)
    root = (vectors / np.sqrt(values)) @ vectors.T
    coefficients = np.asarray(np.linalg.solve(gram, treatments.T @ (weights * outcome)), dtype=np.float64)
    whitened = treatments @ root
    scores = whitened * (weights * (outcome - treatments @ coefficients))[:, None]
    if not clustered:
        return Slopes(coefficients, (_sums(scores, cluster) @ root,), root, np.empty((0, len(root), len(root))))
    k = whitened.shape[1]
    products = (whitened[:, :, None] * whitened[:, None, :]).reshape(-1, k * k) * weights[:, None]
    sides = clusterings(cluster, crossed)
    leverages = [_sums(products, side).reshape(-1, k, k) for side in sides]
    influences = tuple(
        np.einsum("gij,gj->gi", _correction(leverage), _sums(scores, side)) @ root
        for side, leverage in zip(sides, leverages, strict=True)
    )
    n_crossed = len(distinct(sides[1])) if len(sides) > 1 else None
    return Slopes(coefficients, influences, root, leverages[0], n_crossed)


def _sums(values: FloatArray, cluster: IntArray) -> FloatArray:
    size = int(cluster.max()) + 1
    return np.column_stack([np.bincount(cluster, weights=column, minlength=size) for column in values.T])


def _correction(leverage: FloatArray) -> FloatArray:
    """(I - N)^(-1/2) of each cluster; directions that one cluster alone determines are left out."""
    values, vectors = np.linalg.eigh(leverage)
    left = 1 - values
    inverse = np.where(left > 1e-9, 1 / np.sqrt(np.maximum(left, 1e-9)), 0.0)
    return np.asarray(np.einsum("gij,gj,gkj->gik", vectors, inverse, vectors))


def combine_slopes(repetitions: Sequence[Slopes], combinations: FloatArray) -> Combinations:
    """Effects and errors of linear combinations, shape (m, k), of the coefficients."""
    effects = np.stack([combinations @ slopes.coefficients for slopes in repetitions])
    covariances = [joint_covariance([part @ combinations.T for part in slopes.influences]) for slopes in repetitions]
    errors = np.stack([np.sqrt(np.diag(covariance)) for covariance in covariances])
    effect, std_error = combine_repetitions(effects, errors)
    middle = int(((effects - effect) ** 2).sum(axis=1).argmin())
    freedom = np.array([_satterthwaite(repetitions[middle], row) for row in combinations])
    return Combinations(effect, std_error, freedom, covariances[middle])


def _satterthwaite(slopes: Slopes, combination: FloatArray) -> float:
    """Degrees of freedom over titles; where a second clustering joins, at most its number less one."""
    if not len(slopes.leverage):
        return float("inf")
    most = float("inf") if slopes.n_crossed is None else slopes.n_crossed - 1.0
    direction = slopes.root @ combination
    length = float(np.sqrt(direction @ direction))
    if length == 0:
        return min(float(max(len(slopes.leverage) - 1, 1)), most)
    p = np.einsum("gij,j->gi", _correction(slopes.leverage), direction / length)
    q = np.einsum("gij,gj->gi", slopes.leverage, p)
    own = (p * q).sum(axis=1) - (q**2).sum(axis=1)
    shared = ((q.T @ q) ** 2).sum() - ((q**2).sum(axis=1) ** 2).sum()
    return min(float(own.sum() ** 2 / ((own**2).sum() + shared)), most)
