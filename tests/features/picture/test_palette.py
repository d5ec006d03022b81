from __future__ import annotations

import math

import numpy as np
import pytest

from artwork_insights.features.picture.colour import to_lab
from artwork_insights.features.picture.palette import (
    find_palette,
    measure_palette,
    pair_harmony,
    palette_harmony,
)

PRINTED = 5e-3  # figures with two decimals


def _flat(*rgb: int) -> np.ndarray:
    return np.full((12, 10, 3), rgb, np.uint8)


def _harmony(one: tuple[int, int, int], other: tuple[int, int, int]) -> float:
    lab = to_lab(np.array([[one, other]], np.uint8))[0].astype(np.float64)
    return float(pair_harmony(lab[:1], lab[1:])[0])


def test_the_palette_finds_planted_colours_with_their_shares() -> None:
    planted = {(200, 30, 40): 50, (20, 40, 160): 25, (240, 240, 235): 15, (15, 15, 15): 7, (30, 150, 60): 3}
    rows = [np.full((count, 40, 3), rgb, np.uint8) for rgb, count in planted.items()]
    palette = find_palette(np.concatenate(rows))
    assert palette.hex == tuple("#{:02x}{:02x}{:02x}".format(*rgb) for rgb in planted)
    assert palette.share == pytest.approx([count / 100 for count in planted.values()])


def test_the_palette_of_noisy_colours_stays_close_to_them() -> None:
    rng = np.random.default_rng(3)
    planted = np.array([[200, 60, 50], [40, 60, 170], [230, 225, 220], [40, 40, 38], [60, 150, 80]])
    pixels = np.clip(planted[rng.integers(0, 5, (90, 60))] + rng.normal(0, 6, (90, 60, 3)), 0, 255).astype(np.uint8)
    palette = find_palette(pixels)
    found = np.array([[int(text[i : i + 2], 16) for i in (1, 3, 5)] for text in palette.hex])
    assert np.abs(found[:, None] - planted[None]).max(axis=2).min(axis=1).max() <= 4
    assert palette.share == pytest.approx([0.2] * 5, abs=0.03)


def test_the_palette_is_shorter_where_there_are_fewer_colours_and_always_sums_to_one(astronaut: np.ndarray) -> None:
    assert find_palette(_flat(9, 9, 9)).hex == ("#090909",)
    palette = find_palette(astronaut)
    assert len(palette.hex) == 5 and sum(palette.share) == pytest.approx(1)
    assert list(palette.share) == sorted(palette.share, reverse=True)
    again = find_palette(astronaut)
    assert (palette.hex, palette.share, palette.background) == (again.hex, again.share, again.background)


def test_the_palette_does_not_depend_on_where_things_are(astronaut: np.ndarray) -> None:
    turned = find_palette(np.ascontiguousarray(astronaut[::-1, ::-1]))
    assert (turned.hex, turned.share) == (find_palette(astronaut).hex, find_palette(astronaut).share)


def test_the_background_is_what_lies_along_the_edges_not_what_fills_most() -> None:
    pixels = np.full((100, 80, 3), (20, 60, 140), np.uint8)
    pixels[10:90, 8:72] = (210, 40, 30)
    measured = measure_palette(find_palette(pixels))
    assert measured["palette_hex"] == ["#d2281e", "#143c8c"]
    assert measured["background_hex"] == "#143c8c"
    assert measured["background_share"] == pytest.approx(1 - 80 * 64 / 8000)
    inside_out = np.full((100, 80, 3), (210, 40, 30), np.uint8)
    inside_out[10:90, 8:72] = (20, 60, 140)
    assert measure_palette(find_palette(inside_out))["background_hex"] == "#d2281e"


def test_a_picture_of_one_colour_is_all_background_and_has_no_harmony() -> None:
    measured = measure_palette(find_palette(_flat(9, 9, 9)))
    assert (measured["background_hex"], measured["background_share"]) == ("#090909", 1.0)
    assert isinstance(measured["colour_harmony"], float) and math.isnan(measured["colour_harmony"])


@pytest.mark.parametrize(
    ("one", "other", "harmony"),
    [((15, 194, 142), (245, 200, 92), 0.2904), ((13, 42, 74), (245, 186, 63), -0.30)],
)
def test_harmony_agrees_with_another_implementation_of_the_model(
    one: tuple[int, int, int], other: tuple[int, int, int], harmony: float
) -> None:
    """Figures that a public program of other authors prints for teal with gold, and for navy with gold."""
    assert _harmony(one, other) == pytest.approx(harmony, abs=PRINTED)


def test_harmony_follows_the_principles_of_the_paper() -> None:
    """Equal hue and chroma, more light, unequal lightness, and blue rather than red (Ou and Luo 2006)."""
    lighter = np.array([1.0, 0, 0])
    skin, grey = np.array([[70.0, 20, 20]]), np.array([[60.0, 0, 0]])
    assert pair_harmony(skin, skin + 15 * lighter) > pair_harmony(skin, np.array([[85.0, -20, -20]]))
    assert pair_harmony(skin + 20 * lighter, skin) > pair_harmony(skin - 20 * lighter, skin - 40 * lighter)
    assert pair_harmony(grey, grey + 20 * lighter) > pair_harmony(grey + 10 * lighter, grey + 10 * lighter)
    blue, red = np.array([[50.0, 0, -40]]), np.array([[50.0, 40, 0]])
    assert pair_harmony(grey, blue) > pair_harmony(grey, red)


def test_harmony_is_symmetric_and_stays_in_its_range_over_srgb() -> None:
    rng = np.random.default_rng(5)
    one, other = (to_lab(rng.integers(0, 256, (1, 200_000, 3), dtype=np.uint8))[0].astype(np.float64) for _ in "ab")
    harmony = pair_harmony(one, other)
    np.testing.assert_allclose(harmony, pair_harmony(other, one), atol=1e-9)
    assert -1.4 < harmony.min() < -1.0 and 1.2 < harmony.max() < 1.6


def test_the_harmony_of_a_palette_weighs_each_pair_by_its_area() -> None:
    lab = np.array([[30.0, 20, -40], [80.0, 5, 60], [55.0, 50, 20]])
    share = np.array([0.5, 0.3, 0.2])
    pairs = [(0, 1, 0.15), (0, 2, 0.10), (1, 2, 0.06)]
    by_hand = sum(weight * pair_harmony(lab[i : i + 1], lab[j : j + 1])[0] for i, j, weight in pairs) / 0.31
    assert palette_harmony(lab, share) == pytest.approx(by_hand)
