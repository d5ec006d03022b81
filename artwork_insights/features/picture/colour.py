"""Colour of an artwork: lightness, contrast, chroma, saturation, colourfulness, warmth and the dominant palette."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from artwork_insights.features.inputs.image import ByteImage

FloatArray = npt.NDArray[np.float64]
LabImage = npt.NDArray[np.float32]

PALETTE_SIZE = 5
_BINS = 16
_ROUNDS = 30
_DARK = (6 / 29) ** 3
_LEVELS = np.arange(256) / 255
_LINEAR = np.where(_LEVELS <= 0.04045, _LEVELS / 12.92, ((_LEVELS + 0.055) / 1.055) ** 2.4).astype(np.float32)
_RGB_TO_XYZ = np.array([[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]])
_RGB_TO_WHITE = (_RGB_TO_XYZ / _RGB_TO_XYZ.sum(axis=1, keepdims=True)).astype(np.float32)  # white has 1, 1, 1


@dataclass(frozen=True, slots=True)
class Palette:
    """Dominant colours of an image, most frequent first.

    Attributes
    ----------
    hex : tuple of str
        At most five colours such as ``"#1a2b3c"``; fewer where the image has fewer.
    share : tuple of float
        Share of the pixels nearest to each colour; they sum to 1.
    """

    hex: tuple[str, ...]
    share: tuple[float, ...]


def to_lab(pixels: ByteImage) -> LabImage:
    """CIE L*a*b* (D65, IEC 61966-2-1 sRGB) of pixels; L* in [0, 100]; shape (height, width, 3).

    Worked out in full: OpenCV's own conversion interpolates in a table and is off by up to 0.4.
    """
    relative = _LINEAR[pixels] @ _RGB_TO_WHITE.T
    response = np.where(relative > _DARK, np.cbrt(relative), relative * (841 / 108) + 4 / 29).astype(np.float32)
    x, y, z = response[..., 0], response[..., 1], response[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1, dtype=np.float32)


def measure_colour(pixels: ByteImage, lab: LabImage) -> dict[str, float]:
    """Colour features of one working image.

    Parameters
    ----------
    pixels : uint8 array of shape (height, width, 3)
        RGB.
    lab : float32 array of shape (height, width, 3)
        The same in CIE L*a*b*.

    Returns
    -------
    dict of str to float
        ``lightness_mean``, ``contrast_rms``, ``chroma_mean``, ``saturation_mean``, ``colourfulness``, ``warm_share``;
        units and ranges in `catalog.columns`.
    """
    lightness = lab[..., 0].astype(np.float64)
    chroma = np.hypot(lab[..., 1], lab[..., 2]).astype(np.float64)
    return {
        "lightness_mean": float(np.clip(lightness.mean(), 0, 100)),
        "contrast_rms": float(lightness.std() / 100),
        "chroma_mean": float(chroma.mean()),
        "saturation_mean": _saturation(pixels),
        "colourfulness": colourfulness(pixels),
        "warm_share": float((warmth(lab) > 0).mean()),
    }


def _saturation(pixels: ByteImage) -> float:
    """Mean saturation of the HSV cone, (max - min) / max; black counts as 0."""
    high = pixels.max(axis=2).astype(np.float64)
    low = pixels.min(axis=2).astype(np.float64)
    return float(np.divide(high - low, high, out=np.zeros_like(high), where=high > 0).mean())


def colourfulness(pixels: ByteImage) -> float:
    """Colourfulness M3 of Hasler and Suesstrunk (2003, "Measuring colourfulness in natural images").

    ``sqrt(var(rg) + var(yb)) + 0.3 sqrt(mean(rg)^2 + mean(yb)^2)`` with ``rg = R - G`` and ``yb = (R + G) / 2 - B`` in
    sRGB values 0 to 255. The paper calls 0 not colourful, 33 averagely, 59 quite and 109 extremely colourful.
    """
    red, green, blue = (pixels[..., i].astype(np.float64) for i in range(3))
    rg, yb = red - green, (red + green) / 2 - blue
    return float(np.sqrt(rg.var() + yb.var()) + 0.3 * np.hypot(rg.mean(), yb.mean()))


def warmth(lab: LabImage) -> FloatArray:
    """Warm (positive) or cool (negative) feeling of each pixel; shape (height, width).

    ``-0.5 + 0.02 C^1.07 cos(h - 50 degrees)`` with chroma C and hue angle h of CIE L*a*b* (Ou, Luo, Woodcock and
    Wright 2004, "A study of colour emotion and colour preference. Part I").
    """
    a, b = lab[..., 1].astype(np.float64), lab[..., 2].astype(np.float64)
    return np.asarray(-0.5 + 0.02 * np.hypot(a, b) ** 1.07 * np.cos(np.arctan2(b, a) - np.radians(50)))


def find_palette(pixels: ByteImage) -> Palette:
    """Dominant colours by weighted k-means in CIE L*a*b* over a histogram of 16 x 16 x 16 bins; no randomness.

    Parameters
    ----------
    pixels : uint8 array of shape (height, width, 3)
        RGB.
    """
    colours, counts = _histogram(pixels)
    lab = to_lab(np.rint(colours).astype(np.uint8)[None])[0].astype(np.float64)
    nearest = _cluster(lab, counts, _spread_centres(lab, counts))
    labels = np.unique(nearest)
    shares = np.array([counts[nearest == k].sum() for k in labels]) / counts.sum()
    means = [np.average(colours[nearest == k], axis=0, weights=counts[nearest == k]) for k in labels]
    names = ["#{:02x}{:02x}{:02x}".format(*(int(v) for v in np.rint(mean))) for mean in means]
    order = sorted(range(len(names)), key=lambda i: (-shares[i], names[i]))
    return Palette(tuple(names[i] for i in order), tuple(float(shares[i]) for i in order))


def _histogram(pixels: ByteImage) -> tuple[FloatArray, FloatArray]:
    """Mean colour of each occupied bin, shape (n, 3), and its number of pixels, shape (n,)."""
    flat = pixels.reshape(-1, 3)
    bins = flat.astype(np.int64) // (256 // _BINS) @ np.array([_BINS * _BINS, _BINS, 1])
    counts = np.bincount(bins, minlength=_BINS**3).astype(np.float64)
    sums = np.stack([np.bincount(bins, weights=flat[:, i], minlength=_BINS**3) for i in range(3)], axis=1)
    used = counts > 0
    return sums[used] / counts[used, None], counts[used]


def _spread_centres(lab: FloatArray, counts: FloatArray) -> FloatArray:
    """First centres: the fullest bin, then again and again the bin that the centres so far explain worst."""
    centres = [lab[counts.argmax()]]
    distance = ((lab - centres[0]) ** 2).sum(axis=1)
    while len(centres) < min(PALETTE_SIZE, len(lab)):
        centres.append(lab[(counts * distance).argmax()])
        distance = np.minimum(distance, ((lab - centres[-1]) ** 2).sum(axis=1))
    return np.array(centres)


def _cluster(lab: FloatArray, counts: FloatArray, centres: FloatArray) -> npt.NDArray[np.int64]:
    """Lloyd's algorithm; the cluster of each bin, shape (n,)."""
    nearest = np.full(len(lab), -1, dtype=np.int64)
    for _ in range(_ROUNDS):
        distance = ((lab[:, None, :] - centres[None]) ** 2).sum(axis=2)
        previous, nearest = nearest, distance.argmin(axis=1).astype(np.int64)
        if np.array_equal(previous, nearest):
            break
        for k in np.unique(nearest):
            mine = nearest == k
            centres[k] = np.average(lab[mine], axis=0, weights=counts[mine])
    return nearest
