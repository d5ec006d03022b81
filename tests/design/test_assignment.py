"""An assignment: checked, numbered, and without an outcome."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from artwork_insights.design.assignment import Assignment, make_assignment
from artwork_insights.design.confounders import Confounders
from artwork_insights.errors import NotIdentifiedError


def make(treatment, title, **options):
    values = np.arange(float(len(treatment)))[:, None]
    return make_assignment(treatment, Confounders(values, ("x",), ("x",)), title, **options)


def test_titles_that_vary_are_those_with_and_without():
    assignment = make([1, 1, 0, 0, 1, 0], ["a", "a", "b", "b", "c", "c"])
    np.testing.assert_array_equal(assignment.in_varying_title(), [False, False, False, False, True, True])
    np.testing.assert_array_equal(assignment.treated_share(), [1, 1, 0, 0, 0.5, 0.5])


def test_the_treated_share_is_weighted():
    assignment = make([1, 0, 0, 1], ["a", "a", "b", "b"], weights=[3, 1, 1, 1])
    np.testing.assert_allclose(assignment.treated_share(), [0.75, 0.75, 0.5, 0.5])
    assert assignment.weights.mean() == pytest.approx(1)


def test_selected_rows_are_numbered_anew_and_keep_their_groups():
    assignment = make([1, 0, 1, 0], ["a", "b", "c", "c"], asset=["k", "l", "m", "m"], groups={"genre": list("DDCC")})
    part = assignment.rows(np.array([False, True, True, True]))
    np.testing.assert_array_equal(part.title, [0, 1, 1])
    np.testing.assert_array_equal(part.asset, [0, 1, 1])
    np.testing.assert_array_equal(part.groups["genre"], ["D", "C", "C"])
    np.testing.assert_array_equal(part.confounders.values[:, 0], [1, 2, 3])
    assert (part.n_titles, part.n_assets, part.repeats_titles) == (2, 2, False)


def test_several_countries_of_one_asset_are_not_several_artworks():
    one_each = make([1, 1, 0, 0], ["a", "a", "b", "b"], asset=["k", "k", "l", "l"])
    assert not one_each.repeats_titles
    assert make([1, 1, 0, 0], ["a", "a", "b", "b"]).repeats_titles


def test_a_condition_is_told_from_a_continuous_treatment():
    assert make([0, 1], ["a", "b"]).is_binary
    assert make([True, False], ["a", "b"]).is_binary
    assert not make([0, 2], ["a", "b"]).is_binary


def test_an_assignment_has_no_outcome():
    assert "outcome" not in {field.name for field in fields(Assignment)}


def test_blocks_are_titles_unless_titles_are_joined():
    alone = make([1, 0, 1, 0], ["a", "b", "c", "c"])
    np.testing.assert_array_equal(alone.block, alone.title)
    joined = make([1, 0, 1, 0], ["a", "b", "c", "c"], block=["x", "x", "y", "y"])
    np.testing.assert_array_equal(joined.block, [0, 0, 1, 1])
    assert (joined.n_blocks, joined.n_titles) == (2, 3)
    part = joined.rows(np.array([False, True, True, True]))
    np.testing.assert_array_equal(part.block, [0, 1, 1])


@pytest.mark.parametrize(
    ("treatment", "title", "options", "sentence"),
    [
        ([0, 1, 1], ["a", "b"], {}, "clusters has 2 rows and the treatment 3; give one row per cell."),
        ([0, 1], ["a", "b"], {"weights": [1]}, "weights has 1 rows and the treatment 2; give one row per cell."),
        ([0, 1], ["a", "b"], {"asset": [1]}, "asset has 1 rows and the treatment 2; give one row per cell."),
        ([0, 1], ["a", "b"], {"groups": {"g": [1]}}, "groups 'g' has 1 rows and the treatment 2; give one row per"),
        ([0, 1], ["a", "b"], {"block": [1]}, "block has 1 rows and the treatment 2; give one row per cell."),
        ([0, 1], ["a", "a"], {"block": [1, 2]}, "a title lies in two blocks; give all artworks of a title one block."),
        ([0, np.nan], ["a", "b"], {}, "the treatment is missing in 1 of 2 rows; leave those rows out."),
        ([1, 1], ["a", "b"], {}, "the treatment does not vary (it is always 1); there is nothing to compare."),
        ([], [], {}, "the treatment does not vary (it is empty); there is nothing to compare."),
        ([0, 1], ["a", None], {}, "some rows have no cluster; leave those rows out or name their title."),
        ([0, 1], [1.0, np.nan], {}, "some rows have no cluster; leave those rows out or name their title."),
        ([0, 1], ["a", "b"], {"weights": [1, 0]}, "weights must be positive numbers; leave rows without weight out."),
        ([0, 1], ["a", "b"], {"weights": [1, np.nan]}, "weights must be positive numbers; leave rows without weight"),
    ],
)
def test_a_fault_is_one_sentence(treatment, title, options, sentence):
    with pytest.raises(NotIdentifiedError) as refusal:
        make(treatment, title, **options)
    assert str(refusal.value).startswith(sentence)
