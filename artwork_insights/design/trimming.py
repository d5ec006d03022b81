"""Which propensities are kept: a fixed limit, or the limit that makes the average most precise."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from artwork_insights.design.confounders import FloatArray
from artwork_insights.study import TrimRule

BoolArray = npt.NDArray[np.bool_]


def crump_limits(propensity: npt.ArrayLike) -> tuple[float, float]:
    """Crump's optimal limits: the cells kept are those whose average effect can be known most precisely.

    With g = 1 / (p (1 - p)), everything is kept where max g <= 2 E[g]. Else cells with g <= gamma are kept, where
    gamma = 2 E[g | g <= gamma] = 1 / (alpha (1 - alpha)). In a sample several gamma can solve that equation; the one
    taken makes sum(g over the kept) / (number kept)^2, the variance that the paper minimises, smallest. Exact, by one
    sort and one cumulative sum.

    Parameters
    ----------
    propensity : array of shape (n,)
        In [0, 1]; NaN is left aside. Values of 0 and 1 are never inside.

    Returns
    -------
    low, high : float
        alpha and 1 - alpha; 0 and 1 where everything is kept, 0.5 and 0.5 where no propensity lies inside (0, 1).

    References
    ----------
    Crump, Hotz, Imbens, Mitnik (2009), Dealing with limited overlap in estimation of average treatment effects.
    """
    p = np.asarray(propensity, dtype=np.float64)
    p = p[np.isfinite(p)]
    inside = p[(p > 0) & (p < 1)]
    if not len(inside):
        return 0.5, 0.5
    g = np.sort(1 / (inside * (1 - inside)))
    total, number = np.cumsum(g), np.arange(1, len(g) + 1)
    if len(inside) == len(p) and g[-1] <= 2 * total[-1] / len(g):
        return 0.0, 1.0
    kept = int(np.argmin(total / number**2))
    gamma = 2 * total[kept] / number[kept]
    alpha = 0.5 - float(np.sqrt(0.25 - 1 / gamma))
    return alpha, 1 - alpha


def trim_limits(propensity: npt.ArrayLike, trim: TrimRule) -> tuple[float, float]:
    """Smallest and largest propensity kept under a rule: a number alpha in [0, 0.5), or ``"crump"``."""
    return crump_limits(propensity) if trim == "crump" else (trim, 1 - trim)


def keep_overlap(propensity: FloatArray, trim: TrimRule) -> BoolArray:
    """Cells whose propensity lies inside the limits, limits included; NaN never does. Shape (n,)."""
    low, high = trim_limits(propensity, trim)
    return np.asarray((propensity >= low) & (propensity <= high))


def describe_trim(propensity: npt.ArrayLike, trim: TrimRule) -> str:
    """The rule and its limits in words."""
    low, high = trim_limits(propensity, trim)
    limits = f"propensity between {low:.3g} and {high:.3g}"
    return limits if trim != "crump" else f"{limits} (Crump's optimal limits, where the average is most precise)"
