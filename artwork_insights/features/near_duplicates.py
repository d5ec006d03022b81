"""Groups of near-identical artwork (one picture, other language or crop), which are not independent observations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from artwork_insights.errors import OutputError

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.uint64]

MAX_DISTANCE = 22
HASH_DIGITS = 32
_BLOCK_BITS, _BLOCKS = 16, 8
_KEY_SHIFT = np.uint64(64 - _BLOCK_BITS)
_WINDOW = 200  # entries compared on either side in a crowded bucket
_PAIRS_AT_ONCE = 250_000


def near_duplicate_groups(frame: pd.DataFrame) -> pd.Series[int]:
    """Group the rows of a features table by `picture_hash`; see `find_duplicate_groups`.

    Returns
    -------
    Series of int64, named ``"duplicate_group"``
        With the index of `frame`.
    """
    labels = find_duplicate_groups(frame["picture_hash"])
    return pd.Series(labels, index=frame.index, name="duplicate_group")


def find_duplicate_groups(hashes: Sequence[str | None] | pd.Series[str], max_distance: int = MAX_DISTANCE) -> IntArray:
    """Group near-identical pictures.

    A group has a centre, and each member differs from it in at most `max_distance` bits: members may differ by twice
    that, and a chain of small steps is cut into several groups. On 389 film posters, 22 bits keep every recompressed or
    resized copy, 99 % of those cut by 2 % on each side and 98 % of those with other lettering a tenth of the height,
    while unrelated pictures differ by 64 bits with a standard deviation of 6, and by more than 22 in all 320,000 pairs
    of posters and photographs.

    Found by multi-index hashing (Norouzi, Punjani, Fleet 2012): two hashes are compared when one of their 8 blocks of
    16 bits agrees but for one bit. This finds every pair within 15 bits, and nearly all within 22. Where more than
    2,000 different hashes share a block, each is compared with the 2,000 that follow or surround it in order.

    Parameters
    ----------
    hashes : sequence of n str or None
        32 hexadecimal digits each; a missing one is alone.
    max_distance : int
        Bits, 0 to 128.

    Returns
    -------
    int64 array of shape (n,)
        Equal for members of one group; numbered from 0 in order of first appearance. Does not depend on the order of
        `hashes` but for that numbering.

    Raises
    ------
    OutputError
        When a hash is not of that form.
    """
    present, codes = _read_codes(pd.Series(np.asarray(hashes, dtype=object)))
    labels = np.arange(len(present), dtype=np.int64)
    if len(codes):
        distinct, inverse = np.unique(codes, axis=0, return_inverse=True)
        parts = _split_by_centre(distinct, _connected(distinct, max_distance), max_distance)
        labels[present] = len(present) + parts[inverse.ravel()]
    return _numbered(labels)


def _read_codes(hashes: pd.Series[str]) -> tuple[BoolArray, Codes]:
    """Which rows have a hash, and those hashes as pairs of 64 bits, the first block in the highest bits."""
    present = hashes.notna().to_numpy()
    texts = hashes[present]
    well_formed = texts.astype(str).str.fullmatch(f"[0-9a-f]{{{HASH_DIGITS}}}").astype(bool)
    if not well_formed.all():
        row = int(np.flatnonzero(present)[(~well_formed).to_numpy().argmax()])
        raise OutputError(
            f"row {row}: {hashes.iloc[row]!r} is no picture_hash; expected {HASH_DIGITS} hexadecimal digits, as "
            "artwork-insights extract --features duplicates measures them."
        )
    data = bytes.fromhex("".join(texts))
    return present, np.frombuffer(data, dtype=">u8").astype(np.uint64).reshape(-1, 2)


def _connected(codes: Codes, max_distance: int) -> IntArray:
    """Component of each distinct hash when all pairs found within the distance are joined."""
    labels = np.arange(len(codes), dtype=np.int64)
    for block in range(_BLOCKS):
        turned = _turned(codes, block)
        order = np.argsort(turned, kind="stable")
        found: list[IntArray] = []
        for pairs in _near_pairs(codes, order, turned[order], max_distance):
            found.append(pairs[:, labels[pairs[0]] != labels[pairs[1]]])
            if sum(part.shape[1] for part in found) > _PAIRS_AT_ONCE:
                labels, found = _merge(labels, found), []
        labels = _merge(labels, found)
    return labels


def _near_pairs(codes: Codes, order: IntArray, turned: Codes, max_distance: int) -> Iterator[IntArray]:
    """Pairs of hashes within the distance, among the candidates of one block; arrays of shape (2, k)."""
    words = np.ascontiguousarray(codes[order, 0])
    for first, counts, second in _candidates(turned):
        near = np.flatnonzero(np.bitwise_count(np.repeat(words[first], counts) ^ words[second]) <= max_distance)
        if len(near):
            left = first[np.searchsorted(np.cumsum(counts), near, side="right")]
            pairs = order[np.stack((left, second[near]))]
            distance = np.bitwise_count(codes[pairs[0]] ^ codes[pairs[1]]).sum(axis=1)
            yield pairs[:, distance <= max_distance]


def _turned(codes: Codes, block: int) -> Codes:
    """The 64 bits from `block` on, as one number, going round; shape (n,)."""
    word, bits = divmod(block * _BLOCK_BITS, 64)
    front, back = codes[:, word], codes[:, 1 - word]
    if bits == 0:
        return np.ascontiguousarray(front)
    return (front << np.uint64(bits)) | (back >> np.uint64(64 - bits))


def _candidates(turned: Codes) -> Iterator[tuple[IntArray, IntArray, IntArray]]:
    """Pairs of positions in sorted `turned` whose first blocks differ by at most one bit; each pair at most once.

    Yields
    ------
    first, counts, second : int64 arrays of shapes (k,), (k,) and (counts.sum(),)
        ``first[0]`` beside the first ``counts[0]`` of `second`, and so on; a bounded number of pairs at a time.
    """
    keys = (turned >> _KEY_SHIFT).astype(np.int64)
    starts = np.searchsorted(keys, np.arange(2**_BLOCK_BITS + 1))
    everyone = np.arange(len(turned), dtype=np.int64)
    yield from _ranges(everyone, everyone + 1, np.minimum(starts[keys + 1], everyone + 1 + 2 * _WINDOW))
    for bit in range(_BLOCK_BITS):
        probing = everyone[(keys >> bit) & 1 == 0]
        other = keys[probing] | (1 << bit)
        low, high = starts[other], starts[other + 1]
        crowded = high - low > 2 * _WINDOW
        if crowded.any():
            sought = turned[probing[crowded]] | (np.uint64(1 << bit) << _KEY_SHIFT)
            middle = np.searchsorted(turned, sought)
            low[crowded] = np.maximum(low[crowded], middle - _WINDOW)
            high[crowded] = np.minimum(high[crowded], middle + _WINDOW)
        yield from _ranges(probing, low, high)


def _ranges(first: IntArray, low: IntArray, high: IntArray) -> Iterator[tuple[IntArray, IntArray, IntArray]]:
    """Each of `first` beside every position from `low` to before `high`; see `_candidates`."""
    kept = high > low
    first, low, counts = first[kept], low[kept], (high - low)[kept]
    ends = np.cumsum(counts)
    begin = 0
    while begin < len(first):
        done = ends[begin - 1] if begin else 0
        end = max(int(np.searchsorted(ends, done + _PAIRS_AT_ONCE, side="right")), begin + 1)
        part = counts[begin:end]
        shift = low[begin:end] - (ends[begin:end] - part - done)
        yield first[begin:end], part, np.arange(int(part.sum()), dtype=np.int64) + np.repeat(shift, part)
        begin = end


def _merge(labels: IntArray, found: list[IntArray]) -> IntArray:
    """Labels after joining the components of both sides of all pairs found."""
    if not sum(part.shape[1] for part in found):
        return labels
    left, right = labels[np.concatenate(found, axis=1)]
    graph = coo_array((np.ones(len(left), np.float32), (left, right)), shape=(len(labels), len(labels)))
    _, component = connected_components(graph, directed=False)
    return np.asarray(component[labels], dtype=np.int64)


def _split_by_centre(codes: Codes, components: IntArray, max_distance: int) -> IntArray:
    """Cut components so that each member is near its group's centre.

    The centre is the member nearest to the bitwise majority; those farther from it than the distance form groups of
    their own, in the same way.
    """
    groups = np.asarray(components, dtype=np.int64).copy()
    order = np.argsort(components, kind="stable")
    bounds = np.flatnonzero(np.diff(components[order])) + 1
    sizes = np.diff(np.concatenate(([0], bounds, [len(order)])))
    starts = np.concatenate(([0], bounds))[sizes > 2]
    following = int(components.max()) + 1
    for start, size in zip(starts, sizes[sizes > 2], strict=True):
        rest = order[start : start + size]
        while True:
            distance = np.bitwise_count(codes[rest] ^ codes[rest[_central(codes[rest])]]).sum(axis=1)
            rest = rest[distance > max_distance]
            if not len(rest):
                break
            groups[rest] = following
            following += 1
    return groups


def _central(codes: Codes) -> int:
    """Position of the code nearest to the bitwise majority of all; the lowest code of equally near ones."""
    octets = codes.astype(">u8").view(np.uint8).reshape(len(codes), -1)
    majority = np.packbits(np.unpackbits(octets, axis=1).mean(axis=0) > 0.5)
    return int(np.bitwise_count(octets ^ majority).sum(axis=1).argmin())


def _numbered(labels: IntArray) -> IntArray:
    """The same groups, numbered from 0 in order of first appearance."""
    return np.asarray(pd.factorize(labels)[0], dtype=np.int64)
