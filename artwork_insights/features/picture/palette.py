"""Dominant colours of an artwork, which of them is its background, and how well they go together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from artwork_insights.features.inputs.image import ByteImage
from artwork_insights.features.picture.colour import Mask, to_lab

FloatArray = npt.NDArray[np.float64]
Number = TypeVar("Number", np.intp, np.uint8)

PALETTE_SIZE = 5
_BINS = 16
_ROUNDS = 20
_BORDER_SHARE = 0.04  # width of the frame along the edges that is taken for the background, of the shorter side


@dataclass(frozen=True, slots=True)
class Palette:
    """Dominant colours of an image, most frequent first.

    Attributes
    ----------
    hex : tuple of str
        At most five colours such as ``"#1a2b3c"``; fewer where the image has fewer.
    share : tuple of float
        Share of the pixels nearest to each colour; they sum to 1.
    lab : float64 array of shape (number of colours, 3)
        The same colours in CIE L*a*b*.
    background : int
        Which of them fills most of the edges of the picture, a strip of 4 % of its shorter side; the most frequent
        where no pixel of the edges counts.
    """

    hex: tuple[str, ...]
    share: tuple[float, ...]
    lab: FloatArray
    background: int


def measure_palette(palette: Palette) -> dict[str, str | float | list[str] | list[float]]:
    """Palette features of one image; see `catalog.columns.colour` for units and ranges."""
    return {
        "palette_hex": list(palette.hex),
        "palette_share": list(palette.share),
        "background_hex": palette.hex[palette.background],
        "background_share": palette.share[palette.background],
        "colour_harmony": palette_harmony(palette.lab, np.array(palette.share)),
    }


def find_palette(pixels: ByteImage, among: Mask | None = None) -> Palette:
    """Dominant colours by weighted k-means in CIE L*a*b* over a histogram of 16 x 16 x 16 bins; no randomness.

    Parameters
    ----------
    pixels : uint8 array of shape (height, width, 3)
        RGB.
    among : uint8 array of shape (height, width), optional
        Pixels that count: not 0. At least one; all of them where it is left out.
    """
    channels = [np.asarray(channel) for channel in cv2.split(pixels)]
    bins = _bins(*channels)
    counted = slice(None) if among is None else among.ravel() > 0
    flat = bins.ravel()[counted]
    all_counts = np.bincount(flat, minlength=_BINS**3)
    used = np.flatnonzero(all_counts)
    counts = all_counts[used].astype(np.float64)
    sums = [np.bincount(flat, weights=channel.ravel()[counted], minlength=_BINS**3)[used] for channel in channels]
    colours = np.stack(sums, axis=1) / counts[:, None]
    lab = to_lab(np.rint(colours).astype(np.uint8)[None])[0].astype(np.float64)
    member = _cluster(lab, counts, _spread_centres(lab, counts))
    sizes = member.T @ counts
    means = np.rint((member.T * counts) @ colours / sizes[:, None]).astype(np.uint8)
    names = ["#{:02x}{:02x}{:02x}".format(*mean) for mean in means.tolist()]
    order = sorted(range(len(names)), key=lambda i: (-sizes[i], names[i]))
    edge = _border(bins) if among is None else _border(bins)[_border(among) > 0]
    at_edge = np.bincount(edge, minlength=_BINS**3)[used] @ member
    return Palette(
        tuple(names[i] for i in order),
        tuple(float(sizes[i] / counts.sum()) for i in order),
        to_lab(means[order][None])[0].astype(np.float64),
        int(np.argmax(at_edge[order])),
    )


def _bins(red: ByteImage, green: ByteImage, blue: ByteImage) -> npt.NDArray[np.intp]:
    """Bin of each pixel: the upper four bits of its three channels."""
    return (((red & 0xF0).astype(np.uint16) << 4) | ((green & 0xF0) | (blue >> 4))).astype(np.intp)


def _border(plane: npt.NDArray[Number]) -> npt.NDArray[Number]:
    """What a plane holds along the four edges."""
    width = max(round(_BORDER_SHARE * min(plane.shape)), 1)
    inner = plane[width:-width]
    sides = (plane[:width], plane[width:][-width:], inner[:, :width], inner[:, width:][:, -width:])
    return np.concatenate([side.ravel() for side in sides])


def _spread_centres(lab: FloatArray, counts: FloatArray) -> FloatArray:
    """First centres: the fullest bin, then again and again the bin that the centres so far explain worst."""
    centres = [lab[counts.argmax()]]
    distance = ((lab - centres[0]) ** 2).sum(axis=1)
    while len(centres) < min(PALETTE_SIZE, len(lab)):
        centres.append(lab[(counts * distance).argmax()])
        distance = np.minimum(distance, ((lab - centres[-1]) ** 2).sum(axis=1))
    return np.array(centres)


def _cluster(lab: FloatArray, counts: FloatArray, centres: FloatArray) -> FloatArray:
    """Lloyd's algorithm; 1 where a bin belongs to a cluster, shape (n, number of clusters); no cluster is empty."""
    weighted = np.column_stack([lab * counts[:, None], counts])
    member = np.zeros((len(lab), 0))
    for _ in range(_ROUNDS):
        distance = (centres**2).sum(axis=1) - 2 * (lab @ centres.T)  # but for a term that all centres share
        previous, member = member, (distance.argmin(axis=1)[:, None] == np.arange(len(centres))).astype(np.float64)
        sums = member.T @ weighted
        member, sums = member[:, sums[:, 3] > 0], sums[sums[:, 3] > 0]
        if np.array_equal(previous, member):
            break
        centres = sums[:, :3] / sums[:, 3:]
    return member


