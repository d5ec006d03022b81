"""Composition of an artwork: sharpness, clutter, symmetry and where the subject stands."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from artwork_insights.features.picture.colour import LabImage

FloatArray = npt.NDArray[np.float64]

_EDGE_LOW, _EDGE_HIGH = 50, 150
_SALIENCY_BLUR_SHARE = 1 / 32
_SUBJECT_SHARE = 0.1
_FLAT = 1e-3


def measure_composition(lab: LabImage) -> dict[str, float]:
    """Composition features of one working image.

    Parameters
    ----------
    lab : float32 array of shape (height, width, 3)
        CIE L*a*b*.

    Returns
    -------
    dict of str to float
        ``sharpness``, ``clutter``, ``symmetry``, ``subject_x``, ``subject_y``, ``thirds_distance``; units and ranges in
        `catalog.columns`.
    """
    lightness = np.ascontiguousarray(lab[..., 0])
    x, y = subject_position(lab)
    laplacian = cv2.Laplacian(lightness, cv2.CV_32F, borderType=cv2.BORDER_REPLICATE)
    return {
        "sharpness": float(np.var(laplacian, dtype=np.float64)),
        "clutter": edge_density(lightness),
        "symmetry": mirror_symmetry(lightness),
        "subject_x": x,
        "subject_y": y,
        "thirds_distance": thirds_distance(x, y),
    }


def edge_density(lightness: npt.NDArray[np.float32]) -> float:
    """Share of pixels on an edge (Canny), the clutter measure of Mack and Oliva (2004); in [0, 1].

    Parameters
    ----------
    lightness : float32 array of shape (height, width)
        CIE L*, 0 to 100.
    """
    grey = np.clip(np.rint(lightness * 2.55), 0, 255).astype(np.uint8)
    blurred = cv2.GaussianBlur(grey, (0, 0), 1.0, borderType=cv2.BORDER_REPLICATE)
    return float((cv2.Canny(blurred, _EDGE_LOW, _EDGE_HIGH, L2gradient=True) > 0).mean())


def mirror_symmetry(lightness: npt.NDArray[np.float32]) -> float:
    """Correlation of the lightness with its left-right mirror image; in [-1, 1], and 1 for a flat image."""
    centred = lightness.astype(np.float64) - lightness.mean(dtype=np.float64)
    power = float((centred**2).sum())
    if power < 1e-9 * centred.size:
        return 1.0
    return float(np.clip((centred * centred[:, ::-1]).sum() / power, -1, 1))


def subject_position(lab: LabImage) -> tuple[float, float]:
    """Centre of what stands out, as shares of width and height from the top left corner.

    Saliency is the distance of the blurred colour from the mean colour in CIE L*a*b* (Achanta, Hemami, Estrada and
    Suesstrunk 2009, "Frequency-tuned salient region detection"); the subject is the tenth of the pixels where it is
    largest, each pixel weighted with its excess over the rest. A flat image has its subject in the middle.
    """
    height, width = lab.shape[:2]
    blurred = cv2.GaussianBlur(
        lab, (0, 0), max(min(height, width) * _SALIENCY_BLUR_SHARE, 0.5), borderType=cv2.BORDER_REPLICATE
    )
    mean = lab.reshape(-1, 3).mean(axis=0, dtype=np.float64)
    saliency = np.sqrt(((blurred.astype(np.float64) - mean) ** 2).sum(axis=2))
    if saliency.max() < _FLAT:
        return 0.5, 0.5
    limit = np.quantile(saliency, 1 - _SUBJECT_SHARE)
    weight = np.maximum(saliency - limit, 0)
    if weight.sum() < _FLAT:
        weight = (saliency >= limit - _FLAT).astype(np.float64)
    total = weight.sum()
    x = float((weight.sum(axis=0) * (np.arange(width) + 0.5)).sum() / total / width)
    y = float((weight.sum(axis=1) * (np.arange(height) + 0.5)).sum() / total / height)
    return x, y


def thirds_distance(x: float, y: float) -> float:
    """Distance from (x, y) to the nearest crossing of the thirds, in shares of the frame's sides; 0 to 0.471."""
    nearest_x = min((1 / 3, 2 / 3), key=lambda third: abs(third - x))
    nearest_y = min((1 / 3, 2 / 3), key=lambda third: abs(third - y))
    return float(np.hypot(x - nearest_x, y - nearest_y))
