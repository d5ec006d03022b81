"""An embedding in few numbers: principal components, as many as held-out titles ask for.

The projection never sees the treatment or the outcome. One made to predict the treatment would put the treatment itself
among the confounders, which is the failure that `design.embedding_guard` looks for.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
N_FOLDS = 5
MOST_ROWS = 20_000


def principal_components(embedding: FloatArray, largest: int) -> FloatArray:
    """Scores on the leading principal components; shape (n, d) in, (n, at most `largest`) out; signs fixed."""
    centred = embedding - embedding.mean(axis=0)
    covariance = centred.T @ centred / max(len(centred) - 1, 1)
    values, vectors = np.linalg.eigh(covariance)
    keep = np.argsort(-values)[: min(largest, len(embedding) - 1, embedding.shape[1])]
    keep = keep[values[keep] > 1e-10 * max(values.max(), 1e-300)]
    directions = vectors[:, keep]
    signs = np.sign(directions[np.abs(directions).argmax(axis=0), np.arange(directions.shape[1])])
    return np.asarray(centred @ (directions * signs), dtype=np.float64)


def choose_components(embedding: FloatArray, titles: npt.ArrayLike | None = None, *, largest: int) -> int:
    """Number of principal components under which held-out titles are most likely.

    For every number k, probabilistic principal components (the leading k directions, and equal noise in all others) are
    fitted on the other folds; the k with the largest log-likelihood of the held-out rows wins. One eigendecomposition
    per fold serves every k. More than 20,000 rows are thinned evenly, in the order of titles.

    Parameters
    ----------
    embedding : array of shape (n, d)
    titles : array of shape (n,), optional
        Rows of a title are held out together.
    largest : int
        Largest number to consider, at least 1.

    Returns
    -------
    int in [1, largest]
        All d where that is no more than `largest`, since an embedding of few numbers needs no shortening; `largest`
        where there are too few rows or titles to hold some out.

    References
    ----------
    Tipping and Bishop (1999), Probabilistic principal component analysis.
    """
    n, d = embedding.shape
    code = np.arange(n) if titles is None else np.unique(np.asarray(titles), return_inverse=True)[1]
    rows = np.argsort(code, kind="stable")[:: max(1, -(-n // MOST_ROWS))]
    fold = code[rows] % N_FOLDS
    if d <= largest or len(np.unique(fold)) < N_FOLDS or len(rows) < 2 * N_FOLDS:
        return int(max(1, min(largest, d)))
    total = np.zeros(largest)
    for held_out in range(N_FOLDS):
        total += _log_likelihoods(embedding[rows[fold != held_out]], embedding[rows[fold == held_out]], largest)
    return int(total.argmax()) + 1


def _log_likelihoods(train: FloatArray, test: FloatArray, most: int) -> FloatArray:
    """Log-likelihood of `test` under 1, ..., `most` components fitted on `train`, up to a constant; shape (most,)."""
    mean, d = train.mean(axis=0), train.shape[1]
    values, vectors = np.linalg.eigh(np.cov(train.T, bias=True))
    values, vectors = np.maximum(values[::-1], 0.0), vectors[:, ::-1]
    floor = 1e-12 * max(values[0], 1e-300)
    squares = (((test - mean) @ vectors) ** 2).sum(axis=0)
    k = np.arange(1, most + 1)
    signal = np.maximum(values[:most], floor)
    noise = np.maximum((values.sum() - np.cumsum(values)[:most]) / (d - k), floor)
    inside = np.cumsum(len(test) * np.log(signal) + squares[:most] / signal)
    outside = len(test) * (d - k) * np.log(noise) + (squares.sum() - np.cumsum(squares)[:most]) / noise
    return np.asarray(-0.5 * (inside + outside))
