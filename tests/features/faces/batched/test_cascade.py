"""The batched cascade against the one that goes image by image; both run on the CPU here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest
import torch

from artwork_insights.errors import ImageError
from artwork_insights.features.faces.batched import cascade as module
from artwork_insights.features.faces.batched.cascade import BUCKET_PX, BatchCascade, cut_into_batches
from artwork_insights.features.faces.cascade import Detections, run_cascade
from artwork_insights.features.faces.detector import cascade_input
from artwork_insights.features.faces.sampling import AreaSampler
from artwork_insights.features.faces.torch_networks import TorchNetworks, keep_float32

PIXELS_ATOL = 2e-3  # the order of float32 sums differs, nothing else
SCORE_ATOL = 1e-5


@pytest.fixture(scope="module")
def cascade() -> BatchCascade:
    return BatchCascade("cpu", most_pixels=2**20)


@pytest.fixture(scope="module")
def pictures(astronaut: np.ndarray) -> list[np.ndarray]:
    """A face at odd and even sizes, two faces, none, and images that are too small for any."""
    double = np.concatenate([astronaut[:300, 100:360], astronaut[:300, 100:360, ::-1]], axis=1)
    grey = np.full((300, 420, 3), 128, np.uint8)
    sizes = [(512, 512), (401, 512), (400, 511), (511, 397), (260, 350)]
    faces = [np.ascontiguousarray(astronaut[:height, :width]) for height, width in sizes]
    return [*faces, np.ascontiguousarray(double), grey, grey[:1, :1], grey[:19], faces[0][:, ::-1].copy()]


def _detect(cascade: BatchCascade, images: Sequence[np.ndarray], mode: str = "fast") -> list[Detections]:
    seen = [cascade_input(image, mode) for image in images]
    found = cascade.detect([pixels for pixels, _ in seen], [smallest for _, smallest in seen])
    assert not any(isinstance(one, ImageError) for one in found)
    return found  # type: ignore[return-value]


@pytest.mark.parametrize("mode", ["fast", "exact"])
def test_a_batch_of_all_sizes_gives_what_each_image_gives_alone(
    mode: str, cascade: BatchCascade, pictures: list[np.ndarray]
) -> None:
    networks = TorchNetworks()
    batched = _detect(cascade, pictures, mode)
    assert sum(len(found.scores) for found in batched) >= 7
    for image, found in zip(pictures, batched, strict=True):
        pixels, smallest = cascade_input(image, mode)
        alone = run_cascade(networks, AreaSampler(pixels), smallest)
        assert found.boxes.shape == alone.boxes.shape
        np.testing.assert_allclose(found.boxes, alone.boxes, atol=PIXELS_ATOL)
        np.testing.assert_allclose(found.scores, alone.scores, atol=SCORE_ATOL)
        np.testing.assert_allclose(found.landmarks, alone.landmarks, atol=PIXELS_ATOL)


def test_proposals_at_the_edge_are_not_mixed_with_what_pads_the_image(pictures: list[np.ndarray]) -> None:
    """An odd side ends with half a pooling window; the same networks without the sizes see the padding there."""
    networks = TorchNetworks()
    rng = np.random.default_rng(4)
    small = torch.from_numpy(rng.uniform(-1, 1, (1, 3, 25, 30)).astype(np.float32))
    padded = torch.ones(1, 3, 33, 41)
    padded[..., :25, :30] = small
    alone = networks.proposals(small)[0]
    known = networks.proposals(padded, torch.tensor([[25, 30]]))[0]
    rows, columns = alone.shape[:2]
    torch.testing.assert_close(known[:rows, :columns], alone, atol=1e-5, rtol=0)
    assert bool((known[rows:, :, 0] == -torch.inf).all() and (known[:, columns:, 0] == -torch.inf).all())
    unknown = networks.proposals(padded)[0]
    assert float((unknown[:rows, :columns] - alone).abs().max()) > 1e-3


def test_images_of_like_size_share_a_batch_and_none_is_lost() -> None:
    sizes = [(500, 330), (513, 342), (60, 60), (505, 340), (4000, 3000), (512, 341)]
    batches = list(cut_into_batches(sizes, 3 * 512 * 384))
    assert sorted(i for batch in batches for i in batch) == list(range(6))
    assert [0, 3, 5] in batches and [4] in batches  # 4000 x 3000 is more than allowed, and goes alone
    assert len(list(cut_into_batches(sizes, 2 * 512 * 384))) == len(batches) + 1
    assert BUCKET_PX == 64 and list(cut_into_batches([], 100)) == []


def _short_of_memory(monkeypatch: pytest.MonkeyPatch, most: int) -> list[int]:
    """Let the device hold no more than some images of a batch; returns the sizes of the batches tried."""
    tried: list[int] = []
    sampler = module.BatchSampler

    def limited(pixels: torch.Tensor) -> object:
        tried.append(len(pixels))
        if len(pixels) > most:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return sampler(pixels)

    monkeypatch.setattr(module, "BatchSampler", limited)
    return tried


def test_a_batch_that_does_not_fit_is_halved_and_so_are_those_after_it(
    monkeypatch: pytest.MonkeyPatch, pictures: list[np.ndarray]
) -> None:
    images = [pictures[0]] * 5
    expected = _detect(BatchCascade(), images)
    short = BatchCascade(most_pixels=5 * 512 * 512)
    tried = _short_of_memory(monkeypatch, most=2)
    found = _detect(short, images)
    assert tried == [5, 2, 3, 1, 2]
    for mine, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(mine.boxes, theirs.boxes, atol=PIXELS_ATOL)
    del tried[:]
    _detect(short, images)
    assert max(tried) < 5


def test_an_image_that_fits_no_memory_is_said_so_and_costs_no_other(
    monkeypatch: pytest.MonkeyPatch, pictures: list[np.ndarray]
) -> None:
    tried = _short_of_memory(monkeypatch, most=0)
    cascade = BatchCascade()
    (error,) = cascade.detect([pictures[0]], [20.0])
    assert isinstance(error, ImageError) and tried == [1]
    assert str(error) == "512 x 512 pixels do not fit into the memory of the device."
    monkeypatch.undo()
    assert len(_detect(cascade, [pictures[0]])[0].scores) >= 1


@pytest.fixture
def default_precision() -> Iterator[None]:
    """What torch does on a GPU unless told otherwise."""
    switches = (torch.backends.cudnn, torch.backends.cuda.matmul)
    before = [switch.allow_tf32 for switch in switches]
    for switch in switches:
        switch.allow_tf32 = True
    yield
    for switch, value in zip(switches, before, strict=True):
        switch.allow_tf32 = value


@pytest.mark.usefixtures("default_precision")
def test_a_gpu_is_told_to_multiply_in_float32() -> None:
    keep_float32()
    assert not torch.backends.cudnn.allow_tf32 and not torch.backends.cuda.matmul.allow_tf32
