from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from artwork_insights.diagnostic import Diagnostic
from artwork_insights.report.findings import OutcomeUnit
from artwork_insights.report.numbers import scale_of
from artwork_insights.report.specification_figure import plot_specifications
from artwork_insights.report.stress_view import attacks_at_a_glance, curve_in_words, view_curve

SCALE = scale_of(OutcomeUnit("take rate", True), 0.00025)


def dots(ax):
    """Places of the estimates, from left to right."""
    marked = [line for line in ax.get_lines() if line.get_marker() == "o" and len(line.get_xdata()) == 1]
    return sorted((float(line.get_xdata()[0]), float(line.get_ydata()[0])) for line in marked)


def test_estimates_stand_in_order_and_as_high_as_they_are_large(finding):
    curve = finding.stress.curve
    ax = plot_specifications(curve, SCALE)
    estimates = sorted(one.estimate for one in curve.specifications)
    heights = [y for _, y in dots(ax)]
    assert len(heights) == len(estimates)
    assert np.corrcoef(heights, estimates)[0, 1] == pytest.approx(1)
    ticks = {label.get_text(): y for y, label in zip(ax.get_yticks(), ax.get_yticklabels(), strict=True)}
    slope, start = np.polyfit(np.multiply(1000, estimates), heights, 1)
    assert ticks["4"] == pytest.approx(start + 4 * slope)  # the axis says takes per 1,000


def test_only_choices_in_which_ways_differ_have_a_row_and_each_way_marks_one_of_each(finding):
    curve = finding.stress.curve
    ax = plot_specifications(curve, SCALE)
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert "matching" in names
    assert "LightGBM" in names
    marks = [line for line in ax.get_lines() if line.get_marker() == "s"]
    assert {len(line.get_ydata()) for line in marks} == {5}
    same = dataclasses.replace(
        curve,
        specifications=tuple(dataclasses.replace(one, choices=(("models", "x"),)) for one in curve.specifications),
    )
    assert "x" not in [label.get_text() for label in plot_specifications(same, SCALE).get_yticklabels()]


def test_the_curve_is_told_in_words_with_what_is_not_counted(finding):
    words = curve_in_words(finding.stress.curve, SCALE)
    assert words.startswith("The effect was made in 8 ways. 100")
    assert "One more is shown for contrast" in words
    assert "from +2.70 to +3.80" in words


def test_attacks_at_a_glance_are_those_that_were_made_in_a_fixed_order():
    checks = [Diagnostic(name, 1.0, 2.0, True, "") for name in ("split_halves", "balance", "specification_curve")]
    rows = attacks_at_a_glance(checks)
    assert [row.check.name for row in rows] == ["specification_curve", "split_halves"]
    assert attacks_at_a_glance([]) == ()


def test_a_finding_made_in_one_way_has_no_curve(finding):
    bare = dataclasses.replace(finding, stress=None)
    assert view_curve(bare, SCALE, "finding-1") is None
