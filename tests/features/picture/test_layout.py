from __future__ import annotations

import cv2
import numpy as np
import pytest

from artwork_insights.features.picture.colour import to_lab
from artwork_insights.features.picture.layout import COLUMNS, LAYOUT_DIMENSION, ORIENTATIONS, ROWS, layout_embedding

COLOUR = slice(0, COLUMNS * ROWS * 3)
GRADIENT = slice(COLOUR.stop, COLOUR.stop + COLUMNS * ROWS * ORIENTATIONS)
HISTOGRAM = slice(GRADIENT.stop, LAYOUT_DIMENSION)


def _embed(pixels: np.ndarray) -> np.ndarray:
    return layout_embedding(pixels, to_lab(pixels))


def test_it_has_three_blocks_of_length_one(astronaut: np.ndarray) -> None:
    vector = _embed(astronaut)
    assert vector.shape == (722,) and vector.dtype == np.float32
    for block in (COLOUR, GRADIENT, HISTOGRAM):
        assert np.linalg.norm(vector[block]) == pytest.approx(1, abs=1e-5)
    np.testing.assert_array_equal(vector, _embed(astronaut.copy()))


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 200, 3), (256, 4, 3)])
def test_any_shape_gives_a_finite_vector(shape: tuple[int, int, int]) -> None:
    vector = _embed(np.random.default_rng(8).integers(0, 256, shape, dtype=np.uint8))
    assert vector.shape == (722,) and np.isfinite(vector).all()


def test_stripes_put_their_gradient_into_their_orientation() -> None:
    stripes = np.tile(np.repeat(np.array([20, 220], np.uint8), 4), 12)
    upright = np.repeat(np.tile(stripes, (96, 1))[..., None], 3, axis=2)
    for pixels, bin_number in ((upright, 0), (np.ascontiguousarray(upright.transpose(1, 0, 2)), ORIENTATIONS // 2)):
        energy = _embed(pixels)[GRADIENT].reshape(-1, ORIENTATIONS).sum(axis=0)
        assert energy.argmax() == bin_number
        assert energy[bin_number] > 0.95 * energy.sum()


def test_it_sees_where_colours_lie_and_the_histogram_does_not(astronaut: np.ndarray) -> None:
    original, turned = _embed(astronaut), _embed(np.ascontiguousarray(astronaut[::-1]))
    assert original[COLOUR] @ turned[COLOUR] < 0.9
    np.testing.assert_allclose(original[HISTOGRAM], turned[HISTOGRAM], atol=1e-6)


def test_a_resized_picture_is_nearer_than_another_one(astronaut: np.ndarray) -> None:
    smaller = cv2.resize(astronaut, (200, 200), interpolation=cv2.INTER_AREA)
    other = np.random.default_rng(9).integers(0, 256, astronaut.shape, dtype=np.uint8)
    assert _embed(astronaut) @ _embed(smaller) > 2.9 > _embed(astronaut) @ _embed(other)
