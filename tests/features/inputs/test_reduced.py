"""Reduced decoding: the same picture, smaller; upright, of the sizes that the whole one has."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import skimage.data
from PIL import Image

from artwork_insights.features.inputs.image import DecodedImage, decode_image
from tests.features.inputs.mutants import encoded, interlaced_png

ORIENTATION_TAG = 0x0112
MEAN_ABS_DIFFERENCE = 0.9  # of 255: JPEG reduces in its transform and rounds there; the others round once
COMPRESSION = 4.0  # of 255: what JPEG loses of the noise
ORIENTATIONS = range(1, 9)
HEIGHT_PX, WIDTH_PX, FACTOR = 1202, 2400, 2
ODD_HEIGHT_PX, ODD_WIDTH_PX = 1203, 2401  # the squares at the right and at the bottom are halves


@pytest.fixture(scope="module")
def large() -> np.ndarray:
    """A photograph with fine detail in it, 1202 x 2400; no symmetry that a wrong turn could hide behind."""
    photo = cv2.resize(skimage.data.coffee(), (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_CUBIC)
    noise = np.random.default_rng(4).normal(0, 5, photo.shape)
    return np.clip(photo + noise, 0, 255).astype(np.uint8)


def _stored(pixels: np.ndarray, orientation: int) -> Image.Image:
    """The array that a file of this orientation holds, turned with numpy rather than Pillow."""
    turned = {
        1: pixels, 2: pixels[:, ::-1], 3: pixels[::-1, ::-1], 4: pixels[::-1], 5: pixels.transpose(1, 0, 2),
        6: np.rot90(pixels, 1), 7: np.rot90(pixels, 2).transpose(1, 0, 2), 8: np.rot90(pixels, -1),
    }[orientation]  # fmt: skip
    return Image.fromarray(np.ascontiguousarray(turned))


def _tagged(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = orientation
    return exif


def _area_average(pixels: np.ndarray, factor: int) -> np.ndarray:
    """Means over whole squares of `factor` pixels, by adding slices; what is left over at the edges is dropped."""
    height, width = (side // factor * factor for side in pixels.shape[:2])
    whole = pixels[:height, :width].astype(np.float32)
    return sum(whole[i::factor, j::factor] for i in range(factor) for j in range(factor)) / np.float32(factor**2)


def _distance(image: DecodedImage, average: np.ndarray, shift: int = 0) -> float:
    height, width = average.shape[:2]
    found = np.roll(image.pixels[:height, :width], shift, axis=1).astype(np.float32)
    return float(np.abs(found - average).mean())


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_a_large_picture_in_any_orientation_is_reduced_upright(large: np.ndarray, kind: str, orientation: int) -> None:
    options = {"compress_level": 0} if kind == "PNG" else {"quality": 92, "subsampling": 0}
    data = encoded(_stored(large, orientation), kind, exif=_tagged(orientation), **options)
    image = decode_image(data, "large", reduced=True)
    assert (image.width_px, image.height_px) == (WIDTH_PX, HEIGHT_PX)
    assert image.pixels.shape == (-(-HEIGHT_PX // FACTOR), -(-WIDTH_PX // FACTOR), 3)
    whole = decode_image(data, "large")
    assert whole.pixels.shape == (HEIGHT_PX, WIDTH_PX, 3)
    assert _distance(image, _area_average(whole.pixels, FACTOR)) < MEAN_ABS_DIFFERENCE
    assert (
        _distance(image, _area_average(large, FACTOR)) < COMPRESSION
    )  # both could have been turned the same wrong way
    assert _distance(image, _area_average(large[::-1, ::-1], FACTOR)) > 5 * COMPRESSION  # control


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_half_squares_at_the_edges_move_no_other(large: np.ndarray, kind: str) -> None:
    odd = np.pad(large, ((0, 1), (0, 1), (0, 0)), mode="edge")
    options = {"compress_level": 0} if kind == "PNG" else {"quality": 95, "subsampling": 0}
    data = encoded(Image.fromarray(odd), kind, **options)
    whole, image = decode_image(data, "odd"), decode_image(data, "odd", reduced=True)
    assert (image.height_px, image.width_px) == (ODD_HEIGHT_PX, ODD_WIDTH_PX)
    assert image.pixels.shape == (602, 1201, 3)
    assert _distance(image, _area_average(whole.pixels, FACTOR)) < MEAN_ABS_DIFFERENCE


VARIANTS = {
    "jpeg": ("JPEG", "RGB", {}),
    "jpeg-444": ("JPEG", "RGB", {"subsampling": 0}),
    "jpeg-progressive": ("JPEG", "RGB", {"progressive": True}),
    "jpeg-restarts": ("JPEG", "RGB", {"restart_marker_rows": 1}),
    "jpeg-cmyk": ("JPEG", "CMYK", {}),
    "jpeg-grey": ("JPEG", "L", {}),
    "mpo": ("MPO", "RGB", {"save_all": True}),
    "png": ("PNG", "RGB", {"compress_level": 0}),
    "png-16": ("PNG", "I;16", {"compress_level": 0}),
    "png-alpha": ("PNG", "RGBA", {"compress_level": 0}),
    "png-palette": ("PNG", "P", {}),
    "webp": ("WEBP", "RGB", {"method": 0}),
    "gif": ("GIF", "P", {}),
    "bmp": ("BMP", "RGB", {}),
}


@pytest.mark.parametrize("variant", [*VARIANTS, "png-interlaced"])
def test_reduced_pixels_are_the_area_average_of_the_whole_picture(large: np.ndarray, variant: str) -> None:
    data = interlaced_png(large) if variant == "png-interlaced" else _variant(large, variant)
    whole, image = decode_image(data, variant), decode_image(data, variant, reduced=True)
    assert image.pixels.shape == (601, 1200, 3)
    for fact in ("width_px", "height_px", "format", "frames", "n_bytes"):
        assert getattr(image, fact) == getattr(whole, fact), fact
    average = _area_average(whole.pixels, FACTOR)
    assert _distance(image, average) < MEAN_ABS_DIFFERENCE
    assert _distance(image, average, shift=1) > 2 * MEAN_ABS_DIFFERENCE  # control: one pixel beside is noticed


def _variant(pixels: np.ndarray, variant: str) -> bytes:
    kind, mode, options = VARIANTS[variant]
    picture = Image.fromarray(pixels)
    if mode == "I;16":
        return encoded(Image.fromarray(pixels[..., 1].astype(np.uint16) * 257), kind, **options)
    if mode == "RGBA":
        picture.putalpha(Image.fromarray(pixels[..., 2]))
    picture = (
        picture.quantize(64, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        if mode == "P"
        else picture.convert(mode)
    )
    more = {"append_images": [picture]} if kind == "MPO" else {}
    return encoded(picture, kind, **options, **more)


@pytest.mark.parametrize(
    ("height", "width", "factor"),
    [
        (499, 9000, 1),
        (999, 1300, 1),
        (1000, 1300, 2),
        (1999, 2500, 2),
        (2000, 2401, 4),
        (3999, 4801, 4),
        (4000, 4807, 8),
    ],
)
def test_the_shorter_side_keeps_500_pixels(height: int, width: int, factor: int) -> None:
    data = encoded(Image.new("L", (width, height), 99), "JPEG")
    image = decode_image(data, "plain", reduced=True)
    assert image.pixels.shape == (-(-height // factor), -(-width // factor), 3)
    assert (image.height_px, image.width_px) == (height, width)
    assert min(image.pixels.shape[:2]) >= min(500, height)
