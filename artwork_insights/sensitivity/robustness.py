"""Robustness value: partial R2 with treatment and outcome that takes the effect away (Cinelli and Hazlett 2020)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Robustness:
    """Robustness values of one estimate.

    Attributes
    ----------
    partial_r2_treatment : float
        Share of the outcome's residual variance that the treatment explains.
    robustness_value : float
        Equal partial R2 of a confounder with treatment and outcome that brings the estimate to zero, in [0, 1].
    robustness_value_alpha : float
        The same for bringing it within the interval's reach of zero at `alpha`.
    alpha : float
        Level of `robustness_value_alpha`.
    """

    partial_r2_treatment: float
    robustness_value: float
    robustness_value_alpha: float
    alpha: float
