"""Mediation after Baron and Kenny (1986): does a mediator carry the effect of a treatment?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from artwork_insights.errors import NotIdentifiedError
from artwork_insights.mechanisms.regression import (
    ClusteredFit,
    FloatArray,
    as_weights,
    fill_missing,
    fit_clustered_ols,
)
from artwork_insights.mechanisms.title_bootstrap import bootstrap_indirect

Classification = Literal["full", "partial", "none", "inconsistent"]
CLEAR = 0.05
"""Level at which a path counts as there."""


@dataclass(frozen=True, slots=True)
class PathEstimate:
    """One path of the mediation picture.

    Attributes
    ----------
    coefficient, std_error, p_value : float
        Cluster-robust by title, t with titles less one degrees of freedom.
    """

    coefficient: float
    std_error: float
    p_value: float


@dataclass(frozen=True, slots=True)
class MediationResult:
    """Paths, tests and classification.

    Attributes
    ----------
    treatment, mediator : str
        Names.
    rule : str
        Where the mediator is defined, e.g. "assets with at least one face".
    total, treatment_to_mediator, mediator_to_outcome, direct : PathEstimate
        Baron and Kenny's c, a, b and c'.
    indirect : float
        a times b, in the outcome's unit per unit of treatment.
    sobel_std_error, sobel_z, sobel_p_value : float
        Sobel (1982).
    indirect_interval : (float, float)
        Percentile interval from a bootstrap over titles, at `level`.
    proportion_mediated : float or None
        indirect / total; None where the total is near zero or the signs differ.
    classification : {"full", "partial", "none", "inconsistent"}
        As the four regressions say, see `classify_paths`.
    n_cells, n_assets, n_titles : int
        Used.
    sentence : str
        In words.
    aroian_z, goodman_z : float or None
        The same test with the product of the two variances added (Aroian 1947) or taken off (Goodman 1960); None where
        the variance is not positive.
    n_undefined : int
        Rows left out because the mediator is not defined there.
    level : float
        Of `indirect_interval`.
    """

    treatment: str
    mediator: str
    rule: str
    total: PathEstimate
    treatment_to_mediator: PathEstimate
    mediator_to_outcome: PathEstimate
    direct: PathEstimate
    indirect: float
    sobel_std_error: float
    sobel_z: float
    sobel_p_value: float
    indirect_interval: tuple[float, float]
    proportion_mediated: float | None
    classification: Classification
    n_cells: int
    n_assets: int
    n_titles: int
    sentence: str
    aroian_z: float | None = None
    goodman_z: float | None = None
    n_undefined: int = 0
    level: float = 0.95


def mediate(
    outcome: ArrayLike,
    treatment: ArrayLike,
    mediator: ArrayLike,
    confounders: ArrayLike | None = None,
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
    effect a times b equals total less direct exactly. Its standard error is Sobel's (1982); its interval comes from a
    bootstrap over titles. The paths are causal only if nothing unobserved drives mediator and outcome together.

    Parameters
    ----------
    outcome, treatment, mediator : array of shape (n,)
        Rows in which the mediator is NaN are left out, and counted; say in `rule` where it is defined.
    confounders : array of shape (n, k), optional
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
        Of the bootstrap interval, in (0, 1).

    Raises
    ------
    NotIdentifiedError
        Treatment or mediator do not vary beside the other columns, or there are too few rows or titles.
    """
    if bootstrap_draws < 50:
        raise ValueError(f"{bootstrap_draws} bootstrap draws give no interval; ask for at least 50.")
    defined = np.isfinite(np.asarray(mediator, dtype=np.float64))
    target, dose, carrier = (np.asarray(v, dtype=np.float64)[defined] for v in (outcome, treatment, mediator))
    controls = fill_missing(confounders, len(defined))[defined]
    units = np.arange(len(target)) if clusters is None else np.asarray(clusters)[defined]
    groups = None if absorb is None else np.asarray(absorb)[defined]
    importance = as_weights(weights, len(defined))[defined]
    names = (treatment_name, mediator_name)
    fits = _fit_paths(target, dose, carrier, controls, None if clusters is None else units, importance, groups, names)
    total, path_a, path_b, direct = (_path(fit, place) for fit, place in zip(fits, (0, 0, 1, 0), strict=True))
    kept = np.isfinite(fits[2].coefficients[2:])
    indirects = bootstrap_indirect(
        target, dose, carrier, controls[:, kept], units,
        weights=importance, absorb=groups, draws=bootstrap_draws, rng=np.random.default_rng(seed),
    )  # fmt: skip
    if len(indirects) < bootstrap_draws / 2:
        raise NotIdentifiedError(f"{treatment_name} varies in too few titles to tell how sure we are; add artwork.")
    low, high = np.quantile(indirects, ((1 - level) / 2, (1 + level) / 2))
    indirect = path_a.coefficient * path_b.coefficient
    sobel = _product_std_error(path_a, path_b, 0)
    sobel_z = indirect / sobel if sobel else 0.0
    classification = classify_paths(total, path_a, path_b, direct)
    share = _proportion(total, indirect, classification)
    return MediationResult(
        treatment_name, mediator_name, rule, total, path_a, path_b, direct, indirect,
        sobel or 0.0, sobel_z, float(2 * stats.norm.sf(abs(sobel_z))), (float(low), float(high)), share, classification,
        len(target), len(target) if n_assets is None else n_assets, len(np.unique(units)),
        _sentence(treatment_name, mediator_name, classification, share, total),
        _ratio(indirect, _product_std_error(path_a, path_b, 1)),
        _ratio(indirect, _product_std_error(path_a, path_b, -1)), int((~defined).sum()), level,
    )  # fmt: skip


