"""The training-free embedding: colour layout, oriented gradients and a colour histogram."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from artwork_insights.features.inputs.image import ByteImage
from artwork_insights.features.picture.colour import LabImage

FloatArray = npt.NDArray[np.float32]

COLUMNS, ROWS, ORIENTATIONS = 6, 9, 8
_HUES, _SATURATIONS, _VALUES = 8, 4, 4
LAYOUT_DIMENSION = COLUMNS * ROWS * (3 + ORIENTATIONS) + _HUES * _SATURATIONS * _VALUES


def layout_embedding(pixels: ByteImage, lab: LabImage) -> FloatArray:
    """Describe an image by where its colours and edges lie; nothing is trained, nothing is downloaded.

    Three blocks, each of length 1: mean CIE L*a*b* in 6 x 9 cells; gradient energy in 8 orientations per cell (a coarse
    histogram of oriented gradients, Dalal and Triggs 2005); and the square root of a histogram over hue, saturation and
    value (8 x 4 x 4 bins).

    Parameters
    ----------
    pixels : uint8 array of shape (height, width, 3)
        RGB working image.
    lab : float32 array of the same shape
        The same in CIE L*a*b*.

    Returns
    -------
    float32 array of shape (722,)
    """
    blocks = [_colour_cells(lab), _gradient_cells(np.ascontiguousarray(lab[..., 0])), _hsv_histogram(pixels)]
    return np.concatenate([_unit(block) for block in blocks]).astype(np.float32)


def _colour_cells(lab: LabImage) -> FloatArray:
    cells = cv2.resize(lab, (COLUMNS, ROWS), interpolation=cv2.INTER_AREA)
    return np.asarray(cells - np.array([50, 0, 0], np.float32), dtype=np.float32).ravel()


def _gradient_cells(lightness: npt.NDArray[np.float32]) -> FloatArray:
    dx = cv2.Sobel(lightness, cv2.CV_32F, 1, 0, ksize=3, borderType=cv2.BORDER_REPLICATE)
    dy = cv2.Sobel(lightness, cv2.CV_32F, 0, 1, ksize=3, borderType=cv2.BORDER_REPLICATE)
    strength = np.hypot(dx, dy)
    angle = np.mod(np.arctan2(dy, dx), np.pi) * (ORIENTATIONS / np.pi)
    bins = np.minimum(angle.astype(np.int64), ORIENTATIONS - 1)
    height, width = lightness.shape
    row = np.arange(height) * ROWS // height
    column = np.arange(width) * COLUMNS // width
    cell = (row[:, None] * COLUMNS + column[None, :]) * ORIENTATIONS + bins
    energy = np.bincount(cell.ravel(), weights=strength.ravel(), minlength=ROWS * COLUMNS * ORIENTATIONS)
    return np.asarray(np.sqrt(energy / strength.size), dtype=np.float32)


def _hsv_histogram(pixels: ByteImage) -> FloatArray:
    hsv = cv2.cvtColor(pixels, cv2.COLOR_RGB2HSV).astype(np.int64)  # hue 0 to 179, the others 0 to 255
    hue = hsv[..., 0] * _HUES // 180
    saturation, value = hsv[..., 1] * _SATURATIONS // 256, hsv[..., 2] * _VALUES // 256
    bins = (hue * _SATURATIONS + saturation) * _VALUES + value
    counts = np.bincount(bins.ravel(), minlength=_HUES * _SATURATIONS * _VALUES)
    return np.asarray(np.sqrt(counts / counts.sum()), dtype=np.float32)


def _unit(block: FloatArray) -> FloatArray:
    length = float(np.linalg.norm(block))
    return block / np.float32(length) if length > 1e-12 else block
