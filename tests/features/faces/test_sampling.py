from __future__ import annotations

import numpy as np
import pytest
import torch

from artwork_insights.features.faces.sampling import AreaSampler

FLOAT32_ATOL = 1e-3  # values go to 255; both sides round in float32


def _pixels(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(5).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("size", [(24, 24), (7, 50), (83, 61), (200, 150)])
def test_resizing_equals_area_interpolation_of_torch_down_and_up(size: tuple[int, int]) -> None:
    pixels = _pixels(83, 61)
    batch = torch.from_numpy(pixels).permute(2, 0, 1)[None].float()
    expected = torch.nn.functional.interpolate(batch, size=size, mode="area")[0].permute(1, 2, 0).numpy()
    np.testing.assert_allclose(AreaSampler(pixels).resize(*size)[0], expected, atol=FLOAT32_ATOL)


def test_crops_equal_resizing_each_crop_by_itself() -> None:
    pixels = _pixels(60, 80)
    boxes = np.array([[0, 0, 80, 60], [3, 5, 40, 44], [70, 50, 73, 52], [79, 59, 80, 60]])
    crops = AreaSampler(pixels).crops(boxes, 12, 12)
    for box, crop in zip(boxes, crops, strict=True):
        alone = AreaSampler(np.ascontiguousarray(pixels[box[1] : box[3], box[0] : box[2]]))
        np.testing.assert_allclose(crop, alone.resize(12, 12)[0], atol=FLOAT32_ATOL)


def test_a_large_white_image_does_not_overflow() -> None:
    white = np.full((3000, 3000, 3), 255, np.uint8)  # sums beyond 2^31
    assert np.all(AreaSampler(white).resize(12, 12) == 255)
