"""What is measured beside faces stays where it was when a face is put into the picture; the whole picture moves."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

from artwork_insights.catalog.synthetic import make_catalogue
from artwork_insights.features.faces.detector import Faces
from artwork_insights.features.faces.surroundings import measure_surroundings, outside_faces
from artwork_insights.features.inputs.image import working_image
from artwork_insights.features.picture.colour import ColourPlanes, colour_planes, count_hues, measure_colour, to_lab
from artwork_insights.features.picture.palette import find_palette, measure_palette
from artwork_insights.features.render.artwork import plans_of
from artwork_insights.features.render.backdrop import PALETTES, draw_backdrop
from artwork_insights.features.render.faces import paste_face, place_faces

NAMES = ("lightness_mean", "contrast_rms", "chroma_mean", "saturation_mean", "colourfulness", "warm_share")
LEAK_SD = 0.1  # standard deviations between backdrops


class Pasted(NamedTuple):
    """One backdrop before and after faces were put on it."""

    before: ColourPlanes
    after: ColourPlanes
    faces: Faces


def _planes(canvas: np.ndarray) -> ColourPlanes:
    pixels = working_image((np.clip(canvas, 0, 1) * 255 + 0.5).astype(np.uint8))
    return colour_planes(pixels, to_lab(pixels))


def _faces(boxes: np.ndarray, width: int, height: int) -> Faces:
    n = len(boxes)
    clipped = np.clip(boxes, 0, [width, height] * 2).astype(np.float32).reshape(n, 4)
    return Faces(clipped, np.ones(n, np.float32), np.zeros((n, 5, 2), np.float32), width, height)


@pytest.fixture(scope="module")
def pasted() -> list[Pasted]:
    """40 backdrops of the demo, and the faces that were planned for them."""
    plans = [plan for plan in plans_of(make_catalogue(n_titles=60)).values() if plan.face_heights]
    drawn = []
    for plan in plans[:: len(plans) // 40][:40]:
        rng, palette = np.random.default_rng(plan.render_seed), PALETTES[plan.palette]
        width, height = plan.width_px, plan.height_px
        canvas = draw_backdrop(rng, width, height, plan.background, palette, plan.background_lightness, hero=False)
        before = _planes(canvas)
        sizes = np.array(plan.face_heights) * np.sqrt(width * height)
        placed = place_faces(rng, sizes, width, height, 0, height)
        for face in placed:
            paste_face(rng, canvas, face, palette)
        drawn.append(Pasted(before, _planes(canvas), _faces(np.array([f.box for f in placed]), width, height)))
    return drawn


def _moves(pasted: list[Pasted]) -> dict[str, tuple[float, float, float]]:
    """Root mean square move of each feature, in standard deviations between the backdrops.

    Of the whole picture, of the same pixels beside the faces, and from the whole backdrop to the pixels beside them.
    """
    moves = {}
    for name in NAMES:
        rows = []
        for before, after, faces in pasted:
            outside = outside_faces(faces, *before.lightness.shape)
            whole, beside = measure_colour(before)[name], measure_colour(before, outside)[name]
            found = measure_surroundings(faces, after)[f"{name}_without_faces"]
            rows.append((measure_colour(after)[name] - whole, found - beside, found - whole))
        spread = np.std([measure_colour(each.before)[name] for each in pasted])
        moves[name] = tuple(np.sqrt((np.array(rows) ** 2).mean(axis=0)) / spread)
    return moves


def test_a_face_moves_the_whole_picture_and_hardly_what_lies_beside_it(pasted: list[Pasted]) -> None:
    for name, (whole, leak, _) in _moves(pasted).items():
        assert leak < LEAK_SD, name
        assert whole > 2 * LEAK_SD, name
        assert leak < whole / 5, name


def test_which_part_of_the_backdrop_is_left_still_depends_on_the_faces(pasted: list[Pasted]) -> None:
    """Why these columns are called sensitive and not independent: another part of a backdrop is not the whole."""
    assert min(part for _, _, part in _moves(pasted).values()) > LEAK_SD


def test_without_a_face_nothing_is_left_out(pasted: list[Pasted]) -> None:
    planes = pasted[0].before
    measured = measure_surroundings(_faces(np.empty((0, 4)), 300, 200), planes)
    assert measured.pop("face_zone_share") == 0
    whole = measure_colour(planes) | measure_palette(find_palette(planes.pixels))
    whole["hue_count"] = count_hues(planes.pixels)
    names = (*NAMES, "hue_count", "background_share", "colour_harmony")
    assert measured == {f"{name}_without_faces": whole[name] for name in names}


def test_nothing_that_happens_on_a_face_reaches_what_is_measured_beside_it(pasted: list[Pasted]) -> None:
    moved = 0
    for before, _, faces in pasted:
        painted = before.pixels.copy()
        painted[outside_faces(faces, *before.lightness.shape) == 0] = (255, 0, 0)
        planes = colour_planes(painted, to_lab(painted))
        assert measure_surroundings(faces, planes) == measure_surroundings(faces, before)
        moved += find_palette(painted).hex != find_palette(before.pixels).hex
    assert moved > len(pasted) // 2  # the control: the whole picture notices


def test_without_an_edge_that_counts_the_background_is_the_most_frequent_colour() -> None:
    pixels = np.zeros((40, 40, 3), np.uint8)
    pixels[10:30, 10:30], pixels[10:14, 10:14] = (20, 60, 140), (210, 40, 30)
    among = np.zeros((40, 40), np.uint8)
    among[10:30, 10:30] = 1
    palette = find_palette(pixels, among)
    assert palette.hex == ("#143c8c", "#d2281e") and palette.background == 0
    assert palette.share == pytest.approx((0.96, 0.04))


def test_left_out_are_face_hair_and_shoulders() -> None:
    """A box of 20 x 20 in 200 x 200: head 40 x 36, and below the chin 70 x 25, of which 40 x 4 is head already."""
    outside = outside_faces(_faces(np.array([[90, 60, 110, 80]]), 200, 200), 200, 200)
    assert (outside == 0).sum() == 40 * 36 + 70 * 25 - 40 * 4
    assert outside[47, 100] == 1 and outside[48, 100] == 0  # 0.6 heights above
    assert outside[79, 79] == 1 and outside[79, 80] == 0  # half a width beside
    assert outside[104, 65] == 0 and outside[105, 65] == 1 and outside[104, 64] == 1  # shoulders
    small = outside_faces(_faces(np.array([[90, 60, 110, 80]]), 200, 200), 100, 100)
    assert (small == 0).mean() == pytest.approx((outside == 0).mean(), abs=0.01)


def test_a_face_that_fills_the_frame_leaves_nothing_to_measure(pasted: list[Pasted]) -> None:
    measured = measure_surroundings(_faces(np.array([[0, 0, 300, 190]]), 300, 200), pasted[0].before)
    assert measured.pop("face_zone_share") == 1
    assert np.isnan(list(measured.values())).all() and len(measured) == len(NAMES) + 3
