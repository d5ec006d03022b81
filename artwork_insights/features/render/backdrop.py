"""Backdrops of the synthetic artwork: gradients, photographs and textures in a palette, at a planted lightness."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from artwork_insights.features.render.photographs import read_photograph

FloatImage = npt.NDArray[np.float32]
Colour = tuple[float, float, float]

TEXTURES = ("brick", "grass", "gravel")
# Cat and stars are rare on purpose: a face detector takes them for people now and then, as it does on real artwork.
OBJECTS = {"stars": 0.14, "rocket": 0.42, "coffee": 0.42, "cat": 0.02}
BEHIND_FACES = {"stars": 0.34, "rocket": 0.33, "coffee": 0.33}


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours of one artwork, RGB in [0, 1]: shadows, middle, lights, and the accent of rings and small letters."""

    shadow: Colour
    middle: Colour
    light: Colour
    accent: Colour


def _hex(shadow: str, middle: str, light: str, accent: str) -> Palette:
    def channels(code: str) -> Colour:
        red, green, blue = (int(code[i : i + 2], 16) / 255.0 for i in (0, 2, 4))
        return red, green, blue

    return Palette(channels(shadow), channels(middle), channels(light), channels(accent))


PALETTES: dict[str, Palette] = {
    "dusk": _hex("1b1a3a", "a14a76", "ffc48c", "ffd27a"),
    "ember": _hex("240a0a", "b3391f", "ffb347", "ffe08a"),
    "forest": _hex("0c1f17", "2f6b46", "cfe3a3", "f3d36b"),
    "ice": _hex("0d2136", "3f7fae", "dff3ff", "ffffff"),
    "noir": _hex("0a0a0c", "55565c", "e8e6e1", "e0403a"),
    "rose": _hex("33101f", "c0557b", "ffd9dc", "fff0c9"),
    "sand": _hex("2b1d10", "b5895a", "f7e3bf", "d9572b"),
    "sea": _hex("04222c", "16808a", "b7efe0", "ffb86b"),
    "violet": _hex("170c2e", "6941a8", "e3c9ff", "7ff0d8"),
}


def draw_backdrop(
    rng: np.random.Generator, width_px: int, height_px: int, kind: str, palette: Palette, lightness: float, hero: bool
) -> FloatImage:
    """Draw the picture behind the faces.

    Parameters
    ----------
    rng : Generator
        Decides motif, crop and angle.
    kind : {"gradient", "photograph", "texture"}
        Background kind.
    lightness : float
        Mean CIE L* that the backdrop gets, 0 to 100; within 3 units where bright saturated colours leave the gamut.
    hero : bool
        Whether an object (cat, rocket, coffee, stars) takes the stage, as on artwork without a face.

    Returns
    -------
    float32 array of shape (height_px, width_px, 3)
        RGB in [0, 1].
    """
    if kind == "photograph":
        canvas = _draw_scene(
            rng, width_px, height_px, palette, _draw_name(rng, OBJECTS if hero else BEHIND_FACES), hero
        )
    elif kind == "texture":
        texture = _crop(rng, str(rng.choice(TEXTURES)), width_px, height_px, zoom=(1.0, 1.3))
        canvas = 0.25 * texture + 0.75 * _duotone(texture, palette)
        light = _light(rng, width_px, height_px)
        canvas = 0.5 * canvas * (0.55 + 0.45 * light[..., None]) + 0.5 * _map_tones(light, palette)
    else:
        canvas = _draw_gradient(rng, width_px, height_px, palette)
    if hero and kind != "photograph" and rng.random() < 0.65:
        canvas = _draw_medallion(rng, canvas, palette)
    canvas *= _vignette(width_px, height_px)[..., None]
    canvas += np.float32(0.012) * rng.standard_normal((height_px, width_px, 1), dtype=np.float32)
    return set_lightness(canvas, lightness)


def set_lightness(canvas: FloatImage, lightness: float) -> FloatImage:
    """Shift CIE L* of an RGB picture in [0, 1] so that its mean becomes `lightness`; hue and chroma stay in gamut."""
    lab = cv2.cvtColor(np.clip(canvas, 0, 1).astype(np.float32), cv2.COLOR_RGB2Lab)
    for _ in range(3):
        lab[..., 0] = np.clip(lab[..., 0] + lightness - float(lab[..., 0].mean()), 2.0, 97.0)
    return np.clip(np.asarray(cv2.cvtColor(lab, cv2.COLOR_Lab2RGB), dtype=np.float32), 0, 1)


def _draw_scene(
    rng: np.random.Generator, width_px: int, height_px: int, palette: Palette, name: str, hero: bool
) -> FloatImage:
    picture = _crop(rng, name, width_px, height_px, zoom=(1.0, 1.25) if hero else (1.1, 1.8))
    strength = rng.uniform(0.15, 0.45) if hero else rng.uniform(0.45, 0.85)
    if not hero:
        picture = cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.8, 2.5)))
    return np.asarray((1 - strength) * picture + strength * _duotone(picture, palette), dtype=np.float32)


