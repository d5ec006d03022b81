"""Straight lines that order the frame: black bars around the picture, and the horizon."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

PlaneArray = npt.NDArray[np.float32]
ByteArray = npt.NDArray[np.uint8]
GradientArray = npt.NDArray[np.int16]

_FLAT_L = 3.0  # the noise of a strong JPEG within a bar, after shrinking
_STEP_L = 4.0
_SMALLEST_BAR, _SMALLEST_PICTURE, _UNEVEN = 0.02, 0.2, 0.02
_LEVEL_SLOPE = np.tan(np.radians(22.5))
_HORIZON_BAND, _HORIZON_GAP, _HORIZON_REACH, _HORIZON_STEP_L = 0.1, 0.05, 0.01, 5.0
HORIZON_STRENGTH = 0.5


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars of one colour on opposite sides of the picture.

    Attributes
    ----------
    top, bottom, left, right : int
        Rows and columns they take; 0 where there is none.
    """

    top: int = 0
    bottom: int = 0
    left: int = 0
    right: int = 0


def find_bars(lightness: PlaneArray) -> Bars:
    """Letterbox and pillarbox bars.

    Bars are flat from side to side, of one lightness, about equally wide on both sides, and end at a straight line at
    which at least half of the picture differs from them: a dark sky fades, has no counterpart below, or has a ragged
    edge.

    Parameters
    ----------
    lightness : float32 array of shape (height, width)
        CIE L*, 0 to 100.
    """
    top, bottom = _pair_of_bars(lightness)
    inner = lightness[top : lightness.shape[0] - bottom]
    left, right = _pair_of_bars(inner.T)
    return Bars(top, bottom, left, right)


def _pair_of_bars(lightness: PlaneArray) -> tuple[int, int]:
    """Rows of the bars above and below; (0, 0) unless there are both."""
    n = len(lightness)
    first, last = _flat_rows(lightness), _flat_rows(lightness[::-1])
    if min(first, last) < max(_SMALLEST_BAR * n, 1) or abs(first - last) > max(_UNEVEN * n, 1):
        return 0, 0
    if n - first - last < _SMALLEST_PICTURE * n or abs(float(lightness[0].mean() - lightness[-1].mean())) > _FLAT_L:
        return 0, 0
    if not (_ends_sharply(lightness, first) and _ends_sharply(lightness[::-1], last)):
        return 0, 0
    return first, last


def _flat_rows(lightness: PlaneArray) -> int:
    """Rows from the first on that have the lightness of the first one throughout."""
    middle = float(lightness[0].mean())
    if np.ptp(lightness[0]) > 2 * _FLAT_L:
        return 0
    flat = (lightness.max(axis=1) <= middle + _FLAT_L) & (lightness.min(axis=1) >= middle - _FLAT_L)
    return int(len(flat) if flat.all() else np.argmin(flat))


def _ends_sharply(lightness: PlaneArray, rows: int) -> bool:
    """Whether half of the columns leave the bar at once; the row after it may still be a blend of both.

    A fade leaves it little by little: three rows further on it has more than doubled its distance.
    """
    soon, later = (lightness[min(rows + n, len(lightness) - 1)] - lightness[0].mean() for n in (1, 4))
    return float((np.abs(soon) > np.maximum(_STEP_L, 0.5 * np.abs(later))).mean()) >= 0.5


def find_horizon(
    lightness: PlaneArray, edges: ByteArray, dx: GradientArray, dy: GradientArray, bars: Bars
) -> tuple[float, float]:
    """Place and strength of the strongest level line that parts a lighter from a darker half of its surroundings.

    Looked for between 15 and 85 % of the height and off the bars. Its strength is the share of the columns that have,
    within 1 % of the height, an edge that is level to 22.5 degrees, and that differ in lightness above and below it, 5
    to 15 % of the height away, by more than 5 and all the same way. A line of letters has one ground on both sides.

    Parameters
    ----------
    lightness : float32 array of shape (height, width)
        CIE L*, 0 to 100.
    edges : uint8 array of the same shape
        Not 0 on an edge.
    dx, dy : int16 arrays of the same shape
        Gradients from left to right and from top to bottom.
    bars : Bars

    Returns
    -------
    y, strength : float
        `y` as share of the height from the top; NaN where less than half of the columns take part.
    """
    height = len(edges)
    band, gap, reach = (max(round(s * height), 1) for s in (_HORIZON_BAND, _HORIZON_GAP, _HORIZON_REACH))
    first, last = bars.top + gap + band, height - bars.bottom - gap - band  # lines with whole bands on both sides
    if last <= first:
        return float("nan"), 0.0
    level = (edges > 0) & (np.abs(dx) <= _LEVEL_SLOPE * np.abs(dy))
    near = cv2.dilate(level.view(np.uint8), np.ones((2 * reach + 1, 1), np.uint8))[first:last] > 0
    means = cv2.blur(lightness, (1, band), anchor=(0, 0))  # of each row and those that follow it
    step = means[first + gap : last + gap] - means[first - gap - band : last - gap - band]
    share = np.maximum((near & (step > _HORIZON_STEP_L)).mean(axis=1), (near & (step < -_HORIZON_STEP_L)).mean(axis=1))
    strength = float(share.max())
    if strength < HORIZON_STRENGTH:
        return float("nan"), strength
    return (first + float(np.flatnonzero(share == share.max()).mean())) / height, strength
