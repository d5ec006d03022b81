"""Folds grouped by title: an artwork is never predicted by a model that saw its siblings."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from artwork_insights.errors import NotIdentifiedError

IntArray = npt.NDArray[np.int64]


def encode_titles(title: npt.ArrayLike) -> IntArray:
    """Number titles 0, 1, ... in sorted order; shape (n,) in, (n,) out.

    Raises
    ------
    NotIdentifiedError
        When a label is missing, text and numbers are mixed, or there is more than one label per row.
    """
    labels = np.asarray(title, dtype=object if isinstance(title, (list, tuple)) else None)
    if labels.ndim != 1:
        raise NotIdentifiedError(f"labels of shape {labels.shape}; give one title per row.")
    if labels.dtype.kind not in "iub" and pd.isna(labels).any():
        raise NotIdentifiedError("some rows have no title; leave those rows out or name it.")
    try:
        return np.unique(labels, return_inverse=True)[1].astype(np.int64)
    except TypeError:
        raise NotIdentifiedError("titles are text in some rows and numbers in others; make them of one kind.") from None


def distinct(codes: IntArray) -> IntArray:
    """Distinct codes in order, by sorting: for whole numbers many times faster than the hashing of `numpy.unique`."""
    ordered = np.sort(codes)
    return ordered[np.r_[True, ordered[1:] != ordered[:-1]]] if len(ordered) else ordered


def splits(inner: IntArray, outer: IntArray) -> bool:
    """Whether some code of `inner`, shape (n,), meets several codes of `outer`, shape (n,), as a title in two folds."""
    pairs = inner * (int(outer.max(initial=0)) + 1) + outer
    return len(distinct(pairs)) > len(distinct(inner))


def assign_title_folds(title: npt.ArrayLike, folds: int, rng: np.random.Generator) -> IntArray:
    """Assign whole titles to folds of nearly equal numbers of rows.

    Parameters
    ----------
    title : array of shape (n,)
        Title of each row.
    folds : int
        Number of folds, at least 2.
    rng : Generator
        Decides the order in which titles are dealt.

    Returns
    -------
    array of shape (n,), int in [0, folds)

    Raises
    ------
    NotIdentifiedError
        With fewer than 2 folds, or fewer titles than folds.
    """
    codes = encode_titles(title)
    sizes = np.bincount(codes)
    if folds < 2:
        raise NotIdentifiedError(
            f"folds={folds}: a model must not predict what it was fitted on; use at least 2 folds."
        )
    if len(sizes) < 2:
        raise NotIdentifiedError(f"{len(sizes)} title holds all rows; folds and errors follow titles, so use several.")
    if len(sizes) < folds:
        raise NotIdentifiedError(
            f"{len(sizes)} titles cannot be split into {folds} folds; use at most {len(sizes)} folds or more titles."
        )
    shuffled = rng.permutation(len(sizes))
    largest_first = shuffled[np.argsort(-sizes[shuffled], kind="stable")]
    rounds, place = np.divmod(np.arange(len(sizes)), folds)
    snake = np.where(rounds % 2 == 0, place, folds - 1 - place)  # largest and smallest meet in one fold
    fold_of_title = np.empty(len(sizes), dtype=np.int64)
    fold_of_title[largest_first] = snake
    return fold_of_title[codes]
