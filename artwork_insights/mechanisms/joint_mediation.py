"""Several mediators at once: what they carry together, and what each carries beside the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from artwork_insights.design.reading import check_share
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.mechanisms.mediation import draw_paths, fit_paths
from artwork_insights.mechanisms.paths import (
    PathEstimate,
    is_near_zero,
    path_of,
    product_std_error,
    warn_of_proportion,
)
from artwork_insights.mechanisms.regression import ClusteredFit, FloatArray, sweep_group_means
from artwork_insights.mechanisms.rows import Rows, check_draws, named_columns, read_rows
from artwork_insights.mechanisms.title_bootstrap import percentile_interval

NOTICEABLE = 0.1
"""Two mediators with a partial correlation of at least this are named as moving together."""


@dataclass(frozen=True, slots=True)
class MediatorShare:
    """What one of several mediators carries.

    Attributes
    ----------
    mediator : str
    treatment_to_mediator, mediator_to_outcome : PathEstimate
        a, and b beside the other mediators.
    indirect : float
        a times b, in the outcome's unit per unit of treatment; the indirect effects add up to the joint one.
    std_error : float
        Sobel's.
    interval : (float, float)
        Percentile interval of a bootstrap over titles.
    share : float or None
        Of the total effect; None where that is near zero.
    alone : float
        a times b where it is the only mediator: what it seems to carry when the others are not looked at.
    """

    mediator: str
    treatment_to_mediator: PathEstimate
    mediator_to_outcome: PathEstimate
    indirect: float
    std_error: float
    interval: tuple[float, float]
    share: float | None
    alone: float


@dataclass(frozen=True, slots=True)
class JointMediation:
    """Several mediators in one regression.

    Attributes
    ----------
    treatment : str
    total, direct : PathEstimate
        Effect of the treatment without, and beside, all mediators.
    indirect : float
        Total less direct, exactly: what the mediators carry together.
    interval : (float, float)
        Percentile interval of `indirect` from a bootstrap over titles.
    share, share_interval : float and (float, float), or None
        Of the total effect; None where that is near zero or the signs differ.
    mediators : tuple of MediatorShare
    largest_correlation : float
        Largest partial correlation (in size) between two mediators, given treatment and confounders.
    n_cells, n_assets, n_titles, n_undefined : int
        Rows, assets and titles used; rows left out because a mediator is not defined.
    level : float
    warning : str
        What the separate shares rest on.
    sentence : str
        In words.
    """

    treatment: str
    total: PathEstimate
    direct: PathEstimate
    indirect: float
    interval: tuple[float, float]
    share: float | None
    share_interval: tuple[float, float] | None
    mediators: tuple[MediatorShare, ...]
    largest_correlation: float
    n_cells: int
    n_assets: int
    n_titles: int
    n_undefined: int
    level: float
    warning: str
    sentence: str


def mediate_jointly(
    outcome: ArrayLike,
    treatment: ArrayLike,
    mediators: pd.DataFrame | Mapping[str, ArrayLike],
    confounders: pd.DataFrame | ArrayLike | None = None,
    clusters: ArrayLike | None = None,
    *,
    weights: ArrayLike | None = None,
    absorb: ArrayLike | None = None,
    treatment_name: str = "treatment",
    bootstrap_draws: int = 500,
    seed: int = 0,
    n_assets: int | None = None,
    level: float = 0.95,
) -> JointMediation:
    """Ask what several mediators carry together and each beside the others (MacKinnon 2008, chapter 5).

    All mediators enter one regression of the outcome. What they carry together (total less direct) needs no order among
    them; what each carries does: where one mediator changes another, the separate parts are not identified (VanderWeele
    and Vansteelandt 2014), and the result says so.

    Parameters
    ----------
    mediators : DataFrame of n rows, or mapping from name to array of shape (n,)
        At least two; rows in which one is NaN are left out, and counted.
    outcome, treatment, confounders, clusters, weights, absorb, bootstrap_draws, seed, n_assets, level
        As for `mediate`.

    Raises
    ------
    NotIdentifiedError
        Fewer than two mediators, one that repeats another, or what `mediate` refuses.
    """
    check_draws(bootstrap_draws)
    check_share("level", level)
    columns = named_columns(mediators)
    if len(columns) < 2:
        raise NotIdentifiedError(f"{len(columns)} mediator has nothing to be joint with; give two, or use mediate.")
    names = tuple(columns)
    rows = read_rows(outcome, treatment, columns, confounders, clusters, weights, absorb)
    first, *paths_a, both, _ = fit_paths(rows, treatment_name, names)
    total, direct = path_of(first, 0), path_of(both, 0)
    rng = np.random.default_rng(seed)
    totals, drawn = draw_paths(rows, both, len(names), treatment_name, bootstrap_draws, rng)
    indirect = total.coefficient - direct.coefficient
    tells = not is_near_zero(total)
    share = indirect / total.coefficient if tells and indirect * total.coefficient >= 0 else None
    parts = tuple(
        _part(name, path_of(paths_a[i], 0), path_of(both, 1 + i), percentile_interval(drawn[:, i], level),
              total.coefficient if tells else None, _alone(rows, i, treatment_name))
        for i, name in enumerate(names)
    )  # fmt: skip
    largest, pair = _largest_correlation(rows, paths_a, names)
    return JointMediation(
        treatment_name, total, direct, indirect, percentile_interval(drawn.sum(axis=1), level), share,
        None if share is None else percentile_interval(drawn.sum(axis=1) / totals, level), parts, largest,
        len(rows.outcome), len(rows.outcome) if n_assets is None else n_assets, rows.n_units, rows.n_undefined, level,
        _warning(largest, pair, warn_of_proportion(total, share, level)),
        _sentence(treatment_name, parts, percentile_interval(drawn.sum(axis=1), level), share),
    )  # fmt: skip


def _part(
    name: str,
    path_a: PathEstimate,
    path_b: PathEstimate,
    interval: tuple[float, float],
    total: float | None,
    alone: float,
) -> MediatorShare:
    carried = path_a.coefficient * path_b.coefficient
    error = product_std_error(path_a, path_b, 0) or 0.0
    return MediatorShare(name, path_a, path_b, carried, error, interval, carried / total if total else None, alone)


def _alone(rows: Rows, place: int, treatment: str) -> float:
    single = Rows(rows.outcome, rows.treatment, rows.carriers[:, [place]], rows.controls, rows.clusters, rows.weights,
                  rows.absorb, rows.kept)  # fmt: skip
    first, _, both, _ = fit_paths(single, treatment, ("mediator",))
    return float(first.coefficients[0] - both.coefficients[0])


def _largest_correlation(
    rows: Rows, paths_a: list[ClusteredFit], names: tuple[str, ...]
) -> tuple[float, tuple[str, str]]:
    """Largest correlation between what treatment and confounders leave of two mediators, and which two they are."""
    left = np.column_stack([fit.residuals for fit in paths_a])
    left = sweep_group_means(left, np.zeros(len(left), dtype=np.intp), rows.weights) * np.sqrt(rows.weights)[:, None]
    products: FloatArray = left.T @ left
    spread = np.sqrt(np.diag(products))
    correlation = np.triu(products / np.outer(spread, spread), 1)
    one, two = np.unravel_index(int(np.argmax(np.abs(correlation))), correlation.shape)
    return float(correlation[one, two]), (names[int(one)], names[int(two)])


def _warning(largest: float, pair: tuple[str, str], of_share: str) -> str:
    apart = (
        "What each mediator carries by itself is known only if none of them changes another; what they carry together "
        "does not rest on that."
    )
    if abs(largest) >= NOTICEABLE:
        one, two = (name.replace("_", " ") for name in pair)
        apart += (
            f" Here {one} and {two} move together beyond what the treatment explains (correlation {largest:.2f}), so "
            "read the separate shares as one possible division."
        )
    return f"{apart} {of_share}".strip()


def _sentence(
    treatment: str, parts: tuple[MediatorShare, ...], interval: tuple[float, float], share: float | None
) -> str:
    cause, names = treatment.replace("_", " "), [part.mediator.replace("_", " ") for part in parts]
    carriers = f"{', '.join(names[:-1])} and {names[-1]}"
    if interval[0] <= 0 <= interval[1]:
        return f"Nothing shows that {carriers} together carry the effect of {cause}."
    part = "" if share is None or share > 1 else f" (about {round(100 * share)} % of it)"
    largest = max(parts, key=lambda one: abs(one.indirect)).mediator.replace("_", " ")
    return f"Together, {carriers} carry part of the effect of {cause}{part}; the largest part goes through {largest}."
