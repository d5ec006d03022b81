"""Names and order of arms."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from artwork_insights.effects.arms import arm_pairs, cut_arms, encode_arms
from artwork_insights.errors import NotIdentifiedError


def test_counts_are_cut_at_their_lower_edges():
    cut = cut_arms([0, 1, 2, 3, 7, np.nan, -1], [0, 1, 2, 3])
    assert list(cut.categories) == ["0", "1", "2", "3+"]
    assert list(cut.astype(object))[:5] == ["0", "1", "2", "3+", "3+"]
    assert pd.isna(cut).tolist() == [False] * 5 + [True, True]
    assert list(cut_arms([0, 4], [0, 1, 3]).categories) == ["0", "1-2", "3+"]
    assert list(cut_arms([0.05, 0.2], [0, 0.1, 0.3]).categories) == ["0 to <0.1", "0.1 to <0.3", "0.3+"]
    with pytest.raises(NotIdentifiedError, match="ascending order"):
        cut_arms([1, 2], [2, 1])


def test_categories_keep_their_order_and_the_reference_comes_first():
    codes, names = encode_arms(cut_arms([10, 0, 2, 0], [0, 1, 2, 10]), None)
    assert names == ("0", "2-9", "10+")
    assert list(codes) == [2, 0, 1, 0]
    codes, names = encode_arms(["wide", "tall", "square"], "square")
    assert names == ("square", "tall", "wide")
    assert list(codes) == [2, 1, 0]
    assert arm_pairs(3) == [(1, 0), (2, 0), (2, 1)]


@pytest.mark.parametrize(
    ("arms", "reference", "sentence"),
    [
        (["a", None, "b"], None, "the arm is missing in 1 of 3 rows; leave those rows out."),
        (["a", "a"], None, "1 arm holds all rows; a comparison needs at least 2."),
        (["a", "b"], "c", "reference 'c' is not an arm; arms are a, b."),
    ],
)
def test_arms_that_cannot_be_compared_are_refused(arms, reference, sentence):
    with pytest.raises(NotIdentifiedError) as refusal:
        encode_arms(arms, reference)
    assert str(refusal.value) == sentence


def test_arms_that_cannot_be_told_apart_or_read_are_refused():
    for wrong, sentence in (
        (np.array([1, "1", 2], dtype=object), "two arms have one name"),
        (np.array([["a", "b"]]), "give one arm per row"),
        ("a", "give one arm per row"),
    ):
        with pytest.raises(NotIdentifiedError, match=sentence):
            encode_arms(wrong, None)
    for edges in ([0, np.inf], "ab", 1, None):
        with pytest.raises(NotIdentifiedError):
            cut_arms([0, 1], edges)
    assert encode_arms([2, 1, 2], 2)[1] == ("2", "1")  # a number names the arm that is called so
