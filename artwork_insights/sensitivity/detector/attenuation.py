r"""How much detector error shrinks an effect: the attenuation factor of each score and design.

Let D be the true component, D* the detected one, Se and Sp the sensitivity and specificity, J = Se + Sp - 1. Errors
that do not depend on the outcome mean D* = (1 - Sp) + J D + u with E[u | D, x, Y] = 0 and variance Se(1 - Se) where the
component is there, Sp(1 - Sp) where it is not.

**Slope (PLR, overlap-weighted average).** With R the residual of D* that the design leaves, the estimate tends to the
effect times

.. math:: \lambda = \frac{E[R^2] - N}{J\,E[R^2]}, \qquad N = E[\kappa\,\mathrm{Var}(u \mid D)],

where kappa is what the design leaves of one asset's own error: all of it when pooled, 1 - (its share of the title) when
title means are taken out. Pooled this is J E[p(1 - p)] / E[p*(1 - p*)] for the true and the detected propensity. N is
linear in the share of assets with the component, so no model of the true component is needed. Titles whose detected
component does not vary carry noise too, although they carry no residual: they must be counted.

**Average (AIPW, ATE).** Cell by cell the contrast shrinks by PPV + NPV - 1, which pooled is
J p(1 - p) / (p*(1 - p*)). Where the design holds the detected share of the title fixed, the share is made of errors
too, and both predictive values are those given the *other* assets of the title: see `prior.py`. That model only says
how cells differ; the overlap-weighted mean of the factors is set to that of the slope.

Source: the moments of a misclassified binary regressor, Aigner (1973), J. Econometrics 1, in the design's residual.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from artwork_insights.design.confounders import title_means
from artwork_insights.effects.inference import clustered_means
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.sensitivity.detector.cells import DetectedCells
from artwork_insights.sensitivity.detector.prior import fit_prior, others_share

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Attenuation:
    """What detector error leaves of an effect.

    Attributes
    ----------
    factor, std_error : float
        The estimate tends to `factor` times the effect; its sampling error, clustered by title.
    prevalence : float
        Share of the weight on cells that truly have the component.
    """

    factor: float
    std_error: float
    prevalence: float


def slope_attenuation(cells: DetectedCells, se: FloatArray, sp: FloatArray) -> Attenuation:
    """Attenuation of a partially linear slope; `se` and `sp` are of shape (n,).

    Raises
    ------
    NotIdentifiedError
        Where such a detector would make more noise than there is variation: the rates cannot be those of these data.
    """
    skill = se + sp - 1
    used = cells.used
    residual = np.where(used, cells.detected - cells.propensity, 0.0)
    scaled = residual / skill
    if cells.by_title:
        residual, scaled = (_demean(values, cells, used) for values in (residual, scaled))
    variance, signal = (cells.weights * residual**2, cells.weights * residual * scaled)
    if np.isin(cells.detected, (0.0, 1.0)).all():
        truth = (cells.detected - (1 - sp)) / skill
    else:  # only propensities are known: their own variance stands for that of the residual
        variance = cells.weights * cells.propensity * (1 - cells.propensity)
        signal, truth = variance / skill, (cells.propensity - (1 - sp)) / skill
    error = sp * (1 - sp) + (se * (1 - se) - sp * (1 - sp)) * truth
    noise = _own_noise(cells) * error / skill
    size = int(cells.title.max()) + 1
    top = np.bincount(cells.title, weights=signal - noise, minlength=size).astype(np.float64)
    bottom = np.bincount(cells.title, weights=variance, minlength=size).astype(np.float64)
    ratio = clustered_means(top, bottom, np.ones(size), np.arange(size), np.zeros(size, dtype=np.int64))
    factor = float(ratio.effect[0])
    if not factor > 0:
        raise NotIdentifiedError(_impossible(se, sp))
    spread = float(ratio.std_error[0])
    return Attenuation(factor, spread if np.isfinite(spread) else 0.0, _share(truth, cells))


def average_attenuation(cells: DetectedCells, se: FloatArray, sp: FloatArray) -> Attenuation:
    """Attenuation of a doubly robust average; `se` and `sp` are of shape (n,).

    Raises
    ------
    NotIdentifiedError
        Where the detected share is one that such a detector cannot produce.
    """
    skill, used = se + sp - 1, cells.used
    truth = (cells.detected - (1 - sp)) / skill
    prevalence = _share(truth, cells)
    if not 0 < prevalence < 1:
        raise NotIdentifiedError(_impossible(se, sp))
    overlap = np.where(used, cells.propensity * (1 - cells.propensity), 1.0)
    if cells.by_title:
        if_seen, if_not = predictive_values(cells, se, sp)
        left = if_seen + if_not - 1
        # the model says how the factor differs between cells; its overlap-weighted level is known without a model
        level = float(np.average(left[used], weights=(cells.weights * overlap)[used]))
        left = left * slope_attenuation(cells, se, sp).factor / max(level, 1e-6)
    else:
        p = np.clip((cells.propensity - (1 - sp)) / skill, 0.0, 1.0)
        left = skill * p * (1 - p) / overlap
    rows = np.flatnonzero(used)
    title = np.unique(cells.title[rows], return_inverse=True)[1].astype(np.int64)
    zeros = np.zeros(len(rows), dtype=np.int64)
    mean = clustered_means(left[rows], np.ones(len(rows)), cells.weights[rows], title, zeros)
    factor, spread = float(mean.effect[0]), float(mean.std_error[0])
    if not factor > 0:
        raise NotIdentifiedError(_impossible(se, sp))
    return Attenuation(factor, spread if np.isfinite(spread) else 0.0, prevalence)


def predictive_values(cells: DetectedCells, se: FloatArray, sp: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Chance that a detection, and that a non-detection, is right, given the title's other assets; shape (n,) each."""
    first = np.unique(cells.asset, return_index=True)[1]
    title = cells.title[first]
    detected = np.round(cells.detected[first])
    base = None if cells.base_propensity is None else cells.base_propensity[first]
    prior = fit_prior(detected, title, base, se[first], sp[first])
    n = np.bincount(title)[title].astype(np.float64)
    k = np.bincount(title, detected)[title].astype(np.float64)
    if_seen = prior.share(others_share(np.maximum(k - 1, 0), n, detected, title), base)
    if_not = prior.share(others_share(np.minimum(k, n - 1), n, detected, title), base)
    s, c = se[first], sp[first]
    right = s * if_seen / (s * if_seen + (1 - c) * (1 - if_seen))
    left_alone = c * (1 - if_not) / (c * (1 - if_not) + (1 - s) * if_not)
    of_cell = np.unique(cells.asset, return_inverse=True)[1]
    return right[of_cell], left_alone[of_cell]


