"""The pictures that the benchmarks measure: real photographs and posters at five sizes, the large ones lettered."""

from __future__ import annotations

import random
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

SIZES = ((342, 513), (1000, 1500), (1920, 1080), (2000, 3000), (3840, 2160))
_TITLES = ("THE LONG WAY HOME", "NIGHT TRAIN", "SALT AND SMOKE", "A SECOND SUMMER", "NORTH OF NOWHERE")


def size_classes(data: Path, per_class: int, seed: int = 0) -> dict[tuple[int, int], list[bytes]]:
    """JPEG files by size; each picture is cropped to the shape of its class, scaled, and lettered from 1000 px on."""
    rng = random.Random(seed)
    photos = sorted((data / "faces" / "photos").iterdir())
    posters = sorted((data / "posters" / "images").iterdir())
    classes = {}
    for size in SIZES:
        upright = size[0] < size[1]
        paths = rng.sample(photos, per_class // 2) + rng.sample(
            posters if upright else photos, per_class - per_class // 2
        )
        classes[size] = [_as_jpeg(path, size, rng.choice(_TITLES)) for path in paths]
    return classes


def _as_jpeg(path: Path, size: tuple[int, int], title: str) -> bytes:
    with Image.open(path) as file:
        image = file.convert("RGB")
    shape = size[0] / size[1]
    width, height = min(image.width, round(image.height * shape)), min(image.height, round(image.width / shape))
    left, top = (image.width - width) // 2, (image.height - height) // 3
    image = image.crop((left, top, left + width, top + height)).resize(size, Image.Resampling.BICUBIC)
    if size[1] >= 1000:
        font = ImageFont.load_default(size=size[0] / 14)
        ImageDraw.Draw(image).text((size[0] / 2, size[1] * 0.9), title, fill="white", font=font, anchor="mm")
    stream = BytesIO()
    image.save(stream, "JPEG", quality=90)
    return stream.getvalue()
