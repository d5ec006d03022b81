"""Mechanisms, ready to print: natural effects, their strength against an unseen cause, slopes, and joint changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from artwork_insights.mechanisms.continuous_moderation import ContinuousModeration
from artwork_insights.mechanisms.joint_change import JointChange, OneFeature
from artwork_insights.mechanisms.joint_mediation import JointMediation
from artwork_insights.mechanisms.mediation_sensitivity import RhoCurve
from artwork_insights.mechanisms.natural_results import NaturalEffects
from artwork_insights.report.findings import Finding, OutcomeUnit
from artwork_insights.report.mechanism_figures import plot_natural_effects, plot_rho, plot_simple_slopes
from artwork_insights.report.numbers import Scale, count, from_to, percent, scale_of, significant
from artwork_insights.report.sentences import in_words, join_words, slope_ending
from artwork_insights.report.svg import draw_svg

METHODS = {
    "linear": "by regression, with an interaction of treatment and mediator, on columns cleared of the confounders",
    "probit": "by a probit and a linear regression, with draws of their coefficients",
    "double_machine_learning": "by cross-fitted double machine learning, titles kept together",
}


@dataclass(frozen=True, slots=True)
class NaturalView:
    """Natural effects of one mediator, with how much an unseen cause would have to explain."""

    effects: NaturalEffects
    scale: Scale
    figure: Markup
    sentence: str
    change: str
    method: str
    share: str
    curve: RhoCurve | None
    curve_figure: Markup | None
    curve_sentence: str


@dataclass(frozen=True, slots=True)
class JointView:
    """Several mediators together."""

    joint: JointMediation
    sentence: str
    warning: str


@dataclass(frozen=True, slots=True)
class SlopesView:
    """The effect along one moderator, and at some of its values in words."""

    moderation: ContinuousModeration
    figure: Markup
    told: str


@dataclass(frozen=True, slots=True)
class ChangeView:
    """A joint change in words."""

    change: JointChange
    scale: Scale
    sentence: str
    alone: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MechanismsView:
    """All of them; empty where there is nothing to show."""

    natural: tuple[NaturalView, ...]
    joint: tuple[JointView, ...]
    slopes: tuple[SlopesView, ...]
    changes: tuple[ChangeView, ...]

    def __bool__(self) -> bool:
        return bool(self.natural or self.joint or self.slopes or self.changes)


def view_mechanisms(finding: Finding, unit: OutcomeUnit, level: float, anchor: str) -> MechanismsView:
    """Draw and word the mechanisms of a finding."""
    found = finding.mechanisms
    curves = {(curve.treatment, curve.mediator): curve for curve in found.rho_curves}
    natural = tuple(
        _view_natural(effects, curves.get((effects.treatment, effects.mediator)), unit, f"{anchor}-{number}")
        for number, effects in enumerate(found.natural, 1)
    )
    ending = slope_ending(finding.question)
    slopes = tuple(
        _view_slopes(one, unit, ending, level, f"{anchor}-{number}") for number, one in enumerate(found.moderation, 1)
    )
    changes = tuple(_view_change(change, unit) for change in found.joint_changes)
    return MechanismsView(natural, tuple(_view_joint(joint) for joint in found.joint_mediation), slopes, changes)


def _view_natural(effects: NaturalEffects, curve: RhoCurve | None, unit: OutcomeUnit, anchor: str) -> NaturalView:
    scale = scale_of(unit, effects.total.std_error, "", effects.level)
    carrier, cause = in_words(effects.mediator), in_words(effects.treatment)
    binary = effects.method == "double_machine_learning"
    ends = (significant(value) for value in effects.levels)
    change = f"{cause}, with it against without" if binary else f"{cause} {from_to(*ends)}"
    label = (
        f"Effect of {change}, in {scale.unit}: through {carrier} {scale.effect(effects.acme.effect)}, "
        f"past it {scale.effect(effects.ade.effect)}, in all {scale.effect(effects.total.effect)}"
    )
    figure = draw_svg(plot_natural_effects(effects, scale), f"{anchor}-natural", label)
    curve_figure, sentence, names = None, "", (effects.mediator, effects.treatment)
    if curve is not None:
        per_unit = scale_of(unit, _width(curve) / 4, f"per unit of {cause}", curve.level)
        vanishes = f"it vanishes at {curve.rho_at_zero:.2f}"
        label = f"What goes through {carrier} over the correlation that something unseen makes; {vanishes}"
        curve_figure, sentence = (
            draw_svg(plot_rho(curve, per_unit), f"{anchor}-rho", label),
            reword(curve.sentence, names),
        )
    return NaturalView(
        effects,
        scale,
        figure,
        reword(effects.sentence, names),
        change,
        METHODS[effects.method],
        share_in_words(effects),
        curve,
        curve_figure,
        sentence,
    )


def _width(curve: RhoCurve) -> float:
    """Width of the interval where nothing unseen is at work."""
    place = int(np.argmin(np.abs(np.array(curve.rho))))
    return curve.high[place] - curve.low[place]


def share_in_words(effects: NaturalEffects) -> str:
    """The share of the total that goes through the mediator, or why there is none."""
    if effects.proportion_mediated is None:
        return "The total effect is within one standard error of zero, so no share of it can be told."
    if not 0 <= effects.proportion_mediated <= 1:
        return "The two ways pull in opposite directions, so no share of the total is told."
    share = percent(effects.proportion_mediated)
    if effects.proportion_interval is None:
        return f"That is {share} of the total."
    return f"That is {share} of the total ({from_to(*(percent(end) for end in effects.proportion_interval))})."


def reword(sentence: str, names: Sequence[str]) -> str:
    """A sentence with the column names in it said as a reader says them."""
    for name in names:
        sentence = sentence.replace(name.replace("_", " "), in_words(name))
    return sentence


def _view_joint(joint: JointMediation) -> JointView:
    names = [part.mediator for part in joint.mediators]
    return JointView(joint, reword(joint.sentence, [joint.treatment, *names]), reword(joint.warning, names))


def _view_slopes(
    moderation: ContinuousModeration, unit: OutcomeUnit, ending: str, level: float, anchor: str
) -> SlopesView:
    scale = scale_of(unit, float(np.median([point.std_error for point in moderation.curve])), ending, level)
    told = "; ".join(f"at {_place(slope.value)} {scale.effect(slope.effect)}" for slope in moderation.slopes)
    label = f"Effect along {in_words(moderation.modifier)}, in {scale.unit_with_per}: {told}"
    return SlopesView(moderation, draw_svg(plot_simple_slopes(moderation, scale), f"{anchor}-slopes", label), told)


def _place(value: float) -> str:
    """A value of the moderator; four digits without a comma, as years are written."""
    return f"{value:.4g}" if abs(value) < 10_000 else significant(value)


def _view_change(change: JointChange, unit: OutcomeUnit) -> ChangeView:
    scale = scale_of(unit, change.std_error, "", change.level)
    first, last = change.stops[0], change.stops[-1]
    sentence = (
        f"From {_combination(first.values)} to {_combination(last.values)}: {scale.effect(change.effect)} {scale.unit} "
        f"({scale.between(change.low, change.high)}, {scale.interval_name}). {count(first.n_assets)} artworks are like "
        f"the first and {count(last.n_assets)} like the second."
    )
    return ChangeView(change, scale, sentence, tuple(_alone(one, scale) for one in change.one_at_a_time))


def _alone(one: OneFeature, scale: Scale) -> str:
    way = f"{in_words(one.feature)} {from_to(significant(one.start, 2), significant(one.end, 2))}"
    effect = f"{scale.effect(one.effect)} {scale.unit}"
    if one.is_feasible:
        return f"Only {way}, the rest held: {effect} ({count(one.n_assets)} artworks are like that)."
    seen = "no artwork is" if one.n_assets == 0 else f"{count(one.n_assets)} artworks are"
    return f"Only {way}, the rest held: {effect} by the model, but {seen} like that, so it is not a choice anybody has."


def _combination(values: tuple[tuple[str, float], ...]) -> str:
    return join_words([f"{in_words(name)} {significant(value, 2)}" for name, value in values])
