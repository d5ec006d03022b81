from __future__ import annotations

import cv2
import numpy as np
import pytest

from artwork_insights.features.picture.colour import to_lab
from artwork_insights.features.picture.composition import find_edges
from artwork_insights.features.picture.framing import Bars, find_bars, find_horizon


def _lightness(pixels: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(to_lab(pixels)[..., 0])


def _bars(pixels: np.ndarray) -> Bars:
    return find_bars(_lightness(pixels))


def _horizon(pixels: np.ndarray, bars: Bars | None = None) -> tuple[float, float]:
    lightness = _lightness(pixels)
    return find_horizon(lightness, *find_edges(lightness), Bars() if bars is None else bars)


def _scene(height: int = 144, width: int = 256, seed: int = 0) -> np.ndarray:
    """Soft blobs without any straight line."""
    noise = np.random.default_rng(seed).uniform(20, 235, (9, 16, 3)).astype(np.float32)
    return cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC).clip(0, 255).astype(np.uint8)


def _sky(sky: int = 200, ground: int = 60, at: int = 60, slope: float = 0.0) -> np.ndarray:
    rows, columns = np.indices((144, 256))
    line = at + slope * (columns - 128)
    grey = np.where(rows < line, sky, ground) + np.random.default_rng(1).normal(0, 4, (144, 256))
    return np.repeat(grey.clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)


@pytest.mark.parametrize("rows", [5, 18, 30])
@pytest.mark.parametrize("colour", [0, 255])
def test_drawn_letterbox_bars_are_found_to_the_row(rows: int, colour: int) -> None:
    pixels = _scene()
    pixels[:rows] = pixels[-rows:] = colour
    assert _bars(pixels) == Bars(top=rows, bottom=rows)


def test_pillarbox_bars_and_bars_on_all_sides_are_found() -> None:
    pixels = _scene()
    pixels[:, :40] = pixels[:, -40:] = 0
    assert _bars(pixels) == Bars(left=40, right=40)
    pixels[:12] = pixels[-12:] = 0
    assert _bars(pixels) == Bars(12, 12, 40, 40)


def test_bars_are_still_found_after_jpeg_and_shrinking() -> None:
    pixels = _scene(1080, 1920)
    pixels[:131] = pixels[-131:] = 0
    _, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 70])
    small = cv2.resize(cv2.imdecode(data, cv2.IMREAD_COLOR), (256, 144), interpolation=cv2.INTER_AREA)
    found = _bars(small)
    assert (found.top, found.bottom) == pytest.approx((131 / 7.5, 131 / 7.5), abs=1)


def test_a_dark_sky_one_bar_unequal_bars_and_a_fade_are_no_bars() -> None:
    sky, one, unequal, fading = _scene(), _scene(), _scene(), _scene()
    sky[:50] = np.random.default_rng(2).integers(0, 14, (50, 256, 1))
    one[:20] = 0
    unequal[:30] = unequal[-10:] = 0
    light = np.clip(np.abs(np.arange(144) - 71.5)[::-1] / -20 + 2.8, 0, 1)
    fading = (fading * light[:, None, None]).astype(np.uint8)
    assert (fading[:10] == 0).all() and (fading[-10:] == 0).all()
    for pixels in (sky, one, unequal, fading, np.zeros((144, 256, 3), np.uint8)):
        assert _bars(pixels) == Bars()


def test_a_subject_on_an_even_ground_has_no_bars() -> None:
    pixels = np.full((144, 256, 3), 250, np.uint8)
    cv2.circle(pixels, (128, 72), 40, (30, 60, 90), -1)
    assert _bars(pixels) == Bars()


@pytest.mark.parametrize("at", [30, 60, 110])
@pytest.mark.parametrize("levels", [(200, 60), (60, 200)])
def test_the_horizon_is_where_it_was_drawn(at: int, levels: tuple[int, int]) -> None:
    y, strength = _horizon(_sky(*levels, at=at))
    assert y == pytest.approx(at / 144, abs=0.01)
    assert strength > 0.95


def test_a_scene_without_a_level_line_and_a_steep_line_have_no_horizon() -> None:
    for pixels in (_scene(), _sky(slope=0.6), np.ascontiguousarray(_sky(at=60).transpose(1, 0, 2))):
        y, strength = _horizon(pixels)
        assert np.isnan(y) and strength < 0.5


def test_a_line_of_letters_is_no_horizon() -> None:
    """The same ground above and below: as many level edges as a horizon, but nothing is parted."""
    pixels = np.full((144, 256, 3), 40, np.uint8)
    for x in range(4, 250, 9):
        cv2.rectangle(pixels, (x, 68), (x + 6, 72), (230, 230, 230), -1)
    y, strength = _horizon(pixels)
    assert np.isnan(y) and strength < 0.1


def test_the_edge_of_a_bar_is_no_horizon() -> None:
    pixels = _scene()
    pixels[:30] = pixels[-30:] = 0
    assert np.isnan(_horizon(pixels, _bars(pixels))[0])
    assert not np.isnan(_horizon(pixels)[0])
