"""Lettering of the synthetic artwork: the title's name in one or two lines, on a band that keeps clear of faces."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from artwork_insights.features.render.backdrop import Palette
from artwork_insights.features.render.photographs import find_package

FloatImage = npt.NDArray[np.float32]
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

TYPEFACES = ("DejaVuSans-Bold.ttf", "DejaVuSerif-Bold.ttf", "STIXGeneralBol.ttf", "DejaVuSansMono-Bold.ttf")
TAGLINES = ("NOW STREAMING", "A NEW STORY", "ALL EPISODES", "WATCH TONIGHT", "THE RETURN", "ORIGINAL", "")


def band_height_px(height_px: int) -> int:
    """Height of the band that the lettering takes at the top or bottom of the frame."""
    return round(0.21 * height_px)


def draw_lettering(
    rng: np.random.Generator, canvas: FloatImage, name: str, position: str, palette: Palette
) -> FloatImage:
    """Set the name and a tagline into the band at `position`, with the backdrop darkened behind them.

    Parameters
    ----------
    canvas : float32 array of shape (height, width, 3)
        RGB in [0, 1].
    position : {"top", "bottom"}
        Edge of the frame.

    Returns
    -------
    uint8-valued float32 array of shape (height, width, 3)
        RGB in [0, 1], a new picture.
    """
    height_px, width_px = canvas.shape[:2]
    band = band_height_px(height_px)
    shaded = canvas * _scrim(height_px, band, position)[:, None, None]
    page = Image.fromarray((np.clip(shaded, 0, 1) * 255 + 0.5).astype(np.uint8))
    draw = ImageDraw.Draw(page)
    typeface = str(rng.choice(TYPEFACES))
    lines = _break_lines(name.upper(), wide=width_px > 1.25 * height_px)
    tagline = str(rng.choice(TAGLINES))
    room = band * (0.62 if tagline else 0.80)
    size = _fit(typeface, lines, 0.90 * width_px, room)
    top = (0.10 * band) if position == "top" else height_px - 0.95 * band
    line_height = 1.12 * size
    y = top + (room - line_height * len(lines)) / 2
    for line in lines:
        draw.text((width_px / 2 + 1.5, y + 1.5), line, font=_font(typeface, size), fill=(0, 0, 0), anchor="ma")
        draw.text((width_px / 2, y), line, font=_font(typeface, size), fill=_bright(palette.light), anchor="ma")
        y += line_height
    if tagline:
        small = max(8, round(0.17 * band))
        spaced = " ".join(tagline)
        where = (width_px / 2, top + room + 0.04 * band)
        draw.text(where, spaced, font=_font("DejaVuSans.ttf", small), fill=_bright(palette.accent), anchor="ma")
    return np.asarray(page, dtype=np.float32) / np.float32(255.0)


def _break_lines(name: str, *, wide: bool) -> list[str]:
    words = name.split()
    if wide or len(words) < 2:
        return [name]
    cut = min(range(1, len(words)), key=lambda i: abs(len(" ".join(words[:i])) - len(" ".join(words[i:]))))
    return [" ".join(words[:cut]), " ".join(words[cut:])]


def _fit(typeface: str, lines: list[str], width_px: float, height_px: float) -> int:
    widest = max(_font(typeface, 40).getlength(line) for line in lines) / 40
    return max(8, int(min(width_px / widest, height_px / (1.15 * len(lines)))))


@lru_cache(maxsize=128)
def _font(typeface: str, size: int) -> Font:
    """A typeface that matplotlib carries, or Pillow's own where it does not."""
    path = find_package("matplotlib") / "mpl-data" / "fonts" / "ttf" / typeface
    return ImageFont.truetype(path, size) if path.is_file() else ImageFont.load_default(size)


def _scrim(height_px: int, band_px: int, position: str) -> FloatImage:
    """Darkening by row: strongest at the edge, gone above the band."""
    rows = np.arange(height_px, dtype=np.float32)
    depth = (rows - (height_px - 1.35 * band_px)) if position == "bottom" else (1.35 * band_px - rows)
    return np.asarray(1 - 0.62 * np.clip(depth / (0.8 * band_px), 0, 1), dtype=np.float32)


def _bright(colour: tuple[float, float, float]) -> tuple[int, int, int]:
    red, green, blue = (round(255 * (0.85 * channel + 0.15)) for channel in colour)
    return red, green, blue
