"""Folds: titles stay whole, folds are of nearly equal size."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from artwork_insights.design.folds import assign_title_folds, encode_titles, splits
from artwork_insights.errors import NotIdentifiedError


@given(st.lists(st.integers(1, 12), min_size=5, max_size=60), st.integers(2, 5), st.integers(0, 99))
@settings(max_examples=150, deadline=None)
def test_folds_never_split_a_title_and_none_is_empty(sizes, folds, seed):
    title = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(sizes)), sizes))
    labels = assign_title_folds(title, folds, np.random.default_rng(seed))
    assert set(labels) == set(range(folds))
    for one in np.unique(title):
        assert len(set(labels[title == one])) == 1


@given(st.lists(st.integers(1, 12), min_size=5, max_size=60), st.integers(2, 5), st.integers(0, 99))
@settings(max_examples=150, deadline=None)
def test_fold_sizes_differ_by_less_than_two_largest_titles(sizes, folds, seed):
    title = np.repeat(np.arange(len(sizes)), sizes)
    rows = np.bincount(assign_title_folds(title, folds, np.random.default_rng(seed)), minlength=folds)
    assert rows.max() - rows.min() <= 2 * max(sizes)


def test_many_unequal_titles_give_folds_of_nearly_equal_size_where_dealing_by_chance_does_not():
    rng = np.random.default_rng(0)
    sizes = rng.integers(1, 60, 100)
    title = np.repeat(np.arange(100), sizes)
    dealt = np.bincount(assign_title_folds(title, 5, rng))
    by_chance = np.bincount(rng.integers(5, size=100)[title])
    assert dealt.max() / dealt.min() < 1.03
    assert by_chance.max() / by_chance.min() > 1.2


def test_the_seed_decides_the_folds():
    title = np.repeat(np.arange(50), 3)
    first, again, other = (assign_title_folds(title, 5, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_more_folds_than_titles_are_refused_with_the_number_possible():
    with pytest.raises(NotIdentifiedError, match=r"3 titles cannot be split into 5 folds; use at most 3 folds or more"):
        assign_title_folds(["a", "b", "c", "c"], 5, np.random.default_rng(0))


def test_titles_are_numbered_in_sorted_order():
    np.testing.assert_array_equal(encode_titles(["tt9", "tt1", "tt9", "tt5"]), [2, 0, 2, 1])


@pytest.mark.parametrize(
    ("title", "sentence"),
    [
        (np.array(["a", 1], dtype=object), "text in some rows and numbers in others"),
        (["a", None], "some rows have no title"),
        (["a", np.nan], "some rows have no title"),
        ([("a", 1), ("b", 1)], r"labels of shape \(2, 2\)"),
    ],
)
def test_labels_that_are_no_titles_are_refused(title, sentence):
    with pytest.raises(NotIdentifiedError, match=sentence):
        encode_titles(title)


@pytest.mark.parametrize("folds", [-1, 0, 1])
def test_fewer_than_two_folds_are_refused(folds):
    with pytest.raises(NotIdentifiedError, match="use at least 2 folds"):
        assign_title_folds(np.arange(10), folds, np.random.default_rng(0))


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3)), min_size=1, max_size=40))
@settings(max_examples=100, deadline=None)
def test_a_code_that_meets_several_others_is_seen(pairs):
    inner, outer = np.array(pairs, dtype=np.int64).T
    assert splits(inner, outer) == any(len(set(outer[inner == code])) > 1 for code in set(inner))
