"""Everything that is measured on one image."""

from __future__ import annotations

import cv2
import torch

from artwork_insights.errors import ImageError
from artwork_insights.features.embedding.embedder import Embedder, EmbeddingChoice
from artwork_insights.features.extraction.measurement import Failure, Measurement
from artwork_insights.features.faces.detector import FaceDetector, measure_faces
from artwork_insights.features.inputs.image import DecodedImage, decode_image, working_image
from artwork_insights.features.inputs.location import read_bytes
from artwork_insights.features.picture.colour import find_palette, measure_colour, to_lab
from artwork_insights.features.picture.composition import measure_composition


class Measurer:
    """Holds the networks and measures images, one at a time.

    Parameters
    ----------
    choice : EmbeddingChoice
    device : str
        ``"cpu"`` or ``"cuda"``.
    """

    def __init__(self, choice: EmbeddingChoice, device: str = "cpu") -> None:
        self._detector = FaceDetector(device)
        self._embedder = Embedder(choice, device)

    def measure_file(self, address: str) -> Measurement | Failure:
        """Measure the image at a path or address; an unusable image is a `Failure`, not an exception."""
        stage = "read"
        try:
            data = read_bytes(address)
            stage = "decode"
            image = decode_image(data, address)
        except ImageError as error:
            return Failure(stage, type(error).__name__, str(error))
        return self.measure(image)

    def measure(self, image: DecodedImage) -> Measurement:
        """Measure a decoded image."""
        working = working_image(image.pixels)
        lab = to_lab(working)
        faces = self._detector.detect(image.pixels)
        palette = find_palette(working)
        height, width = image.pixels.shape[:2]
        values = {
            "width_px": width,
            "height_px": height,
            "aspect_ratio": width / height,
            "image_bytes": image.n_bytes,
            "image_format": image.format,
            "frames": image.frames,
            **measure_faces(faces),
            **measure_colour(working, lab),
            "palette_hex": list(palette.hex),
            "palette_share": list(palette.share),
            **measure_composition(lab),
        }
        return Measurement(values, self._embedder.embed(image.pixels, working, lab), faces)


def use_one_thread() -> None:
    """Keep this process to one thread: several processes share the cores, and sums do not depend on the machine."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
