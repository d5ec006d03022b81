r"""Natural direct and indirect effects by regression (Imai, Keele and Tingley 2010; VanderWeele and Vansteelandt 2009).

With :math:`E[M|T,C] = \alpha + aT + h(C)` and :math:`E[Y|T,M,C] = c'T + bM + dTM + g(C)`, for a treatment moved from
:math:`t_0` to :math:`t_1`,

.. math:: ACME(t) = a(t_1-t_0)(b+dt), \quad ADE(t) = (t_1-t_0)(c' + d\,E[M(t)]), \quad E[M(t)] = \bar M + a(t-\bar T).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from artwork_insights.design.reading import as_numbers, check_number, check_share
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.mechanisms.natural_probit import probit_effects
from artwork_insights.mechanisms.natural_results import Counted, NaturalEffects, assemble, effects_of_draws
from artwork_insights.mechanisms.regression import FloatArray, fit_clustered_ols
from artwork_insights.mechanisms.rows import Rows, check_draws, read_rows
from artwork_insights.mechanisms.title_bootstrap import draw_moments


@dataclass(frozen=True, slots=True)
class Cleared:
    """Outcome, treatment, mediator and their product, each less what the confounders predict of it.

    With them the functions h and g of the confounders may be of any form (Robinson 1988). The product is that of
    treatment and mediator as they are, cleared afterwards; the product of two residuals is another thing.

    Attributes
    ----------
    outcome, treatment, mediator, product : arrays of shape (n,)
    """

    outcome: ArrayLike
    treatment: ArrayLike
    mediator: ArrayLike
    product: ArrayLike


def natural_effects(
    outcome: ArrayLike,
    treatment: ArrayLike,
    mediator: ArrayLike,
    confounders: pd.DataFrame | ArrayLike | None = None,
    clusters: ArrayLike | None = None,
    *,
    weights: ArrayLike | None = None,
    absorb: ArrayLike | None = None,
    cleared: Cleared | None = None,
    levels: tuple[float, float] = (0.0, 1.0),
    interaction: bool = True,
    outcome_model: Literal["linear", "probit"] = "linear",
    treatment_name: str = "treatment",
    mediator_name: str = "mediator",
    rule: str = "",
    draws: int = 500,
    seed: int = 0,
    n_assets: int | None = None,
    level: float = 0.95,
) -> NaturalEffects:
    """Split the effect of a treatment into what goes through a mediator and what goes past it, by regression.

    For the linear outcome the estimates are closed forms and the intervals come from a bootstrap over titles. For a
    probit outcome both come from draws of the two models' coefficients, and the estimates are means of the draws
    (quasi-Bayesian, Imai, Keele and Tingley 2010, algorithm 1). They are causal if, given the confounders, nothing
    unobserved drives treatment and outcome, treatment and mediator, or mediator and outcome (sequential ignorability);
    see `indirect_by_rho` for how far that may fail.

    Parameters
    ----------
    outcome, treatment, mediator : array of shape (n,)
        Rows without a mediator are left out. A probit outcome is 0 or 1.
    confounders : DataFrame of n rows or array of shape (n, k), optional
    clusters, weights, absorb : arrays of shape (n,), optional
        title_id; precision weights; labels of groups whose means are swept out. Probit takes only clusters.
    cleared : Cleared, optional
        Residuals to regress in place of the columns; only for the linear outcome, and then without confounders.
    levels : (float, float)
        Values of the treatment to compare: control, treated.
    interaction : bool
        Let the mediator's effect depend on the treatment.
    draws : int
        At least 50.
    n_assets : int, optional
        Assets behind the rows; the number of rows where not given.
    level : float
        Of the intervals.

    Raises
    ------
    NotIdentifiedError
        Treatment or mediator does not vary beside the other columns, or an input is no column of numbers.
    """
    check_draws(draws)
    check_share("level", level)
    ends = (check_number("the control level", levels[0]), check_number("the treated level", levels[1]))
    if ends[0] == ends[1]:
        raise NotIdentifiedError(f"levels={levels!r} are one value; give two values of the treatment to compare.")
    rows = read_rows(outcome, treatment, {"mediator": mediator}, confounders, clusters, weights, absorb)
    counted = Counted(
        treatment_name, mediator_name, rule, ends, len(rows.outcome),
        len(rows.outcome) if n_assets is None else n_assets, rows.n_units, rows.n_undefined, level,
    )  # fmt: skip
    rng = np.random.default_rng(seed)
    if outcome_model == "probit":
        if weights is not None or absorb is not None or cleared is not None:
            raise NotIdentifiedError("a probit outcome takes neither weights nor absorbed groups nor residuals.")
        drawn = probit_effects(rows, ends, draws, rng, interaction=interaction)
        point = {name: values.mean() for name, values in drawn.items()}
    else:
        point, drawn = _linear_effects(rows, cleared, ends, draws, rng, interaction=interaction, names=counted)
    effects = effects_of_draws(point, drawn, level)
    ratio = (drawn["acme_control"] + drawn["acme_treated"]) / (2 * drawn["total"])
    return assemble(outcome_model, counted, effects, interaction=interaction, ratio_draws=ratio)


def _linear_effects(
    rows: Rows,
    cleared: Cleared | None,
    levels: tuple[float, float],
    draws: int,
    rng: np.random.Generator,
    *,
    interaction: bool,
    names: Counted,
) -> tuple[dict[str, FloatArray], dict[str, FloatArray]]:
    """Estimates and draws of the five effects."""
    y, t, m, product = _columns(rows, cleared)
    wide = [t, m, product] if interaction else [t, m]
    labels = [names.treatment, names.mediator, "their product"][: len(wide)]
    extra = [f"confounder {i}" for i in range(rows.controls.shape[1])]
    both = fit_clustered_ols(
        y, np.column_stack([*wide, rows.controls]), rows.clusters,
        weights=rows.weights, absorb=rows.absorb, names=[*labels, *extra],
    )  # fmt: skip
    lost = [name for name in labels if name in both.dropped]
    if lost:
        raise NotIdentifiedError(
            f"natural effects of {names.treatment}: {lost[0]} does not vary beside the other columns in "
            f"{len(y)} rows; take what repeats it out of the confounders, add artwork, or set interaction=False."
        )
    first = fit_clustered_ols(
        m, np.column_stack([t, rows.controls]), rows.clusters, weights=rows.weights, absorb=rows.absorb
    )
    held = replace(rows, controls=rows.controls[:, np.isfinite(both.coefficients[len(wide) :])])
    means = np.column_stack([rows.treatment, rows.carriers[:, 0]])
    moments = draw_moments(np.column_stack([t, m, product, y]), held, draws, rng, sums=means)
    paths = moments.coefficients(3, range(len(wide)))
    drawn = _split(moments.coefficients(1, (0,))[:, 0], paths, moments.sums / moments.weight[:, None], levels)
    finite = np.isfinite(drawn["total"]) & np.isfinite(drawn["acme_treated"])
    if finite.sum() < draws / 2:
        raise NotIdentifiedError(f"{names.treatment} varies in too few titles to tell how sure we are; add artwork.")
    centre = np.average(means, axis=0, weights=rows.weights)[None, :]
    point = _split(first.coefficients[:1], both.coefficients[None, : len(wide)], centre, levels)
    return {name: value[0] for name, value in point.items()}, {name: v[finite] for name, v in drawn.items()}


def _columns(rows: Rows, cleared: Cleared | None) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    m = rows.carriers[:, 0]
    if cleared is None:
        return rows.outcome, rows.treatment, m, rows.treatment * m
    if rows.controls.shape[1]:
        raise NotIdentifiedError("residuals are cleared of the confounders already; give one or the other.")
    found = []
    for name in ("outcome", "treatment", "mediator", "product"):
        values = as_numbers(f"cleared {name}", getattr(cleared, name))
        if len(values) != len(rows.kept):
            raise NotIdentifiedError(f"cleared {name} has {len(values)} rows and the outcome {len(rows.kept)}.")
        found.append(values[rows.kept])
    return found[0], found[1], found[2], found[3]


def _split(
    path_a: FloatArray, paths: FloatArray, means: FloatArray, levels: tuple[float, float]
) -> dict[str, FloatArray]:
    """The five effects from a (r,), from c', b and d (r, 2 or 3), and the means of treatment and mediator (r, 2)."""
    direct, path_b = paths[:, 0], paths[:, 1]
    product = paths[:, 2] if paths.shape[1] == 3 else np.zeros_like(direct)
    step = levels[1] - levels[0]
    effects = {}
    for name, value in zip(("control", "treated"), levels, strict=True):
        mediator = means[:, 1] + path_a * (value - means[:, 0])
        effects[f"acme_{name}"] = path_a * step * (path_b + product * value)
        effects[f"ade_{name}"] = step * (direct + product * mediator)
    effects["total"] = effects["acme_treated"] + effects["ade_control"]
    return effects
