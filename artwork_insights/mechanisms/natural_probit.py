r"""Natural effects on a yes-or-no outcome: a probit for the outcome, a normal linear model for the mediator.

With :math:`M = \mu(t, c) + \sigma e`, e standard normal, the mean of
:math:`\Phi(\eta(t, c) + \beta(t) M)` over M is :math:`\Phi((\eta + \beta\mu)/\sqrt{1 + \beta^2\sigma^2})`, so that no
mediator need be simulated. Uncertainty is quasi-Bayesian: coefficients are drawn from their sampling distribution
(King, Tomz and Wittenberg 2000; Imai, Keele and Tingley 2010, algorithm 1).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.special import ndtr

from artwork_insights.errors import NotIdentifiedError
from artwork_insights.mechanisms.regression import FloatArray, IntArray, independent_columns, sum_by_group
from artwork_insights.mechanisms.rows import Rows

MOST_STEPS = 50
NUMBERS_AT_ONCE = 1_000_000
"""Chances held at once (8 MB)."""


@dataclass(frozen=True, slots=True)
class ProbitFit:
    """A probit by maximum likelihood.

    Attributes
    ----------
    coefficients : ndarray of shape (k,)
    covariance : ndarray of shape (k, k)
        Inverse information without clusters; the sandwich with them.
    """

    coefficients: FloatArray
    covariance: FloatArray


def fit_probit(outcome: FloatArray, design: FloatArray, clusters: IntArray | None = None) -> ProbitFit:
    """Fit Pr(outcome = 1) = Phi(design @ coefficients) by Fisher scoring.

    Parameters
    ----------
    outcome : ndarray of shape (n,)
        0 or 1.
    design : ndarray of shape (n, k)
        With a constant, without collinear columns.
    clusters : ndarray of shape (n,), optional
        Codes.

    Raises
    ------
    NotIdentifiedError
        The outcome is not 0 or 1, or some columns separate the ones from the zeros.
    """
    if not np.isin(outcome, (0.0, 1.0)).all() or len(np.unique(outcome)) < 2:
        raise NotIdentifiedError("a probit outcome is 0 or 1, and some rows have each; use outcome_model='linear'.")
    coefficients = np.zeros(design.shape[1])
    for _ in range(MOST_STEPS):
        score, information, _ = _score(outcome, design, coefficients)
        step = np.linalg.solve(information, score.sum(axis=0))
        coefficients = coefficients + step
        if np.abs(design @ step).max() < 1e-10:
            break
    else:
        raise NotIdentifiedError("the probit finds no best fit: some columns tell ones from zeros without fail.")
    score, information, weight = _score(outcome, design, coefficients)
    inverse = np.asarray(np.linalg.inv(information), dtype=np.float64)
    return ProbitFit(coefficients, _sandwich(inverse, score, design, weight, clusters))


def probit_effects(
    rows: Rows, levels: tuple[float, float], draws: int, rng: np.random.Generator, *, interaction: bool
) -> dict[str, FloatArray]:
    """Draws of the five natural effects, averaged over the confounders of all rows; (draws,) each."""
    t, m = rows.treatment, rows.carriers[:, 0]
    constant = np.ones(len(t))
    focal = np.column_stack([constant, t, m, t * m]) if interaction else np.column_stack([constant, t, m])
    controls = _not_collinear(focal, rows.controls)
    first = np.column_stack([constant, t, controls])
    inverse = np.asarray(np.linalg.inv(first.T @ first), dtype=np.float64)
    alpha = inverse @ (first.T @ m)
    left = m - first @ alpha
    variance = float(left @ left) / (len(m) - first.shape[1])
    spread = _sandwich(inverse, first * left[:, None], first, np.ones(len(m)), rows.clusters)
    spread = spread * (variance if rows.clusters is None else 1.0)
    outcome = fit_probit(rows.outcome, np.column_stack([focal, controls]), rows.clusters)
    drawn_alpha = rng.multivariate_normal(alpha, spread, size=draws)
    drawn_beta = rng.multivariate_normal(outcome.coefficients, outcome.covariance, size=draws)
    at_once = max(1, NUMBERS_AT_ONCE // len(t))
    blocks = [
        _effects(drawn_alpha[i : i + at_once], drawn_beta[i : i + at_once], controls, levels, variance, interaction)
        for i in range(0, draws, at_once)
    ]
    return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}


def _effects(
    alpha: FloatArray,
    beta: FloatArray,
    controls: FloatArray,
    levels: tuple[float, float],
    variance: float,
    interaction: bool,
) -> dict[str, FloatArray]:
    """The five effects (r,) at r sets of coefficients: chances with the treatment at t and the mediator as under s."""
    size = 4 if interaction else 3
    product = beta[:, 3] if interaction else np.zeros(len(beta))
    of_mediator, of_outcome = alpha[:, 2:] @ controls.T, beta[:, size:] @ controls.T
    chance = {}
    for t in (0, 1):
        slope = beta[:, 2] + product * levels[t]
        own = (beta[:, 0] + beta[:, 1] * levels[t])[:, None] + of_outcome
        for s in (0, 1):
            mean = (alpha[:, 0] + alpha[:, 1] * levels[s])[:, None] + of_mediator
            index = (own + slope[:, None] * mean) / np.sqrt(1 + slope**2 * variance)[:, None]
            chance[t, s] = ndtr(index).mean(axis=1)
    return {
        "acme_control": chance[0, 1] - chance[0, 0],
        "acme_treated": chance[1, 1] - chance[1, 0],
        "ade_control": chance[1, 0] - chance[0, 0],
        "ade_treated": chance[1, 1] - chance[0, 1],
        "total": chance[1, 1] - chance[0, 0],
    }


def _score(
    outcome: FloatArray, design: FloatArray, coefficients: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Score of each row (n, k), expected information (k, k), and the weight of each row in it (n,)."""
    index = design @ coefficients
    upper, lower = stats.norm.logcdf(index), stats.norm.logsf(index)
    density = stats.norm.logpdf(index)
    pull = np.where(outcome == 1, np.exp(density - upper), -np.exp(density - lower))
    weight = np.exp(2 * density - upper - lower)
    return design * pull[:, None], (design * weight[:, None]).T @ design, weight


def _sandwich(
    inverse: FloatArray, scores: FloatArray, design: FloatArray, weight: FloatArray, clusters: IntArray | None
) -> FloatArray:
    """Cluster-robust covariance, each cluster's score raised by its leverage: the model's own without clusters.

    CR3 of Bell and McCaffrey (2002), HC3 of MacKinnon and White (1985) where every row is its own cluster.
    """
    if clusters is None:
        return inverse
    size = design.shape[1]
    left, right = np.divmod(np.arange(size**2), size)
    own = sum_by_group(design[:, left] * design[:, right] * weight[:, None], clusters).reshape(-1, size, size)
    raised = np.linalg.pinv(np.eye(size) - own @ inverse) @ sum_by_group(scores, clusters)[..., None]
    half = raised[..., 0] @ inverse
    return np.asarray(half.T @ half)


def _not_collinear(focal: FloatArray, controls: FloatArray) -> FloatArray:
    """Controls that are no combination of the focal columns and of earlier controls.

    Raises
    ------
    NotIdentifiedError
        A focal column is itself a combination of the others.
    """
    wide = np.column_stack([focal, controls])
    kept = independent_columns(wide, np.linalg.norm(wide, axis=0))
    size = focal.shape[1]
    if not np.isin(np.arange(size), kept).all():
        raise NotIdentifiedError("natural effects: treatment or mediator does not vary beside the other columns.")
    return np.asarray(wide[:, kept[kept >= size]])
