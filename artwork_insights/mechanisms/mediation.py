"""Mediation after Baron and Kenny (1986): does a mediator carry the effect of a treatment?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from artwork_insights.design.reading import check_share
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.mechanisms.paths import (
    MediationResult,
    classify_paths,
    is_near_zero,
    mediation_sentence,
    path_of,
    product_std_error,
    warn_of_proportion,
)
from artwork_insights.mechanisms.regression import ClusteredFit, FloatArray, fit_clustered_ols
from artwork_insights.mechanisms.rows import Rows, check_draws, read_rows
from artwork_insights.mechanisms.title_bootstrap import bias_corrected_interval, draw_moments, percentile_interval


def mediate(
    outcome: ArrayLike,
    treatment: ArrayLike,
    mediator: ArrayLike,
    confounders: pd.DataFrame | ArrayLike | None = None,
    clusters: ArrayLike | None = None,
    *,
    weights: ArrayLike | None = None,
    absorb: ArrayLike | None = None,
    treatment_name: str = "treatment",
    mediator_name: str = "mediator",
    rule: str = "",
    bootstrap_draws: int = 500,
    seed: int = 0,
    n_assets: int | None = None,
    level: float = 0.95,
) -> MediationResult:
    """Follow Baron and Kenny's (1986) four steps with the same rows, confounders, weights and clusters throughout.

    Total: outcome on treatment. a: mediator on treatment. b and direct: outcome on treatment and mediator. The indirect
    effect a times b equals total less direct exactly. Its standard error is Sobel's (1982); its intervals (percentile
    and bias-corrected, Efron 1981) come from a bootstrap over titles, and so does that of the proportion mediated. The
    paths are causal only if nothing unobserved drives mediator and outcome together.

    Parameters
    ----------
    outcome, treatment, mediator : array of shape (n,)
        Rows in which the mediator is NaN are left out, and counted; say in `rule` where it is defined.
    confounders : DataFrame of n rows or array of shape (n, k), optional
        NaN is filled with the mean and marked, see `fill_missing`.
    clusters : array of shape (n,), optional
        title_id; without it rows are taken as independent.
    weights, absorb : array of shape (n,), optional
        Precision weights; labels of groups whose means are swept out, e.g. title and country.
    bootstrap_draws : int
        At least 50.
    n_assets : int, optional
        Assets behind the rows; the number of rows where not given.
    level : float
        Of the bootstrap intervals, in (0, 1); a path counts as there where its p-value is below 1 - level.

    Raises
    ------
    NotIdentifiedError
        Treatment or mediator do not vary beside the other columns, there are too few rows or titles, or an input is no
        column of numbers.
    """
    check_draws(bootstrap_draws)
    check_share("level", level)
    rows = read_rows(outcome, treatment, {"mediator": mediator}, confounders, clusters, weights, absorb)
    fits = fit_paths(rows, treatment_name, (mediator_name,))
    total, path_a, path_b, direct = (path_of(fit, place) for fit, place in zip(fits, (0, 0, 1, 0), strict=True))
    indirect = path_a.coefficient * path_b.coefficient
    sobel = product_std_error(path_a, path_b, 0)
    sobel_z = indirect / sobel if sobel else 0.0
    classification = classify_paths(total, path_a, path_b, direct, level)
    opposed = indirect * total.coefficient < 0 or classification == "inconsistent"
    share = None if is_near_zero(total) or opposed else indirect / total.coefficient
    totals, indirects = draw_paths(rows, fits[-1], 1, treatment_name, bootstrap_draws, np.random.default_rng(seed))
    result = MediationResult(
        treatment_name, mediator_name, rule, total, path_a, path_b, direct, indirect,
        sobel or 0.0, sobel_z, float(2 * stats.norm.sf(abs(sobel_z))),
        percentile_interval(indirects[:, 0], level), share, classification,
        len(rows.outcome), len(rows.outcome) if n_assets is None else n_assets, rows.n_units,
        mediation_sentence(treatment_name, mediator_name, classification, share, total, level),
        _ratio(indirect, product_std_error(path_a, path_b, 1)),
        _ratio(indirect, product_std_error(path_a, path_b, -1)), rows.n_undefined, level,
        bias_corrected_interval(indirects[:, 0], indirect, level),
    )  # fmt: skip
    return replace(
        result,
        proportion_interval=None if share is None else percentile_interval(indirects[:, 0] / totals, level),
        proportion_warning=warn_of_proportion(total, share, level),
    )


def fit_paths(rows: Rows, treatment: str, mediators: tuple[str, ...]) -> tuple[ClusteredFit, ...]:
    """The regressions of the four steps: total, one a per mediator, and twice the one with b and the direct effect.

    The last two are the same, so that with one mediator there is one regression per path.

    Raises
    ------
    NotIdentifiedError
        Treatment or a mediator does not vary beside the other columns.
    """
    labels = [f"confounder {i}" for i in range(rows.controls.shape[1])]
    names = (treatment, *mediators)
    wide = np.column_stack([rows.treatment, rows.carriers, rows.controls])
    both = _fit(rows, rows.outcome, wide, [*names, *labels])
    for name in names:
        if name in both.dropped:
            raise NotIdentifiedError(
                f"mediation of {treatment} by {', '.join(mediators)}: {name} does not vary beside the other columns "
                f"in {len(rows.outcome)} rows; take the column that repeats it out of the confounders, or add artwork."
            )
    short = np.column_stack([rows.treatment, rows.controls])
    targets = (rows.outcome, *rows.carriers.T)
    return (*(_fit(rows, target, short, [treatment, *labels]) for target in targets), both, both)


def draw_paths(
    rows: Rows, both: ClusteredFit, n_mediators: int, treatment: str, draws: int, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Total (draws,) and indirect effects (draws, mediators) in a bootstrap over titles; draws without them left out.

    Raises
    ------
    NotIdentifiedError
        Fewer than half of the draws have variation in treatment and mediators.
    """
    used = np.isfinite(both.coefficients[1 + n_mediators :])
    held = replace(rows, controls=rows.controls[:, used])
    moments = draw_moments(np.column_stack([rows.treatment, rows.outcome, rows.carriers]), held, draws, rng)
    places = range(2, 2 + n_mediators)
    paths_b = moments.coefficients(1, (0, *places))[:, 1:]
    paths_a = np.column_stack([moments.coefficients(place, (0,)) for place in places])
    totals, indirects = moments.coefficients(1, (0,))[:, 0], paths_a * paths_b
    finite = np.isfinite(indirects).all(axis=1) & np.isfinite(totals)
    if finite.sum() < draws / 2:
        raise NotIdentifiedError(f"{treatment} varies in too few titles to tell how sure we are; add artwork.")
    return totals[finite], indirects[finite]


def _fit(rows: Rows, target: FloatArray, design: FloatArray, names: list[str]) -> ClusteredFit:
    return fit_clustered_ols(target, design, rows.clusters, weights=rows.weights, absorb=rows.absorb, names=names)


def _ratio(value: float, error: float | None) -> float | None:
    return value / error if error else None
