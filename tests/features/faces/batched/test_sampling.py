from __future__ import annotations

import numpy as np
import pytest
import torch

from artwork_insights.features.faces.batched.sampling import BatchSampler
from artwork_insights.features.faces.sampling import AreaSampler

SIZES = [(83, 61), (60, 80), (20, 24)]


@pytest.fixture(scope="module")
def images() -> list[np.ndarray]:
    rng = np.random.default_rng(5)
    return [rng.integers(0, 256, (*size, 3), dtype=np.uint8) for size in SIZES]


@pytest.fixture(scope="module")
def sampler(images: list[np.ndarray]) -> BatchSampler:
    padded = np.random.default_rng(6).integers(
        0, 256, (len(images), 90, 96, 3), dtype=np.uint8
    )  # what must not be read
    for place, image in zip(padded, images, strict=True):
        place[: image.shape[0], : image.shape[1]] = image
    return BatchSampler(torch.from_numpy(padded))


def test_each_image_is_resized_to_its_own_size_as_by_itself(images: list[np.ndarray], sampler: BatchSampler) -> None:
    cells = torch.tensor([[24, 24], [7, 50], [33, 31]])
    whole = torch.tensor([[0, 0, width, height] for height, width in SIZES])
    levels = sampler.means(torch.arange(3), whole, cells, torch.Size([33, 50])).numpy()
    for image, size, level in zip(images, cells.tolist(), levels, strict=True):
        np.testing.assert_array_equal(level[: size[0], : size[1]], AreaSampler(image).resize(*size)[0])


def test_crops_of_all_images_equal_those_of_each_and_of_torch(images: list[np.ndarray], sampler: BatchSampler) -> None:
    image = torch.tensor([2, 0, 1, 1])
    boxes = torch.tensor([[0, 0, 24, 20], [3, 5, 40, 44], [70, 50, 73, 52], [79, 59, 80, 60]])
    crops = sampler.means(image, boxes, torch.tensor([[12, 12]]), torch.Size([12, 12])).numpy()
    for number, box, crop in zip(image.tolist(), boxes.tolist(), crops, strict=True):
        np.testing.assert_array_equal(crop, AreaSampler(images[number]).crops(np.array([box]), 12, 12)[0])
        cut = torch.from_numpy(images[number][box[1] : box[3], box[0] : box[2]].copy()).permute(2, 0, 1)[None].float()
        expected = torch.nn.functional.interpolate(cut, size=(12, 12), mode="area")[0].permute(1, 2, 0).numpy()
        np.testing.assert_allclose(crop, expected, atol=1e-3)  # values go to 255; float32 on both sides
    assert not np.array_equal(crops[2], AreaSampler(images[0]).crops(np.array([[40, 50, 43, 52]]), 12, 12)[0])


def test_a_large_white_image_is_white_although_its_sums_do_not_fit_into_32_bits() -> None:
    white = torch.full((1, 3000, 3000, 3), 255, dtype=torch.uint8)
    whole, cells = torch.tensor([[0, 0, 3000, 3000]]), torch.tensor([[12, 12]])
    means = BatchSampler(white).means(torch.tensor([0]), whole, cells, torch.Size([12, 12]))
    assert bool((means == 255).all())
