from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.sparse.csgraph import connected_components

from artwork_insights.errors import OutputError
from artwork_insights.features import near_duplicates as module
from artwork_insights.features.near_duplicates import MAX_DISTANCE, find_duplicate_groups, near_duplicate_groups


def _hex(bits: np.ndarray) -> list[str]:
    return [row.tobytes().hex() for row in np.packbits(bits, axis=1)]


def _random(n: int, rng: np.random.Generator) -> np.ndarray:
    return rng.random((n, 128)) < 0.5


def _flipped(bits: np.ndarray, places: int, rng: np.random.Generator) -> np.ndarray:
    """Each row with exactly `places` bits turned."""
    turned = np.argsort(rng.random(bits.shape), axis=1) < places
    return bits ^ turned


def test_planted_copies_are_grouped_and_strangers_are_not() -> None:
    rng = np.random.default_rng(1)
    originals = _random(3000, rng)
    copies = np.concatenate([_flipped(originals[:500], 9, rng), _flipped(originals[:500], 15, rng)])
    groups = find_duplicate_groups(_hex(np.concatenate([originals, copies])))
    np.testing.assert_array_equal(groups[:3000], np.arange(3000))
    np.testing.assert_array_equal(groups[3000:3500], np.arange(500))
    np.testing.assert_array_equal(groups[3500:], np.arange(500))


def test_few_pairs_at_the_largest_distance_escape_and_none_beyond_it_is_taken() -> None:
    rng = np.random.default_rng(2)
    originals = _random(2000, rng)
    for places, low, high in ((MAX_DISTANCE, 0.8, 1.0), (MAX_DISTANCE + 1, 0.0, 0.0)):
        groups = find_duplicate_groups(_hex(np.concatenate([originals, _flipped(originals, places, rng)])))
        assert low <= np.mean(groups[:2000] == groups[2000:]) <= high


def test_groups_equal_those_of_all_pairs_compared() -> None:
    """Witness: every pair compared, and scipy's connected components; groups of two or three, where no cut is made."""
    rng = np.random.default_rng(3)
    originals = _random(800, rng)
    bits = np.concatenate([originals, _flipped(originals[:300], 7, rng), _flipped(originals[:150], 7, rng)])
    bits = bits[rng.permutation(len(bits))]
    near = (bits[:, None] != bits[None]).sum(axis=2) <= MAX_DISTANCE
    _, expected = connected_components(near, directed=False)
    np.testing.assert_array_equal(find_duplicate_groups(_hex(bits)), pd.factorize(expected)[0])


def test_a_chain_of_small_steps_is_cut_so_that_members_are_near_their_centre() -> None:
    steps = np.array([np.arange(128) < 4 * step for step in range(30)])
    groups = find_duplicate_groups(_hex(steps))
    distance = (steps[:, None] != steps[None]).sum(axis=2)
    assert len(set(groups)) > 1
    for group in set(groups):
        members = groups == group
        assert distance[np.ix_(members, members)].max(axis=1).min() <= MAX_DISTANCE


def test_the_order_of_the_rows_does_not_matter() -> None:
    rng = np.random.default_rng(4)
    originals = _random(200, rng)
    hashes = np.array(_hex(np.concatenate([originals, *(_flipped(originals, 10, rng) for _ in range(5))])))
    groups = find_duplicate_groups(list(hashes))
    order = rng.permutation(len(hashes))
    np.testing.assert_array_equal(pd.factorize(groups[order])[0], find_duplicate_groups(list(hashes[order])))


def test_one_hash_many_times_is_one_group_and_a_missing_one_is_alone() -> None:
    even = "0" * 32
    assert find_duplicate_groups([even] * 50_000).max() == 0
    np.testing.assert_array_equal(find_duplicate_groups([None, even, None, even, float("nan")]), [0, 1, 2, 1, 3])
    assert find_duplicate_groups([]).shape == (0,)
    np.testing.assert_array_equal(find_duplicate_groups([None, None]), [0, 1])


def test_a_crowded_bucket_is_compared_within_its_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes that share most bits fall into few buckets; comparing every pair of them would take forever."""
    rng = np.random.default_rng(5)
    crowd = rng.random((2000, 128)) < 0.03
    compared = []
    ranges = module._ranges
    monkeypatch.setattr(module, "_WINDOW", 20)
    monkeypatch.setattr(
        module,
        "_ranges",
        lambda first, low, high: compared.append((high - low).clip(0).sum()) or ranges(first, low, high),
    )
    groups = find_duplicate_groups(_hex(crowd))
    assert np.mean(groups == np.bincount(groups).argmax()) > 0.99
    assert sum(compared) <= 2000 * 8 * 17 * 2 * 20


def test_a_series_keeps_its_index() -> None:
    frame = pd.DataFrame({"picture_hash": ["0" * 32, "f" * 32, "0" * 31 + "1"]}, index=[7, 5, 3])
    groups = near_duplicate_groups(frame)
    assert groups.name == "duplicate_group"
    assert groups.to_dict() == {7: 0, 5: 1, 3: 0}


@pytest.mark.parametrize("bad", ["abc", "g" * 32, "0" * 33, "", "0" * 16 + "\n" + "0" * 16])
def test_what_is_no_hash_is_named_with_its_row(bad: str) -> None:
    with pytest.raises(OutputError, match=r"^row 1: .* is no picture_hash; expected 32 hexadecimal digits"):
        find_duplicate_groups(["0" * 32, bad])
