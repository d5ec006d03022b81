"""Whether the largest face is sharp."""

from __future__ import annotations

import cv2
import numpy as np

from artwork_insights.features.faces.detector import Faces
from artwork_insights.features.inputs.image import ByteImage
from artwork_insights.features.picture.colour import to_lab
from artwork_insights.features.picture.detail import laplacian_variance

FACE_SIDE_PX = 48
_SMALLEST_PX = 24


def measure_focus(faces: Faces, pixels: ByteImage) -> dict[str, float]:
    """Sharpness of the largest face: variance of the Laplacian of its lightness, low where it is blurred.

    The face is shrunk until its longer side has 48 pixels, so that the number depends on the face and not on the size
    of the file; it is never enlarged. NaN without a face, and where the face has less than 24 pixels to judge by.

    Parameters
    ----------
    faces : Faces
    pixels : uint8 array of shape (height, width, 3)
        The picture, whole or reduced.

    Returns
    -------
    dict of str to float
        ``face_sharpness_largest``, CIE L* squared.
    """
    if not len(faces.scores):
        return {"face_sharpness_largest": float("nan")}
    scale = np.array([pixels.shape[1] / faces.width_px, pixels.shape[0] / faces.height_px] * 2)
    left, top, right, bottom = np.rint(faces.boxes[0] * scale).astype(int)
    face = pixels[max(top, 0) : bottom, max(left, 0) : right]
    if min(face.shape[:2]) < _SMALLEST_PX:
        return {"face_sharpness_largest": float("nan")}
    factor = FACE_SIDE_PX / max(face.shape[:2])
    if factor < 1:
        size = (max(round(face.shape[1] * factor), 1), max(round(face.shape[0] * factor), 1))
        face = np.asarray(cv2.resize(face, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    lightness = np.ascontiguousarray(to_lab(np.ascontiguousarray(face))[..., 0])
    return {"face_sharpness_largest": laplacian_variance(lightness)}
