"""Faces of the synthetic artwork: where they go, and how they are put there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from artwork_insights.features.render.backdrop import Palette
from artwork_insights.features.render.photographs import read_portrait

FloatImage = npt.NDArray[np.float32]
FloatArray = npt.NDArray[np.float64]

PORTRAITS = ("astronaut", "grace_hopper")
_CANDIDATES, _ATTEMPTS = 160, 24


@dataclass(frozen=True, slots=True)
class FacePlacement:
    """One face before it is drawn; pixels of the frame.

    Attributes
    ----------
    portrait : {"astronaut", "grace_hopper"}
        Who.
    mirrored : bool
        Left and right exchanged.
    scale : float
        Pixels of the frame per pixel of the portrait.
    box : (xmin, ymin, xmax, ymax)
        The face.
    head : (xmin, ymin, xmax, ymax)
        The face with hair or hat.
    """

    portrait: str
    mirrored: bool
    scale: float
    box: tuple[float, float, float, float]
    head: tuple[float, float, float, float]


def place_faces(
    rng: np.random.Generator, heights_px: FloatArray, width_px: int, height_px: int, top_px: float, bottom_px: float
) -> tuple[FacePlacement, ...]:
    """Find a place for each face between `top_px` and `bottom_px`, so that no head covers another's face.

    Tries random layouts, larger faces first, each as far from the others as its own size asks; where heads do not fit,
    hair may leave the frame and then the lettering's band is given up, so that a place is found for every face.

    Parameters
    ----------
    heights_px : array of shape (n,)
        Face heights, as the detector boxes them.

    Returns
    -------
    tuple of FacePlacement
        In the order of `heights_px`.
    """
    cast = [
        (str(PORTRAITS[int(who)]), bool(rng.random() < 0.5))
        for who in (rng.integers(0, 2) + np.arange(len(heights_px))) % 2
    ]
    for attempt in range(_ATTEMPTS):
        ease = attempt / (_ATTEMPTS - 1)
        found = _try_layout(rng, heights_px, cast, width_px, height_px, top_px * (1 - ease), bottom_px, ease)
        if found is not None:
            return found
    return _place_in_rows(heights_px, cast, width_px, height_px)


def _try_layout(
    rng: np.random.Generator,
    heights_px: FloatArray,
    cast: list[tuple[str, bool]],
    width_px: int,
    height_px: int,
    top_px: float,
    bottom_px: float,
    ease: float,
) -> tuple[FacePlacement, ...] | None:
    placed: dict[int, FacePlacement] = {}
    bottom_px = bottom_px + ease * (height_px - bottom_px)
    for index in np.argsort(-heights_px):
        face, head = _outline(cast[index][0], cast[index][1], float(heights_px[index]))
        hair = (1 - ease) * 0.9
        left, right = 3 - face[0] - hair * (head[0] - face[0]), width_px - 3 - face[2] - hair * (head[2] - face[2])
        top, bottom = top_px + 3 - face[1] - hair * (head[1] - face[1]), bottom_px - 3 - face[3]
        if right <= left or bottom <= top:
            return None
        x, y = rng.uniform(left, right, _CANDIDATES), rng.uniform(top, bottom, _CANDIDATES)
        score = -0.35 * np.abs(x / width_px - 0.5) - 0.5 * (bottom_px - y) / height_px
        free = np.ones(_CANDIDATES, dtype=bool)
        for other in placed.values():
            free &= _apart(_at(head, x, y), _widen(np.array(other.box)))
            free &= _apart(_widen(_at(face, x, y)), np.array(other.head))
            gap = np.hypot(x - _middle(other.box)[0], y - _middle(other.box)[1])
            score += 0.8 * np.minimum(gap / (1.3 * (other.box[3] - other.box[1] + float(heights_px[index]))), 1)
        if not free.any():
            return None
        best = int(np.argmax(np.where(free, score, -np.inf)))
        placed[int(index)] = _placement(cast[index], float(heights_px[index]), float(x[best]), float(y[best]))
    return tuple(placed[index] for index in range(len(heights_px)))


def _place_in_rows(
    heights_px: FloatArray, cast: list[tuple[str, bool]], width_px: int, height_px: int
) -> tuple[FacePlacement, ...]:
    """Set faces on a grid of their own: the last resort, which always finds a place."""
    columns = int(np.ceil(np.sqrt(len(heights_px) * width_px / height_px)))
    rows = int(np.ceil(len(heights_px) / columns))
    return tuple(
        _placement(
            cast[index],
            min(float(height), 0.95 * height_px / rows, 1.1 * width_px / columns),
            width_px * (index % columns + 0.5) / columns,
            height_px * (index // columns + 0.5) / rows,
        )
        for index, height in enumerate(heights_px)
    )


def paste_face(rng: np.random.Generator, canvas: FloatImage, placement: FacePlacement, palette: Palette) -> None:
    """Draw one portrait into `canvas` (float32 RGB in [0, 1], changed in place), graded, tilted, with a soft shadow."""
    level, factor = _mip_level(placement.scale)
    source = _mip(placement.portrait, level)
    zoom = placement.scale / factor
    portrait = read_portrait(placement.portrait)
    face_x, face_y = (value * factor for value in _middle(portrait.face))
    angle = np.deg2rad(rng.uniform(-5.0, 5.0))
    flip = -1.0 if placement.mirrored else 1.0
    turn = zoom * np.array([[flip * np.cos(angle), -np.sin(angle)], [flip * np.sin(angle), np.cos(angle)]])
    centre = np.array(_middle(placement.box))
    matrix = np.column_stack([turn, centre - turn @ np.array([face_x, face_y])])
    reach = 3.0 + 10.0 * placement.scale
    left, top, right, bottom = _reached(matrix, source.shape, canvas.shape, 2.5 * reach)
    if right <= left or bottom <= top:
        return
    matrix[:, 2] -= (left, top)
    layer = cv2.warpAffine(source, matrix, (right - left, bottom - top), flags=cv2.INTER_LINEAR)
    mask = layer[..., 3:]
    part = canvas[top:bottom, left:right]
    part *= 1 - np.float32(0.45) * _soften(layer[..., 3], reach)[..., None]
    part *= 1 - mask
    part += _grade(rng, layer[..., :3], mask, palette)


def _reached(
    matrix: FloatArray, source_shape: tuple[int, ...], canvas_shape: tuple[int, ...], margin: float
) -> tuple[int, int, int, int]:
    """Part of the canvas that a warped portrait and its shadow touch: left, top, right, bottom."""
    height, width = source_shape[:2]
    corners = matrix @ np.array([[0, width, 0, width], [0, 0, height, height], [1, 1, 1, 1]], dtype=np.float64)
    low, high = np.floor(corners.min(axis=1) - margin), np.ceil(corners.max(axis=1) + margin)
    return (
        max(0, int(low[0])),
        max(0, int(low[1])),
        min(canvas_shape[1], int(high[0])),
        min(canvas_shape[0], int(high[1])),
    )


def _soften(mask: FloatImage, sigma_px: float) -> FloatImage:
    """Blur at a quarter of the resolution: a shadow has no detail to lose."""
    size = (max(1, mask.shape[1] // 4), max(1, mask.shape[0] // 4))
    small = cv2.GaussianBlur(cv2.resize(mask, size, interpolation=cv2.INTER_AREA), (0, 0), sigma_px / 4)
    return np.asarray(cv2.resize(small, (mask.shape[1], mask.shape[0])), dtype=np.float32)


def _grade(rng: np.random.Generator, colour: FloatImage, mask: FloatImage, palette: Palette) -> FloatImage:
    """Vary brightness, saturation and tint mildly; colours stay premultiplied by the mask."""
    grey = colour @ np.array([0.299, 0.587, 0.114], dtype=np.float32)
    saturation, brightness, tint = rng.uniform(0.55, 1.1), rng.uniform(0.88, 1.12), rng.uniform(0.0, 0.22)
    tone = np.array(palette.middle, dtype=np.float32)
    tone = tone / max(float(tone @ np.array([0.299, 0.587, 0.114])), 0.15)
    graded = grey[..., None] + np.float32(saturation) * (colour - grey[..., None])
    graded *= np.float32(brightness * (1 - tint))
    graded += grey[..., None] * (np.float32(brightness * tint) * np.minimum(tone, np.float32(1.6)))
    return np.asarray(np.clip(graded, 0, mask), dtype=np.float32)


def _mip_level(scale: float) -> tuple[int, float]:
    """Halve the portrait as long as it stays at least as large as wanted; returns level and its factor."""
    level = max(0, int(np.floor(np.log2(1 / scale)))) if scale < 1 else 0
    return level, 0.5**level


@lru_cache(maxsize=16)
def _mip(portrait: str, level: int) -> FloatImage:
    colour = read_portrait(portrait).colour
    for _ in range(level):
        # whole pixel pairs only, so that a level is exactly half of the one before
        even = colour[: colour.shape[0] // 2 * 2, : colour.shape[1] // 2 * 2]
        colour = cv2.resize(even, (even.shape[1] // 2, even.shape[0] // 2), interpolation=cv2.INTER_AREA)
    return colour


def _outline(portrait: str, mirrored: bool, height_px: float) -> tuple[FloatArray, FloatArray]:
    """Face and head boxes around the face's middle, pixels of the frame."""
    cut = read_portrait(portrait)
    scale = height_px / (cut.face[3] - cut.face[1])
    middle = np.tile(_middle(cut.face), 2)
    face, head = ((np.array(box) - middle) * scale for box in (cut.face, cut.head))
    if mirrored:
        face, head = (np.array([-box[2], box[1], -box[0], box[3]]) for box in (face, head))
    return face, head


