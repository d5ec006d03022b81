"""The path of a GPU, run on the CPU: the same processes, batches and code, compared with one image at a time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from artwork_insights.errors import ImageError
from artwork_insights.features.embedding import embedder as embedder_module
from artwork_insights.features.embedding.embedder import Embedder, EmbeddingChoice
from artwork_insights.features.embedding.weights import Backbone
from artwork_insights.features.extraction import batched as module
from artwork_insights.features.extraction import engine
from artwork_insights.features.extraction.batched import BatchMeasurer, windows
from artwork_insights.features.extraction.choices import choose_plan
from artwork_insights.features.extraction.handover import Prepared, Preparer
from artwork_insights.features.extraction.measure import Measurer
from artwork_insights.features.extraction.measurement import Failure, Measurement
from artwork_insights.features.extraction.plan import MeasurePlan, choose_groups

SAME = 1e-4  # degrees, shares, shares of a head; boxes differ in the seventh digit
NAMES = ("face.jpg", "notes.txt", "coffee.png", "gone.jpg", "tiny.png", "face.jpg")


@pytest.fixture(scope="module")
def plan() -> MeasurePlan:
    return choose_plan(choose_groups(), mode="fast", device="cpu", runtime="torch", embedding="layout")


@pytest.fixture(scope="module")
def results(plan: MeasurePlan, picture_folder: Path) -> list[Measurement | Failure]:
    with BatchMeasurer(plan, 2) as measurer:
        return list(measurer.measure(str(picture_folder / name) for name in NAMES))


def test_batches_around_processes_give_the_numbers_of_one_image_at_a_time(
    results: list[Measurement | Failure], plan: MeasurePlan, picture_folder: Path
) -> None:
    alone = Measurer(plan)
    for name, result in zip(NAMES, results, strict=True):
        expected = alone.measure_file(str(picture_folder / name))
        if isinstance(expected, Failure):
            assert result == expected
            continue
        assert isinstance(result, Measurement) and result.values.keys() == expected.values.keys()
        for column, value in expected.values.items():
            assert result.values[column] == (
                pytest.approx(value, abs=SAME, nan_ok=True) if isinstance(value, float) else value
            )
        np.testing.assert_array_equal(result.embedding, expected.embedding)
        assert result.faces is not None and expected.faces is not None
        np.testing.assert_allclose(result.faces.boxes, expected.faces.boxes, atol=2e-3)
        assert result.seconds.keys() == expected.seconds.keys()
    assert [r.values["face_count"] for r in results if isinstance(r, Measurement)] == [1, 0, 0, 1]


def test_a_plan_with_a_gpu_is_measured_in_batches_and_one_without_networks_is_not(
    plan: MeasurePlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []

    class Opened:
        def __init__(self, name: str) -> None:
            self.name = name

        def __call__(self, plan: MeasurePlan, workers: int, seconds: float) -> Opened:
            return self

        def __enter__(self) -> SimpleNamespace:
            opened.append(self.name)
            return SimpleNamespace(measure=None)

        def __exit__(self, *_: object) -> None:
            return

    monkeypatch.setattr(engine, "Crew", Opened("crew"))
    monkeypatch.setattr(module, "BatchMeasurer", Opened("batches"))
    for device, groups in (("cuda", plan.groups), ("cuda", ("file", "colour")), ("cpu", plan.groups)):
        with engine.open_measurer(replace(plan, device=device, groups=groups), 1):
            pass
    assert opened == ["batches", "crew", "crew"]


POISON = """
import os, signal
from artwork_insights.features.extraction import measure
from artwork_insights.features.extraction.worker import main

decode = measure.decode_image

def deadly(data, location, **options):
    if "crash.png" in location:
        os.kill(os.getpid(), signal.SIGSEGV)
    while "hang.png" in location:
        pass
    return decode(data, location, **options)

measure.decode_image = deadly
try:
    main()
except EOFError:
    pass
