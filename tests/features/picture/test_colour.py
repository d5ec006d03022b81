from __future__ import annotations

import numpy as np
import pytest
import skimage.color

from artwork_insights.features.picture.colour import colour_planes, count_hues, measure_colour, to_lab, warmth

LAB_ATOL = 0.02  # the white points differ in the fifth digit
FLAT = 1e-6  # what float32 leaves of a flat picture


def _flat(*rgb: int) -> np.ndarray:
    return np.full((12, 10, 3), rgb, np.uint8)


def _measure(pixels: np.ndarray) -> dict[str, float]:
    return measure_colour(colour_planes(pixels, to_lab(pixels)))


def test_lab_agrees_with_scikit_image(astronaut: np.ndarray) -> None:
    np.testing.assert_allclose(to_lab(astronaut), skimage.color.rgb2lab(astronaut), atol=LAB_ATOL)


def test_lightness_contrast_and_chroma_agree_with_scikit_image(astronaut: np.ndarray) -> None:
    lab = skimage.color.rgb2lab(astronaut)
    measured = _measure(astronaut)
    assert measured["lightness_mean"] == pytest.approx(lab[..., 0].mean(), abs=0.05)
    assert measured["contrast_rms"] == pytest.approx(lab[..., 0].std() / 100, abs=1e-3)
    assert measured["chroma_mean"] == pytest.approx(np.hypot(lab[..., 1], lab[..., 2]).mean(), abs=0.05)
    assert measured["saturation_mean"] == pytest.approx(skimage.color.rgb2hsv(astronaut)[..., 1].mean(), abs=1e-6)


def test_black_white_and_grey_have_no_colour() -> None:
    for level, lightness in ((0, 0), (255, 100), (119, 50.0)):  # sRGB 119 is CIE L* 50
        measured = _measure(_flat(level, level, level))
        assert measured["lightness_mean"] == pytest.approx(lightness, abs=0.3)
        assert measured["chroma_mean"] == pytest.approx(0, abs=0.05)
        assert measured["saturation_mean"] == measured["colourfulness"] == 0
        assert measured["contrast_rms"] == pytest.approx(0, abs=FLAT)
        assert measured["warm_share"] == 0


def test_colourfulness_follows_the_formula_of_the_paper() -> None:
    """Half red, half blue: rg is 255 or 0, yb 127.5 or -255."""
    pixels = np.concatenate([_flat(255, 0, 0), _flat(0, 0, 255)])
    spread = np.hypot(127.5, (127.5 + 255) / 2)
    strength = np.hypot(127.5, (127.5 - 255) / 2)
    assert _measure(pixels)["colourfulness"] == pytest.approx(spread + 0.3 * strength)
    assert _measure(_flat(255, 0, 0))["colourfulness"] == pytest.approx(0.3 * np.hypot(255, 127.5))


def test_reds_and_yellows_are_warm_and_blues_are_cool() -> None:
    for rgb in ((255, 0, 0), (255, 140, 0), (250, 220, 40), (230, 120, 80)):
        assert _measure(_flat(*rgb))["warm_share"] == 1
    for rgb in ((0, 0, 255), (0, 160, 200), (60, 60, 70), (20, 120, 90)):
        assert _measure(_flat(*rgb))["warm_share"] == 0


def test_warmth_follows_the_formula_of_the_paper() -> None:
    chroma, hue = 60.0, np.radians(80)
    a, b = (np.array([[chroma * turn(hue)]], np.float32) for turn in (np.cos, np.sin))
    assert warmth(a, b)[0, 0] == pytest.approx(-0.5 + 0.02 * chroma**1.07 * np.cos(np.radians(30)), rel=1e-5)


def test_colour_does_not_depend_on_where_things_are(astronaut: np.ndarray) -> None:
    turned = np.ascontiguousarray(astronaut[::-1, ::-1])
    assert _measure(astronaut) == pytest.approx(_measure(turned), rel=1e-6)
    assert count_hues(astronaut) == count_hues(turned)


def _wheel(*hues: float, saturation: float = 1, value: float = 0.8) -> np.ndarray:
    """Stripes of equal width, one per hue in degrees."""
    hsv = np.array([[hue / 360, saturation, value] for hue in hues])
    rgb = np.rint(skimage.color.hsv2rgb(hsv[None])[0] * 255).astype(np.uint8)
    return np.repeat(np.repeat(rgb[None], 20, axis=0), 12, axis=1)


@pytest.mark.parametrize("n", [1, 2, 5, 20])
def test_as_many_hues_are_counted_as_were_painted(n: int) -> None:
    assert count_hues(_wheel(*(9 + 18 * np.arange(n)))) == n


def test_hues_that_are_pale_or_dark_or_hardly_there_do_not_count() -> None:
    assert count_hues(_wheel(9, 99, 189, saturation=0.15)) == count_hues(_wheel(9, 99, 189, value=0.1)) == 0
    mostly_grey = np.full((200, 200, 3), 128, np.uint8)
    mostly_grey[:5, :7] = (200, 30, 30)  # 35 of 40,000 pixels
    assert count_hues(mostly_grey) == 0
    mostly_grey[:5, :9] = (200, 30, 30)
    assert count_hues(mostly_grey) == 1
    one_in_thirty = np.vstack([_wheel(9)] * 29 + [_wheel(189)])
    assert count_hues(one_in_thirty) == 1


def test_only_the_pixels_asked_for_count(astronaut: np.ndarray) -> None:
    """Measuring among the left half is measuring the left half; the whole picture differs from it."""
    among = np.zeros(astronaut.shape[:2], np.uint8)
    among[:, :200] = 1
    planes = colour_planes(astronaut, to_lab(astronaut))
    half = _measure(np.ascontiguousarray(astronaut[:, :200]))
    assert measure_colour(planes, among) == pytest.approx(half, rel=1e-5)
    assert all(abs(measure_colour(planes)[name] / half[name] - 1) > 1e-2 for name in half)
