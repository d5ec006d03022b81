"""How much of a component, ready to print: arms with their contrasts, the dose-response with its test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from artwork_insights.effects.arms import ArmEffects
from artwork_insights.effects.dose_response import DoseResponse
from artwork_insights.effects.simultaneous import JointTest
from artwork_insights.report.findings import Finding, OutcomeUnit
from artwork_insights.report.level_figures import plot_arms, plot_dose_response
from artwork_insights.report.numbers import SPACE, Scale, count, p_is, plain, scale_of, significant
from artwork_insights.report.sentences import in_words, join_words
from artwork_insights.report.svg import draw_svg


@dataclass(frozen=True, slots=True)
class ArmsView:
    """The arms of one finding, with their figure and what they say together."""

    arms: ArmEffects
    scale: Scale
    figure: Markup
    sentence: str
    test: str


@dataclass(frozen=True, slots=True)
class DoseView:
    """The dose-response of one finding, with its figure and what its shape says."""

    curve: DoseResponse
    scale: Scale
    figure: Markup
    sentence: str
    test: str


def view_arms(finding: Finding, unit: OutcomeUnit, level: float, anchor: str) -> ArmsView | None:
    """Draw and word the arms of a finding; None without them."""
    arms = finding.arms
    if arms is None:
        return None
    errors = [contrast.estimate.std_error for contrast in arms.contrasts if contrast.estimate is not None]
    scale = scale_of(unit, float(np.median(errors)), "", level)
    component = in_words(finding.question.component)
    told = "; ".join(
        f"{contrast.arm} {scale.effect(contrast.estimate.effect)}"
        for contrast in arms.contrasts
        if contrast.versus == arms.reference and contrast.estimate is not None
    )
    label = f"Effect of {component}, each arm against {arms.reference}, in {scale.unit}: {told}"
    figure = draw_svg(plot_arms(arms, component, scale), f"{anchor}-arms", label)
    return ArmsView(arms, scale, figure, arms_in_words(arms, level), _test(arms.no_difference))


def view_doses(finding: Finding, unit: OutcomeUnit, level: float, anchor: str) -> DoseView | None:
    """Draw and word the dose-response of a finding; None without one."""
    curve = finding.dose_response
    if curve is None:
        return None
    scale = scale_of(unit, float(np.median(curve.std_error)), "", level)
    component = in_words(finding.question.component)
    ends = (curve.dose[0], curve.effect[0]), (curve.dose[-1], curve.effect[-1])
    told = "; ".join(f"at {significant(dose)} {scale.effect(effect)}" for dose, effect in ends)
    label = f"Effect of {component} against {significant(curve.reference)}, in {scale.unit}: {told}"
    figure = draw_svg(plot_dose_response(curve, component, scale), f"{anchor}-dose", label)
    return DoseView(curve, scale, figure, curve_in_words(curve, component, level), _test(curve.linearity))


def arms_in_words(arms: ArmEffects, level: float) -> str:
    """Whether the arms differ by the joint test, and which are told apart from the first."""
    if arms.no_difference is None:
        return "There are too few titles to test the arms together."
    if arms.no_difference.p_value >= 1 - level:
        return f"No arm is told apart from {arms.reference} when all are tested together."
    clear: dict[str, list[str]] = {"more": [], "less": []}
    for contrast in arms.contrasts:
        if contrast.versus == arms.reference and contrast.simultaneous_interval is not None:
            low, high = contrast.simultaneous_interval
            side = "more" if low > 0 else "less" if high < 0 else ""
            clear.get(side, []).append(contrast.arm)
    parts = [f"{join_words(names)} {_do(names)} {side}" for side, names in clear.items() if names]
    told = f"{join_words(parts)} than {arms.reference}, " if parts else ""
    return f"The amount matters: {told}with all comparisons allowed for." if told else "The amount matters."


def _do(names: list[str]) -> str:
    return "does" if len(names) == 1 else "do"


def curve_in_words(curve: DoseResponse, component: str, level: float) -> str:
    """Whether the curve bends, by the test of linearity, and whether it moves at all."""
    if curve.linearity is None or curve.no_effect is None:
        return "There are too few titles to test the shape of the curve."
    if curve.linearity.p_value < 1 - level:
        return f"The curve bends: one slope for every {component} does not tell the whole story."
    if curve.no_effect.p_value < 1 - level:
        return "The curve is not told apart from a straight line, so the one slope above may stand for it."
    return "The curve is told apart neither from a straight line nor from no effect at all."


def _test(test: JointTest | None) -> str:
    if test is None:
        return ""
    freedom = f"{count(test.numerator_df)}, {count(test.denominator_df)}"
    return f"F({freedom}) ={SPACE}{plain(test.statistic)}, {p_is(test.p_value)}."
