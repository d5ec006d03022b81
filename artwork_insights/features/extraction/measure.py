"""Everything that is measured on one image."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2

from artwork_insights.errors import ImageError
from artwork_insights.features.embedding.embedder import Embedder
from artwork_insights.features.extraction.measurement import Failure, Measurement
from artwork_insights.features.extraction.plan import MeasurePlan
from artwork_insights.features.faces.detector import FaceDetector, Faces
from artwork_insights.features.faces.focus import measure_focus
from artwork_insights.features.faces.geometry import measure_faces
from artwork_insights.features.faces.surroundings import measure_surroundings
from artwork_insights.features.inputs.image import ByteImage, DecodedImage, decode_image, working_image
from artwork_insights.features.inputs.location import read_bytes
from artwork_insights.features.picture.colour import (
    ColourPlanes,
    LabImage,
    colour_planes,
    count_hues,
    measure_colour,
    to_lab,
)
from artwork_insights.features.picture.composition import measure_composition
from artwork_insights.features.picture.duplicates import measure_duplicates
from artwork_insights.features.picture.lettering import measure_lettering
from artwork_insights.features.picture.palette import find_palette, measure_palette
from artwork_insights.features.text.detector import TextDetector


@dataclass(frozen=True, slots=True)
class Views:
    """What several groups look at, worked out once per image.

    Attributes
    ----------
    working : uint8 array of shape (height, width, 3)
        See `working_image`.
    lab : float32 array of shape (height, width, 3)
        The same in CIE L*a*b*.
    planes : ColourPlanes
        Of the same.
    """

    working: ByteImage
    lab: LabImage
    planes: ColourPlanes


class Measurer:
    """Holds the networks and measures images, one at a time.

    Parameters
    ----------
    plan : MeasurePlan
    """

    def __init__(self, plan: MeasurePlan) -> None:
        self._plan = plan
        self._detector = FaceDetector(plan.mode, plan.device, plan.runtime) if "faces" in plan.groups else None
        self._text = TextDetector(plan.runtime) if "text" in plan.groups else None
        self._embedder = Embedder(plan.embedding, plan.device, plan.runtime) if "embedding" in plan.groups else None

    def measure_file(self, address: str, read: Callable[[str], bytes] = read_bytes) -> Measurement | Failure:
        """Measure the image at a path or address; an unusable image is a `Failure`, not an exception."""
        opened = open_image(address, read, reduced=self._plan.mode != "exact")
        return opened if isinstance(opened, Failure) else self.measure(*opened)

    def measure(
        self, image: DecodedImage, seconds: dict[str, float] | None = None, views: Views | None = None
    ) -> Measurement:
        """Measure a decoded image; `seconds` spent on it so far are carried on."""
        stages = _Stopwatch({} if seconds is None else seconds)
        if views is None:
            views = look_at(image.pixels)
            stages.lap("views")
        working, lab, planes = views.working, views.lab, views.planes
        faces: Faces | None = None
        values: dict[str, Any] = {}
        embedding = None
        for group in self._plan.groups:
            match group:
                case "file":
                    values |= describe_file(image)
                case "faces":
                    assert self._detector is not None
                    faces = self._detector.detect(image)
                    values |= describe_faces(faces, image.pixels, planes)
                case "colour":
                    values |= measure_colour(planes) | measure_palette(find_palette(working))
                    values["hue_count"] = count_hues(working)
                case "composition":
                    values |= measure_composition(lab)
                case "text":
                    assert self._text is not None
                    values |= measure_lettering(self._text.detect(image))
                case "duplicates":
                    values |= measure_duplicates(working)
                case "embedding":
                    assert self._embedder is not None
                    embedding = self._embedder.embed(image.pixels, working, lab)
            stages.lap(group)
        return Measurement(values, embedding, faces, stages.seconds)


class _Stopwatch:
    """Seconds per stage."""

    def __init__(self, seconds: dict[str, float]) -> None:
        self.seconds = seconds
        self._last = time.perf_counter()

    def lap(self, stage: str) -> None:
        now = time.perf_counter()
        self.seconds[stage] = self.seconds.get(stage, 0.0) + now - self._last
        self._last = now


def open_image(
    address: str, read: Callable[[str], bytes], *, reduced: bool
) -> tuple[DecodedImage, dict[str, float]] | Failure:
    """Read and decode, with the seconds of both; an unusable image is a `Failure`."""
    stage, started = "read", time.perf_counter()
    try:
        data = read(address)
        stage, begun = "decode", time.perf_counter()
        image = decode_image(data, address, reduced=reduced)
    except ImageError as error:
        return Failure(stage, type(error).__name__, str(error))
    return image, {"read": begun - started, "decode": time.perf_counter() - begun}


def look_at(pixels: ByteImage) -> Views:
    """Work out the views of an image."""
    working = working_image(pixels)
    lab = to_lab(working)
    return Views(working, lab, colour_planes(working, lab))


def describe_faces(faces: Faces, pixels: ByteImage, planes: ColourPlanes) -> dict[str, Any]:
    """Features of the group "faces"; see `catalog.columns`."""
    return measure_faces(faces) | measure_focus(faces, pixels) | measure_surroundings(faces, planes)


def describe_file(image: DecodedImage) -> dict[str, Any]:
    """Facts of the file; see `catalog.columns.file`."""
    return {
        "width_px": image.width_px,
        "height_px": image.height_px,
        "aspect_ratio": image.width_px / image.height_px,
        "image_bytes": image.n_bytes,
        "image_format": image.format,
        "image_mode": image.mode,
        "image_sha256": image.sha256,
        "frames": image.frames,
    }


def use_one_thread() -> None:
    """Keep this process to one thread: several processes share the cores, and sums do not depend on the machine."""
    cv2.setNumThreads(1)
    if "torch" in sys.modules:  # who does not need it should not wait for it
        sys.modules["torch"].set_num_threads(1)