def _demean(values: FloatArray, cells: DetectedCells, used: BoolArray) -> FloatArray:
    found = np.zeros_like(values)
    title = np.unique(cells.title[used], return_inverse=True)[1].astype(np.int64)
    found[used] = values[used] - title_means(values[used], title, cells.weights[used])
    return found


def _own_noise(cells: DetectedCells) -> FloatArray:
    """What the design leaves of each asset's own error, spread over its cells by weight; shape (n,)."""
    if not cells.by_title:
        return np.where(cells.used, cells.weights, 0.0)
    of_asset = np.bincount(cells.asset, cells.weights)[cells.asset]
    of_title = np.bincount(cells.title, cells.weights)[cells.title]
    return np.asarray(cells.weights * (1 - of_asset / of_title))


def _share(truth: FloatArray, cells: DetectedCells) -> float:
    rows = np.ones(len(truth), dtype=bool) if cells.by_title else cells.used
    return float(np.average(truth[rows], weights=cells.weights[rows]))


def _impossible(se: FloatArray, sp: FloatArray) -> str:
    return (
        f"a detector with sensitivity {se.mean():.2f} and specificity {sp.mean():.2f} cannot have produced these "
        "detections: its mistakes alone would vary more than they do. Check the two rates, and that they are about "
        "this component."
    )
