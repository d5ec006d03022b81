"""Fine detail of a picture: how sharp it is, how much of it there is, and whether it keeps to the middle."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

PlaneArray = npt.NDArray[np.float32]

LEVELS = 3
_NO_DETAIL = 1e-3
EVEN_SHARE = 0.25


def laplacian_variance(lightness: PlaneArray) -> float:
    """Variance of the Laplacian of lightness, the focus measure of Pech-Pacheco et al. (2000); CIE L* squared.

    Parameters
    ----------
    lightness : float32 array of shape (height, width)
        CIE L*, 0 to 100.
    """
    laplacian = cv2.Laplacian(lightness, cv2.CV_32F, borderType=cv2.BORDER_REPLICATE)
    return float(cv2.meanStdDev(laplacian)[1][0, 0] ** 2)


def haar_details(lightness: PlaneArray) -> list[PlaneArray]:
    """Detail of a picture at scales of 2, 4 and 8 pixels: coefficients of the orthonormal Haar wavelet.

    Odd rows and columns at the end are left out; a side of less than 2 pixels ends the list early.

    Returns
    -------
    list of at most three float32 arrays of shape (3, rows, columns)
        Left against right, upper against lower, and along the diagonals.
    """
    details: list[PlaneArray] = []
    rest = lightness
    while len(details) < LEVELS and min(rest.shape) >= 2:
        height, width = (side // 2 * 2 for side in rest.shape)
        upper, lower = rest[0:height:2, :width], rest[1:height:2, :width]
        total, gap = (upper + lower) * np.float32(0.5), (upper - lower) * np.float32(0.5)
        details.append(
            np.stack([total[:, ::2] - total[:, 1::2], gap[:, ::2] + gap[:, 1::2], gap[:, ::2] - gap[:, 1::2]])
        )
        rest = total[:, ::2] + total[:, 1::2]
    return details


def detail_entropy(details: list[PlaneArray]) -> float:
    """Bits that a coefficient of the Haar wavelet takes, rounded to whole L*: mean over scales and directions.

    Busy pictures need more bits: the subband entropy of Rosenholtz, Li and Nakano (2007, "Measuring visual clutter")
    on lightness alone, with the Haar wavelet in place of the steerable pyramid. 0 for a flat picture and for one that
    is too small for a wavelet.
    """
    return float(np.mean([_entropy(detail) for detail in details])) if details else 0.0


def _entropy(detail: PlaneArray) -> float:
    """Mean entropy of the three directions of one scale, in bits; counted in one go, each in a range of its own."""
    whole = np.rint(detail).astype(np.int64)
    width = int(whole.max() - whole.min()) + 1
    counts = np.bincount((whole - whole.min() + width * np.arange(3)[:, None, None]).ravel())
    share = counts[counts > 0] / (detail.size / 3)
    return max(float(-(share * np.log2(share)).sum()) / 3, 0.0)


def centre_detail_share(details: list[PlaneArray]) -> float:
    """Share of the finest detail that lies in the middle quarter of the frame: 0.25 where it lies evenly.

    A sharp subject before a blurred ground has far more: the depth-of-field indicator of Datta, Joshi, Li and Wang
    (2006, "Studying aesthetics in photographic images"), on lightness alone and at the finest scale, where blur shows
    first. A picture without detail has 0.25.
    """
    if not details:
        return EVEN_SHARE
    strength = np.abs(details[0]).sum(axis=0)
    total = float(strength.sum(dtype=np.float64))
    if total < _NO_DETAIL * strength.size:
        return EVEN_SHARE
    rows, columns = (_middle_half(side) for side in strength.shape)
    return float(np.clip(rows @ strength @ columns / total, 0, 1))


def _middle_half(n: int) -> PlaneArray:
    """How much of each of n cells lies in the middle half of them; sums to n / 2."""
    start = np.arange(n)
    inside = np.minimum(start + 1, 0.75 * n) - np.maximum(start, 0.25 * n)
    return np.asarray(np.clip(inside, 0, 1), dtype=np.float32)
