"""How much of it: arms and curves in words, advice where an effect turns, and crossings as a table."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from artwork_insights.errors import OutputError
from artwork_insights.report.advice import advice_table
from artwork_insights.report.crossings import view_crossings
from artwork_insights.report.findings import OutcomeUnit, read_results, write_results
from artwork_insights.report.html import write_report
from artwork_insights.report.level_figures import plot_arms, plot_dose_response
from artwork_insights.report.levels import arms_in_words, curve_in_words
from artwork_insights.report.numbers import scale_of
from artwork_insights.report.opening import opening
from artwork_insights.report.sentences import answer_in_words
from artwork_insights.report.turning import find_turning
from artwork_insights.report.views import finding_scale
from tests.report.conftest import make_arms, make_curve, make_finding, make_question

SCALE = scale_of(OutcomeUnit("take rate", True), 0.001)


@pytest.fixture
def counted():
    """A slope over the number of faces whose arms rise and fall."""
    question = make_question("face_count", "number of faces", is_binary=False)
    return make_finding(question=question, arms=make_arms(), overlap=None, truth=())


def test_arms_are_told_apart_only_where_their_interval_for_all_at_once_leaves_out_zero():
    assert arms_in_words(make_arms(), 0.95) == (
        "The amount matters: 1 and 2 do more than 0, with all comparisons allowed for."
    )
    both = arms_in_words(make_arms((0, 0.01, -0.01, 0.0)), 0.95)
    assert "1 does more and 2 does less than 0" in both
    flat = dataclasses.replace(make_arms(), no_difference=dataclasses.replace(make_arms().no_difference, p_value=0.3))
    assert arms_in_words(flat, 0.95) == "No arm is told apart from 0 when all are tested together."
    assert "too few titles" in arms_in_words(dataclasses.replace(make_arms(), no_difference=None), 0.95)


@pytest.mark.parametrize(
    ("linearity", "no_effect", "start"),
    [(0.001, 0.001, "The curve bends"), (0.4, 0.001, "The curve is not told apart from a straight line, so the one"),
     (0.4, 0.4, "The curve is told apart neither from a straight line nor")],
)  # fmt: skip
def test_the_shape_of_a_curve_is_said_as_its_tests_say(linearity, no_effect, start):
    assert curve_in_words(make_curve(linearity, no_effect), "lightness", 0.95).startswith(start)


def test_an_effect_turns_only_where_a_step_up_and_a_step_down_are_both_clear(counted):
    turning = find_turning(counted)
    assert (turning.best, turning.effect.effect) == ("1", pytest.approx(0.035))
    for effects in ((0, 0.01, 0.02, 0.03), (0, 0.035, 0.034, 0.033), (0, 0.001, -0.02, -0.04)):
        assert find_turning(dataclasses.replace(counted, arms=make_arms(effects))) is None, effects
    level = find_turning(dataclasses.replace(counted, arms=make_arms((0, 0.02, 0.01, 0.02))))
    assert level.best is None
    failed = dataclasses.replace(counted.verdict, credible=False)
    assert find_turning(dataclasses.replace(counted, verdict=failed)) is None


def test_a_slope_that_turns_is_no_advice_and_its_best_arm_is(counted, make):
    result = make(findings=(counted,), refused=())
    rows = [row for block in advice_table(result, [finding_scale(counted, result)], ["a"], "r") for row in block.rows]
    assert [(row.advice, row.what, row.effect) for row in rows] == [("do", "Number of faces: 1", "+35.0 against 0")]
    assert opening(result)[0] == "With the number of faces, aim for 1."
    assert "is not simply better or worse. 1 does best. See" in answer_in_words(counted, result.unit)
    rising = dataclasses.replace(counted, arms=make_arms((0, 0.01, 0.02, 0.03)))
    assert opening(make(findings=(rising,), refused=()))[0] == "Use artwork with a higher number of faces."


def test_a_crossing_is_a_table_with_what_is_clear_marked_and_what_is_missing_named(finding):
    (view,) = view_crossings(finding, 0.95)
    assert (view.row_name, view.column_name) == ("genre", "country")
    assert view.columns == ("BR", "DE", "IN", "JP", "US")
    assert (len(view.rows), view.n_missing, view.n_clear) == (6, 1, 6)
    cell = view.cells[view.rows.index("Drama")][view.columns.index("JP")]
    assert (cell.effect, cell.shade) == (None, "")
    flat = [cell for row in view.cells for cell in row if cell.effect is not None]
    largest = max(flat, key=lambda cell: abs(cell.effect.shrunken_effect))
    assert largest.shade == "up4"
    assert all(cell.shade.startswith("down") == (cell.effect.shrunken_effect < 0) for cell in flat)
    assert view.n_left == 0
    assert view_crossings(dataclasses.replace(finding, group_effects=finding.group_effects[:11]), 0.95) == ()


def test_the_report_shows_arms_curves_crossings_and_what_carries_the_estimate(counted, make, run_dir):
    result = make(findings=(make_finding(), counted, make_finding(dose_response=make_curve())))
    page = write_report(result, run_dir).read_text(encoding="utf-8")
    assert "Genre and country together" in page
    assert page.count('<td class="empty">–</td>') == 3
    assert "they count as 1,455 artworks and 144 titles of equal weight" in page
    assert "3+ against 1" in page
    assert "Test of a straight line: F(2, 70)" in page
    assert "the thin ends hold for all groups at once" in page
    assert "By genre x country" not in page


def test_results_are_read_back_and_those_of_before_have_neither_arms_nor_curves(counted, make, tmp_path):
    result = make(findings=(dataclasses.replace(counted, dose_response=make_curve()),))
    path = tmp_path / "results.json"
    write_results(result, path)
    assert read_results(path) == result
    old = json.loads(path.read_text())
    for name in ("arms", "dose_response"):
        del old["findings"][0][name]
    path.write_text(json.dumps(old))
    (found,) = read_results(path).findings
    assert (found.arms, found.dose_response) == (None, None)
    old["findings"][0]["arms"] = {"arms": ["0", "1"]}
    path.write_text(json.dumps(old))
    with pytest.raises(OutputError, match="run the study again"):
        read_results(path)


def test_figures_of_levels_draw_the_intervals_for_all_at_once():
    arms, curve = make_arms(), make_curve()
    drawn = [tuple(line.get_xdata()) for line in plot_arms(arms, "number of faces", SCALE).get_lines()]
    for contrast in arms.contrasts[:3]:
        assert any(np.allclose(ends, np.multiply(1000, contrast.simultaneous_interval)) for ends in drawn)
        assert any(np.allclose(ends, np.multiply(1000, contrast.estimate.interval())) for ends in drawn)
    ax = plot_dose_response(curve, "lightness", SCALE)
    assert ax.get_xlim() == (16, 66)
    band = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == pytest.approx((1000 * min(curve.low), 1000 * max(curve.high)))
