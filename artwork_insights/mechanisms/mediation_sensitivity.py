r"""How much an unseen cause of mediator and outcome would have to explain to take an indirect effect away.

Let :math:`e_1, e_2` be what treatment and confounders leave of outcome and mediator, with standard deviations
:math:`\sigma_1, \sigma_2` and correlation :math:`\tilde\rho`, a the effect of the treatment on the mediator, and
:math:`\rho` the correlation of the unseen parts of mediator and outcome. Then

.. math:: ACME(\rho) = \frac{a\sigma_1}{\sigma_2}\Big(\tilde\rho - \rho\sqrt{(1-\tilde\rho^2)/(1-\rho^2)}\Big),

which is a times b at :math:`\rho = 0` and vanishes at :math:`\rho = \tilde\rho` (Imai, Keele and Yamamoto 2010, theorem
4 and section 5). An unseen cause gives :math:`\rho^2` as the product of the shares that it explains of what is left of
mediator and of outcome.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from artwork_insights.design.reading import as_numbers, check_share
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.mechanisms.mediation import fit_paths
from artwork_insights.mechanisms.regression import FloatArray, sweep_group_means
from artwork_insights.mechanisms.rows import Rows, check_draws, read_rows
from artwork_insights.mechanisms.title_bootstrap import draw_moments

GRID = tuple(round(float(rho), 2) for rho in np.arange(-0.9, 0.91, 0.05))


@dataclass(frozen=True, slots=True)
class RhoCurve:
    """The indirect effect over the correlation of the unseen parts of mediator and outcome.

    Attributes
    ----------
    treatment, mediator : str
    rho : tuple of float
        In (-1, 1), ascending.
    acme, low, high : tuple of float
        Indirect effect at each rho, and its percentile interval from a bootstrap over titles.
    rho_at_zero : float
        Where the indirect effect vanishes.
    rho_in_interval : (float, float) or None
        Smallest and largest rho of the grid whose interval holds zero; None where none does.
    r2_residual : float
        `rho_at_zero` squared: product of the shares of what is left of mediator and of outcome.
    r2_total : float
        The same as shares of all variance of mediator and outcome.
    level : float
    sentence : str
        In words.
    """

    treatment: str
    mediator: str
    rho: tuple[float, ...]
    acme: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    rho_at_zero: float
    rho_in_interval: tuple[float, float] | None
    r2_residual: float
    r2_total: float
    level: float
    sentence: str


def indirect_by_rho(
    outcome: ArrayLike,
    treatment: ArrayLike,
    mediator: ArrayLike,
    confounders: pd.DataFrame | ArrayLike | None = None,
    clusters: ArrayLike | None = None,
    *,
    weights: ArrayLike | None = None,
    absorb: ArrayLike | None = None,
    rho: ArrayLike = GRID,
    treatment_name: str = "treatment",
    mediator_name: str = "mediator",
    bootstrap_draws: int = 500,
    seed: int = 0,
    level: float = 0.95,
) -> RhoCurve:
    """Trace the indirect effect of a linear model without interaction over rho.

    Parameters
    ----------
    rho : array of shape (r,)
        Correlations to trace, between -1 and 1.
    outcome, treatment, mediator, confounders, clusters, weights, absorb, bootstrap_draws, seed, level
        As for `mediate`.

    Raises
    ------
    NotIdentifiedError
        A rho outside (-1, 1), or what `mediate` refuses.
    """
    check_draws(bootstrap_draws)
    check_share("level", level)
    grid = np.unique(as_numbers("rho", rho))
    if not len(grid) or not (np.abs(grid) < 1).all():
        raise NotIdentifiedError("rho is a correlation; give numbers between -1 and 1, both excluded.")
    rows = read_rows(outcome, treatment, {"mediator": mediator}, confounders, clusters, weights, absorb)
    total, path_a, both, _ = fit_paths(rows, treatment_name, (mediator_name,))
    products = _products(np.column_stack([total.residuals, path_a.residuals]), rows.weights)
    acme, at_zero = _curve(path_a.coefficients[:1], products[None], grid)
    if not np.isfinite(acme).all():
        raise NotIdentifiedError(f"{treatment_name} and {mediator_name} leave nothing of the outcome unexplained.")
    held = replace(rows, controls=rows.controls[:, np.isfinite(both.coefficients[2:])])
    columns = np.column_stack([rows.treatment, rows.outcome, rows.carriers])
    moments = draw_moments(columns, held, bootstrap_draws, np.random.default_rng(seed))
    found = moments.products()
    dose = found[:, 0, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        left = found[:, 1:, 1:] - found[:, 1:, 0, None] * found[:, 0, 1:][:, None, :] / dose[:, None, None]
        drawn, _ = _curve(moments.coefficients(2, (0,))[:, 0], left, grid)
    drawn = drawn[np.isfinite(drawn).all(axis=1)]
    if len(drawn) < bootstrap_draws / 2:
        raise NotIdentifiedError(f"{treatment_name} varies in too few titles to tell how sure we are; add artwork.")
    low, high = np.quantile(drawn, ((1 - level) / 2, (1 + level) / 2), axis=0)
    holds = grid[(low <= 0) & (high >= 0)]
    zero = float(at_zero[0])
    return RhoCurve(
        treatment_name, mediator_name, _tuple(grid), _tuple(acme[0]), _tuple(low), _tuple(high), zero,
        (float(holds[0]), float(holds[-1])) if len(holds) else None, zero**2, zero**2 * _left_of_all(rows, products),
        level, _sentence(mediator_name, zero, clear=not _holds_zero(low, high, grid)),
    )  # fmt: skip


def _products(columns: FloatArray, weights: FloatArray) -> FloatArray:
    scaled = columns * np.sqrt(weights)[:, None]
    return np.asarray(scaled.T @ scaled)


def _curve(path_a: FloatArray, products: FloatArray, rho: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Indirect effects (r, grid) and the rho at which they vanish (r,), from a (r,) and residual products (r, 2, 2)."""
    spread = np.sqrt(products[:, [0, 1], [0, 1]])
    with np.errstate(divide="ignore", invalid="ignore"):  # nothing left of a column: not a number, and refused
        own = products[:, 0, 1] / (spread[:, 0] * spread[:, 1])
        pull = np.sqrt(np.clip(1 - own**2, 0, None))[:, None] * (rho / np.sqrt(1 - rho**2))[None, :]
        return (path_a * spread[:, 0] / spread[:, 1])[:, None] * (own[:, None] - pull), own


