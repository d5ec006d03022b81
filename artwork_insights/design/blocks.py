"""Independent blocks: titles that share a picture are one observation, not two.

Across titles two pictures count as one only when their hashes differ by few bits. The wider limit of
`features.near_duplicates`, right within a title, lets one pair in a million match by chance; between all pairs of a
large catalogue such matches would chain most titles into one block.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from artwork_insights.design.folds import IntArray, encode_titles
from artwork_insights.features.near_duplicates import find_duplicate_groups

SAME_PICTURE_BITS = 8  # recompressed and resized copies; unrelated pictures differ by 64 bits, SD 6


def join_titles(title: npt.ArrayLike, picture_hash: npt.ArrayLike) -> IntArray:
    """Join titles that share a picture, directly or through other titles.

    Parameters
    ----------
    title : array of shape (n,)
    picture_hash : array of shape (n,)
        Perceptual hash of each row's artwork, 32 hexadecimal digits; a missing one joins nothing.

    Returns
    -------
    array of shape (n,), int
        Codes 0, 1, ... of connected components of titles.
    """
    codes = encode_titles(title)
    picture, hashes = pd.factorize(np.asarray(picture_hash, dtype=object))
    known = picture >= 0
    group = (
        np.where(known, find_duplicate_groups(list(hashes), SAME_PICTURE_BITS)[picture], -1) if len(hashes) else picture
    )
    n_titles, n_groups = int(codes.max(initial=-1)) + 1, int(group.max(initial=-1)) + 1
    size = n_titles + n_groups
    links = coo_array((np.ones(known.sum()), (codes[known], n_titles + group[known])), shape=(size, size))
    _, component = connected_components(links, directed=False)
    return encode_titles(component[codes])
