"""E-value: how strong confounding must be to explain an estimate away (VanderWeele and Ding 2017)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from scipy import optimize, stats

from artwork_insights.design.reading import check_count, check_number, check_share
from artwork_insights.errors import NotIdentifiedError

_LARGEST_LOG = 300.0


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
    lower, upper : float or None
        Limits of the risk ratio.
    scale : str
        What the risk ratio compares, in words, and whether it is an approximation; empty where the caller knows.
    """

    risk_ratio: float
    e_value: float
    e_value_limit: float | None
    lower: float | None = None
    upper: float | None = None
    scale: str = ""


def e_value(risk_ratio: float, lower: float | None = None, upper: float | None = None) -> EValue:
    """E-value of a risk ratio: ``RR + sqrt(RR (RR - 1))``, of 1/RR below 1 (VanderWeele and Ding 2017).

    Parameters
    ----------
    risk_ratio : float
        Positive.
    lower, upper : float, optional
        Limits of its interval, ``lower <= risk_ratio <= upper``; a lower limit of 0 or less is allowed.

    Raises
    ------
    NotIdentifiedError
        The risk ratio is not positive, or lies outside its limits.
    """
    _positive("risk ratio", risk_ratio)
    for name, value in (("lower", lower), ("upper", upper)):
        if value is not None:
            check_number(name, value)
    if (lower is not None and not lower <= risk_ratio) or (upper is not None and not upper >= risk_ratio):
        raise NotIdentifiedError(f"The risk ratio {risk_ratio:g} lies outside its interval {lower} to {upper}.")
    if risk_ratio >= 1:
        limit = None if lower is None else _of_ratio(max(lower, 1.0))
    else:
        limit = None if upper is None else _of_ratio(min(upper, 1.0))
    return EValue(risk_ratio, _of_ratio(risk_ratio), limit, lower, upper)


def e_value_of_omission(full: EValue, without: EValue) -> float | None:
    """E-value that an unmeasured confounder would need to move the interval as leaving an observed one out did.

    The quotient of the limits nearer to 1 (of the full estimate, and on the same side without the confounder), turned
    to be at least 1, and its E-value: the yardstick of D'Agostino McGowan and Greevy (2020), Contextualizing E-values
    for interpretable sensitivity to unmeasured confounding analyses (arXiv:2011.07030).

    Parameters
    ----------
    full, without : EValue
        With and without the observed confounder, on one scale, both with intervals.

    Returns
    -------
    float, >= 1, or None
        None without intervals, or where a limit is no risk ratio (not positive).
    """
    near, moved = (full.lower, without.lower) if full.risk_ratio >= 1 else (full.upper, without.upper)
    if near is None or moved is None or not (near > 0 and moved > 0):
        return None
    return _of_ratio(near / moved)


def e_value_of_difference(effect: float, lower: float, upper: float, base_rate: float) -> EValue:
    """E-value of a difference in rates, as the risk ratio ``(base_rate + effect) / base_rate``.

    The base rate is taken as known.

    Parameters
    ----------
    effect, lower, upper : float
        Difference and its limits, in takes per impression.
    base_rate : float
        Mean rate without the component, in (0, 1].

    Raises
    ------
    NotIdentifiedError
        The base rate is not positive, or the effect takes away all of it.
    """
    _positive("base rate", base_rate)
    for name, value in (("effect", effect), ("lower", lower), ("upper", upper)):
        check_number(name, value)
    if not base_rate + effect > 0:
        raise NotIdentifiedError(f"The effect {effect:g} takes away the whole base rate {base_rate:g}.")
    return e_value((base_rate + effect) / base_rate, (base_rate + lower) / base_rate, (base_rate + upper) / base_rate)


def e_value_of_odds_ratio(
    odds_ratio: float, lower: float | None = None, upper: float | None = None, *, rare: bool
) -> EValue:
    """E-value of an odds ratio: taken as a risk ratio for a rare outcome (below 15 %), else its square root is."""
    if rare:
        return e_value(_positive("odds ratio", odds_ratio), lower, upper)
    return e_value(_root(odds_ratio), _maybe(lower, _root), _maybe(upper, _root))


