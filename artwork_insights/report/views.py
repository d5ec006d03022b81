"""What the template of a report is given: findings with their drawings, words and pictures, ready to print."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup
from matplotlib.axes import Axes

from artwork_insights.diagnostic import Diagnostic
from artwork_insights.effects.estimates import GroupEffect
from artwork_insights.mechanisms.paths import MediationResult
from artwork_insights.report.advice import modifiers_of
from artwork_insights.report.check_figures import plot_balance, plot_calibration, plot_overlap, plot_placebo
from artwork_insights.report.crossings import CrossingView, view_crossings
from artwork_insights.report.detector_figure import has_sign_turn, plot_sign_turn
from artwork_insights.report.detector_words import sign_turn_in_short
from artwork_insights.report.estimate_rows import NAIVE, EstimateRow, estimate_rows
from artwork_insights.report.figures import plot_estimates, plot_group_effects, plot_truth
from artwork_insights.report.findings import Finding, OutcomeUnit, PairPicture, StudyResult
from artwork_insights.report.forest_figures import plot_targeting
from artwork_insights.report.levels import ArmsView, DoseView, view_arms, view_doses
from artwork_insights.report.mechanisms import MechanismsView, view_mechanisms
from artwork_insights.report.numbers import Scale, relative_effect, scale_of
from artwork_insights.report.path_figure import plot_mediation
from artwork_insights.report.pictures import picture_uri
from artwork_insights.report.sentences import answer_in_words, in_words, question_in_words, slope_ending
from artwork_insights.report.stress_view import AttackRow, CurveView, attacks_at_a_glance, view_curve
from artwork_insights.report.svg import draw_svg
from artwork_insights.report.unseen import UnseenView, view_unseen
from artwork_insights.study import modifier_parts


@dataclass(frozen=True, slots=True)
class GroupView:
    """The groups of one modifier, with their figure."""

    modifier: str
    groups: tuple[GroupEffect, ...]
    figure: Markup


@dataclass(frozen=True, slots=True)
class MediationView:
    """One mediation, with its picture."""

    result: MediationResult
    figure: Markup


@dataclass(frozen=True, slots=True)
class PairView:
    """One matched pair; a picture is a data URI, or None where the file is missing."""

    pair: PairPicture
    treated_picture: str | None
    control_picture: str | None

    @property
    def is_complete(self) -> bool:
        """Whether both pictures are there."""
        return self.treated_picture is not None and self.control_picture is not None


@dataclass(frozen=True, slots=True)
class FindingView:
    """One finding, ready to print.

    Attributes
    ----------
    anchor : str
        Id of its section.
    relative : str or None
        Effect relative to the base rate.
    rows : tuple of EstimateRow
        Designs, the naive contrast and the alternatives.
    checks : tuple of Diagnostic
        Of the finding and of its estimate, each once.
    truth_figure, calibration_figure, placebo_figure, targeting_figure, sign_turn_figure : Markup or None
        None where there is nothing to draw.
    """

    anchor: str
    finding: Finding
    scale: Scale
    question: str
    answer: str
    relative: str | None
    groups: tuple[GroupView, ...]
    crossings: tuple[CrossingView, ...]
    arms: ArmsView | None
    doses: DoseView | None
    truth_figure: Markup | None
    rows: tuple[EstimateRow, ...]
    estimates_figure: Markup
    overlap_figure: Markup | None
    balance_figure: Markup | None
    calibration_figure: Markup | None
    mediation: tuple[MediationView, ...]
    mechanisms: MechanismsView
    checks: tuple[Diagnostic, ...]
    placebo_figure: Markup | None
    attacks: tuple[AttackRow, ...]
    curve: CurveView | None
    targeting_figure: Markup | None
    sign_turn_figure: Markup | None
    pairs: tuple[PairView, ...]
    unseen: UnseenView

    @property
    def without_effect(self) -> tuple[str, ...]:
        """Groups of single modifiers that have artwork but too little to compare for an effect of their own."""
        overlap, shown = self.finding.overlap, {(g.modifier, g.group) for g in self.finding.group_effects}
        single = {modifier for modifier, _ in shown}
        missing = () if overlap is None else overlap.missing
        return tuple(m.group for m in missing if m.modifier in single and (m.modifier, m.group) not in shown)

    @property
    def n_failed(self) -> int:
        """How many checks failed."""
        return sum(check.passed is False for check in self.checks)

    @property
    def lead_pair(self) -> PairView | None:
        """The first pair whose pictures are both there."""
        return next((pair for pair in self.pairs if pair.is_complete), None)


def finding_scale(finding: Finding, result: StudyResult) -> Scale:
    """How the effects of a finding are shown, and at which level their intervals."""
    return scale_of(result.unit, finding.estimate.std_error, slope_ending(finding.question), result.level)


def rows_in_words(result: StudyResult) -> str:
    """What one row of the analysis table is: an artwork in a country, or an artwork."""
    return "artworks" if result.n_countries is None else "rows (an artwork in a country)"


def view_finding(finding: Finding, anchor: str, result: StudyResult, run_dir: Path) -> FindingView:
    """Draw and word one finding of a result."""
    unit = result.unit
    artist = _Artist(finding, finding_scale(finding, result), anchor, unit, rows_in_words(result))
    rows = estimate_rows(finding, result.level)
    return FindingView(
        anchor=anchor,
        finding=finding,
        scale=artist.scale,
        question=question_in_words(finding.question, unit),
        answer=answer_in_words(finding, unit),
        relative=relative_effect(finding.estimate, finding.base_rate, result.level) if unit.is_rate else None,
        groups=artist.groups(),
        crossings=view_crossings(finding, result.level),
        arms=view_arms(finding, unit, result.level, anchor),
        doses=view_doses(finding, unit, result.level, anchor),
        truth_figure=artist.truth(),
        rows=rows,
        estimates_figure=artist.estimates(rows),
        overlap_figure=artist.overlap(),
        balance_figure=artist.balance(),
        calibration_figure=artist.calibration(),
        mediation=artist.mediation(),
        mechanisms=view_mechanisms(finding, unit, result.level, anchor),
        checks=tuple(dict.fromkeys((*finding.diagnostics, *finding.estimate.diagnostics, finding.design_gap))),
        placebo_figure=artist.placebo(),
        attacks=attacks_at_a_glance((*finding.diagnostics, finding.design_gap)),
        curve=view_curve(finding, artist.scale, anchor),
        targeting_figure=artist.targeting(),
        sign_turn_figure=artist.sign_turn(),
        pairs=tuple(
            PairView(pair, picture_uri(run_dir, pair.treated_asset), picture_uri(run_dir, pair.control_asset))
            for pair in finding.pairs
        ),
        unseen=view_unseen(finding, unit, artist.scale, anchor),
    )


@dataclass(frozen=True, slots=True)
class _Artist:
    """Draws the figures of one finding."""

    finding: Finding
    scale: Scale
    anchor: str
    unit: OutcomeUnit
    rows: str

    def svg(self, ax: Axes, kind: str, label: str) -> Markup:
        return draw_svg(ax, f"{self.anchor}-{kind}", label)

    def groups(self) -> tuple[GroupView, ...]:
        views = []
        single = [name for name in modifiers_of(self.finding) if len(modifier_parts(name)) == 1]
        for number, modifier in enumerate(single, 1):
            groups = tuple(group for group in self.finding.group_effects if group.modifier == modifier)
            ax = plot_group_effects(groups, self.finding.estimate, self.scale)
            told = "; ".join(f"{group.group} {self.scale.effect(group.estimate.effect)}" for group in groups)
            label = f"Effect by {in_words(modifier)}, in {self.scale.unit_with_per}: {told}"
            views.append(GroupView(modifier, groups, self.svg(ax, f"groups{number}", label)))
        return tuple(views)

    def truth(self) -> Markup | None:
        effects = [row for row in self.finding.truth if not row.is_share]
        if not effects:
            return None
        inside = sum(row.inside for row in effects)
        label = f"Planted truth beside estimate: inside the 95 % interval in {inside} of {len(effects)} rows"
        return self.svg(plot_truth(effects, self.scale), "truth", label)

    def estimates(self, rows: tuple[EstimateRow, ...]) -> Markup:
        smallest = self.finding.question.smallest_effect_of_interest
        ax = plot_estimates(rows, NAIVE, self.scale, smallest)
        told = "; ".join(f"{row.label} {self.scale.effect(row.effect)}" for row in rows if row.effect is not None)
        return self.svg(ax, "estimates", f"The effect estimated in several ways, in {self.scale.unit_with_per}: {told}")

    def overlap(self) -> Markup | None:
        overlap = self.finding.overlap
        if overlap is None or not self.finding.question.is_binary or not overlap.treated_counts:
            return None
        label = "Predicted chance of having the component, of artwork with it (upwards) and without it (downwards)"
        return self.svg(plot_overlap(overlap, counted=self.rows), "overlap", label)

    def balance(self) -> Markup | None:
        if not self.finding.balance:
            return None
        label = "Difference between artwork with and without the component, per confounder, before and after weighting"
        return self.svg(plot_balance(self.finding.balance), "balance", label)

    def calibration(self) -> Markup | None:
        if not self.finding.nuisance.calibration:
            return None
        label = "Predicted chance of the component against its observed share"
        return self.svg(plot_calibration(self.finding.nuisance.calibration), "calibration", label)

    def mediation(self) -> tuple[MediationView, ...]:
        views = []
        for number, result in enumerate(self.finding.mediation, 1):
            ax = plot_mediation(result, self.unit.name, self.scale)
            ends = f"from {in_words(result.treatment)} to {in_words(self.unit.name)}"
            label = f"Paths {ends}, past and through {in_words(result.mediator)}"
            views.append(MediationView(result, self.svg(ax, f"path{number}", label)))
        return tuple(views)

    def placebo(self) -> Markup | None:
        if self.finding.placebo is None or not self.finding.placebo.effects:
            return None
        label = "Effects of the component dealt at random within titles, and the real one beside them"
        return self.svg(plot_placebo(self.finding.placebo, self.scale), "placebo", label)

    def targeting(self) -> Markup | None:
        forest = self.finding.forest
        if forest is None or forest.targeting is None:
            return None
        label = "Effect among the rows with the largest predicted effects, less the average effect, by their share"
        return self.svg(plot_targeting(forest.targeting, self.scale), "targeting", label)

    def sign_turn(self) -> Markup | None:
        error = self.finding.detector
        turn = None if error is None else error.sign_turn
        if error is None or turn is None or not has_sign_turn(turn):
            return None
        return self.svg(plot_sign_turn(turn, error.accuracy), "detector", sign_turn_in_short(turn))
