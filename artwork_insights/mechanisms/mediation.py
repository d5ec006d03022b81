"""Mediation after Baron and Kenny (1986): does a mediator carry the effect of a treatment?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


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
        Percentile interval from a bootstrap over titles, 95 %.
    proportion_mediated : float or None
        indirect / total; None where the total is near zero or the signs differ.
    classification : {"full", "partial", "none", "inconsistent"}
        As the four regressions say.
    n_cells, n_assets, n_titles : int
        Used.
    sentence : str
        In words.
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
    classification: Literal["full", "partial", "none", "inconsistent"]
    n_cells: int
    n_assets: int
    n_titles: int
    sentence: str