"""


@pytest.mark.slow
def test_a_decoder_that_crashes_or_hangs_costs_its_own_image(
    plan: MeasurePlan, picture_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    popen = subprocess.Popen

    def start(command: list[str], **options: object) -> subprocess.Popen[bytes]:
        return popen([command[0], "-c", POISON, *command[5:]], **options)  # type: ignore[call-overload, no-any-return]

    monkeypatch.setattr(subprocess, "Popen", start)
    names = ["0.png", "1-crash.png", "2.png", "3-hang.png", "4.png"]
    for name in names:
        (tmp_path / name).write_bytes((picture_folder / "tiny.png").read_bytes())
    with BatchMeasurer(replace(plan, groups=("file", "faces")), 1, seconds_per_image=3) as measurer:
        results = list(measurer.measure(str(tmp_path / name) for name in names))
    assert [r.error if isinstance(r, Failure) else "" for r in results] == ["", "ProcessDied", "", "TimeoutError", ""]
    assert f"exit status {-signal.SIGSEGV})" in results[1].message  # type: ignore[union-attr]


def test_leaving_early_ends_the_processes(plan: MeasurePlan, picture_folder: Path) -> None:
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt), BatchMeasurer(replace(plan, groups=("file", "faces")), 1) as measurer:
        next(iter(measurer.measure([str(picture_folder / "tiny.png")] * 5)))
        (process,) = [member._process for member in measurer._crew._members]
        raise KeyboardInterrupt
    assert process is not None
    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)
    assert time.monotonic() - started < 60


def test_an_image_beyond_the_memory_of_the_device_is_a_failure_with_a_sentence(
    plan: MeasurePlan, picture_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "Crew", lambda *_, **__: None)
    measurer = BatchMeasurer(plan, 1)
    image = Preparer(plan).measure_file(str(picture_folder / "tiny.png"))
    failure = measurer._finish(image, ImageError("9 x 8 pixels do not fit."), None, {})
    assert isinstance(failure, Failure) and failure.error == "OutOfMemoryError"
    assert failure.message.endswith("tiny.png: 9 x 8 pixels do not fit.")


def _with_a_small_network(monkeypatch: pytest.MonkeyPatch) -> Embedder:
    """A backbone of two numbers, the mean of red and of green; its weights are none."""
    backbone = Backbone.__new__(Backbone)
    for key, value in {"input_size_px": 8, "mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0)}.items():
        object.__setattr__(backbone, key, value)
    embedder = Embedder(EmbeddingChoice("none", 2))
    monkeypatch.setattr(embedder, "_backbone", backbone)
    monkeypatch.setattr(embedder, "_network", lambda x: x.mean(dim=(2, 3))[:, :2], raising=False)
    return embedder


def test_embeddings_of_a_batch_are_those_of_each_picture_also_in_smaller_batches(
    plan: MeasurePlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "Crew", lambda *_, **__: None)
    measurer, embedder = BatchMeasurer(replace(plan, groups=("file",)), 1), _with_a_small_network(monkeypatch)
    measurer._embedder = embedder
    pictures = list(np.random.default_rng(3).integers(0, 256, (5, 8, 8, 3), dtype=np.uint8))
    expected = [picture[..., :2].mean(axis=(0, 1)) / 255 for picture in pictures]
    np.testing.assert_allclose(measurer._embed(pictures), expected, atol=1e-6)
    whole, tried = embedder.embed_resized, list[int]()

    def short(images: list[np.ndarray]) -> np.ndarray:
        tried.append(len(images))
        if len(images) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return whole(images)

    monkeypatch.setattr(embedder_module.Embedder, "embed_resized", lambda self, images: short(images))
    np.testing.assert_allclose(measurer._embed(pictures), expected, atol=1e-6)
    assert tried == [5, 2, 2, 1]


def test_windows_hold_a_bounded_number_of_pixels_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    failure = Failure("read", "ImageError", "gone")
    image = Prepared("a", Measurement({}, None, None), 10, 10, np.zeros((10, 10, 3), np.uint8), None, None)
    monkeypatch.setattr(module, "_WINDOW_PIXELS", 250)
    assert [len(window) for window in windows([image, failure, image, image, image])] == [4, 1]
    monkeypatch.setattr(module, "_WINDOW_IMAGES", 2)
    assert [len(window) for window in windows([failure] * 5)] == [2, 2, 1]


@pytest.mark.slow
def test_a_process_loads_torch_only_where_its_plan_needs_it() -> None:
    source = (
        "import sys\n"
        "from artwork_insights.features.extraction import worker\n"
        "from artwork_insights.features.extraction.choices import choose_plan\n"
        "for group in ('colour', 'faces'):\n"
        "    worker.Measurer(choose_plan(('file', group), mode='fast', device='cpu', runtime='torch'))\n"
        "    print('torch' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=False)
    assert done.stdout + done.stderr == "False\nTrue\n"