def _left_of_all(rows: Rows, products: FloatArray) -> float:
    """Product of what the models of mediator, and of outcome given the mediator, leave unexplained (1 - R2 each)."""
    both = np.column_stack([rows.outcome, rows.carriers])
    swept = sweep_group_means(both, np.zeros(len(both), dtype=np.intp), rows.weights)
    whole = np.diag(_products(swept, rows.weights))
    of_outcome = products[0, 0] - products[0, 1] ** 2 / products[1, 1]
    return float(of_outcome * products[1, 1] / (whole[0] * whole[1]))


def _tuple(values: FloatArray) -> tuple[float, ...]:
    return tuple(float(value) for value in values)


def _holds_zero(low: FloatArray, high: FloatArray, grid: FloatArray) -> bool:
    """Whether the interval holds zero where nothing unseen is at work."""
    place = int(np.argmin(np.abs(grid)))
    return bool(low[place] <= 0 <= high[place])


def _sentence(mediator: str, at_zero: float, *, clear: bool) -> str:
    carrier = mediator.replace("_", " ")
    if not clear:
        return (
            f"Even if nothing unseen drove both {carrier} and the outcome, a way through {carrier} would not be clear."
        )
    each = round(100 * abs(at_zero))
    sign = "the same direction" if at_zero > 0 else "opposite directions"
    return (
        f"Something unseen that explains {each} % of what is left of {carrier} and {each} % of what is left of the "
        f"outcome, and pulls them in {sign}, would take the whole way through {carrier} away."
    )
