"""Measure with a device: processes decode and do what no network is needed for, this one fills batches for the device.

Three things go on at once: processes prepare images, one thread keeps the device busy with a window of them, and the
caller takes what is done. A decoder that crashes or hangs therefore costs its own image, as on a CPU.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from artwork_insights.errors import ImageError
from artwork_insights.features.embedding.embedder import Embedder
from artwork_insights.features.extraction.crew import SECONDS_PER_IMAGE, Crew
from artwork_insights.features.extraction.handover import Prepared, embeds_by_network
from artwork_insights.features.extraction.measure import describe_faces
from artwork_insights.features.extraction.measurement import Failure, Result
from artwork_insights.features.extraction.plan import MeasurePlan
from artwork_insights.features.faces.batched.cascade import MOST_PIXELS, BatchCascade
from artwork_insights.features.faces.cascade import Detections
from artwork_insights.features.faces.detector import cascade_input, counted_faces
from artwork_insights.features.faces.torch_networks import keep_float32
from artwork_insights.features.inputs.image import ByteImage

_WINDOW_PIXELS = 2 * MOST_PIXELS  # of images that go to the device together: batches enough to fill one meanwhile
_WINDOW_IMAGES = 1024
_FINISHERS = 4
_BACKBONE_BATCH = 256

Vector = npt.NDArray[np.float32]
_Found = Detections | ImageError | None


@dataclass(frozen=True, slots=True)
class _Looked:
    """A window of images, and what the device found; lists are parallel.

    Attributes
    ----------
    images : sequence of Prepared or Failure
    found : sequence
        Faces of each, or that they do not fit into the memory of the device.
    vectors : sequence
        Embedding of each.
    seconds : dict of str to float
        Time of the device per group and image.
    """

    images: Sequence[Prepared | Failure]
    found: Sequence[_Found]
    vectors: Sequence[Vector | ImageError | None]
    seconds: dict[str, float]


class BatchMeasurer:
    """Processes around one device; use it in a ``with`` statement.

    Parameters
    ----------
    plan : MeasurePlan
        Of mode "fast" or "exact"; its device may be ``"cpu"``, where this is no faster than a `Crew` but the same code.
    n_workers : int
        Processes that decode.
    seconds_per_image : float
        See `Crew`.
    """

    def __init__(self, plan: MeasurePlan, n_workers: int, seconds_per_image: float = SECONDS_PER_IMAGE) -> None:
        if plan.device != "cpu":
            keep_float32()
        self._plan = plan
        self._crew = Crew(plan, n_workers, seconds_per_image, hands_over=True)
        self._cascade = BatchCascade(plan.device) if "faces" in plan.groups else None
        self._embedder = Embedder(plan.embedding, plan.device) if embeds_by_network(plan) else None

    def __enter__(self) -> BatchMeasurer:
        self._crew.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._crew.__exit__(kind, error, traceback)

    def measure(self, addresses: Iterable[str]) -> Iterator[Result]:
        """Measure images; see `Crew.measure`."""
        running: deque[Future[_Looked]] = deque()
        with ThreadPoolExecutor(1) as device, ThreadPoolExecutor(_FINISHERS) as finishers:
            for window in windows(self._crew.prepare(addresses)):
                running.append(device.submit(self._look, window))
                if len(running) > 1:  # one runs while the next is collected
                    yield from self._finished(running.popleft().result(), finishers)
            while running:
                yield from self._finished(running.popleft().result(), finishers)

    def _look(self, images: Sequence[Prepared | Failure]) -> _Looked:
        """Run the networks over a window."""
        there = [image for image in images if isinstance(image, Prepared)]
        begun = time.perf_counter()
        faces = iter(self._find_faces(there))
        then = time.perf_counter()
        vectors = iter(self._embed([image.resized for image in there if image.resized is not None]))
        seconds = {"faces": then - begun, "embedding": time.perf_counter() - then}
        used = {"faces": self._cascade, "embedding": self._embedder}
        return _Looked(
            images,
            [next(faces) if self._cascade and isinstance(image, Prepared) else None for image in images],
            [next(vectors) if self._embedder and isinstance(image, Prepared) else None for image in images],
            {stage: spent / len(there) for stage, spent in seconds.items() if used[stage] and there},
        )

    def _find_faces(self, images: Sequence[Prepared]) -> list[Detections | ImageError]:
        if self._cascade is None:
            return []
        seen = [cascade_input(image.pixels, self._plan.mode) for image in images if image.pixels is not None]
        return self._cascade.detect([pixels for pixels, _ in seen], [smallest for _, smallest in seen])

    def _embed(self, images: Sequence[ByteImage], most: int = _BACKBONE_BATCH) -> list[Vector | ImageError]:
        """Vectors of resized pictures; in ever smaller batches where the device lacks memory."""
        vectors: list[Vector | ImageError] = []
        for start in range(0, len(images), most):
            batch = images[start : start + most]
            assert self._embedder is not None
            try:
                vectors += list(self._embedder.embed_resized(batch))
                continue
            except torch.OutOfMemoryError:
                pass  # its traceback holds what filled the memory
            if self._plan.device == "cuda":
                torch.cuda.empty_cache()
            none = ImageError("the backbone does not fit into the memory of the device; use --device cpu.")
            vectors += self._embed(batch, len(batch) // 2) if len(batch) > 1 else [none]
        return vectors

    def _finished(self, looked: _Looked, finishers: ThreadPoolExecutor) -> Iterator[Result]:
        shares = [looked.seconds] * len(looked.images)
        return finishers.map(self._finish, looked.images, looked.found, looked.vectors, shares)

    def _finish(
        self, image: Prepared | Failure, found: _Found, vector: Vector | ImageError | None, seconds: dict[str, float]
    ) -> Result:
        """What was measured in the process, and what follows from that of the device."""
        if isinstance(image, Failure):
            return image
        for outcome in (found, vector):
            if isinstance(outcome, ImageError):
                return Failure("process", "OutOfMemoryError", f"{image.address}: {outcome}")
        done = image.measurement
        faces = None
        values: dict[str, Any] = dict(done.values)
        if isinstance(found, Detections):
            assert image.pixels is not None and image.planes is not None
            pixels, _ = cascade_input(image.pixels, self._plan.mode)
            seen = (pixels.shape[1], pixels.shape[0])
            faces = counted_faces(found, seen, image.width_px, image.height_px, self._plan.mode)
            values |= describe_faces(faces, image.pixels, image.planes)
        embedding = done.embedding if vector is None or isinstance(vector, ImageError) else vector
        return replace(done, values=values, embedding=embedding, faces=faces, seconds=done.seconds | seconds)


def windows(images: Iterable[Prepared | Failure]) -> Iterator[list[Prepared | Failure]]:
    """Neighbours that go to the device together."""
    window: list[Prepared | Failure] = []
    n_pixels = 0
    for image in images:
        window.append(image)
        if isinstance(image, Prepared) and image.pixels is not None:
            n_pixels += image.pixels.shape[0] * image.pixels.shape[1]
        if n_pixels >= _WINDOW_PIXELS or len(window) >= _WINDOW_IMAGES:
            yield window
            window, n_pixels = [], 0
    if window:
        yield window
