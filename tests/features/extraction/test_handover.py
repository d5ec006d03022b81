from __future__ import annotations

import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from artwork_insights.features.extraction.choices import choose_plan
from artwork_insights.features.extraction.handover import Board, Prepared, Preparer, needs_device
from artwork_insights.features.extraction.measure import Measurer
from artwork_insights.features.extraction.measurement import Failure, Measurement
from artwork_insights.features.extraction.plan import choose_groups


@pytest.fixture
def boards() -> tuple[Board, Board]:
    """The two ends of one board."""
    mine = Board()
    return mine, Board(os.dup(mine.descriptor))


def test_arrays_travel_through_the_board_and_are_their_takers_own(boards: tuple[Board, Board]) -> None:
    mine, theirs = boards
    pixels = np.random.default_rng(1).integers(0, 256, (700, 500, 3), dtype=np.uint8)
    posted = theirs.put({"pixels": pixels, "plane": np.arange(7, dtype=np.float32), "words": "as they are"})
    assert len(pickle.dumps(posted)) < 1000  # the pixels are not among what is written into the pipe
    taken = mine.take(posted)
    assert isinstance(taken, dict) and taken["words"] == "as they are"
    theirs.put(np.zeros_like(pixels))
    np.testing.assert_array_equal(taken["pixels"], pixels)
    np.testing.assert_array_equal(taken["plane"], np.arange(7))
    assert taken["pixels"].flags.writeable
    failure = Failure("decode", "ImageError", "a.jpg: damaged.")
    assert mine.take(theirs.put(failure)) == failure
    for board in boards:
        board.close()


def test_a_process_measures_all_but_what_the_device_is_for(picture_folder: Path) -> None:
    plan = choose_plan(choose_groups(), mode="fast", device="cpu", runtime="torch", embedding="layout")
    face = str(picture_folder / "face.jpg")
    prepared, whole = Preparer(plan).measure_file(face), Measurer(plan).measure_file(face)
    assert isinstance(prepared, Prepared) and isinstance(whole, Measurement)
    values = prepared.measurement.values
    assert prepared.measurement.faces is None and "face_count" not in values
    assert "lightness_mean" in values
    for name, value in values.items():
        np.testing.assert_equal(value, whole.values[name])
    np.testing.assert_array_equal(prepared.measurement.embedding, whole.embedding)
    assert prepared.pixels is not None and prepared.pixels.shape == (512, 512, 3)
    assert Preparer(plan).measure_file(str(picture_folder / "notes.txt")) == Measurer(plan).measure_file(
        str(picture_folder / "notes.txt")
    )


def test_pixels_are_handed_over_only_where_faces_are_asked_for(picture_folder: Path) -> None:
    plan = choose_plan(("file", "colour"), device="cpu")
    assert not needs_device(plan) and needs_device(choose_plan(("file", "faces"), mode="fast", device="cpu"))
    prepared = Preparer(plan).measure_file(str(picture_folder / "tiny.png"))
    assert isinstance(prepared, Prepared)
    assert prepared.pixels is None and prepared.planes is None and prepared.resized is None
