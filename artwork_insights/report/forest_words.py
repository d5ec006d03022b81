"""The causal forest in plain words: whether its differences hold on other titles, and where the component pays."""

from __future__ import annotations

from artwork_insights.effects.forest.calibration import Calibration
from artwork_insights.effects.forest.held_out import HeldOutNumber
from artwork_insights.effects.forest.policy import Policy
from artwork_insights.effects.forest.targeting import TargetingCurve
from artwork_insights.report.numbers import Scale, count, from_to, interval_name, p_is, percent, plain

SMALLEST_P_OF_CHANCE = 0.05

__all__ = [
    "calibration_in_words", "calibration_test", "interval_name", "policy_in_words", "policy_worth",
    "targeting_in_words", "targeting_test",
]  # fmt: skip


def calibration_in_words(calibration: Calibration | None) -> str:
    """Whether predicted differences hold on titles that the forest has not seen."""
    if calibration is None:
        return "The forest predicts the same effect for all."
    if calibration.slope.p_value < SMALLEST_P_OF_CHANCE:
        return "Where the forest predicts a larger effect, other titles show a larger one."
    return "Other titles do not show the differences that the forest predicts: they may be noise."


def calibration_test(calibration: Calibration | None) -> str:
    """The numbers behind `calibration_in_words`."""
    if calibration is None:
        return ""
    slope = calibration.slope
    return (
        f"For a predicted difference of 1, {count(calibration.n_titles)} titles that were not learned from show "
        f"{plain(slope.value)} (standard error {plain(slope.std_error)}; 1 is right, 0 is noise), one-sided "
        f"{p_is(slope.p_value)}."
    )


def targeting_in_words(curve: TargetingCurve) -> str:
    """Whether ranking by predicted effect beats a random order."""
    if curve.autoc.p_value < SMALLEST_P_OF_CHANCE:
        return "Going by the forest finds artwork with larger effects than a random choice would."
    return "Going by the forest cannot be told from a random choice."


def targeting_test(curve: TargetingCurve, scale: Scale) -> str:
    """The numbers behind `targeting_in_words`."""
    return (
        f"Averaged over all shares, the effect among those on top is {scale.effect(curve.autoc.value)} {scale.unit} "
        f"above the average effect (AUTOC; standard error {scale.size(curve.autoc.std_error)}, one-sided "
        f"{p_is(curve.autoc.p_value)}); with larger shares weighing more, {scale.effect(curve.qini.value)} (Qini; "
        f"standard error {scale.size(curve.qini.std_error)})."
    )


def policy_in_words(policy: Policy) -> str:
    """The rule, and whether it can be told from doing the same everywhere."""
    rule = " ".join(policy.sentences)
    if policy.depth == 0:
        return f"{rule} No rule that asks for more was better on the titles that rules are learned from."
    if policy.pays:
        return f"{rule} On other titles this beats doing the same everywhere."
    never, always = (gain.interval(policy.level)[0] > 0 for gain in (policy.gain_over_never, policy.gain_over_always))
    rival = "never having it" if always else "always having it" if never else "always or never having it"
    return f"The best simple rule is: {rule} On other titles it cannot be told from {rival}."


def policy_worth(policy: Policy, scale: Scale) -> str:
    """What the rule gains over always and over never, with intervals."""
    cost = f", after taking off {scale.size(policy.cost)} as the smallest effect that matters" if policy.cost else ""
    return (
        f"Learned on half of the titles and measured on the other {count(policy.n_titles)}{cost}: "
        f"{_gain(policy.gain_over_never, policy, scale)} {scale.unit} against never having it, "
        f"{_gain(policy.gain_over_always, policy, scale)} against always having it. The rule gives it to "
        f"{percent(policy.treated_share)} of rows."
    )


def _gain(gain: HeldOutNumber, policy: Policy, scale: Scale) -> str:
    low, high = (scale.effect(limit) for limit in gain.interval(policy.level))
    return f"{scale.effect(gain.value)} ({from_to(low, high)}, {interval_name(policy.level)})"
