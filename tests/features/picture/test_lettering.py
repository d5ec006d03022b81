from __future__ import annotations

import math

import numpy as np
import pytest

from artwork_insights.catalog.columns import FEATURE_COLUMNS
from artwork_insights.features.picture.lettering import MASK_SIDE_PX, count_blocks, letter_heights, measure_lettering
from artwork_insights.features.text.lines import TextLines

MASK_ATOL = 2 / MASK_SIDE_PX  # a pixel of the mask on either side


def _lines(*boxes: tuple[float, float, float, float], width: int = 1000, height: int = 500) -> TextLines:
    """Upright lines (left, top, right, bottom)."""
    corners = [[(x0, y0), (x1, y0), (x1, y1), (x0, y1)] for x0, y0, x1, y1 in boxes]
    return TextLines(np.array(corners, np.float32).reshape(-1, 4, 2), np.full(len(boxes), 0.9), width, height)


def test_without_lettering_the_share_is_zero_and_places_are_missing() -> None:
    values = measure_lettering(_lines())
    assert values["text_area_share"] == values["text_line_count"] == values["text_block_count"] == 0
    for name in ("text_height_max", "text_x", "text_y", "text_lower_third_share"):
        assert math.isnan(values[name])


def test_one_line_gives_its_area_place_and_height() -> None:
    values = measure_lettering(_lines((100, 400, 500, 450)))
    assert values["text_area_share"] == pytest.approx(0.04, abs=MASK_ATOL)
    assert values["text_x"] == pytest.approx(0.3, abs=MASK_ATOL)
    assert values["text_y"] == pytest.approx(0.85, abs=MASK_ATOL)
    assert values["text_height_max"] == pytest.approx(0.1)
    assert values["text_lower_third_share"] == 1
    assert list(values) == [name for name, column in FEATURE_COLUMNS.items() if column.group == "text"]


def test_overlap_and_what_lies_outside_the_frame_do_not_count() -> None:
    once = measure_lettering(_lines((100, 100, 500, 150)))["text_area_share"]
    assert measure_lettering(_lines((100, 100, 500, 150), (100, 100, 500, 150)))["text_area_share"] == once
    over = measure_lettering(_lines((-400, 100, 400, 150)))
    assert over["text_area_share"] == pytest.approx(0.04, abs=MASK_ATOL)
    outside = measure_lettering(_lines((-400, 100, -100, 150)))
    assert outside["text_line_count"] == 0 and math.isnan(outside["text_x"])


def test_a_climbing_line_is_as_high_as_its_letters() -> None:
    climbing = _lines((10, 10, 40, 480))
    assert letter_heights(climbing.corners) == pytest.approx([30])


@pytest.mark.parametrize(
    ("boxes", "blocks"),
    [
        ([(0, 0, 100, 20), (0, 30, 100, 50)], 1),
        ([(0, 0, 100, 20), (0, 45, 100, 65)], 2),
        ([(0, 0, 100, 20), (115, 0, 200, 20)], 1),
        ([(0, 0, 100, 50), (0, 60, 100, 80)], 2),
        ([(0, 25 * i, 100, 25 * i + 20) for i in range(9)], 1),
        ([(0, 0, 100, 20), (300, 0, 400, 20), (0, 30, 100, 50)], 2),
    ],
    ids=["leading", "far below", "beside", "another size", "a column joins line by line", "two places"],
)
def test_lines_of_like_size_that_stand_together_are_a_block(
    boxes: list[tuple[int, int, int, int]], blocks: int
) -> None:
    lines = _lines(*boxes)
    assert count_blocks(lines.corners, letter_heights(lines.corners)) == blocks
    shuffled = lines.corners[np.random.default_rng(4).permutation(len(lines))]
    assert count_blocks(shuffled, letter_heights(shuffled)) == blocks
