"""E-value: how strong confounding must be to explain an estimate away (VanderWeele and Ding 2017)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EValue:
    """E-value of an estimate and of its interval's nearer limit, on the risk-ratio scale.

    Attributes
    ----------
    risk_ratio : float
        The estimate on the risk-ratio scale.
    e_value : float
        Risk ratio that an unmeasured confounder must have with both treatment and outcome, >= 1.
    e_value_limit : float or None
        The same for the limit of the interval nearer to 1; 1 where the interval holds 1; None without an interval.
    """

    risk_ratio: float
    e_value: float
    e_value_limit: float | None
