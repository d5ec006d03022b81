"""Means over rectangles of many images: `faces.sampling.AreaSampler` for a whole batch, on the device."""

from __future__ import annotations

import torch


class BatchSampler:
    """Area resampling of a batch of images and of crops of all of them.

    The rule is that of `AreaSampler`, and sums are exact in int32: where the table wraps round, as it does beyond
    8 million pixels, the difference of its entries is right all the same.

    Parameters
    ----------
    pixels : uint8 tensor of shape (n, height, width, 3)
        Images at the upper left; what lies beyond one is never read.
    """

    def __init__(self, pixels: torch.Tensor) -> None:
        n, height, width, _ = pixels.shape
        sums = pixels.permute(0, 3, 1, 2).contiguous().cumsum(3, dtype=torch.int32).cumsum(2, dtype=torch.int32)
        table = sums.new_zeros(n, height + 1, width + 1, 3)
        table[:, 1:, 1:] = sums.permute(0, 2, 3, 1)
        self._rows, self._columns = height + 1, width + 1
        self._table = table.view(-1, 3)

    def means(self, image: torch.Tensor, boxes: torch.Tensor, cells: torch.Tensor, size: torch.Size) -> torch.Tensor:
        """Rectangles of the images, each cut into its own number of cells, in one gather.

        Parameters
        ----------
        image : int tensor of shape (m,)
            Which image each rectangle is of.
        boxes : int tensor of shape (m, 4)
            xmin, ymin, xmax, ymax in pixels, upper ends exclusive, inside the image and not empty.
        cells : int tensor of shape (m, 2)
            Rows and columns of cells.
        size : sequence of two ints
            Rows and columns of the result; beyond its cells a rectangle repeats the last.

        Returns
        -------
        float32 tensor of shape (m, *size, 3), values 0 to 255
        """
        left, right = _bounds(boxes[:, 0], boxes[:, 2], cells[:, 1], size[1])
        top, bottom = _bounds(boxes[:, 1], boxes[:, 3], cells[:, 0], size[0])
        sums = self._gather(image, bottom, right)
        sums -= self._gather(image, top, right)
        sums -= self._gather(image, bottom, left)
        sums += self._gather(image, top, left)
        area = (bottom - top)[:, :, None] * (right - left)[:, None, :]
        return sums.float() * area.double().reciprocal().float()[..., None]

    def _gather(self, image: torch.Tensor, rows: torch.Tensor, columns: torch.Tensor) -> torch.Tensor:
        """Entries of the table at the crossings of rows and columns; shape (m, rows, columns, 3)."""
        start = (image[:, None] * self._rows + rows) * self._columns
        where = start[:, :, None] + columns[:, None, :]
        return self._table.index_select(0, where.flatten()).view(*where.shape, 3)


def _bounds(low: torch.Tensor, high: torch.Tensor, cells: torch.Tensor, n: int) -> tuple[torch.Tensor, torch.Tensor]:
    """First and one past the last pixel behind each of `n` cells; two tensors of shape (boxes, n)."""
    length, cells = (high - low)[:, None], cells[:, None]
    cell = torch.minimum(torch.arange(n, device=low.device)[None, :], cells - 1)
    first = cell * length // cells
    last = ((cell + 1) * length + cells - 1) // cells
    return low[:, None] + first, low[:, None] + last
