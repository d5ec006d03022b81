"""Folds grouped by title: an artwork is never predicted by a model that saw its siblings."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from artwork_insights.errors import NotIdentifiedError

IntArray = npt.NDArray[np.int64]


def encode_titles(title: npt.ArrayLike) -> IntArray:
    """Number titles 0, 1, ... in sorted order; shape (n,) in, (n,) out."""
    return np.unique(np.asarray(title), return_inverse=True)[1].astype(np.int64)


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
        When there are fewer titles than folds.
    """
    codes = encode_titles(title)
    sizes = np.bincount(codes)
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
