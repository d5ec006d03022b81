"""What stands out in a picture, and where it stands."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from artwork_insights.features.picture.colour import LabImage

FloatArray = npt.NDArray[np.float64]

_MAP_SIDE_PX = 64
_BLUR_SHARE = 1 / 32
_SUBJECT_SHARE = 0.1
_FLAT = 1e-3


def saliency_map(lab: LabImage) -> FloatArray:
    """How much each place differs from the mean colour, in CIE L*a*b* units; the longer side has at most 64 places.

    Achanta, Hemami, Estrada and Suesstrunk 2009, "Frequency-tuned salient region detection": the distance of the
    blurred colour from the mean colour.
    """
    height, width = lab.shape[:2]
    scale = min(_MAP_SIDE_PX / max(height, width), 1)
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    small = cv2.resize(lab, size, interpolation=cv2.INTER_AREA)
    blurred = cv2.GaussianBlur(small, (0, 0), max(min(size) * _BLUR_SHARE, 0.5), borderType=cv2.BORDER_REPLICATE)
    difference = blurred - small.reshape(-1, 3).mean(axis=0, dtype=np.float64)
    return np.asarray(np.sqrt((difference**2).sum(axis=2)))


def subject_position(saliency: FloatArray) -> tuple[float, float]:
    """Centre of what stands out, as shares of width and height from the top left corner.

    The subject is the tenth of the places where saliency is largest, each weighted with its excess over the rest. A
    flat picture has its subject in the middle.

    Parameters
    ----------
    saliency : float64 array of shape (height, width)
        As `saliency_map` makes it.
    """
    if saliency.max() < _FLAT:
        return 0.5, 0.5
    height, width = saliency.shape
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
