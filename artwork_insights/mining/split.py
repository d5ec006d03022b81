"""Halves of the titles: one to find hypotheses on, the other to confirm them on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

BoolArray = npt.NDArray[np.bool_]


def mining_half(title_ids: Iterable[str], seed: int) -> BoolArray:
    """Tell which titles belong to the mining half; the others belong to the confirming half.

    A title's half depends on its identifier and the seed alone, so it stays where it is when other titles come or go.

    Parameters
    ----------
    title_ids : iterable of str, length n
        Titles, repeated ones included.
    seed : int
        Seed of the study.

    Returns
    -------
    array of shape (n,), bool
        True in the mining half.
    """
    ids = [str(title_id) for title_id in title_ids]
    half = {title_id: _hash(title_id, seed) for title_id in set(ids)}
    return np.array([half[title_id] for title_id in ids], dtype=np.bool_)


def _hash(title_id: str, seed: int) -> bool:
    digest = hashlib.sha256(f"{seed}\x00{title_id}".encode("utf-8", "surrogatepass")).digest()
    return digest[0] < 128