def _placement(cast: tuple[str, bool], height_px: float, x: float, y: float) -> FacePlacement:
    cut = read_portrait(cast[0])
    face, head = (box + np.array([x, y, x, y]) for box in _outline(cast[0], cast[1], height_px))
    scale = height_px / (cut.face[3] - cut.face[1])
    return FacePlacement(cast[0], cast[1], scale, _four(face), _four(head))


def _four(box: FloatArray) -> tuple[float, float, float, float]:
    xmin, ymin, xmax, ymax = (float(value) for value in box)
    return xmin, ymin, xmax, ymax


def _middle(box: tuple[float, float, float, float]) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def _at(box: FloatArray, x: FloatArray, y: FloatArray) -> FloatArray:
    """Move a box to many places; shape (4, n)."""
    return box[:, None] + np.stack([x, y, x, y])


def _widen(box: FloatArray) -> FloatArray:
    margin = 0.12 * (box[3] - box[1])
    return np.stack([box[0] - margin, box[1] - margin, box[2] + margin, box[3] + margin])


def _apart(a: FloatArray, b: FloatArray) -> npt.NDArray[np.bool_]:
    """Whether boxes do not touch; each of shape (4,) or (4, n)."""
    return np.asarray((a[2] < b[0]) | (a[0] > b[2]) | (a[3] < b[1]) | (a[1] > b[3]))
