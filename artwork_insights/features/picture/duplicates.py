"""A hash of the picture that near-identical pictures nearly share."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from artwork_insights.features.inputs.image import ByteImage

HASH_BITS = 128
GRID_SIDE = 32
LEAST_CONTRAST = 1.0  # grey levels, standard deviation; below it the signs are those of noise


def measure_duplicates(working: ByteImage) -> dict[str, Any]:
    """Hash the picture; see `catalog.columns.duplicates`.

    The signs of the `HASH_BITS` lowest frequencies of the cosine transform of a grey thumbnail of 32 x 32, lowest first
    (after Zauner 2010, Implementation and benchmarking of perceptual image hash functions, who takes 64). Resizing,
    compression and brightness hardly move a sign; lettering and a cut at the edge move a few; `near_duplicates` groups
    by the number that differ.

    Parameters
    ----------
    working : uint8 array of shape (height, width, 3)
        The working image.

    Returns
    -------
    dict
        `picture_hash`: 32 hexadecimal digits, None where the picture is one even area.
    """
    grey = cv2.cvtColor(working, cv2.COLOR_RGB2GRAY).astype(np.float32)
    grid = np.asarray(cv2.resize(grey, (GRID_SIDE, GRID_SIDE), interpolation=cv2.INTER_AREA), dtype=np.float32)
    if float(grid.std()) < LEAST_CONTRAST:
        return {"picture_hash": None}
    signs = cv2.dct(grid)[_ROWS, _COLUMNS] > 0
    return {"picture_hash": np.packbits(signs).tobytes().hex()}


def _lowest_frequencies() -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Rows and columns of the lowest frequencies of the transform but the mean, diagonal by diagonal."""
    rows, columns = np.divmod(np.arange(GRID_SIDE**2), GRID_SIDE)
    order = np.lexsort((rows, rows + columns))[1 : HASH_BITS + 1]
    return rows[order], columns[order]


_ROWS, _COLUMNS = _lowest_frequencies()
