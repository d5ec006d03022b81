"""Unseen confounders in the report: the contour's lines lie where the data say, and the words hold the numbers."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from matplotlib.collections import PathCollection
from matplotlib.contour import QuadContourSet
from matplotlib.figure import Figure

from artwork_insights.diagnostic import Diagnostic
from artwork_insights.report.findings import OutcomeUnit
from artwork_insights.report.numbers import scale_of
from artwork_insights.report.unseen import contour_in_words, view_unseen
from artwork_insights.report.unseen_figures import MOST_NAMED, plot_contour
from artwork_insights.sensitivity.robustness import Robustness
from tests.report.conftest import HOSTILE, make_finding, make_unseen

UNIT = OutcomeUnit("take rate", True)
SCALE = scale_of(UNIT, 0.00025)


def axes():
    return Figure().subplots()


def vertices(ax, level):
    """Points of the contour lines of one level."""
    found = []
    for drawn in ax.get_children():
        if isinstance(drawn, QuadContourSet) and not drawn.filled:
            for value, path in zip(drawn.levels, drawn.get_paths(), strict=True):
                found += [path.vertices] if value == level and len(path.vertices) else []
    return found


def test_the_thick_line_lies_where_no_effect_is_left_and_the_dashed_one_before_it():
    unseen = make_unseen()
    ax = plot_contour(unseen.contour, unseen.benchmarks, SCALE, axes())
    effect_line, limit_line = vertices(ax, 0.0)
    for line, largest in ((effect_line, 0.0031), (limit_line, 0.0026)):
        treatment, outcome = line.T
        strength = np.sqrt(outcome * treatment / (1 - treatment))
        assert strength == pytest.approx(np.full(len(strength), largest / 0.0214), rel=0.03)  # nine steps a side
    assert limit_line[:, 1].min() < effect_line[:, 1].min()


def test_dots_stand_at_the_benchmarks_and_only_the_strongest_are_named():
    unseen = make_unseen()
    ax = plot_contour(unseen.contour, unseen.benchmarks, SCALE, axes())
    dots = next(line for line in ax.lines if line.get_marker() == "o")
    bounded = [one for one in unseen.benchmarks if one.equal_strength < 1]
    assert np.column_stack(dots.get_data()).tolist() == [[b.strength_treatment, b.strength_outcome] for b in bounded]
    names = [text.get_text() for text in ax.texts]
    assert "mean lightness" in names
    assert sum(name in ("mean lightness", "launch year") or "script" in name for name in names) == MOST_NAMED
    assert ax.get_xlabel()
    assert ax.get_ylabel()
    assert not [drawn for drawn in ax.get_children() if isinstance(drawn, PathCollection)]


def test_an_effect_below_zero_is_drawn_like_one_above_with_negative_numbers():
    contour = make_unseen().contour
    down = dataclasses.replace(
        contour,
        effect=tuple(tuple(-v for v in row) for row in contour.effect),
        limit=tuple(tuple(-v for v in row) for row in contour.limit),
    )
    up, below = (plot_contour(one, (), SCALE, axes()) for one in (contour, down))
    assert np.concatenate(vertices(up, 0.0)) == pytest.approx(np.concatenate(vertices(below, 0.0)))
    assert [t.get_text() for t in below.texts] == [f"\N{MINUS SIGN}{t.get_text()}" for t in up.texts]


def test_an_interval_that_holds_zero_has_no_dashed_line():
    contour = make_unseen().contour
    open_one = dataclasses.replace(contour, limit=tuple(tuple(v - 0.01 for v in row) for row in contour.limit))
    assert len(vertices(plot_contour(open_one, (), SCALE, axes()), 0.0)) == 1


def test_the_sentence_holds_the_numbers_against_the_strongest_thing_measured():
    words = contour_in_words(make_unseen(), SCALE).replace("\u202f", " ")
    assert "explains 11.7 % of what is left of both, 2.6 times what mean lightness could do" in words
    assert "+2.10 at worst" in words


def test_the_sentence_says_so_when_less_than_the_strongest_or_nothing_at_all_suffices():
    unseen = make_unseen()
    weak = dataclasses.replace(unseen.bounds, robustness_value_alpha=0.01)
    assert "less than mean lightness could do" in contour_in_words(dataclasses.replace(unseen, bounds=weak), SCALE)
    none = dataclasses.replace(unseen.bounds, robustness_value_alpha=0.0)
    assert "takes nothing unseen" in contour_in_words(dataclasses.replace(unseen, bounds=none), SCALE)
    alone = dataclasses.replace(unseen, benchmarks=())
    assert "nothing that was measured" in contour_in_words(alone, SCALE)
    faint = dataclasses.replace(unseen, benchmarks=unseen.benchmarks[2:3])
    assert "explains almost nothing" in contour_in_words(faint, SCALE)


def test_the_table_has_robustness_e_value_and_gamma_with_their_words():
    finding = make_finding()
    sentence = "In 412 pairs the one with a face does better."
    finding = dataclasses.replace(
        finding, diagnostics=(*finding.diagnostics, Diagnostic("hidden_bias", 2.31, None, None, sentence))
    )
    view = view_unseen(finding, UNIT, SCALE, "finding-1")
    cells = {
        row.name: (row.of_effect.replace("\u202f", " "), row.of_interval.replace("\u202f", " ")) for row in view.rows
    }
    assert cells == {
        "Robustness value": ("13.5 %", "11.7 %"), "E-value": ("1.49", "1.42"), "Gamma of matched pairs": ("–", "2.31"),
    }  # fmt: skip
    words = {row.name: row.sentence for row in view.rows}
    assert words["Gamma of matched pairs"] == sentence
    assert (
        "leaving mean lightness out moves the interval as something unseen with an E-value of 1.09" in words["E-value"]
    )
    assert HOSTILE not in str(view.figure)


def test_a_finding_without_bounds_still_has_its_row():
    bare = dataclasses.replace(make_finding(), unseen=None, e_value=None, robustness=Robustness(0.01, 0.2, 0.1, 0.05))
    view = view_unseen(bare, UNIT, SCALE, "finding-1")
    assert [row.name for row in view.rows] == ["Robustness value"]
    assert view.figure is None


def test_a_score_is_no_take():
    view = view_unseen(make_finding(), OutcomeUnit("imdb_score", False), SCALE, "finding-1")
    assert "both the component and a higher imdb score 1.49 times as likely" in view.rows[1].sentence