def palette_harmony(lab: FloatArray, share: FloatArray) -> float:
    """Mean harmony over the pairs of colours, each pair weighted with the product of its shares.

    NaN for a single colour: there is nothing that it could go with.
    """
    one, other = np.triu_indices(len(lab), k=1)
    if not len(one):
        return float("nan")
    return float(np.average(pair_harmony(lab[one], lab[other]), weights=share[one] * share[other]))


def pair_harmony(one: FloatArray, other: FloatArray) -> FloatArray:
    """How well two colours go together by the model of Ou and Luo (2006): -1.4 (not at all) to 1.6 (very well) in sRGB.

    "A colour harmony model for two-colour combinations": ``HC + HL + HH``, the effects of chromatic difference, of
    lightness and of hue. Equal hue and chroma, different lightness, much light, and blue rather than red go together.
    The paper's own pairs lie from -1.24 to 1.39.

    Parameters
    ----------
    one, other : float64 arrays of shape (n, 3)
        CIE L*a*b*.

    Returns
    -------
    float64 array of shape (n,)
    """
    chroma_gap = np.hypot(one[:, 1], one[:, 2]) - np.hypot(other[:, 1], other[:, 2])
    hue_gap_squared = np.maximum(((one[:, 1:] - other[:, 1:]) ** 2).sum(axis=1) - chroma_gap**2, 0)
    difference = np.sqrt(hue_gap_squared + (chroma_gap / 1.46) ** 2)
    chromatic = 0.04 + 0.53 * np.tanh(0.8 - 0.045 * difference)
    light = 0.28 + 0.54 * np.tanh(-3.88 + 0.029 * (one[:, 0] + other[:, 0]))
    light_gap = 0.14 + 0.15 * np.tanh(-2 + 0.2 * np.abs(one[:, 0] - other[:, 0]))
    return np.asarray(chromatic + light + light_gap + _hue_effect(one) + _hue_effect(other))


def _hue_effect(lab: FloatArray) -> FloatArray:
    chroma = np.hypot(lab[:, 1], lab[:, 2])
    hue = np.mod(np.degrees(np.arctan2(lab[:, 2], lab[:, 1])), 360)
    strength = 0.5 + 0.5 * np.tanh(-2 + 0.5 * chroma)
    wave = -0.08 - 0.14 * np.sin(np.radians(hue + 50)) - 0.07 * np.sin(np.radians(2 * hue + 90))
    from_yellow = (90 - hue) / 10
    yellow = (0.22 * lab[:, 0] - 12.8) / 10 * np.exp(from_yellow - np.exp(from_yellow))
    return np.asarray(strength * (wave + yellow))
