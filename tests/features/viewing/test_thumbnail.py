from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from artwork_insights.errors import ImageError
from artwork_insights.features.viewing.thumbnail import make_thumbnail


def test_a_thumbnail_is_a_jpeg_of_the_width_and_the_shape_of_the_picture(picture_folder: Path) -> None:
    with Image.open(BytesIO(make_thumbnail(str(picture_folder / "coffee.png"), 120))) as image:
        assert (image.format, image.size) == ("JPEG", (120, 80))  # 600 x 400
        small = np.asarray(image, dtype=float)
    with Image.open(picture_folder / "coffee.png") as original:
        assert small.mean() == pytest.approx(np.asarray(original, dtype=float).mean(), abs=1)


def test_a_small_picture_is_not_enlarged(picture_folder: Path) -> None:
    with Image.open(BytesIO(make_thumbnail(str(picture_folder / "tiny.png")))) as image:
        assert image.size == (9, 8)


def test_a_picture_that_cannot_be_read_is_an_image_error(picture_folder: Path) -> None:
    with pytest.raises(ImageError):
        make_thumbnail(str(picture_folder / "notes.txt"))
