"""Faces in many images at once: buckets of like sizes, one copy to the device and one back per batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch

from artwork_insights.errors import ImageError
from artwork_insights.features.faces.batched.sampling import BatchSampler
from artwork_insights.features.faces.batched.stages import ImageBatch, find_faces
from artwork_insights.features.faces.cascade import Detections
from artwork_insights.features.faces.torch_networks import TorchNetworks
from artwork_insights.features.inputs.image import ByteImage

BUCKET_PX = 64
"""Images whose sides agree when rounded up to this share a batch."""
MOST_PIXELS = 2**25
"""Of one batch, padding included: 22 images of 1000 x 1500, or 190 posters of 342 x 513."""

_Indices = list[int]


class BatchCascade:
    """The cascade of mode "fast" and "exact" in plain torch, the same code on a CPU and on a GPU.

    Resampling, thresholds and suppression are those of `cascade.run_cascade`; what differs is the order in which the
    networks add up, and that of one image at most 1,024 proposals per scale and 2,048 in all are compared.

    Parameters
    ----------
    device : str
        ``"cpu"`` or ``"cuda"``.
    most_pixels : int
        Of one batch. Where the device has no memory for it, it is halved for good.
    """

    def __init__(self, device: str = "cpu", most_pixels: int = MOST_PIXELS) -> None:
        self._device = torch.device(device)
        self._networks = TorchNetworks(device)
        self._most_pixels = most_pixels

    def detect(self, images: Sequence[ByteImage], min_faces_px: Sequence[float]) -> list[Detections | ImageError]:
        """Detect faces.

        Parameters
        ----------
        images : sequence of uint8 arrays of shape (height, width, 3)
            Of any sizes.
        min_faces_px : sequence of float
            Side of the smallest face looked for in each, in its pixels.

        Returns
        -------
        list of Detections or ImageError
            One per image, in their order; an error where the device has no memory even for that image alone.
        """
        results: dict[int, Detections | ImageError] = {}
        batches = list(cut_into_batches([image.shape[:2] for image in images], self._most_pixels))
        with ThreadPoolExecutor(1) as filler:  # the next batch is filled while the device works
            upcoming = filler.submit(self._filled, images, batches[0]) if batches else None
            for number, batch in enumerate(batches):
                assert upcoming is not None
                filled = upcoming.result()
                if number + 1 < len(batches):
                    upcoming = filler.submit(self._filled, images, batches[number + 1])
                results |= self._detect(images, min_faces_px, batch, filled)
        return [results[i] for i in range(len(images))]

    def _detect(
        self, images: Sequence[ByteImage], min_faces_px: Sequence[float], batch: _Indices, filled: torch.Tensor
    ) -> dict[int, Detections | ImageError]:
        """Detections by number of the image; in halves where the device lacks memory."""
        sizes = [images[i].shape[:2] for i in batch]
        try:
            rows = self._rows(filled, sizes, [min_faces_px[i] for i in batch])
        except torch.OutOfMemoryError:
            rows = None
        if rows is not None:
            return {i: _detections_of(rows[rows[:, 0] == place]) for place, i in enumerate(batch)}
        if self._device.type == "cuda":
            torch.cuda.empty_cache()
        if len(batch) == 1:
            height, width = sizes[0]
            return {batch[0]: ImageError(f"{width} x {height} pixels do not fit into the memory of the device.")}
        self._most_pixels //= 2
        halves = batch[: len(batch) // 2], batch[len(batch) // 2 :]
        parts = [self._detect(images, min_faces_px, half, self._filled(images, half)) for half in halves]
        return parts[0] | parts[1]

    @torch.inference_mode()
    def _rows(
        self, filled: torch.Tensor, sizes: Sequence[tuple[int, int]], min_faces_px: Sequence[float]
    ) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
        """One copy to the device, one back; see `find_faces`."""
        sampler = BatchSampler(filled.to(self._device, non_blocking=True))
        frame = torch.tensor([(width, height) for height, width in sizes], device=self._device)
        found = find_faces(self._networks, ImageBatch(sampler, sizes, min_faces_px, frame))
        rows: np.ndarray[tuple[int, int], np.dtype[np.float32]] = found.cpu().numpy()
        return rows

    def _filled(self, images: Sequence[ByteImage], batch: _Indices) -> torch.Tensor:
        """The images of a batch, each at the upper left of its place; page-locked where it goes to a GPU."""
        height, width = (max(images[i].shape[axis] for i in batch) for axis in (0, 1))
        shape = (len(batch), height, width, 3)
        filled = torch.empty(shape, dtype=torch.uint8, pin_memory=self._device.type == "cuda")
        places = filled.numpy()
        for place, i in enumerate(batch):
            places[place, : images[i].shape[0], : images[i].shape[1]] = images[i]
        return filled


def cut_into_batches(sizes: Sequence[tuple[int, ...]], most_pixels: int) -> Iterator[_Indices]:
    """Numbers of the images of each batch: neighbours in size, and no more pixels than allowed unless alone."""
    buckets: dict[tuple[int, ...], _Indices] = {}
    for i, size in enumerate(sizes):
        buckets.setdefault(tuple(-(-side // BUCKET_PX) for side in size), []).append(i)
    for bucket in sorted(buckets):
        pixels = bucket[0] * bucket[1] * BUCKET_PX**2
        step = max(most_pixels // pixels, 1)
        numbers = buckets[bucket]
        yield from (numbers[start : start + step] for start in range(0, len(numbers), step))


def _detections_of(rows: np.ndarray[tuple[int, int], np.dtype[np.float32]]) -> Detections:
    return Detections(rows[:, 1:5], rows[:, 5], rows[:, 6:].reshape(-1, 5, 2))
