"""Public-domain photographs that installed packages carry, read from disk without a network.

Two of them show a face and are cut out as portraits; the others serve as backdrops, textures and decoys.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from artwork_insights.errors import ImageError

ImageArray = npt.NDArray[np.uint8]
FloatImage = npt.NDArray[np.float32]
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Photograph:
    """One photograph and the right to use it.

    Attributes
    ----------
    name : str
        Our name.
    package, path : str
        Distribution that carries the file, and the file's place inside it.
    source, licence : str
        Who made it, and the terms as the package states them.
    """

    name: str
    package: str
    path: str
    source: str
    licence: str


@dataclass(frozen=True, slots=True)
class Portrait:
    """A head-and-shoulders cut-out.

    Attributes
    ----------
    colour : float32 array of shape (height, width, 4)
        RGB premultiplied by the soft mask, and the mask, all in [0, 1].
    face : (xmin, ymin, xmax, ymax)
        The face as MTCNN boxes it, in pixels.
    head : (xmin, ymin, xmax, ymax)
        The face with its hair or hat.
    """

    colour: FloatImage
    face: Box
    head: Box


PHOTOGRAPHS: dict[str, Photograph] = {
    photograph.name: photograph
    for photograph in (
        Photograph("astronaut", "skimage", "data/astronaut.png", "NASA, Eileen Collins", "public domain"),
        Photograph(
            "grace_hopper", "matplotlib", "mpl-data/sample_data/grace_hopper.jpg",
            "James S. Davis for the United States Navy, Grace Hopper", "public domain (work of the US government)",
        ),
        Photograph("cat", "skimage", "data/chelsea.png", "Stefan van der Walt", "CC0"),
        Photograph("coffee", "skimage", "data/coffee.png", "Rachel Michetti", "CC0"),
        Photograph("rocket", "skimage", "data/rocket.jpg", "SpaceX, launch of DSCOVR", "public domain"),
        Photograph("stars", "skimage", "data/hubble_deep_field.jpg", "NASA, Hubble Deep Field", "public domain"),
        Photograph("brick", "skimage", "data/brick.png", "CC0Textures, Bricks25", "CC0"),
        Photograph("grass", "skimage", "data/grass.png", "linolafett, Grass 01", "CC0"),
        Photograph("gravel", "skimage", "data/gravel.png", "CC0Textures, Gravel04", "CC0"),
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Outline:
    """Where a person surely ends and surely is, in pixels of the photograph; the rest is left to GrabCut."""

    face: Box
    head: Box
    bottom: int
    within: tuple[tuple[int, int], ...]
    certain: tuple[tuple[int, int], ...]


_OUTLINES = {
    "astronaut": _Outline(
        face=(181, 62, 268, 172), head=(150, 14, 302, 176), bottom=328,
        within=((140, 4), (312, 4), (316, 110), (270, 160), (274, 184), (300, 204), (318, 226), (368, 262), (376, 330),
                (36, 330), (45, 285), (64, 248), (97, 214), (108, 190), (140, 160), (150, 120)),
        certain=((200, 45), (255, 45), (266, 90), (262, 150), (258, 176), (252, 190), (296, 224), (312, 330),
                 (100, 330), (112, 215), (150, 206), (152, 170), (190, 176), (186, 90)),
    ),
    "grace_hopper": _Outline(
        face=(174, 120, 356, 340), head=(150, 22, 380, 345), bottom=560,
        within=((176, 40), (275, 20), (372, 40), (386, 165), (380, 250), (352, 300), (350, 322), (430, 350), (511, 392),
                (511, 560), (8, 560), (14, 430), (60, 394), (140, 366), (202, 338), (200, 312), (180, 280), (162, 230),
                (146, 160)),
        certain=((200, 70), (340, 70), (356, 170), (346, 280), (330, 330), (430, 400), (450, 560), (60, 560), (80, 420),
                 (210, 360), (205, 300), (180, 230), (170, 150)),
    ),
}  # fmt: skip


@lru_cache(maxsize=32)
def read_photograph(name: str) -> ImageArray:
    """Read a photograph as RGB, uint8, (height, width, 3).

    Raises
    ------
    ImageError
        When the package that carries it is missing or came without its pictures.
    """
    photograph = PHOTOGRAPHS[name]
    path = find_package(photograph.package) / photograph.path
    if not path.is_file():
        raise ImageError(
            f"the photograph {name!r} is not in the installed {photograph.package} ({photograph.path}); "
            "install that package from its wheel, which carries it."
        )
    with Image.open(path) as image:
        pixels = np.array(image.convert("RGB"), dtype=np.uint8)
    pixels.flags.writeable = False
    return pixels


def find_package(package: str) -> Path:
    """Return the folder of an installed package without importing it."""
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        raise ImageError(f"the package {package} is not installed, and the demo's artwork is drawn from its pictures.")
    return Path(found.origin).parent


@lru_cache(maxsize=4)
def read_portrait(name: str) -> Portrait:
    """Cut a person out of a photograph: GrabCut (Rother, Kolmogorov and Blake 2004) inside a hand-drawn outline.

    Parameters
    ----------
    name : {"astronaut", "grace_hopper"}
        The photographs that carry a face.
    """
    outline, pixels = _OUTLINES[name], read_photograph(name)
    labels = np.full(pixels.shape[:2], cv2.GC_BGD, dtype=np.uint8)
    cv2.fillPoly(labels, [np.array(outline.within, dtype=np.int32)], cv2.GC_PR_FGD)
    cv2.fillPoly(labels, [np.array(outline.certain, dtype=np.int32)], cv2.GC_FGD)
    cv2.setRNGSeed(1)
    background, foreground = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(pixels.copy(), labels, None, background, foreground, 5, cv2.GC_INIT_WITH_MASK)
    inside = np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    inside = cv2.morphologyEx(inside, cv2.MORPH_OPEN, np.ones((3, 3), dtype=np.uint8))
    inside = cv2.erode(_largest_part(inside), np.ones((3, 3), dtype=np.uint8))
    mask = cv2.GaussianBlur(inside.astype(np.float32), (0, 0), 1.6)[: outline.bottom]
    mask *= _fade(outline)[:, None]
    colour = np.dstack([pixels[: outline.bottom].astype(np.float32) / 255.0 * mask[..., None], mask])
    colour.flags.writeable = False
    return Portrait(colour, outline.face, outline.head)


def _largest_part(mask: ImageArray) -> ImageArray:
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
    return np.asarray(labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA])), dtype=np.uint8)


def _fade(outline: _Outline) -> npt.NDArray[np.float32]:
    """Opacity by row: whole down to half a face below the chin, then fading to nothing at the bottom."""
    rows = np.arange(outline.bottom, dtype=np.float32)
    start = outline.face[3] + 0.5 * (outline.face[3] - outline.face[1])
    return np.asarray(np.clip((outline.bottom - 2 - rows) / (outline.bottom - 2 - start), 0, 1), dtype=np.float32)
