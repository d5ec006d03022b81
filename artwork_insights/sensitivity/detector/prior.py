r"""The chance that an asset has the component, from everything but its own detection.

Given D, the detection of one asset says nothing about that of another, so

.. math:: P(D^*_i = 1 \mid x_i, D^*_{-i}) = (1 - Sp) + J\,P(D_i = 1 \mid x_i, D^*_{-i}).

The chance on the right is a logistic function of the share of the title's other assets that were detected (shrunk
towards the catalogue's) and of the propensity given the confounders, fitted by maximum likelihood (the misclassified
logit of Hausman, Abrevaya and Scott-Morton 1998, J. Econometrics 87), which keeps it between 0 and 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
STEPS = 30
RIDGE = 1e-3
EDGE = 1e-3


@dataclass(frozen=True, slots=True)
class Prior:
    """Coefficients of the chance; shape (2,) or (3,)."""

    coefficients: FloatArray

    def share(self, others: FloatArray, base: FloatArray | None) -> FloatArray:
        """Chance of the component for the given shares of the others; shape (n,)."""
        return _logistic(_design(others, base) @ self.coefficients)


def others_share(k: FloatArray, n: FloatArray, detected: FloatArray, title: IntArray) -> FloatArray:
    """Detected share among the other assets of the title, shrunk to the catalogue's by a beta-binomial; shape (n,).

    `k` of the n - 1 others are detected. The strength of the shrinkage is the method of moments over titles.
    """
    mean = float(np.clip(detected.mean(), EDGE, 1 - EDGE))
    size, sums = np.bincount(title), np.bincount(title, detected)
    several = size > 1
    spread = ((sums[several] / size[several] - mean) ** 2).mean() if several.any() else 0.0
    sampling = mean * (1 - mean)
    harmonic = (1 / size[several]).mean() if several.any() else 1.0
    correlation = np.clip((spread / sampling - harmonic) / max(1 - harmonic, EDGE), EDGE, 1 - EDGE)
    strength = 1 / correlation - 1
    return np.asarray((k + strength * mean) / (n - 1 + strength), dtype=np.float64)


def fit_prior(detected: FloatArray, title: IntArray, base: FloatArray | None, se: FloatArray, sp: FloatArray) -> Prior:
    """Fit the chance over assets; arrays of shape (n,). Fisher scoring with a small ridge."""
    n = np.bincount(title)[title].astype(np.float64)
    others = np.bincount(title, detected)[title] - detected
    x = _design(others_share(others, n, detected, title), base)
    skill = se + sp - 1
    beta = np.zeros(x.shape[1])
    beta[1] = 1.0
    for _ in range(STEPS):
        p = _logistic(x @ beta)
        q = np.clip((1 - sp) + skill * p, 1e-9, 1 - 1e-9)
        slope = skill * p * (1 - p)
        score = x.T @ (slope * (detected - q) / (q * (1 - q))) - RIDGE * beta
        information = x.T @ (x * (slope**2 / (q * (1 - q)))[:, None]) + RIDGE * np.eye(len(beta))
        step = np.linalg.solve(information, score)
        beta = beta + step * min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-12))
        if np.abs(step).max() < 1e-6:
            break
    return Prior(beta)


def _design(others: FloatArray, base: FloatArray | None) -> FloatArray:
    columns = [np.ones(len(others)), _logit(others)]
    if base is not None:
        columns.append(_logit(np.where(np.isfinite(base), base, 0.5)))
    return np.column_stack(columns)


def _logit(share: FloatArray) -> FloatArray:
    inside = np.clip(share, EDGE, 1 - EDGE)
    return np.asarray(np.log(inside / (1 - inside)))


def _logistic(value: FloatArray) -> FloatArray:
    return np.asarray(1 / (1 + np.exp(-np.clip(value, -30, 30))))
