"""Colour of an artwork: lightness, contrast, chroma, saturation, colourfulness, warmth and number of hues."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from artwork_insights.features.inputs.image import ByteImage

PlaneArray = npt.NDArray[np.float32]
LabImage = npt.NDArray[np.float32]
Mask = npt.NDArray[np.uint8]

_DARK = np.float32((6 / 29) ** 3)
_DARK_SLOPE, _DARK_OFFSET = np.float32(841 / 108), np.float32(4 / 29)
_LEVELS = np.arange(256) / 255
_LINEAR = np.where(_LEVELS <= 0.04045, _LEVELS / 12.92, ((_LEVELS + 0.055) / 1.055) ** 2.4).astype(np.float32)
_RGB_TO_XYZ = np.array([[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]])
_RGB_TO_WHITE = (_RGB_TO_XYZ / _RGB_TO_XYZ.sum(axis=1, keepdims=True)).astype(np.float32)  # white has 1, 1, 1
_RESPONSE_TO_LAB = np.array([[0, 116, 0, -16], [500, -500, 0, 0], [0, 200, -200, 0]], dtype=np.float32)

_WARM_HUE = np.radians(50)
_HUES = 20
_PROMINENT = 0.05
_SMALLEST_HUE_SHARE = 0.001


@dataclass(frozen=True, slots=True)
class ColourPlanes:
    """What several colour measures share, worked out once per picture; each of shape (height, width).

    Attributes
    ----------
    pixels : uint8, of shape (height, width, 3)
        RGB, of which the others are made.
    lightness : float32
        CIE L*, 0 to 100.
    chroma : float32
        CIE C*ab, distance from grey.
    saturation : float32
        Of the HSV cone, (max - min) / max, 0 to 1; black has 0.
    red_green, yellow_blue : float32
        ``R - G`` and ``(R + G) / 2 - B`` in sRGB values.
    warm : uint8
        1 where the colour is felt as warm.
    """

    pixels: ByteImage
    lightness: PlaneArray
    chroma: PlaneArray
    saturation: PlaneArray
    red_green: PlaneArray
    yellow_blue: PlaneArray
    warm: Mask


def to_lab(pixels: ByteImage) -> LabImage:
    """CIE L*a*b* (D65, IEC 61966-2-1 sRGB) of pixels; L* in [0, 100]; shape (height, width, 3).

    Worked out in full: OpenCV's own conversion interpolates in a table and is off by up to 0.4.
    """
    relative = cv2.transform(cv2.LUT(pixels, _LINEAR[None]), _RGB_TO_WHITE)
    response = np.cbrt(relative)
    np.copyto(response, relative * _DARK_SLOPE + _DARK_OFFSET, where=relative <= _DARK)
    return np.asarray(cv2.transform(response, _RESPONSE_TO_LAB), dtype=np.float32)


def colour_planes(pixels: ByteImage, lab: LabImage) -> ColourPlanes:
    """Work out the planes of one picture.

    Parameters
    ----------
    pixels : uint8 array of shape (height, width, 3)
        RGB.
    lab : float32 array of shape (height, width, 3)
        The same in CIE L*a*b*.
    """
    lightness, a, b = (np.asarray(plane) for plane in cv2.split(lab))
    red, green, blue = cv2.split(pixels.astype(np.float32))
    high = cv2.max(cv2.max(red, green), blue)
    low = cv2.min(cv2.min(red, green), blue)
    return ColourPlanes(
        pixels=pixels,
        lightness=lightness,
        chroma=np.sqrt(a * a + b * b),  # cv2.magnitude rounds by where its arrays happen to lie in memory
        saturation=np.asarray((high - low) / np.maximum(high, 1)),
        red_green=red - green,
        yellow_blue=(red + green) * np.float32(0.5) - blue,
        warm=(warmth(a, b) > 0).view(np.uint8),
    )


def measure_colour(planes: ColourPlanes, among: Mask | None = None) -> dict[str, float]:
    """Colour features of one working image.

    Parameters
    ----------
    planes : ColourPlanes
    among : uint8 array of shape (height, width), optional
        Pixels that count: not 0. At least one; all of them where it is left out.

    Returns
    -------
    dict of str to float
        ``lightness_mean``, ``contrast_rms``, ``chroma_mean``, ``saturation_mean``, ``colourfulness``, ``warm_share``;
        units and ranges in `catalog.columns`.
    """
    origin = float(planes.lightness.flat[0])  # measured from one of the pixels, so that a flat picture has exactly 0
    shift, spread = cv2.meanStdDev(planes.lightness - np.float32(origin), mask=among)
    return {
        "lightness_mean": float(np.clip(origin + shift[0, 0], 0, 100)),
        "contrast_rms": float(np.clip(spread[0, 0] / 100, 0, 0.5)),
        "chroma_mean": _mean(planes.chroma, among),
        "saturation_mean": float(np.clip(_mean(planes.saturation, among), 0, 1)),
        "colourfulness": _colourfulness(planes, among),
        "warm_share": float(np.clip(_mean(planes.warm, among), 0, 1)),
    }


def _mean(plane: PlaneArray | Mask, among: Mask | None) -> float:
    return float(cv2.mean(plane, mask=among)[0])


def _colourfulness(planes: ColourPlanes, among: Mask | None) -> float:
    """Colourfulness M3 of Hasler and Suesstrunk (2003, "Measuring colourfulness in natural images").

    ``sqrt(var(rg) + var(yb)) + 0.3 sqrt(mean(rg)^2 + mean(yb)^2)`` with ``rg = R - G`` and ``yb = (R + G) / 2 - B`` in
    sRGB values 0 to 255. The paper calls 0 not colourful, 33 averagely, 59 quite and 109 extremely colourful.
    """
    measured = [cv2.meanStdDev(plane, mask=among) for plane in (planes.red_green, planes.yellow_blue)]
    (rg_mean, rg_spread), (yb_mean, yb_spread) = ((mean[0, 0], spread[0, 0]) for mean, spread in measured)
    return float(np.hypot(rg_spread, yb_spread) + 0.3 * np.hypot(rg_mean, yb_mean))


def warmth(a: PlaneArray, b: PlaneArray) -> PlaneArray:
    """Warm (positive) or cool (negative) feeling of colours of CIE a* and b*; all of one shape (height, width).

    ``-0.5 + 0.02 C^1.07 cos(h - 50 degrees)`` with chroma C and hue angle h of CIE L*a*b* (Ou, Luo, Woodcock and
    Wright 2004, "A study of colour emotion and colour preference. Part I"); the colour temperature of Google's
    material-color-utilities is the same expression.
    """
    along = a * np.float32(np.cos(_WARM_HUE)) + b * np.float32(np.sin(_WARM_HUE))  # C cos(h - 50 degrees)
    return np.asarray(along * cv2.pow(np.sqrt(a * a + b * b), 0.07) * np.float32(0.02) - np.float32(0.5))


def count_hues(pixels: ByteImage, among: Mask | None = None) -> int:
    """Number of distinct hues, 0 to 20: the hue count of Ke, Tang and Jing (2006).

    Of 20 equal parts of the hue circle, those with more than a twentieth as many pixels as the fullest one, over pixels
    of HSV saturation above 0.2 and value from 0.15 to 0.95 ("The design of high-level features for photo quality
    assessment"). Beyond the paper, a part counts only from a thousandth of the picture on, so that the noise of a black
    and white picture has no hue. Counted are the pixels where `among`, of shape (height, width), is not 0.
    """
    hue, saturation, value = cv2.split(cv2.cvtColor(pixels, cv2.COLOR_RGB2HSV))
    coloured = (saturation > 0.2 * 255) & (value >= 0.15 * 255) & (value <= 0.95 * 255)
    n_pixels = hue.size
    if among is not None:
        coloured &= among > 0
        n_pixels = np.count_nonzero(among)
    counts = cv2.calcHist([hue], [0], coloured.view(np.uint8), [_HUES], [0, 180])  # OpenCV counts hue in 180 steps
    return int((counts > max(_PROMINENT * counts.max(), _SMALLEST_HUE_SHARE * n_pixels)).sum())
