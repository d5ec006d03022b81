"""Means over rectangles of one image: every resampling of the face cascade from a single integral image."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

FloatImage = npt.NDArray[np.float32]
ByteImage = npt.NDArray[np.uint8]
IntArray = npt.NDArray[np.int64]

_LARGEST_EXACT_INT32_SUM = 2**31 // 255


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
        table = cv2.integral(pixels, sdepth=cv2.CV_32S if small else cv2.CV_64F)
        self._rows = np.ascontiguousarray(table).reshape(-1, 3)
        self._stride = self.width + 1

    def resize(self, height: int, width: int) -> FloatImage:
        """Whole image at another size; shape (1, height, width, 3), values 0 to 255."""
        return self.crops(np.array([[0, 0, self.width, self.height]]), height, width)

    def crops(self, boxes: IntArray, height: int, width: int) -> FloatImage:
        """Crops resampled to one size.

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
        above, below = top[:, :, None] * self._stride, bottom[:, :, None] * self._stride
        before, after = left[:, None, :], right[:, None, :]
        sums = self._rows[below + after] - self._rows[above + after]
        sums -= self._rows[below + before]
        sums += self._rows[above + before]
        area = (bottom - top)[:, :, None] * (right - left)[:, None, :]
        return np.asarray(sums.astype(np.float32) * (1.0 / area).astype(np.float32)[..., None], dtype=np.float32)


def _bounds(low: IntArray, high: IntArray, n: int) -> tuple[IntArray, IntArray]:
    """First and one past the last pixel behind each of `n` cells; two arrays of shape (boxes, n)."""
    length = (high - low)[:, None]
    cell = np.arange(n)[None, :]
    first = (cell * length) // n
    last = -((-(cell + 1) * length) // n)
    return low[:, None] + first, low[:, None] + last
