"""Robustness value: partial R2 with treatment and outcome that takes the effect away (Cinelli and Hazlett 2020)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy import stats

from artwork_insights.errors import NotIdentifiedError


@dataclass(frozen=True, slots=True)
class Robustness:
    """Robustness values of one estimate.

    Attributes
    ----------
    partial_r2_treatment : float
        Share of the outcome's residual variance that the treatment explains; f^2 / (1 + f^2) with f the effect over its
        largest bias.
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


@dataclass(frozen=True, slots=True)
class ConfoundedEstimate:
    """What an estimate becomes beside a confounder of stated strength.

    Attributes
    ----------
    partial_r2_treatment, partial_r2_outcome : float
        Strength of the confounder: partial R2 with the treatment, and with the outcome given the treatment.
    effect, std_error : float
        Adjusted towards zero; same unit as the estimate.
    interval : (float, float)
        At the level asked for.
    """

    partial_r2_treatment: float
    partial_r2_outcome: float
    effect: float
    std_error: float
    interval: tuple[float, float]


def robustness_value(
    effect: float, std_error: float, degrees_of_freedom: float, *, q: float = 1.0, alpha: float = 0.05
) -> Robustness:
    """Robustness value of a linear coefficient from its classical t statistic (Cinelli and Hazlett 2020, section 4).

    Partial R2 is a share of variance over rows: give the classical standard error and the residual degrees of freedom
    of the rows. With errors clustered by title use `omitted_variable_bounds`, or the value is too large.

    Parameters
    ----------
    effect, std_error : float
        Coefficient and its classical standard error, > 0.
    degrees_of_freedom : float
        Of the residuals, > 1.
    q : float
        Share of the estimate to be taken away, > 0.
    alpha : float
        In (0, 1]; 1 asks for the estimate alone.
    """
    if not (std_error > 0 and degrees_of_freedom > 1):
        raise NotIdentifiedError(
            f"A robustness value needs a standard error above 0 and more than 1 degree of freedom, "
            f"found {std_error:g} and {degrees_of_freedom:g}."
        )
    strength = abs(effect / std_error) / math.sqrt(degrees_of_freedom)
    critical = float(stats.t.isf(alpha / 2, degrees_of_freedom - 1)) / math.sqrt(degrees_of_freedom - 1)
    return Robustness(
        strength**2 / (1 + strength**2), equal_strength((q * strength) ** 2), _value(q * strength, critical), alpha
    )


def equal_strength(bias_share: float) -> float:
    """The x in [0, 1) at which ``x**2 / (1 - x)`` equals `bias_share` >= 0.

    The equal partial R2 of a confounder whose ``R2_outcome * R2_treatment / (1 - R2_treatment)`` is `bias_share`; so
    observed confounders of unequal strengths can be held against a robustness value.
    """
    return 2 / (math.sqrt(1 + 4 / bias_share) + 1) if bias_share > 0 else 0.0


def confounded_estimate(
    effect: float,
    std_error: float,
    degrees_of_freedom: float,
    partial_r2_treatment: float,
    partial_r2_outcome: float,
    *,
    level: float = 0.95,
) -> ConfoundedEstimate:
    """Estimate and error beside a confounder of stated strength that works against it (Cinelli and Hazlett 2020).

    Strengths lie in [0, 1), the treatment's strictly below 1; `std_error` is classical.
    """
    if not (0 <= partial_r2_treatment < 1 and 0 <= partial_r2_outcome <= 1):
        raise NotIdentifiedError(
            f"A confounder cannot have partial R2 {partial_r2_treatment:g} and {partial_r2_outcome:g}; "
            "expected numbers from 0 to below 1."
        )
    odds = partial_r2_treatment / (1 - partial_r2_treatment)
    bias = math.sqrt(partial_r2_outcome * odds * degrees_of_freedom) * std_error
    adjusted = abs(effect) - bias if effect >= 0 else bias - abs(effect)
    inflation = (1 - partial_r2_outcome) / (1 - partial_r2_treatment) * degrees_of_freedom / (degrees_of_freedom - 1)
    error = std_error * math.sqrt(inflation)
    reach = float(stats.t.ppf(0.5 + level / 2, degrees_of_freedom - 1)) * error
    interval = (adjusted - reach, adjusted + reach)
    return ConfoundedEstimate(partial_r2_treatment, partial_r2_outcome, adjusted, error, interval)


def benchmark_bound(
    r2_confounder_treatment: float, r2_confounder_outcome: float, *, times: float = 1.0
) -> tuple[float, float]:
    """Largest strengths of an unseen confounder `times` as strong as an observed one.

    Parameters
    ----------
    r2_confounder_treatment : float
        Partial R2 of the observed confounder with the treatment, given the other confounders.
    r2_confounder_outcome : float
        Its partial R2 with the outcome, given the treatment and the other confounders.
    times : float
        Multiple of its strength, with both.

    Returns
    -------
    (float, float)
        Partial R2 with the treatment and with the outcome (the latter at most 1);
        Cinelli and Hazlett (2020).

    Raises
    ------
    NotIdentifiedError
        No confounder can be so strong: the treatment would be explained entirely.
    """
    odds = r2_confounder_treatment / (1 - r2_confounder_treatment)
    with_treatment = times * odds
    if with_treatment >= 1:
        raise NotIdentifiedError(
            f"No confounder can be {times:g} times as strong as one with partial R2 {r2_confounder_treatment:g}."
        )
    shared = times * r2_confounder_treatment * odds / (1 - times * r2_confounder_treatment)
    factor = (math.sqrt(times) + math.sqrt(shared)) / math.sqrt(1 - shared)
    return with_treatment, min(1.0, factor**2 * r2_confounder_outcome / (1 - r2_confounder_outcome))


def _value(strength: float, critical: float) -> float:
    """Robustness value of `strength` beyond the reach `critical`, both on the scale of Cohen's f."""
    beyond = strength - critical
    if beyond <= 0:
        return 0.0
    if critical > 0 and strength > 1 / critical:
        return (strength**2 - critical**2) / (1 + strength**2)
    return equal_strength(beyond**2)
