"""Small JPEG pictures of artwork, for reports."""

from __future__ import annotations

from io import BytesIO

import cv2
import numpy as np
from PIL import Image

from artwork_insights.features.inputs.image import ByteImage, read_image

_QUALITY = 85


def make_thumbnail(location: str, width_px: int = 240) -> bytes:
    """Decode an image and shrink it to a width; a narrower image keeps its size.

    Parameters
    ----------
    location : str
        Path or address.
    width_px : int
        Width of the thumbnail.

    Returns
    -------
    bytes
        A JPEG file without metadata.

    Raises
    ------
    ImageError
        When the image cannot be read or decoded.
    """
    buffer = BytesIO()
    Image.fromarray(fit_width(read_image(location, reduced=True).pixels, width_px)).save(
        buffer, "JPEG", quality=_QUALITY
    )
    return buffer.getvalue()


def fit_width(pixels: ByteImage, width_px: int) -> ByteImage:
    """Shrink to a width by area averaging; a narrower image is returned as it is."""
    height, width = pixels.shape[:2]
    if width <= width_px:
        return pixels
    size = (width_px, max(round(height * width_px / width), 1))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