def e_value_of_hazard_ratio(
    hazard_ratio: float, lower: float | None = None, upper: float | None = None, *, rare: bool
) -> EValue:
    """E-value of a hazard ratio; a common outcome is turned by ``(1 - .5^sqrt(HR)) / (1 - .5^sqrt(1/HR))``."""
    if rare:
        return e_value(_positive("hazard ratio", hazard_ratio), lower, upper)
    return e_value(_ratio_of_hazard(hazard_ratio), _maybe(lower, _ratio_of_hazard), _maybe(upper, _ratio_of_hazard))


def e_value_of_standardised_difference(difference: float, std_error: float) -> EValue:
    """E-value of a difference in standard deviations, as ``exp(.91 d)`` with limits ``exp(.91 d -/+ 1.78 se)``.

    The limits are those of a 95 % interval, as the approximation was published (VanderWeele and Ding 2017).
    """
    centre, reach = 0.91 * check_number("difference", difference), 1.78 * check_number("std_error", std_error)
    if reach < 0 or abs(centre) + reach > _LARGEST_LOG:
        raise NotIdentifiedError(
            f"A difference of {difference:g} with standard error {std_error:g} gives no risk ratio; "
            "give both in standard deviations."
        )
    return e_value(math.exp(centre), math.exp(centre - reach), math.exp(centre + reach))


def e_value_of_slope(slope: float, std_error: float, outcome_sd: float, *, step: float = 1.0) -> EValue:
    """E-value of a linear slope: `step` units of treatment, over the SD of the outcome given the confounders."""
    per_sd = check_number("step", step) / _positive("outcome_sd", outcome_sd)
    slope, std_error = check_number("slope", slope), check_number("std_error", std_error)
    return e_value_of_standardised_difference(slope * per_sd, std_error * abs(per_sd))


def e_value_of_counts(
    treated_takes: int, treated_misses: int, control_takes: int, control_misses: int, *, level: float = 0.95
) -> EValue:
    """E-value of a risk difference from a two by two table of independent draws (Ding and VanderWeele 2016).

    The limit is where the interval of the bounded difference, which also knows how unsure the treated share is,
    reaches zero. Impressions of one artwork are not independent draws; this is for experiments by person.

    Raises
    ------
    NotIdentifiedError
        A count is no whole number, or the treated share of takes does not lie above the control share; exchange them.
    """
    counts = {"treated_takes": treated_takes, "treated_misses": treated_misses,
              "control_takes": control_takes, "control_misses": control_misses}  # fmt: skip
    for name, count in counts.items():
        check_count(name, count, 1)
    check_share("level", level)
    n_treated, n_control = treated_takes + treated_misses, control_takes + control_misses
    high, low = treated_takes / n_treated, control_takes / n_control
    if not high > low > 0:
        raise NotIdentifiedError(
            f"Rates {high:g} and {low:g}: the treated rate must be above the other; exchange them."
        )
    share = n_treated / (n_treated + n_control)
    var_high, var_low = high * (1 - high) / n_treated, low * (1 - low) / n_control
    var_share = share * (1 - share) / (n_treated + n_control)
    reach = float(stats.norm.ppf(0.5 + level / 2))

    def limit(bias: float) -> float:
        difference, scale = high - low * bias, share + (1 - share) / bias
        variance = (var_high + var_low * bias**2) * scale**2 + (difference * (1 - 1 / bias)) ** 2 * var_share
        return difference * scale - reach * math.sqrt(variance)

    ratio = high / low
    crossing = 1.0 if limit(1.0) <= 0 else float(optimize.brentq(limit, 1.0, ratio, xtol=1e-12))
    return EValue(ratio, _of_ratio(ratio), _of_ratio(crossing))


def _of_ratio(risk_ratio: float) -> float:
    ratio = risk_ratio if risk_ratio >= 1 else 1 / risk_ratio
    return ratio + math.sqrt(ratio * (ratio - 1))


def _ratio_of_hazard(hazard_ratio: float) -> float:
    root = _root(hazard_ratio, "hazard ratio")
    return math.expm1(-math.log(2) * root) / math.expm1(-math.log(2) / root)


def _root(ratio: float, name: str = "odds ratio") -> float:
    return math.sqrt(_positive(name, ratio))


def _positive(name: str, value: float) -> float:
    if not check_number(name, value) > 0:
        raise NotIdentifiedError(f"An E-value needs a positive {name}, found {value:g}.")
    return float(value)


def _maybe(value: float | None, change: Callable[[float], float]) -> float | None:
    return None if value is None else change(value)
