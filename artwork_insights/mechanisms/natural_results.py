"""Natural effects: what they are called, their intervals, and what they say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

from artwork_insights.mechanisms.regression import FloatArray

Method = Literal["linear", "probit", "double_machine_learning"]
NAMES = ("acme_control", "acme_treated", "ade_control", "ade_treated", "total")


@dataclass(frozen=True, slots=True)
class NaturalEffect:
    """One natural effect, in the outcome's unit.

    Attributes
    ----------
    effect, std_error : float
    low, high : float
        Interval at the level of the result.
    p_value : float
        Two-sided, of no effect: twice the smaller share of draws beyond zero, or from Student's t.
    """

    effect: float
    std_error: float
    low: float
    high: float
    p_value: float


@dataclass(frozen=True, slots=True)
class NaturalEffects:
    """Natural direct and indirect effects of a treatment moved from one level to another.

    Attributes
    ----------
    treatment, mediator, rule : str
        Names, and where the mediator is defined.
    method : {"linear", "probit", "double_machine_learning"}
    levels : (float, float)
        Values of the treatment compared: control, treated.
    acme_control, acme_treated : NaturalEffect
        Average causal mediation effect: the mediator moves as the treatment would move it, while the treatment itself
        stays at its control (treated) level.
    ade_control, ade_treated : NaturalEffect
        Average direct effect: the treatment moves, while the mediator stays as it would be under control (treated).
    total : NaturalEffect
        acme_treated + ade_control = acme_control + ade_treated.
    acme, ade : NaturalEffect
        Means of the two.
    interaction : NaturalEffect or None
        acme_treated less acme_control; None where no interaction is allowed.
    proportion_mediated : float or None
        acme / total (the median of the draws for a probit outcome); None within one standard error of a zero total.
    proportion_interval : (float, float) or None
        From the draws, or by the delta method; None where there is no proportion.
    n_cells, n_assets, n_titles, n_left_out : int
        Rows, assets and titles used; rows without a mediator or outside the overlap.
    level : float
        Of all intervals.
    sentence : str
        In words.
    """

    treatment: str
    mediator: str
    rule: str
    method: Method
    levels: tuple[float, float]
    acme_control: NaturalEffect
    acme_treated: NaturalEffect
    ade_control: NaturalEffect
    ade_treated: NaturalEffect
    total: NaturalEffect
    acme: NaturalEffect
    ade: NaturalEffect
    interaction: NaturalEffect | None
    proportion_mediated: float | None
    proportion_interval: tuple[float, float] | None
    n_cells: int
    n_assets: int
    n_titles: int
    n_left_out: int
    level: float
    sentence: str


@dataclass(frozen=True, slots=True)
class Counted:
    """What a result says about its rows."""

    treatment: str
    mediator: str
    rule: str
    levels: tuple[float, float]
    n_cells: int
    n_assets: int
    n_titles: int
    n_left_out: int
    level: float


def with_means(effects: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """The five effects with the two averages and the interaction, which are sums of them."""
    control, treated = effects["acme_control"], effects["acme_treated"]
    acme, ade = (control + treated) / 2, (effects["ade_control"] + effects["ade_treated"]) / 2
    return {**effects, "acme": acme, "ade": ade, "interaction": treated - control}


def effects_of_draws(
    point: Mapping[str, FloatArray], draws: Mapping[str, FloatArray], level: float
) -> dict[str, NaturalEffect]:
    """Estimates with percentile intervals and p-values of draws."""
    found = {}
    for name, values in with_means(draws).items():
        low, high = np.quantile(values, ((1 - level) / 2, (1 + level) / 2))
        beyond = min(float(np.mean(values <= 0)), float(np.mean(values >= 0)))
        estimate = float(with_means(point)[name])
        p_value = min(1.0, max(2 * beyond, 1 / len(values)))
        found[name] = NaturalEffect(estimate, float(np.std(values, ddof=1)), float(low), float(high), p_value)
    return found


def effect_with_error(estimate: float, std_error: float, degrees: float, level: float) -> NaturalEffect:
    """An estimate with an interval of Student's t."""
    reach = float(stats.t.ppf((1 + level) / 2, degrees)) * std_error
    p_value = float(2 * stats.t.sf(abs(estimate) / std_error, degrees)) if std_error > 0 else 1.0
    return NaturalEffect(estimate, std_error, estimate - reach, estimate + reach, p_value)


def assemble(
    method: Method,
    counted: Counted,
    effects: Mapping[str, NaturalEffect],
    *,
    interaction: bool,
    ratio_draws: FloatArray | None,
) -> NaturalEffects:
    """Put a result together; `ratio_draws` (draws,) are those of acme / total."""
    acme, total = effects["acme"], effects["total"]
    tells = abs(total.effect) > total.std_error
    proportion = acme.effect / total.effect if tells else None
    ends = None
    if method == "probit" and ratio_draws is not None and tells:
        proportion = float(np.nanmedian(ratio_draws))
    if ratio_draws is not None and tells:
        low, high = np.nanquantile(ratio_draws, ((1 - counted.level) / 2, (1 + counted.level) / 2))
        ends = float(low), float(high)
    return NaturalEffects(
        counted.treatment, counted.mediator, counted.rule, method, counted.levels,
        effects["acme_control"], effects["acme_treated"], effects["ade_control"], effects["ade_treated"], total,
        acme, effects["ade"], effects["interaction"] if interaction else None,
        proportion, ends, counted.n_cells, counted.n_assets, counted.n_titles, counted.n_left_out, counted.level,
        _sentence(counted, effects, interaction=interaction, proportion=proportion),
    )  # fmt: skip


def _sentence(
    counted: Counted, effects: Mapping[str, NaturalEffect], *, interaction: bool, proportion: float | None
) -> str:
    cause, carrier = (name.replace("_", " ") for name in (counted.treatment, counted.mediator))
    through, past = _clear(effects["acme"]), _clear(effects["ade"])
    part = f" (about {round(100 * proportion)} %)" if proportion is not None and 0 <= proportion <= 1 else ""
    if through and past:
        opposite = effects["acme"].effect * effects["ade"].effect < 0
        how = "which pull in opposite directions" if opposite else f"the first with part of the whole{part}"
        text = f"The effect of {cause} goes both through {carrier} and past it, {how}."
    elif through:
        text = f"The effect of {cause} that is seen goes through {carrier}{part}; none is seen to go past it."
    elif past:
        text = f"The effect of {cause} goes past {carrier}; none is seen to go through it."
    else:
        text = f"Neither a way through {carrier} nor one past it is seen for {cause}."
    if interaction and _clear(effects["interaction"]):
        text += f" How much goes through {carrier} depends on {cause} itself."
    return text


def _clear(effect: NaturalEffect) -> bool:
    return not effect.low <= 0 <= effect.high
