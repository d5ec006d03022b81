from __future__ import annotations

import cv2
import numpy as np
import pytest
from scipy.fft import dctn

from artwork_insights.features.inputs.image import working_image
from artwork_insights.features.picture.duplicates import measure_duplicates


def _hash(pixels: np.ndarray) -> str:
    value = measure_duplicates(working_image(pixels))["picture_hash"]
    assert isinstance(value, str)
    return value


def _distance(one: str, other: str) -> int:
    return (int(one, 16) ^ int(other, 16)).bit_count()


def test_the_bits_are_the_signs_of_the_lowest_frequencies(astronaut: np.ndarray) -> None:
    """Witness: scipy's cosine transform and a list of frequencies written out diagonal by diagonal."""
    working = working_image(astronaut)
    grey = cv2.resize(cv2.cvtColor(working, cv2.COLOR_RGB2GRAY).astype(np.float32), (32, 32), interpolation=3)
    transform = dctn(grey.astype(float), norm="ortho")
    diagonals = [(row, total - row) for total in range(1, 20) for row in range(total + 1)]
    bits = "".join("1" if transform[place] > 0 else "0" for place in diagonals[:128])
    assert _distance(_hash(astronaut), f"{int(bits, 2):032x}") == 0


@pytest.mark.parametrize("scale", [0.3, 0.5, 1.6])
def test_a_resized_and_brightened_copy_is_near_and_another_picture_is_not(astronaut: np.ndarray, scale: float) -> None:
    copy = cv2.resize(astronaut, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    brighter = np.clip(copy * 1.1 + 8, 0, 255).astype(np.uint8)
    assert _distance(_hash(astronaut), _hash(copy)) <= 4
    assert _distance(_hash(astronaut), _hash(brighter)) <= 10
    assert _distance(_hash(astronaut), _hash(np.ascontiguousarray(astronaut[::-1]))) > 40


@pytest.mark.parametrize("shape", [(1, 1, 3), (2, 300, 3), (700, 900, 3)])
def test_one_even_area_has_no_hash(shape: tuple[int, int, int]) -> None:
    even = np.full(shape, 90, np.uint8)
    assert measure_duplicates(working_image(even)) == {"picture_hash": None}
    noisy = even + np.random.default_rng(2).integers(0, 2, shape, dtype=np.uint8)
    assert measure_duplicates(working_image(noisy)) == {"picture_hash": None}
