from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn.functional import max_pool2d

from artwork_insights.features.faces import openvino_networks as openvino_module
from artwork_insights.features.faces import torch_networks as module
from artwork_insights.features.faces.cascade import pyramid_scales, suppress_contained
from artwork_insights.features.faces.openvino_networks import OpenVinoNetworks
from artwork_insights.features.faces.torch_networks import TorchNetworks, bands_of, pooled

ROUNDING = 1e-4


@pytest.fixture(scope="module")
def networks() -> TorchNetworks:
    return TorchNetworks()


def _noise(*shape: int) -> np.ndarray:
    return (np.random.default_rng(3).random((*shape, 3)) * 255).astype(np.float32)


@pytest.mark.parametrize("shape", [(5, 3, 22, 22), (1, 16, 21, 23), (2, 4, 7, 9), (1, 1, 3, 3)])
@pytest.mark.parametrize("side", [2, 3])
def test_pooling_equals_that_of_torch(shape: tuple[int, ...], side: int) -> None:
    x = torch.rand(*shape, generator=torch.Generator().manual_seed(0)).contiguous(memory_format=torch.channels_last)
    assert torch.equal(pooled(x, side), max_pool2d(x, side, 2, ceil_mode=True))


def test_proposals_of_bands_are_those_of_the_whole(networks: TorchNetworks, monkeypatch: pytest.MonkeyPatch) -> None:
    level = _noise(1, 141, 90)
    monkeypatch.setattr(module, "_BAND_PIXELS", 10**9)
    score, shift = networks.propose(level)
    monkeypatch.setattr(module, "_BAND_PIXELS", 3_000)
    assert len(list(bands_of(141, 90))) > 3
    in_bands = networks.propose(level)
    assert score.shape == in_bands[0].shape
    np.testing.assert_allclose(in_bands[0], score, atol=ROUNDING)
    np.testing.assert_allclose(in_bands[1], shift, atol=ROUNDING)


@pytest.mark.parametrize("n", [1, 5, 21])
def test_openvino_gives_the_numbers_of_torch(networks: TorchNetworks, n: int) -> None:
    pytest.importorskip("openvino")
    others = OpenVinoNetworks()
    level, small, large = _noise(1, 60, 47), _noise(n, 24, 24), _noise(n, 48, 48)
    pairs = [
        (networks.propose(level), others.propose(level)),
        (networks.refine(small), others.refine(small)),
        (networks.output(large), others.output(large)),
    ]
    for mine, theirs in pairs:
        for a, b in zip(mine, theirs, strict=True):
            assert a.shape == b.shape
            np.testing.assert_allclose(a, b, atol=ROUNDING)
    assert np.abs(networks.refine(small)[1] - others.refine(small[..., ::-1].copy())[1]).max() > ROUNDING


@pytest.mark.parametrize("shape", [(12, 12), (13, 31), (60, 47), (61, 48), (144, 206), (145, 207), (401, 302)])
def test_a_level_of_any_size_gives_the_numbers_of_torch_up_to_its_edges(
    networks: TorchNetworks, shape: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In OpenVINO a level grows to one of few shapes; nothing of what was added may show."""
    pytest.importorskip("openvino")
    monkeypatch.setattr(openvino_module, "_OFTEN", 2)
    others, level = OpenVinoNetworks(), _noise(1, *shape)
    for _ in range(3):  # by the graph of any shape, then by one of this shape
        for a, b in zip(networks.propose(level), others.propose(level), strict=True):
            assert a.shape == b.shape
            np.testing.assert_allclose(a, b, atol=ROUNDING)
    assert len(others._proposal._of_shape) > 0


def test_the_pyramid_begins_at_the_smallest_face() -> None:
    assert pyramid_scales(19, 20.0) == []
    assert pyramid_scales(300, 20.0)[0] == pytest.approx(0.6)


def test_suppression_drops_a_box_inside_a_better_one() -> None:
    boxes = np.array([[0, 0, 100, 100], [10, 10, 40, 40], [200, 0, 300, 100]], np.float32)
    assert suppress_contained(boxes, np.array([0.9, 0.8, 0.95], np.float32), 0.7).tolist() == [2, 0]
    assert suppress_contained(boxes[:0], np.empty(0, np.float32), 0.7).tolist() == []
