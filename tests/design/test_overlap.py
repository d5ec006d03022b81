"""Overlap: who is left out, counted by hand and named."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from artwork_insights.design.assignment import make_assignment
from artwork_insights.design.confounders import Confounders
from artwork_insights.design.overlap import check_overlap, effective_sample_size, keep_overlap


@pytest.fixture
def assignment():
    return make_assignment(
        [1, 0, 1, 0, 1, 0, 0, 0],
        Confounders(np.zeros((8, 1)), ("x",), ("x",)),
        ["a", "a", "b", "b", "c", "c", "d", "d"],
        groups={"genre": ["Drama"] * 4 + ["Horror"] * 4, "country": ["BR", "SE"] * 4},
    )


PROPENSITY = np.array([0.5, 0.4, 0.97, 0.3, 0.6, 0.05, np.nan, np.nan])
ELIGIBLE = np.array([True] * 6 + [False] * 2)


def test_limits_belong_to_the_overlap_and_missing_propensities_do_not():
    np.testing.assert_array_equal(
        keep_overlap(np.array([0.05, 0.049, 0.95, 0.951, np.nan]), 0.05), [True, False, True, False, False]
    )


def test_counts_are_those_made_by_hand(assignment):
    overlap = check_overlap(assignment, PROPENSITY, 0.05, eligible=ELIGIBLE)
    assert (overlap.n_before, overlap.n_after) == (8, 5)
    assert (overlap.n_titles_before, overlap.n_titles_after) == (4, 3)
    assert sum(overlap.treated_counts) == 3
    assert sum(overlap.control_counts) == 3
    assert overlap.treated_counts[10] == 1  # 0.50 to 0.55
    assert overlap.treated_counts[19] == 1  # 0.95 to 1.00
    assert overlap.bin_edges == pytest.approx(np.arange(21) / 20)
    inverse = 1 / np.array([0.6, 0.7, 0.95])
    assert overlap.effective_n_control == pytest.approx(inverse.sum() ** 2 / (inverse**2).sum())
    assert overlap.rule == "propensity between 0.05 and 0.95, titles whose artworks differ in the component"


def test_groups_that_lost_cells_are_named_largest_loss_first(assignment):
    overlap = check_overlap(assignment, PROPENSITY, 0.05, eligible=ELIGIBLE)
    assert [(d.modifier, d.group, d.n_dropped, d.n_before) for d in overlap.dropped] == [
        ("country", "BR", 2, 4),
        ("genre", "Horror", 2, 4),
        ("country", "SE", 1, 4),
        ("genre", "Drama", 1, 4),
    ]
    assert overlap.dropped[1].sentence == (
        "Horror: 2 of 4 cells have no comparable artwork (1 of 4 show the component)."
    )


def test_a_group_without_any_overlap_is_said_to_be_left_out_whole(assignment):
    propensity = np.array([0.5] * 4 + [0.01] * 4)
    (dropped,) = [d for d in check_overlap(assignment, propensity, 0.05).dropped if d.modifier == "genre"]
    assert dropped.group == "Horror"
    assert dropped.sentence.endswith("The whole group is left out.")


def test_the_estimand_says_what_it_no_longer_speaks_of(assignment):
    assert check_overlap(assignment, np.full(8, 0.5), 0.05).estimand_sentence == "The average is over all artworks."
    both = check_overlap(assignment, PROPENSITY, 0.05, eligible=ELIGIBLE).estimand_sentence
    assert both == (
        "The average is over titles that have artwork both with and without the component and artwork that could "
        "have been either: 5 of 8 cells, 3 of 4 titles. It does not speak of the others."
    )
    trimmed_only = check_overlap(assignment, np.array([0.5] * 7 + [0.99]), 0.05).estimand_sentence
    assert trimmed_only.startswith("The average is over artwork that could have been either: 7 of 8 cells, 4 of 4 ")


def test_propensities_of_zero_and_one_are_left_out_without_a_warning(assignment):
    overlap = check_overlap(assignment, np.array([0.0, 1.0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]), 0.05)
    assert overlap.n_after == 6
    assert overlap.effective_n_treated == pytest.approx(2)


@given(st.lists(st.floats(0.01, 100), min_size=1, max_size=50), st.floats(0.01, 100))
def test_the_effective_size_lies_between_one_and_n_and_ignores_the_scale_of_weights(weights, scale):
    n = effective_sample_size(weights)
    assert 1 - 1e-9 <= n <= len(weights) + 1e-9
    assert effective_sample_size(np.array(weights) * scale) == pytest.approx(n)
    assert effective_sample_size(np.full(len(weights), scale)) == pytest.approx(len(weights))


def test_no_weights_have_no_effective_size():
    assert effective_sample_size([]) == 0
