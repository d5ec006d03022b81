"""What a measuring process leaves to the device, and the shared memory through which it hands pixels over."""

from __future__ import annotations

import mmap
import os
import pickle
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from artwork_insights.features.embedding.embedder import network_pixels
from artwork_insights.features.embedding.weights import find_backbone
from artwork_insights.features.extraction.measure import Measurer, look_at, open_image
from artwork_insights.features.extraction.measurement import Failure, Measurement
from artwork_insights.features.extraction.plan import MeasurePlan
from artwork_insights.features.inputs.image import MAX_PIXELS, ByteImage
from artwork_insights.features.inputs.location import read_bytes
from artwork_insights.features.picture.colour import ColourPlanes

_BOARD_BYTES = 3 * MAX_PIXELS + 2**25  # the largest image and what else is handed over; memory only where written


@dataclass(frozen=True, slots=True)
class Prepared:
    """An image of which all is measured but what networks on a device find.

    Attributes
    ----------
    address : str
    measurement : Measurement
        Without faces, and without an embedding where a network makes it.
    width_px, height_px : int
        Of the upright original.
    pixels : uint8 array of shape (height, width, 3), or None
        The decoded image; None where no faces are asked for.
    planes : ColourPlanes or None
        Likewise.
    resized : uint8 array of shape (size, size, 3), or None
        What the backbone looks at.
    """

    address: str
    measurement: Measurement
    width_px: int
    height_px: int
    pixels: ByteImage | None
    planes: ColourPlanes | None
    resized: ByteImage | None


def embeds_by_network(plan: MeasurePlan) -> bool:
    """Whether a backbone makes the embedding."""
    return "embedding" in plan.groups and plan.embedding.weights is not None


def needs_device(plan: MeasurePlan) -> bool:
    """Whether anything of a plan is found by a network that may run on a GPU."""
    return "faces" in plan.groups or embeds_by_network(plan)


class Preparer:
    """Measures on the CPU what no device is needed for.

    Parameters
    ----------
    plan : MeasurePlan
        Of the whole extraction.
    """

    def __init__(self, plan: MeasurePlan) -> None:
        by_network = embeds_by_network(plan)
        left = {"faces"} | ({"embedding"} if by_network else set())
        groups = tuple(group for group in plan.groups if group not in left)
        self._measurer = Measurer(replace(plan, groups=groups, device="cpu"))
        self._reduced = plan.mode != "exact"
        self._finds_faces = "faces" in plan.groups
        self._backbone = find_backbone(plan.embedding.name) if by_network else None

    def measure_file(self, address: str, read: Callable[[str], bytes] = read_bytes) -> Prepared | Failure:
        """Measure the image at a path or address as far as it goes; an unusable image is a `Failure`."""
        opened = open_image(address, read, reduced=self._reduced)
        if isinstance(opened, Failure):
            return opened
        image, seconds = opened
        begun = time.perf_counter()
        views = look_at(image.pixels)
        seconds["views"] = time.perf_counter() - begun
        measurement = self._measurer.measure(image, seconds, views)
        resized = network_pixels(image.pixels, self._backbone) if self._backbone else None
        pixels, planes = (image.pixels, views.planes) if self._finds_faces else (None, None)
        return Prepared(address, measurement, image.width_px, image.height_px, pixels, planes, resized)


@dataclass(frozen=True, slots=True)
class Posted:
    """An object whose arrays lie on a `Board`.

    Attributes
    ----------
    pickled : bytes
        The object without its arrays.
    sizes : tuple of int
        Bytes of each array, one after the other.
    """

    pickled: bytes
    sizes: tuple[int, ...]


class Board:
    """Memory that two processes share, for one object at a time.

    Parameters
    ----------
    descriptor : int, optional
        Of the board of the process that started this one; None makes a new one.
    """

    def __init__(self, descriptor: int | None = None) -> None:
        self.descriptor = _new_memory() if descriptor is None else descriptor
        self._memory = mmap.mmap(self.descriptor, _BOARD_BYTES)

    def put(self, thing: object) -> Posted:
        """Lay down the arrays of an object in the place of those before."""
        buffers: list[pickle.PickleBuffer] = []
        pickled = pickle.dumps(thing, protocol=5, buffer_callback=buffers.append)
        start, sizes = 0, []
        for buffer in buffers:
            raw = buffer.raw()
            self._memory[start : start + raw.nbytes] = raw
            sizes.append(raw.nbytes)
            start += raw.nbytes
        return Posted(pickled, tuple(sizes))

    def take(self, posted: Posted) -> object:
        """The object, with arrays of its own."""
        copies, start = [], 0
        for size in posted.sizes:
            copies.append(np.frombuffer(self._memory, np.uint8, size, start).copy())  # lets other threads run
            start += size
        taken: object = pickle.loads(posted.pickled, buffers=copies)
        return taken

    def close(self) -> None:
        """Give the memory back."""
        self._memory.close()
        os.close(self.descriptor)


def _new_memory() -> int:
    """Descriptor of a file without a name, in memory where the system can."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("board")
    else:
        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    os.ftruncate(descriptor, _BOARD_BYTES)
    return descriptor
