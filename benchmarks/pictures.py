"""The pictures that the benchmarks measure: real photographs and posters at five sizes, the large ones lettered."""

from __future__ import annotations

import csv
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "reference"))

from detection import matched

Boxes = npt.NDArray[np.float64]
Size = tuple[int, int]
Found = tuple[npt.NDArray[np.floating], npt.NDArray[np.floating]]  # boxes of shape (n, 4) and scores
Detect = Callable[[bytes], Found]

SIZES = ((342, 513), (1000, 1500), (1920, 1080), (2000, 3000), (3840, 2160))
_TITLES = ("THE LONG WAY HOME", "NIGHT TRAIN", "SALT AND SMOKE", "A SECOND SUMMER", "NORTH OF NOWHERE")
ACCURACY_PER_CLASS = 4
_LEAST_INSIDE = 0.5  # of an annotated face; less of it left by the crop is no face any more


@dataclass(frozen=True)
class Picture:
    """A JPEG file, and the annotated faces in its pixels: shape (n, 4), none where nobody annotated the original."""

    data: bytes
    boxes: Boxes | None


def size_classes(data: Path, per_class: int, seed: int = 0) -> dict[Size, list[bytes]]:
    """JPEG files by size; each picture is cropped to the shape of its class, scaled, and lettered from 1000 px on."""
    return {
        size: [picture.data for picture in pictures]
        for size, pictures in picture_classes(data, per_class, seed).items()
    }


def picture_classes(
    data: Path, per_class: int, seed: int = 0, *, photos_only: bool = False
) -> dict[Size, list[Picture]]:
    """The same with the faces that are known; half of the upright ones are posters unless `photos_only`."""
    rng = random.Random(seed)
    annotated = _annotated(data)
    photos = sorted((data / "faces" / "photos").iterdir())
    posters = sorted((data / "posters" / "images").iterdir())
    classes = {}
    for size in SIZES:
        others = posters if size[0] < size[1] and not photos_only else photos
        paths = rng.sample(photos, per_class // 2) + rng.sample(others, per_class - per_class // 2)
        classes[size] = [_drawn(path, size, rng.choice(_TITLES), annotated.get(path)) for path in paths]
    return classes


def _annotated(data: Path) -> dict[Path, Boxes]:
    found: dict[Path, list[list[float]]] = {}
    with (data / "faces" / "boxes.csv").open() as file:
        for row in csv.DictReader(file):
            sides = [float(row[side]) for side in ("xmin", "ymin", "xmax", "ymax")]
            found.setdefault(data / "faces" / "photos" / row["file"], []).append(sides)
    return {path: np.array(boxes) for path, boxes in found.items()}


def _drawn(path: Path, size: Size, title: str, boxes: Boxes | None) -> Picture:
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
    if boxes is None:
        return Picture(stream.getvalue(), None)
    scale = np.array([size[0] / width, size[1] / height] * 2)
    return Picture(stream.getvalue(), _inside((boxes - [left, top, left, top]) * scale, size))


def _inside(boxes: Boxes, size: Size) -> Boxes:
    """Boxes cut off at the edges, without those most of whose area lies beyond."""
    cut = np.clip(boxes, 0, [*size, *size])
    area, left = ((b[:, 2:] - b[:, :2]).prod(axis=1) for b in (boxes, cut))
    return cut[left >= _LEAST_INSIDE * area]


def faces_found(data: Path, detect: Detect, score: float) -> list[str]:
    """Precision, recall and exact count on annotated photographs of all sizes."""
    right = detected = annotated = exact = n = 0
    for pictures in picture_classes(data, ACCURACY_PER_CLASS, seed=1, photos_only=True).values():
        for picture in pictures:
            assert picture.boxes is not None
            boxes, scores = detect(picture.data)
            boxes, scores = boxes[scores >= score], scores[scores >= score]
            right += int(matched(boxes.astype(np.float64), scores, picture.boxes).sum())
            detected, annotated = detected + len(boxes), annotated + len(picture.boxes)
            exact, n = exact + (len(boxes) == len(picture.boxes)), n + 1
    return [f"{right / max(detected, 1):.3f}", f"{right / annotated:.3f}", f"{exact / n:.3f}"]