def classify_paths(
    total: PathEstimate, path_a: PathEstimate, path_b: PathEstimate, direct: PathEstimate
) -> Classification:
    """Classify four paths at the 5 % level.

    ``none`` unless both a and b are there. Then ``inconsistent`` where the direct or the total effect is there with the
    sign opposite to a times b; ``none`` where there is no total effect to carry; ``full`` where no direct effect is
    left; else ``partial``.
    """
    if not (path_a.p_value < CLEAR and path_b.p_value < CLEAR):
        return "none"
    has_direct, has_total = direct.p_value < CLEAR, total.p_value < CLEAR
    indirect = path_a.coefficient * path_b.coefficient
    if any(there and path.coefficient * indirect < 0 for there, path in ((has_direct, direct), (has_total, total))):
        return "inconsistent"
    if not has_total:
        return "none"
    return "partial" if has_direct else "full"


def _fit_paths(
    outcome: FloatArray,
    treatment: FloatArray,
    mediator: FloatArray,
    controls: FloatArray,
    clusters: NDArray[np.generic] | None,
    weights: FloatArray,
    absorb: NDArray[np.generic] | None,
    names: tuple[str, str],
) -> tuple[ClusteredFit, ClusteredFit, ClusteredFit, ClusteredFit]:
    """The regressions of the four steps; b and the direct effect come from the same one."""
    labels = [f"confounder {i}" for i in range(controls.shape[1])]
    short, wide = np.column_stack([treatment, controls]), np.column_stack([treatment, mediator, controls])
    both = fit_clustered_ols(outcome, wide, clusters, weights=weights, absorb=absorb, names=[*names, *labels])
    for name in names:
        if name in both.dropped:
            raise NotIdentifiedError(
                f"mediation of {names[0]} by {names[1]}: {name} does not vary beside the other columns "
                f"in {len(outcome)} rows; take the column that repeats it out of the confounders, or add artwork."
            )
    first, second = (
        fit_clustered_ols(target, short, clusters, weights=weights, absorb=absorb, names=[names[0], *labels])
        for target in (outcome, mediator)
    )
    return first, second, both, both


def _path(fit: ClusteredFit, place: int) -> PathEstimate:
    return PathEstimate(float(fit.coefficients[place]), float(fit.std_errors[place]), float(fit.p_values[place]))


def _product_std_error(path_a: PathEstimate, path_b: PathEstimate, sign: int) -> float | None:
    """Delta-method error of a times b, with the product of the variances added (1), ignored (0) or taken off (-1)."""
    variance = (
        (path_a.coefficient * path_b.std_error) ** 2
        + (path_b.coefficient * path_a.std_error) ** 2
        + sign * (path_a.std_error * path_b.std_error) ** 2
    )
    return float(np.sqrt(variance)) if variance > 0 else None


def _ratio(value: float, error: float | None) -> float | None:
    return value / error if error else None


def _proportion(total: PathEstimate, indirect: float, classification: Classification) -> float | None:
    """Indirect over total; None within one standard error of a zero total, or where signs differ."""
    near_zero = abs(total.coefficient) <= total.std_error
    if near_zero or indirect * total.coefficient < 0 or classification == "inconsistent":
        return None
    return indirect / total.coefficient


def _sentence(treatment: str, mediator: str, kind: Classification, share: float | None, total: PathEstimate) -> str:
    cause, carrier = (name.replace("_", " ") for name in (treatment, mediator))
    condition = f"That holds only if nothing unseen drives both {carrier} and the outcome."
    part = f"about {round(100 * share)} % of it" if share is not None and share <= 1 else "all of it"
    if kind == "full":
        return f"The effect of {cause} runs through {carrier} ({part}); no other way is clearly seen. {condition}"
    if kind == "partial":
        return (
            f"Part of the effect of {cause} runs through {carrier} ({part}); the rest works in another way. {condition}"
        )
    if kind == "inconsistent":
        return (
            f"{carrier.capitalize()} works against {cause}: the two ways pull in opposite directions and partly "
            f"cancel. {condition}"
        )
    if total.p_value >= CLEAR:
        return f"There is no clear effect of {cause} here for {carrier} to carry."
    return (
        f"Nothing shows that {carrier} carries the effect of {cause}; it works in another way, or too little is seen."
    )
