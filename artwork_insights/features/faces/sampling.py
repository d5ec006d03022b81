"""Means over rectangles of one image: every resampling of the face cascade from a single integral image."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

FloatImage = npt.NDArray[np.float32]
ByteImage = npt.NDArray[np.uint8]
IntArray = npt.NDArray[np.int64]

_LARGEST_EXACT_INT32_SUM = (2**31 - 1) // 255
_LARGEST_REMAP_SIDE = 2**15 - 2


class AreaSampler:
    """Area resampling of an image and of many crops of it, without touching its pixels again.

    A summed-area table (Crow 1984, "Summed-area tables for texture mapping") gives the mean over any rectangle in four
    look-ups. Rectangles are those of adaptive average pooling, so that the numbers equal
    ``torch.nn.functional.interpolate(..., mode="area")``, which `facenet_pytorch` uses.

    Parameters
    ----------
    pixels : uint8 array of shape (height, width, 3)
    """

    def __init__(self, pixels: ByteImage) -> None:
        self.height, self.width = pixels.shape[:2]
        small = self.height * self.width <= _LARGEST_EXACT_INT32_SUM
        self._table = cv2.integral(pixels, sdepth=cv2.CV_32S if small else cv2.CV_64F)

    def resize(self, height: int, width: int) -> FloatImage:
        """Whole image at another size; shape (1, height, width, 3), values 0 to 255."""
        top, bottom = (edge[0] for edge in _bounds(np.zeros(1, np.int64), np.array([self.height]), height))
        left, right = (edge[0] for edge in _bounds(np.zeros(1, np.int64), np.array([self.width]), width))
        rows = self._table[bottom]
        rows -= self._table[top]
        sums = np.take(rows, right, axis=1)
        sums -= np.take(rows, left, axis=1)
        per_pixel = (1.0 / ((bottom - top)[:, None] * (right - left))).astype(np.float32)
        return np.asarray(sums.astype(np.float32) * per_pixel[..., None])[None]

    def crops(self, boxes: IntArray, height: int, width: int) -> FloatImage:
        """Crops resampled to one size, all in one gather.

        Parameters
        ----------
        boxes : int array of shape (n, 4)
            xmin, ymin, xmax, ymax in pixels, upper ends exclusive, inside the image and not empty.
        height, width : int
            Of the result, in pixels.

        Returns
        -------
        float32 array of shape (n, height, width, 3), values 0 to 255
        """
        left, right = _bounds(boxes[:, 0], boxes[:, 2], width)
        top, bottom = _bounds(boxes[:, 1], boxes[:, 3], height)
        sums = self._gather(bottom, right)
        sums -= self._gather(top, right)
        sums -= self._gather(bottom, left)
        sums += self._gather(top, left)
        per_pixel = (1.0 / ((bottom - top)[:, :, None] * (right - left)[:, None, :])).astype(np.float32)
        return np.asarray(sums.astype(np.float32) * per_pixel[..., None])

    def _gather(self, rows: IntArray, columns: IntArray) -> npt.NDArray[np.int32] | npt.NDArray[np.float64]:
        """Entries of the table at the crossings of each box's rows and columns; shape (n, rows, columns, 3)."""
        n, height, width = len(rows), rows.shape[1], columns.shape[1]
        if not n or max(self.height, self.width, n * height) > _LARGEST_REMAP_SIDE:
            return np.asarray(self._table[rows[:, :, None], columns[:, None, :]])
        where = np.empty(
            (n, height, width, 2), np.int16
        )  # copied, not interpolated: several times faster than indexing
        where[..., 0], where[..., 1] = columns[:, None, :], rows[:, :, None]
        found = cv2.remap(self._table, where.reshape(n * height, width, 2), None, cv2.INTER_NEAREST)
        return np.asarray(found).reshape(n, height, width, 3)


def _bounds(low: IntArray, high: IntArray, n: int) -> tuple[IntArray, IntArray]:
    """First and one past the last pixel behind each of `n` cells; two arrays of shape (boxes, n)."""
    length = (high - low)[:, None]
    cell = np.arange(n)[None, :]
    first = (cell * length) // n
    last = -((-(cell + 1) * length) // n)
    return low[:, None] + first, low[:, None] + last
