from __future__ import annotations

import cv2
import numpy as np
import pytest

from artwork_insights.features.faces.detector import Faces
from artwork_insights.features.faces.focus import measure_focus
from artwork_insights.features.picture.colour import to_lab
from artwork_insights.features.picture.detail import laplacian_variance

INTERPOLATION = 0.15  # enlarging and shrinking again is not exact
FACE = (181, 62, 268, 172)  # of the astronaut


def _faces(scale: float = 1, box: tuple[float, float, float, float] = FACE, side: int = 512) -> Faces:
    whole = round(side * scale)
    boxes = np.array([box], np.float32) * np.float32(scale)
    return Faces(boxes, np.ones(1, np.float32), np.zeros((1, 5, 2), np.float32), whole, whole)


def _sharpness(faces: Faces, pixels: np.ndarray) -> float:
    return measure_focus(faces, pixels)["face_sharpness_largest"]


def test_blurring_the_face_lowers_it_and_blurring_the_rest_does_not(astronaut: np.ndarray) -> None:
    blurred = cv2.GaussianBlur(astronaut, (0, 0), 3)
    left, top, right, bottom = FACE
    around, inside = blurred.copy(), astronaut.copy()
    around[top:bottom, left:right] = astronaut[top:bottom, left:right]
    inside[top:bottom, left:right] = blurred[top:bottom, left:right]
    sharp = _sharpness(_faces(), astronaut)
    assert _sharpness(_faces(), inside) < 0.4 * sharp
    assert _sharpness(_faces(), around) == sharp


def test_it_hardly_depends_on_the_resolution_of_the_file(astronaut: np.ndarray) -> None:
    """The control is the Laplacian at the resolution of the file."""
    large = cv2.resize(astronaut, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
    sharp = _sharpness(_faces(), astronaut)
    assert _sharpness(_faces(scale=3), large) == pytest.approx(sharp, rel=INTERPOLATION)
    left, top, right, bottom = FACE
    files = (astronaut[top:bottom, left:right], large[3 * top : 3 * bottom, 3 * left : 3 * right])
    small_file, large_file = (laplacian_variance(np.ascontiguousarray(to_lab(face.copy())[..., 0])) for face in files)
    assert large_file < small_file / 20


def test_boxes_are_those_of_the_original_also_for_a_reduced_picture(astronaut: np.ndarray) -> None:
    large = cv2.resize(astronaut, None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST)
    assert _sharpness(_faces(scale=2), astronaut) == _sharpness(_faces(), astronaut)
    assert _sharpness(_faces(scale=2), large) == pytest.approx(_sharpness(_faces(), astronaut), rel=0.02)


def test_without_a_face_or_with_too_small_a_one_it_is_missing(astronaut: np.ndarray) -> None:
    none = Faces(np.empty((0, 4), np.float32), np.empty(0, np.float32), np.empty((0, 5, 2), np.float32), 512, 512)
    assert np.isnan(_sharpness(none, astronaut))
    assert np.isnan(_sharpness(_faces(box=(100, 100, 123, 150)), astronaut))
    assert not np.isnan(_sharpness(_faces(box=(100, 100, 124, 150)), astronaut))
