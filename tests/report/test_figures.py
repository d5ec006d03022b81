"""Figures: they show the numbers they are given, label their axes, and leave no trace."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import date

import matplotlib
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from artwork_insights.report.check_figures import plot_balance, plot_calibration, plot_overlap, plot_placebo
from artwork_insights.report.detector_figure import has_sign_turn, plot_sign_turn
from artwork_insights.report.estimate_rows import NAIVE, estimate_rows, row_of
from artwork_insights.report.figures import (
    plot_effect_over_dates,
    plot_estimates,
    plot_group_effects,
    plot_truth,
)
from artwork_insights.report.findings import Finding, OutcomeUnit
from artwork_insights.report.level_figures import plot_arms, plot_dose_response
from artwork_insights.report.numbers import Scale, scale_of
from artwork_insights.report.path_figure import plot_mediation
from artwork_insights.report.specification_figure import plot_specifications
from artwork_insights.report.svg import draw_svg
from artwork_insights.sensitivity.detector.sign_turn import detector_sign_turn
from tests.report.conftest import make_arms, make_curve

SCALE = scale_of(OutcomeUnit("take rate", True), 0.00025)
DATES = (date(2025, 1, 6), date(2025, 1, 7), date(2025, 2, 3))
UNIT = "takes per 1,000 impressions"
Plot = Callable[[Finding, Axes | None], Axes]
PLOTS: dict[str, Plot] = {
    "groups": lambda f, ax: plot_group_effects(f.group_effects[:6], f.estimate, SCALE, ax),
    "estimates": lambda f, ax: plot_estimates(estimate_rows(f, 0.95), NAIVE, SCALE, 0.0005, ax),
    "truth": lambda f, ax: plot_truth(f.truth, SCALE, ax),
    "dates": lambda f, ax: plot_effect_over_dates(DATES, [f.estimate] * 3, SCALE, ax),
    "overlap": lambda f, ax: plot_overlap(f.overlap, ax),
    "balance": lambda f, ax: plot_balance(f.balance, ax),
    "calibration": lambda f, ax: plot_calibration(f.nuisance.calibration, ax),
    "placebo": lambda f, ax: plot_placebo(f.placebo, SCALE, ax) if f.placebo else pytest.fail("no placebo"),
    "arms": lambda f, ax: plot_arms(make_arms(), "number of faces", SCALE, ax),
    "specifications": lambda f, ax: plot_specifications(f.stress.curve, SCALE, 0.0005, ax),
    "dose": lambda f, ax: plot_dose_response(make_curve(), "lightness", SCALE, ax),
    "detector": lambda f, ax: plot_sign_turn(f.detector.sign_turn, f.detector.accuracy, ax),
    "mediation": lambda f, ax: plot_mediation(f.mediation[0], "take rate", SCALE, ax),
}
WITH_EFFECT_UNIT = {
    "groups": "x",
    "estimates": "x",
    "truth": "x",
    "placebo": "x",
    "mediation": "x",
    "dates": "y",
    "arms": "x",
    "dose": "y",
}


def points(ax: Axes, marker: str) -> list[tuple[float, float]]:
    return [
        (float(line.get_xdata()[0]), float(line.get_ydata()[0]))
        for line in ax.get_lines()
        if line.get_marker() == marker
    ]


@pytest.mark.parametrize("name", PLOTS)
def test_a_plot_draws_on_the_axes_it_is_given_and_labels_them(name, finding):
    given = Figure().subplots()
    ax = PLOTS[name](finding, given)
    assert ax is given
    assert ax.get_xlabel()
    assert ax.get_ylabel() or ax.get_yticklabels() or name == "mediation"


@pytest.mark.parametrize("name", PLOTS)
def test_a_plot_without_axes_makes_its_own_and_keeps_matplotlibs_settings(name, finding):
    before = dict(matplotlib.rcParams)
    assert isinstance(PLOTS[name](finding, None), Axes)
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize(("name", "axis"), WITH_EFFECT_UNIT.items())
def test_effects_carry_their_unit_on_the_axis(name, axis, finding):
    ax = PLOTS[name](finding, None)
    assert UNIT in (ax.get_xlabel() if axis == "x" else ax.get_ylabel().replace("\n", " "))


def test_the_forest_plot_shows_estimate_interval_and_shrunken_effect_of_every_group(finding):
    groups = finding.group_effects[:6]
    ax = plot_group_effects(groups, finding.estimate, SCALE)
    assert sorted(x for x, _ in points(ax, "o")) == pytest.approx(sorted(1000 * g.estimate.effect for g in groups))
    assert sorted(x for x, _ in points(ax, "D")) == pytest.approx(sorted(1000 * g.shrunken_effect for g in groups))
    drawn = [
        tuple(line.get_xdata())
        for line in ax.get_lines()
        if len(set(line.get_ydata())) == 1 and len(line.get_xdata()) == 2
    ]
    for group in groups:
        assert any(np.allclose(limits, np.multiply(1000, group.estimate.interval())) for limits in drawn)
    lowest = min(groups, key=lambda group: group.shrunken_effect)
    assert ax.get_yticklabels()[0].get_text() == lowest.group


def test_truth_stands_beside_the_estimate_in_the_same_row(finding):
    ax = plot_truth(finding.truth, SCALE)
    labels = [label.get_text() for label in ax.get_yticklabels()]
    truths = {labels[int(y)]: x for x, y in points(ax, "|")}
    assert truths["average"] == pytest.approx(3.0)
    assert truths["genre: Drama"] == pytest.approx(1000 * finding.truth[1].truth)


def test_a_design_that_is_not_identified_has_a_row_without_a_dot(finding):
    rows = [row for row in finding.alternatives if row.estimate is None]
    ax = plot_estimates([row_of(row, 0.95) for row in (*rows, *finding.designs)], NAIVE, SCALE)
    assert len(points(ax, "o")) == len(finding.designs)
    assert len(ax.get_yticklabels()) == len(finding.designs) + 1


def test_overlap_is_mirrored(finding):
    ax = plot_overlap(finding.overlap)
    heights = [bar.get_height() for bar in ax.patches]
    assert heights[:20] == list(finding.overlap.treated_counts)
    assert heights[20:] == [-n for n in finding.overlap.control_counts]
    assert not any("−" in label.get_text() for label in ax.get_yticklabels())


def test_balance_shows_absolute_differences_largest_on_top(finding):
    ax = plot_balance(finding.balance)
    before = next(line for line in ax.get_lines() if line.get_label() == "before").get_xdata()
    assert list(before) == pytest.approx(sorted(abs(row.smd_before) for row in finding.balance))


def test_the_placebo_histogram_holds_every_draw_and_the_real_effect(finding):
    ax = plot_placebo(finding.placebo, SCALE)
    assert sum(bar.get_height() for bar in ax.patches) == len(finding.placebo.effects)
    assert any(line.get_xdata()[0] == pytest.approx(1000 * finding.placebo.observed) for line in ax.get_lines())


def test_the_path_picture_shows_three_coefficients(finding):
    texts = " ".join(text.get_text() for text in plot_mediation(finding.mediation[0], "take rate", SCALE).texts)
    assert "a  −0.0312" in texts
    assert "b  +10.9" in texts
    assert "c′  −0.18" in texts


def test_labels_of_close_dates_do_not_touch(finding):
    ax = plot_effect_over_dates(DATES, [finding.estimate] * 3, SCALE)
    assert [label.get_text() for label in ax.get_xticklabels()] == ["2025-02-03", "2025-01-07"]


def test_one_date_is_enough(finding):
    assert plot_effect_over_dates(DATES[:1], [finding.estimate], SCALE).get_xticklabels()[0].get_text() == "2025-01-06"


def test_the_drawing_is_the_same_every_time_names_no_date_and_no_host(finding):
    drawings = {str(draw_svg(plot_overlap(finding.overlap), "a", "Overlap")) for _ in range(2)}
    assert len(drawings) == 1
    drawing = drawings.pop()
    assert "http" not in drawing
    assert "date" not in drawing
    assert drawing.startswith('<svg class="chart" viewBox=')
    assert 'role="img" aria-label="Overlap"' in drawing


def test_text_in_a_drawing_stays_text_and_is_escaped(finding):
    names = ("<script>alert(1)</script>", "$\\frac{1}{2}$ & co", "東京", "bell\x07")
    groups = [dataclasses.replace(g, group=name) for g, name in zip(finding.group_effects, names, strict=False)]
    scale = Scale(1000.0, 2, "takes")
    drawing = str(draw_svg(plot_group_effects(groups, finding.estimate, scale), "a", 'a "label"'))
    assert "<script" not in drawing
    assert "&lt;script" in drawing
    assert "$\\frac{1}{2}$" in drawing
    assert "東京" in drawing
    assert "\x07" not in drawing
    assert "&quot;label&quot;" in drawing


@pytest.mark.parametrize("factor", [0.001, 0.1, 1.0, 4.0])
def test_tick_labels_of_balance_never_crowd(finding, factor):
    rows = [
        dataclasses.replace(
            row, smd_before=factor * row.smd_before, smd_after=factor * row.smd_after, smd_within_title=0
        )
        for row in finding.balance
    ]
    ax = plot_balance(rows)
    low, high = ax.get_xlim()
    shown = [
        label.get_text() for x, label in zip(ax.get_xticks(), ax.get_xticklabels(), strict=True) if low <= x <= high
    ]
    assert 3 <= len(shown) <= 6
    assert sum(map(len, shown)) <= 24
    assert high > 0.1


def test_figures_draw_intervals_at_the_level_of_the_scale(finding):
    scale = scale_of(OutcomeUnit("take rate", True), 0.00025, level=0.8)
    wanted = np.multiply(1000, finding.estimate.interval(0.8))
    for ax in (
        plot_estimates(estimate_rows(finding, 0.8), NAIVE, scale),
        plot_group_effects(
            [dataclasses.replace(finding.group_effects[0], estimate=finding.estimate)], finding.estimate, scale
        ),
    ):
        assert any(
            np.shape(line.get_xdata()) == (2,) and np.allclose(line.get_xdata(), wanted) for line in ax.get_lines()
        )
    dated = plot_effect_over_dates(DATES, [finding.estimate] * 3, scale)
    assert np.allclose(dated.collections[0].get_segments()[0][:, 1], wanted)


def test_rows_of_overlap_are_named_as_they_are_counted(finding):
    assert plot_overlap(finding.overlap, counted="artworks").get_ylabel() == "artworks"


def test_the_line_of_a_turned_sign_is_the_curve_with_both_alike_on_it_and_the_study_beside_it(finding):
    turn, accuracy = finding.detector.sign_turn, finding.detector.accuracy
    ax = plot_sign_turn(turn, accuracy)
    (line,) = [line for line in ax.get_lines() if len(line.get_xdata()) > 1]
    drawn = set(zip(np.round(line.get_xdata(), 9), np.round(line.get_ydata(), 9), strict=True))
    assert {(round(100 * across, 9), round(100 * up, 9)) for across, up in turn.curve} <= drawn
    assert points(ax, "D") == [(pytest.approx(12), pytest.approx(12))]
    assert points(ax, "o") == [(pytest.approx(10), pytest.approx(7))]  # 1 - specificity, 1 - sensitivity
    assert ax.get_xlim()[1] > 20
    assert ax.get_ylim()[1] > 30
    assert points(plot_sign_turn(turn), "o") == []  # where the study does not tell


def test_a_sign_that_no_difference_turns_or_that_any_turns_has_no_line(finding):
    turn = finding.detector.sign_turn
    assert has_sign_turn(turn)
    assert not has_sign_turn(None)
    for curve in ((), ((0.9, 0.1),), ((0.0, 0.0), (0.0, 0.0))):
        assert not has_sign_turn(dataclasses.replace(turn, curve=curve))


def test_a_line_that_never_comes_down_to_none_is_not_carried_on_to_the_right(finding):
    turn = dataclasses.replace(
        finding.detector.sign_turn, curve=((0.0, 0.6), (0.4, 0.5)), both=None, specificity_difference=None
    )
    ax = plot_sign_turn(turn)
    (shade,) = ax.collections
    assert shade.get_datalim(ax.transData).x1 == pytest.approx(40)


def test_the_line_of_a_real_detector_falls_from_missing_alone_to_seeing_alone():
    rng = np.random.default_rng(0)
    seen = (rng.random(4000) < 0.4).astype(float)
    turn = detector_sign_turn(0.6 * seen + rng.normal(size=4000), seen)
    ax = plot_sign_turn(turn)
    (line,) = [line for line in ax.get_lines() if len(line.get_xdata()) > 1]
    assert (np.diff(line.get_ydata()) < 0).all()
    assert line.get_ydata()[0] == pytest.approx(100 * turn.sensitivity_difference)
    assert line.get_xdata()[-1] == pytest.approx(100 * turn.specificity_difference)


def test_a_path_is_dashed_where_it_is_not_there_at_the_level_of_its_result(finding):
    """The direct path has p = .1: there at a level of .8, not at .95."""
    for level, dashed in ((0.95, 1), (0.8, 0)):
        ax = plot_mediation(dataclasses.replace(finding.mediation[0], level=level), "take rate", SCALE)
        arrows = [text.arrow_patch for text in ax.texts if getattr(text, "arrow_patch", None) is not None]
        assert len(arrows) == 3
        assert sum(arrow.get_linestyle() != "-" for arrow in arrows) == dashed
