"""Real posters and photographs: copies come together, different pictures stay apart."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from artwork_insights.features.inputs.image import read_image, working_image
from artwork_insights.features.near_duplicates import MAX_DISTANCE, find_duplicate_groups
from artwork_insights.features.picture.duplicates import measure_duplicates
from artwork_insights.features.render.photographs import find_package

Pixels = np.ndarray


@pytest.fixture(scope="module")
def posters(reference_data: Path) -> list[Pixels]:
    return [read_image(str(path)).pixels for path in sorted((reference_data / "posters" / "images").iterdir())]


def _hash(pixels: Pixels) -> str | None:
    value = measure_duplicates(working_image(pixels))["picture_hash"]
    assert value is None or isinstance(value, str)
    return value


def _small_and_compressed(pixels: Pixels) -> Pixels:
    buffer = BytesIO()
    height, width = pixels.shape[:2]
    Image.fromarray(pixels).resize((width // 2, height // 2)).save(buffer, "JPEG", quality=40)
    return np.asarray(Image.open(buffer))


def _cut(pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    return pixels[round(0.02 * height) : round(0.98 * height), round(0.02 * width) : round(0.98 * width)]


def _other_lettering(pixels: Pixels) -> Pixels:
    page = Image.fromarray(pixels)
    face = find_package("matplotlib") / "mpl-data" / "fonts" / "ttf" / "DejaVuSans-Bold.ttf"
    size = round(min(0.1 * page.height, 0.11 * page.width))
    place = (page.width / 2, 0.82 * page.height)
    draw = ImageDraw.Draw(page)
    draw.text(place, "DIE RÜCKKEHR", font=ImageFont.truetype(face, size), fill="white", anchor="ma", stroke_width=1)
    return np.asarray(page)


@pytest.mark.parametrize(
    ("change", "least"),
    [(_small_and_compressed, 1.0), (_cut, 0.97), (_other_lettering, 0.97)],
    ids=["small_and_compressed", "cut", "other_lettering"],
)
def test_a_changed_poster_joins_its_original(
    posters: list[Pixels], change: Callable[[Pixels], Pixels], least: float
) -> None:
    originals = [_hash(pixels) for pixels in posters]
    groups = find_duplicate_groups([*originals, *(_hash(change(pixels)) for pixels in posters)])
    n = len(posters)
    assert np.mean(groups[:n] == groups[n:]) >= least
    assert len(set(groups[:n])) == n  # nobody joined a stranger


def test_different_pictures_stay_apart_with_room_to_spare(posters: list[Pixels], reference_data: Path) -> None:
    folders = (reference_data / "faces" / "photos", reference_data / "faces" / "no_face")
    photographs = [read_image(str(path)).pixels for folder in folders for path in sorted(folder.iterdir())]
    hashes = [value for pixels in (*posters, *photographs) if (value := _hash(pixels))]
    bits = np.unpackbits(np.array([list(bytes.fromhex(value)) for value in hashes], np.uint8), axis=1)
    differ = bits.astype(np.float32) @ (1 - bits.astype(np.float32)).T
    distance = differ + differ.T
    between = distance[np.triu_indices(len(bits), 1)]
    assert between.min() > MAX_DISTANCE
    assert abs(between.mean() - 64) < 1 and between.std() < 6.5
    assert len(set(find_duplicate_groups(hashes))) == len(hashes)
