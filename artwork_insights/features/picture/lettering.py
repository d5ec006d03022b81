"""How much lettering there is, how large, and where."""

from __future__ import annotations

from math import nan
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from artwork_insights.features.text.lines import FloatArray, TextLines

MASK_SIDE_PX = 512
LARGEST_RATIO = 2.0  # of the letter heights of two lines in one block
_SUBPIXEL_BITS = 4


def measure_lettering(lines: TextLines) -> dict[str, Any]:
    """Measure the lettering; see `catalog.columns.text`.

    The area is that of the union of the lines inside the frame, so overlapping lines count once. Letters are as high
    as the shorter side of their line, also on lines that climb. Lines form a block where the gap between them is no
    wider than the smaller of their letters, and the letters differ by at most a factor of 2.

    Parameters
    ----------
    lines : TextLines
        Of one picture.
    """
    mask = _covered(lines)
    share = float(mask.mean())
    if not len(lines) or share == 0:
        return {
            "text_area_share": 0.0, "text_line_count": 0, "text_block_count": 0, "text_height_max": nan,
            "text_x": nan, "text_y": nan, "text_lower_third_share": nan,
        }  # fmt: skip
    heights = letter_heights(lines.corners)
    rows, columns = mask.sum(axis=1), mask.sum(axis=0)
    centres = (np.arange(MASK_SIDE_PX) + 0.5) / MASK_SIDE_PX
    return {
        "text_area_share": share,
        "text_line_count": len(lines),
        "text_block_count": count_blocks(lines.corners, heights),
        "text_height_max": min(float(heights.max()) / lines.height_px, 1.0),
        "text_x": float(centres @ columns / columns.sum()),
        "text_y": float(centres @ rows / rows.sum()),
        "text_lower_third_share": float(rows[centres > 2 / 3].sum() / rows.sum()),
    }


def letter_heights(corners: FloatArray) -> npt.NDArray[np.float64]:
    """Shorter side of each rotated rectangle, in its own unit; shape (n,)."""
    sides = np.linalg.norm(np.diff(corners[:, :3].astype(np.float64), axis=1), axis=2)
    return np.asarray(sides.min(axis=1), dtype=np.float64)


def count_blocks(corners: FloatArray, heights: npt.NDArray[np.float64]) -> int:
    """Groups of lines that stand together.

    Parameters
    ----------
    corners : float32 array of shape (n, 4, 2)
    heights : float64 array of shape (n,)
        Of the letters, in the same unit.
    """
    low, high = corners.min(axis=1), corners.max(axis=1)
    gaps = np.maximum(np.maximum(low[:, None], low[None]) - np.minimum(high[:, None], high[None]), 0)
    smaller = np.minimum(heights[:, None], heights[None])
    larger = np.maximum(heights[:, None], heights[None])
    joined = (gaps.max(axis=2) <= smaller) & (larger <= LARGEST_RATIO * smaller)
    labels = np.arange(len(heights))
    while True:
        lowest = np.where(joined, labels[None], len(labels)).min(axis=1)
        if np.array_equal(lowest, labels):
            return len(np.unique(labels))
        labels = lowest


def _covered(lines: TextLines) -> npt.NDArray[np.uint8]:
    """1 where lettering stands, over the frame stretched to a square of `MASK_SIDE_PX`."""
    mask = np.zeros((MASK_SIDE_PX, MASK_SIDE_PX), np.uint8)
    scale = np.array([MASK_SIDE_PX / lines.width_px, MASK_SIDE_PX / lines.height_px])
    for corners in lines.corners * scale - 0.5:
        fixed = np.rint(corners * 2**_SUBPIXEL_BITS).astype(np.int32)
        cv2.fillConvexPoly(mask, fixed, 1, lineType=cv2.LINE_8, shift=_SUBPIXEL_BITS)
    return mask
