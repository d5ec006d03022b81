"""The paths of a mediation after Baron and Kenny (1986): what is known of each, and what they say together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from artwork_insights.mechanisms.regression import ClusteredFit

Classification = Literal["full", "partial", "none", "inconsistent"]


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
        As the four regressions say at `level`, see `classify_paths`.
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
        Of the intervals; a path counts as there where its p-value is below 1 - level.
    bias_corrected_interval : (float, float) or None
        Of the indirect effect, from the same draws (Efron 1981).
    proportion_interval : (float, float) or None
        Percentile interval of the proportion mediated; None where there is no proportion.
    proportion_warning : str
        A sentence where the total is too near zero for a proportion to mean much; else empty.
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
    bias_corrected_interval: tuple[float, float] | None = None
    proportion_interval: tuple[float, float] | None = None
    proportion_warning: str = ""


def path_of(fit: ClusteredFit, place: int) -> PathEstimate:
    """One coefficient of a regression as a path."""
    return PathEstimate(float(fit.coefficients[place]), float(fit.std_errors[place]), float(fit.p_values[place]))


def classify_paths(
    total: PathEstimate, path_a: PathEstimate, path_b: PathEstimate, direct: PathEstimate, level: float = 0.95
) -> Classification:
    """Classify four paths; one is there where its p-value is below 1 - level, and so its interval leaves out zero.

    ``none`` unless both a and b are there. Then ``inconsistent`` where the direct or the total effect is there with the
    sign opposite to a times b; ``none`` where there is no total effect to carry; ``full`` where no direct effect is
    left; else ``partial``.
    """
    clear = 1 - level
    if not (path_a.p_value < clear and path_b.p_value < clear):
        return "none"
    has_direct, has_total = direct.p_value < clear, total.p_value < clear
    indirect = path_a.coefficient * path_b.coefficient
    if any(there and path.coefficient * indirect < 0 for there, path in ((has_direct, direct), (has_total, total))):
        return "inconsistent"
    if not has_total:
        return "none"
    return "partial" if has_direct else "full"


def product_std_error(path_a: PathEstimate, path_b: PathEstimate, sign: int) -> float | None:
    """Delta-method error of a times b, with the product of the variances added (1), ignored (0) or taken off (-1)."""
    variance = (
        (path_a.coefficient * path_b.std_error) ** 2
        + (path_b.coefficient * path_a.std_error) ** 2
        + sign * (path_a.std_error * path_b.std_error) ** 2
    )
    return float(np.sqrt(variance)) if variance > 0 else None


def is_near_zero(total: PathEstimate) -> bool:
    """Whether a total effect lies within one standard error of zero: no share of it can be told."""
    return abs(total.coefficient) <= total.std_error


def warn_of_proportion(total: PathEstimate, proportion: float | None, level: float = 0.95) -> str:
    """What to know about a share of the total effect; empty where the total is clear and the share is one."""
    if is_near_zero(total):
        return "The total effect is within one standard error of zero, so no share of it can be told."
    if proportion is None:
        return "The two ways pull in opposite directions, so there is no share of the total effect."
    if total.p_value >= 1 - level:
        return "The total effect is not told apart from zero, so the share of it that is mediated means little."
    if not 0 <= proportion <= 1:
        return "The part comes out larger than the whole: the rest, clear or not, points the other way."
    return ""


def mediation_sentence(
    treatment: str, mediator: str, kind: Classification, share: float | None, total: PathEstimate, level: float = 0.95
) -> str:
    """What the four paths say, in plain words."""
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
    if total.p_value >= 1 - level:
        return f"There is no clear effect of {cause} here for {carrier} to carry."
    return (
        f"Nothing shows that {carrier} carries the effect of {cause}; it works in another way, or too little is seen."
    )
