"""Pictures with known content for the feature tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image


@pytest.fixture(scope="session")
def astronaut() -> np.ndarray:
    """A portrait of one woman, 512 x 512."""
    return np.asarray(skimage.data.astronaut(), dtype=np.uint8)


@pytest.fixture(scope="session")
def picture_folder(tmp_path_factory: pytest.TempPathFactory, astronaut: np.ndarray) -> Path:
    """A face, a coffee cup, a tiny picture, and a file that is no picture."""
    folder = tmp_path_factory.mktemp("pictures")
    Image.fromarray(astronaut).save(folder / "face.jpg", quality=95)
    Image.fromarray(skimage.data.coffee()).save(folder / "coffee.png")
    Image.fromarray(astronaut[:8, :9]).save(folder / "tiny.png")
    (folder / "notes.txt").write_text("no picture")
    return folder
