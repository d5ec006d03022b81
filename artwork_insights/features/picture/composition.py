"""Composition of an artwork: sharpness, clutter, empty space, symmetry, subject, horizon and bars."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from artwork_insights.features.picture.colour import LabImage
from artwork_insights.features.picture.detail import (
    centre_detail_share,
    detail_entropy,
    haar_details,
    laplacian_variance,
)
from artwork_insights.features.picture.framing import find_bars, find_horizon
from artwork_insights.features.picture.saliency import saliency_map, subject_position, thirds_distance

PlaneArray = npt.NDArray[np.float32]
ByteArray = npt.NDArray[np.uint8]
GradientArray = npt.NDArray[np.int16]

_EDGE_LOW, _EDGE_HIGH = 50, 150
_SPACE_SHARE = 1 / 32


def measure_composition(lab: LabImage) -> dict[str, float]:
    """Composition features of one working image.

    Parameters
    ----------
    lab : float32 array of shape (height, width, 3)
        CIE L*a*b*.

    Returns
    -------
    dict of str to float
        The columns of `catalog.columns.composition`, which states units and ranges.
    """
    lightness = np.ascontiguousarray(lab[..., 0])
    edges, dx, dy = find_edges(lightness)
    details = haar_details(lightness)
    bars = find_bars(lightness)
    height, width = lightness.shape
    x, y = subject_position(saliency_map(lab))
    horizon_y, horizon_strength = find_horizon(lightness, edges, dx, dy, bars)
    return {
        "sharpness": laplacian_variance(lightness),
        "centre_detail_share": centre_detail_share(details),
        "clutter": cv2.countNonZero(edges) / edges.size,
        "detail_entropy": detail_entropy(details),
        "negative_space": negative_space(edges),
        "symmetry": mirror_symmetry(lightness),
        "subject_x": x,
        "subject_y": y,
        "thirds_distance": thirds_distance(x, y),
        "horizon_y": horizon_y,
        "horizon_strength": horizon_strength,
        "letterbox_share": (bars.top + bars.bottom) / height,
        "pillarbox_share": (bars.left + bars.right) / width,
    }


def find_edges(lightness: PlaneArray) -> tuple[ByteArray, GradientArray, GradientArray]:
    """Edges by Canny (1986), and the gradients they come from; each of shape (height, width).

    Parameters
    ----------
    lightness : float32 array of shape (height, width)
        CIE L*, 0 to 100.

    Returns
    -------
    edges : uint8 array
        255 on an edge, 0 elsewhere.
    dx, dy : int16 arrays
        Gradients from left to right and from top to bottom.
    """
    grey = cv2.convertScaleAbs(lightness, alpha=2.55)
    blurred = cv2.GaussianBlur(grey, (0, 0), 1.0, borderType=cv2.BORDER_REPLICATE)
    dx, dy = cv2.spatialGradient(blurred, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.Canny(dx, dy, _EDGE_LOW, _EDGE_HIGH, L2gradient=True)), dx, dy


def negative_space(edges: ByteArray) -> float:
    """Share of the frame with no edge within 1/32 of the shorter side; in [0, 1], and 1 for a flat picture."""
    reach = max(round(min(edges.shape) * _SPACE_SHARE), 1)
    near = cv2.dilate(edges, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
    return float(1 - cv2.countNonZero(near) / near.size)


def mirror_symmetry(lightness: PlaneArray) -> float:
    """Correlation of the lightness with its left-right mirror image; in [-1, 1], and 1 for a flat image."""
    centred = lightness - lightness.mean(dtype=np.float64).astype(np.float32)
    power = float(np.vdot(centred, centred))
    if power < 1e-9 * centred.size:
        return 1.0
    return float(np.clip(np.vdot(centred, cv2.flip(centred, 1)) / power, -1, 1))
