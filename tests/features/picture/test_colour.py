from __future__ import annotations

import numpy as np
import pytest
import skimage.color

from artwork_insights.features.picture.colour import colourfulness, find_palette, measure_colour, to_lab, warmth

LAB_ATOL = 0.02  # the white points differ in the fifth digit


def _flat(*rgb: int) -> np.ndarray:
    return np.full((12, 10, 3), rgb, np.uint8)


def _measure(pixels: np.ndarray) -> dict[str, float]:
    return measure_colour(pixels, to_lab(pixels))


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
        assert measured["saturation_mean"] == measured["colourfulness"] == measured["contrast_rms"] == 0
        assert measured["warm_share"] == 0


def test_colourfulness_follows_the_formula_of_the_paper() -> None:
    """Half red, half blue: rg is 255 or 0, yb 127.5 or -255."""
    pixels = np.concatenate([_flat(255, 0, 0), _flat(0, 0, 255)])
    spread = np.hypot(127.5, (127.5 + 255) / 2)
    strength = np.hypot(127.5, (127.5 - 255) / 2)
    assert colourfulness(pixels) == pytest.approx(spread + 0.3 * strength)
    assert colourfulness(_flat(255, 0, 0)) == pytest.approx(0.3 * np.hypot(255, 127.5))


def test_reds_and_yellows_are_warm_and_blues_are_cool() -> None:
    for rgb in ((255, 0, 0), (255, 140, 0), (250, 220, 40), (230, 120, 80)):
        assert _measure(_flat(*rgb))["warm_share"] == 1
    for rgb in ((0, 0, 255), (0, 160, 200), (60, 60, 70), (20, 120, 90)):
        assert _measure(_flat(*rgb))["warm_share"] == 0


def test_warmth_follows_the_formula_of_the_paper() -> None:
    chroma, hue = 60.0, np.radians(80)
    lab = np.array([[[50, chroma * np.cos(hue), chroma * np.sin(hue)]]], np.float32)
    assert warmth(lab)[0, 0] == pytest.approx(-0.5 + 0.02 * chroma**1.07 * np.cos(np.radians(30)), rel=1e-5)


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
    assert palette == find_palette(astronaut)


def test_colour_does_not_depend_on_where_things_are(astronaut: np.ndarray) -> None:
    turned = np.ascontiguousarray(astronaut[::-1, ::-1])
    assert _measure(astronaut) == pytest.approx(_measure(turned), rel=1e-6)
    assert find_palette(astronaut) == find_palette(turned)
