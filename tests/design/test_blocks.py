"""Blocks: titles joined by shared pictures, by hand and against a plain search."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from artwork_insights.design.blocks import SAME_PICTURE_BITS, join_titles

PICTURES = [f"{int(word):032x}" for word in np.random.default_rng(0).integers(0, 2**63, 40).astype(object) ** 2]


def hashes(pictures):
    """A hash for each number of a picture, far from all others; None for a missing one."""
    return [None if picture is None or np.isnan(picture) else PICTURES[int(picture)] for picture in pictures]


def changed(picture_hash, bits):
    """The hash with so many of its bits turned."""
    return f"{int(picture_hash, 16) ^ (2**bits - 1):032x}"


def test_titles_that_share_a_picture_are_one_block_and_so_are_their_neighbours():
    title = ["a", "a", "b", "b", "c", "d"]
    pictures = [0, 1, 1, 2, 2, 3]
    np.testing.assert_array_equal(join_titles(title, hashes(pictures)), [0, 0, 0, 0, 0, 1])


def test_pictures_inside_one_title_and_missing_groups_join_nothing():
    np.testing.assert_array_equal(join_titles(["b", "b", "a", "c"], hashes([7, 7, None, np.nan])), [1, 1, 0, 2])


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 12)), min_size=1, max_size=25))
def test_blocks_are_the_connected_components(pairs):
    title, group = np.array(pairs).T
    label = title.copy()
    for _ in range(len(title)):  # spread the smallest label along shared titles and shared groups until nothing changes
        for codes in (title, group):
            for code in set(codes):
                label[codes == code] = label[codes == code].min()
    blocks = join_titles(title, hashes(group))
    np.testing.assert_array_equal(blocks[:, None] == blocks, label[:, None] == label)


def test_across_titles_only_the_same_picture_joins_and_not_one_that_is_merely_alike():
    """The limit within a title, 22 bits, would let chance matches chain a large catalogue."""
    same, alike = (changed(PICTURES[0], bits) for bits in (SAME_PICTURE_BITS, SAME_PICTURE_BITS + 1))
    np.testing.assert_array_equal(join_titles(["a", "b"], [PICTURES[0], same]), [0, 0])
    np.testing.assert_array_equal(join_titles(["a", "b"], [PICTURES[0], alike]), [0, 1])
