"""Every feature has its type and keeps to the range of the data dictionary, on any picture and any faces."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from artwork_insights.catalog.synthetic import make_catalogue
from artwork_insights.features.faces.detector import Faces
from artwork_insights.features.faces.focus import measure_focus
from artwork_insights.features.faces.geometry import measure_faces
from artwork_insights.features.faces.surroundings import measure_surroundings
from artwork_insights.features.inputs.image import working_image
from artwork_insights.features.picture.colour import colour_planes, count_hues, measure_colour, to_lab
from artwork_insights.features.picture.composition import measure_composition
from artwork_insights.features.picture.palette import find_palette, measure_palette
from artwork_insights.features.render.artwork import plans_of, render_artwork
from tests.features.ranges import faults

SHAPES = [(1, 1), (1, 256), (256, 1), (2, 2), (2, 256), (3, 7), (256, 5), (16, 16)]


def _colour(pixels: np.ndarray) -> dict[str, Any]:
    values: dict[str, Any] = measure_colour(colour_planes(pixels, to_lab(pixels)))
    return values | measure_palette(find_palette(pixels)) | {"hue_count": count_hues(pixels)}


def _faces(faces: Faces, pixels: np.ndarray) -> dict[str, Any]:
    working = working_image(pixels)
    beside = measure_surroundings(faces, colour_planes(working, to_lab(working)))
    return measure_faces(faces) | measure_focus(faces, pixels) | beside


def _made(boxes: np.ndarray, landmarks: np.ndarray, width: int, height: int) -> Faces:
    area = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    order = np.argsort(-area, kind="stable")
    scores = np.linspace(0.71, 1, len(boxes), dtype=np.float32)
    return Faces(boxes[order].astype(np.float32), scores, landmarks[order].astype(np.float32), width, height)


@st.composite
def pictures(draw: st.DrawFn) -> np.ndarray:
    shape = draw(st.tuples(st.integers(1, 40), st.integers(1, 40)))
    elements = draw(st.sampled_from([st.integers(0, 255), st.sampled_from([0, 255]), st.integers(118, 122)]))
    return draw(arrays.arrays(np.uint8, (*shape, 3), elements=elements))


@settings(max_examples=150, deadline=None)
@given(pictures())
def test_colour_and_composition_keep_to_their_ranges_on_any_pixels(pixels: np.ndarray) -> None:
    assert faults(_colour(pixels), "colour") == []
    assert faults(measure_composition(to_lab(pixels)), "composition") == []


@pytest.mark.parametrize("shape", SHAPES)
def test_flat_noisy_and_two_coloured_pictures_of_extreme_shapes_are_measured(shape: tuple[int, int]) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (*shape, 3), dtype=np.uint8)
    halves = np.where(np.arange(shape[1]) < shape[1] / 2, 0, 255)[None, :, None].astype(np.uint8)
    for pixels in (noise, np.full((*shape, 3), (0, 0, 0), np.uint8), np.full((*shape, 3), (255, 0, 0), np.uint8),
                   np.full((*shape, 3), 255, np.uint8), np.broadcast_to(halves, (*shape, 3)).copy()):  # fmt: skip
        assert faults(_colour(pixels), "colour") == []
        assert faults(measure_composition(to_lab(pixels)), "composition") == []


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 12), st.integers(1, 900), st.integers(1, 900), st.integers(0, 2**32 - 1))
def test_faces_keep_to_their_ranges_wherever_they_lie(n: int, width: int, height: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    corners = rng.uniform(0, 1, (n, 2, 2)) * [width, height]
    boxes = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1).reshape(n, 4)
    landmarks = rng.uniform(-0.1, 1.1, (n, 5, 2)) * [width, height]
    pixels = rng.integers(0, 256, (max(height // 3, 1), max(width // 3, 1), 3), dtype=np.uint8)
    assert faults(_faces(_made(boxes, landmarks, width, height), pixels), "faces") == []


def test_drawn_artwork_keeps_to_the_ranges() -> None:
    plans = list(plans_of(make_catalogue(seed=3, n_titles=4)).values())[:16]
    for plan in plans:
        drawn = render_artwork(plan)
        working = working_image(drawn.pixels)
        boxes = np.array([face.box for face in drawn.faces]).reshape(-1, 4)
        faces = _made(boxes, np.zeros((len(boxes), 5, 2)), plan.width_px, plan.height_px)
        assert faults(_colour(working), "colour") == []
        assert faults(measure_composition(to_lab(working)), "composition") == []
        assert faults(_faces(faces, drawn.pixels), "faces") == []


def test_a_value_beyond_its_range_of_another_type_or_missing_is_noticed() -> None:
    values = measure_composition(to_lab(np.zeros((4, 4, 3), np.uint8)))
    assert faults(values | {"clutter": 1.01}, "composition") == ["clutter is 1.01"]
    assert faults(values | {"symmetry": 1}, "composition") == ["symmetry is int, not float64"]
    assert faults({name: v for name, v in values.items() if name != "sharpness"}, "composition") == [
        "sharpness is one side's only"
    ]
    assert faults(values | {"sharpness": float("inf")}, "composition") == ["sharpness is inf"]