def _draw_gradient(rng: np.random.Generator, width_px: int, height_px: int, palette: Palette) -> FloatImage:
    ramp = _light(rng, width_px, height_px)
    canvas = _map_tones(ramp, palette)
    motif = rng.choice(("rays", "disc", "plain"))
    if motif == "plain":
        return canvas
    y, x = np.mgrid[0:height_px, 0:width_px].astype(np.float32)
    centre_x, centre_y = rng.uniform(0.25, 0.75) * width_px, rng.uniform(0.25, 0.6) * height_px
    if motif == "rays":
        angle = np.arctan2(y - centre_y, x - centre_x) * int(rng.integers(7, 13)) + rng.uniform(0, 6.28)
        weight = 0.22 / (1 + np.exp(-12 * np.sin(angle)))
    else:
        radius = rng.uniform(0.22, 0.38) * min(width_px, height_px)
        weight = 0.75 * np.clip(radius - np.hypot(x - centre_x, y - centre_y), 0, 1)
    accent = np.array(palette.light if motif == "rays" else palette.accent, dtype=np.float32)
    return np.asarray(canvas + weight[..., None].astype(np.float32) * (accent - canvas), dtype=np.float32)


def _draw_medallion(rng: np.random.Generator, canvas: FloatImage, palette: Palette) -> FloatImage:
    """Set an object into a ringed circle, as posters do with a prop."""
    height_px, width_px = canvas.shape[:2]
    radius = int(rng.uniform(0.26, 0.36) * min(width_px, height_px))
    centre_x, centre_y = int(width_px * rng.uniform(0.4, 0.6)), int(height_px * rng.uniform(0.4, 0.48))
    picture = _crop(rng, _draw_name(rng, OBJECTS), 2 * radius + 1, 2 * radius + 1, zoom=(1.0, 1.3))
    picture = 0.75 * picture + 0.25 * _duotone(picture, palette)
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1].astype(np.float32)
    distance = np.hypot(x, y)
    inside = np.clip(radius - 5 - distance, 0, 1)[..., None]
    ring = (np.clip(radius - distance, 0, 1)[..., None] - inside) * np.float32(0.9)
    out = canvas.copy()
    part = out[centre_y - radius : centre_y + radius + 1, centre_x - radius : centre_x + radius + 1]
    part += inside * (picture - part)
    part += ring * (np.array(palette.accent, dtype=np.float32) - part)
    return out


def _draw_name(rng: np.random.Generator, shares: dict[str, float]) -> str:
    return str(rng.choice(list(shares), p=list(shares.values())))


def _crop(rng: np.random.Generator, name: str, width_px: int, height_px: int, zoom: tuple[float, float]) -> FloatImage:
    """Cover the frame with a randomly placed, perhaps mirrored, cut of a photograph."""
    photograph = read_photograph(name)
    height, width = photograph.shape[:2]
    scale = max(width_px / width, height_px / height) * float(rng.uniform(*zoom))
    cut_width, cut_height = min(width, round(width_px / scale)), min(height, round(height_px / scale))
    left, top = int(rng.integers(0, width - cut_width + 1)), int(rng.integers(0, height - cut_height + 1))
    cut = photograph[top : top + cut_height, left : left + cut_width]
    resized = cv2.resize(cut, (width_px, height_px), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    mirrored = resized[:, ::-1] if rng.random() < 0.5 else resized
    return np.asarray(mirrored, dtype=np.float32) / np.float32(255.0)


def _duotone(picture: FloatImage, palette: Palette) -> FloatImage:
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    low, high = np.percentile(grey[::4, ::4], (2, 98))
    return _map_tones(np.clip((grey - low) / max(float(high - low), 0.05), 0, 1), palette)


def _map_tones(tone: FloatImage, palette: Palette) -> FloatImage:
    stops, steps = (0.0, 0.5, 1.0), np.linspace(0, 1, 1024)
    columns = zip(palette.shadow, palette.middle, palette.light, strict=True)
    table = np.stack([np.interp(steps, stops, column) for column in columns], axis=-1).astype(np.float32)
    return np.asarray(table[(tone * 1023).astype(np.int16)], dtype=np.float32)


def _light(rng: np.random.Generator, width_px: int, height_px: int) -> FloatImage:
    """A ramp or a glow in [0, 1], shape (height_px, width_px)."""
    y, x = np.mgrid[0 : 1 : height_px * 1j, 0 : 1 : width_px * 1j].astype(np.float32)
    if rng.random() < 0.5:
        angle = rng.uniform(0.15, np.pi - 0.15)
        ramp = np.cos(angle) * x - np.sin(angle) * y
        ramp = (ramp - ramp.min()) / (ramp.max() - ramp.min())
    else:
        ramp = 1 - np.hypot((x - rng.uniform(0.3, 0.7)) * 1.1, y - rng.uniform(0.2, 0.55)) / 0.85
    return np.asarray(np.clip(ramp, 0, 1) ** rng.uniform(0.8, 1.4), dtype=np.float32)


def _vignette(width_px: int, height_px: int) -> FloatImage:
    y, x = np.mgrid[-1 : 1 : height_px * 1j, -1 : 1 : width_px * 1j].astype(np.float32)
    return np.asarray(1 - 0.28 * np.clip(np.hypot(x, y) - 0.55, 0, 1), dtype=np.float32)
