"""Same-title pairs: the closest by hand, one per title."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from artwork_insights.design.pairs import find_alike_pairs

ASSET = ["a1", "a2", "a3", "b1", "b2", "c1", "c2"]
TITLE = ["a", "a", "a", "b", "b", "c", "c"]
TREATED = [True, False, False, True, False, True, True]
X = np.array([[0.0], [4], [1], [0], [2], [0], [0]])


def test_each_title_gives_its_closest_pair_closest_first():
    pairs = find_alike_pairs(ASSET, TITLE, TREATED, X, largest=9)
    assert [(p.title_id, p.treated_asset, p.control_asset) for p in pairs] == [("a", "a1", "a3"), ("b", "b1", "b2")]
    assert [p.distance for p in pairs] == pytest.approx([1 / X.std(), 2 / X.std()])


def test_titles_that_are_all_treated_or_all_untreated_have_no_pair():
    assert find_alike_pairs(ASSET[5:], TITLE[5:], TREATED[5:], X[5:], largest=3) == ()
    assert find_alike_pairs([], [], [], np.empty((0, 1)), largest=3) == ()


def test_no_more_pairs_are_kept_than_asked_for():
    assert [p.title_id for p in find_alike_pairs(ASSET, TITLE, TREATED, X, largest=1)] == ["a"]


@given(st.integers(0, 200))
@settings(max_examples=50, deadline=None)
def test_pairs_are_the_nearest_of_all_and_ignore_row_order_and_units(seed):
    rng = np.random.default_rng(seed)
    n = 24
    asset, title = np.array([f"k{i:02d}" for i in range(n)]), np.array([f"t{i}" for i in rng.integers(6, size=n)])
    treated, x = rng.random(n) < 0.5, rng.normal(size=(n, 2))
    pairs = find_alike_pairs(asset, title, treated, x, largest=9)
    shuffled = rng.permutation(n)
    moved = find_alike_pairs(asset[shuffled], title[shuffled], treated[shuffled], (5 * x + 3)[shuffled], largest=9)
    assert [(p.treated_asset, p.control_asset) for p in pairs] == [(p.treated_asset, p.control_asset) for p in moved]
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    for pair in pairs:
        inside = title == pair.title_id
        every = [
            np.sqrt(((z[i] - z[j]) ** 2).mean())
            for i in np.flatnonzero(inside & treated)
            for j in np.flatnonzero(inside & ~treated)
        ]
        assert pair.distance == pytest.approx(min(every))


def test_a_missing_value_counts_as_the_mean_and_no_covariates_as_alike():
    holed = np.array([[0.0], [4], [np.nan]])
    (pair,) = find_alike_pairs(ASSET[:3], TITLE[:3], TREATED[:3], holed, largest=1)
    assert pair.control_asset == "a3"
    assert pair.distance == pytest.approx(1)  # the mean is 2, the SD 2
    (pair,) = find_alike_pairs(ASSET[:3], TITLE[:3], TREATED[:3], np.empty((3, 0)), largest=1)
    assert pair.distance == 0
