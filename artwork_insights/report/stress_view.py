"""The attacks on one finding, ready to print: at a glance, and every way the estimate was made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from artwork_insights.diagnostic import Diagnostic
from artwork_insights.report.findings import Finding
from artwork_insights.report.numbers import Scale, percent
from artwork_insights.report.specification_figure import plot_specifications
from artwork_insights.report.svg import draw_svg
from artwork_insights.sensitivity.stress.specification import MissingSpecification, Specification, SpecificationCurve

ATTACKS = {
    "specification_curve": "Made in other ways",
    "design_gap": "Compared in another way",
    "unconfoundedness": "Something that was not measured",
    "hidden_bias": "Something unseen in alike pairs",
    "leave_one_block_out": "Without the strongest confounder",
    "random_common_cause": "A random number as confounder",
    "zero_confounder": "Other random numbers in its making",
    "subset_stability": "Fewer titles",
    "split_halves": "One half of the titles against the other",
    "placebo_treatment": "A component dealt at random",
    "placebo_outcome": "An outcome it cannot have changed",
    "negative_control": "A component that cannot work",
    "measurement": "Mistakes of the detector",
    "detector": "Mistakes of the detector, taken out",
    "interference": "Artworks that disturb each other",
    "serving_policy": "Who was shown the artwork",
}
"""Attacks by the name of their check, in the order shown."""


@dataclass(frozen=True, slots=True)
class AttackRow:
    """One attack: what was tried, and how it ended."""

    label: str
    check: Diagnostic


@dataclass(frozen=True, slots=True)
class CurveView:
    """The specification curve with its figure.

    Attributes
    ----------
    figure : Markup
    summary : str
        What all ways say together.
    rows : tuple of Specification
        Smallest estimate first.
    missing : tuple of MissingSpecification
    """

    figure: Markup
    summary: str
    rows: tuple[Specification, ...]
    missing: tuple[MissingSpecification, ...]


def attacks_at_a_glance(checks: Sequence[Diagnostic]) -> tuple[AttackRow, ...]:
    """Attacks that were made, in the order of `ATTACKS`."""
    known = {check.name: check for check in checks}
    return tuple(AttackRow(label, known[name]) for name, label in ATTACKS.items() if name in known)


def view_curve(finding: Finding, scale: Scale, anchor: str) -> CurveView | None:
    """Draw and word the specification curve; None where the estimate was made in one way only."""
    if finding.stress is None or len(finding.stress.curve.specifications) < 2:
        return None
    curve = finding.stress.curve
    ax = plot_specifications(curve, scale, finding.question.smallest_effect_of_interest)
    told = f"{len(curve.specifications)} ways to make the estimate, from {scale.effect(curve.lowest)} to "
    label = f"{told}{scale.effect(curve.highest)} {scale.unit_with_per}, and the choices behind each"
    rows = tuple(sorted(curve.specifications, key=lambda one: (one.estimate, one.name)))
    return CurveView(draw_svg(ax, f"{anchor}-curve", label), curve_in_words(curve, scale), rows, curve.missing)


def curve_in_words(curve: SpecificationCurve, scale: Scale) -> str:
    """What all ways say together."""
    n_more = len(curve.specifications) - curve.n_counted
    others = (
        " One more is shown for contrast: it leaves out on purpose what the headline takes care of."
        if n_more == 1
        else f" {n_more} more are shown for contrast: they leave out on purpose what the headline takes care of."
    )
    return (
        f"The effect was made in {curve.n_counted} ways. {percent(curve.share_same_sign)} have the sign of the "
        f"headline, and the {scale.interval_name} of {percent(curve.share_excluding_zero)} leaves out zero. They run "
        f"from {scale.effect(curve.lowest)} to {scale.effect(curve.highest)}, the middle one is "
        f"{scale.effect(curve.median)} {scale.unit_with_per}.{others if n_more else ''}"
    )
