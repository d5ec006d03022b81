"""The split into halves."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from artwork_insights.mining.split import mining_half

FIRST_BYTES = (0xB4, 0xB6, 0x5D, 0x4D)
TITLES = [f"title-{i}" for i in range(20_000)]


def test_the_split_is_pinned_so_that_no_version_moves_a_title() -> None:
    """``printf '7\\0t1' | sha256sum`` begins with FIRST_BYTES; below 80 is the mining half."""
    titles = ["t1", "t2", "東京", "t5"]
    assert mining_half(titles, 7).tolist() == [byte < 0x80 for byte in FIRST_BYTES]


def test_about_half_of_the_titles_are_for_mining() -> None:
    share = mining_half(TITLES, 7).mean()
    assert abs(share - 0.5) < 4 * 0.5 / np.sqrt(len(TITLES))


def test_two_seeds_split_independently() -> None:
    agree = np.mean(mining_half(TITLES, 1) == mining_half(TITLES, 2))
    assert abs(agree - 0.5) < 4 * 0.5 / np.sqrt(len(TITLES))


@settings(max_examples=50)
@given(st.lists(st.text(), unique=True, max_size=20), st.lists(st.text(), max_size=20), st.integers(0, 2**31))
def test_a_title_keeps_its_half_when_others_come_or_go(titles: list[str], others: list[str], seed: int) -> None:
    alone = mining_half(titles, seed)
    among_others = mining_half([*others, *titles], seed)[len(others) :]
    assert (alone == among_others).all()


def test_all_rows_of_a_title_are_in_one_half() -> None:
    rows = TITLES[:100] * 3
    halves = mining_half(rows, 3).reshape(3, 100)
    assert (halves == halves[0]).all()
