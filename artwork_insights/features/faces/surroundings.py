"""Colours of a picture without its faces: a face changes the colours of an artwork by itself."""

from __future__ import annotations

from typing import Any

import numpy as np

from artwork_insights.features.faces.detector import Faces
from artwork_insights.features.picture.colour import ColourPlanes, Mask, count_hues, measure_colour
from artwork_insights.features.picture.palette import find_palette, measure_palette

HEAD = (0.5, 0.6, 0.5, 0.2)  # left, up, right, down: beyond the box, in its widths and heights
SHOULDERS = (1.25, 0.0, 1.25, 1.25)  # beyond the lower edge of the box
_SMALLEST_REST = 0.05
_NAMES = (
    "lightness_mean", "contrast_rms", "chroma_mean", "saturation_mean", "colourfulness", "warm_share", "hue_count",
    "background_share", "colour_harmony",
)  # fmt: skip


def measure_surroundings(faces: Faces, planes: ColourPlanes) -> dict[str, float]:
    """Main colour features over the pixels that belong to no person with a visible face.

    Left out are each face's box with its hair, half a width to both sides and 0.6 heights above, and its shoulders,
    1.25 widths to both sides and 1.25 heights below the chin. Equal to the features of the whole picture without a
    face, and NaN where less than 5 % of the picture is left.

    Parameters
    ----------
    faces : Faces
    planes : ColourPlanes
        Of the same picture at any scale.

    Returns
    -------
    dict of str to float
        ``face_zone_share`` and nine features of colour, each with ``_without_faces`` to its name.
    """
    outside = outside_faces(faces, *planes.lightness.shape)
    rest = float(outside.mean())
    values = _measure(planes, outside if rest < 1 else None) if rest >= _SMALLEST_REST else {}
    return {"face_zone_share": 1 - rest} | {f"{name}_without_faces": values.get(name, float("nan")) for name in _NAMES}


def _measure(planes: ColourPlanes, among: Mask | None) -> dict[str, Any]:
    """All features of colour over some pixels."""
    palette = measure_palette(find_palette(planes.pixels, among))
    return measure_colour(planes, among) | palette | {"hue_count": float(count_hues(planes.pixels, among))}


def outside_faces(faces: Faces, height: int, width: int) -> Mask:
    """1 where no person with a visible face is, 0 elsewhere; uint8 array of shape (height, width)."""
    outside = np.ones((height, width), dtype=np.uint8)
    scale = np.array([width / faces.width_px, height / faces.height_px] * 2)
    for box in faces.boxes.astype(np.float64) * scale:
        chin = box[[0, 3, 2, 3]]
        for part, beyond in ((box, HEAD), (chin, SHOULDERS)):
            w, h = box[2] - box[0], box[3] - box[1]
            reach = np.array([-beyond[0] * w, -beyond[1] * h, beyond[2] * w, beyond[3] * h])
            left, top, right, bottom = np.clip(np.rint(part + reach), 0, [width, height] * 2).astype(int)
            outside[top:bottom, left:right] = 0
    return outside
