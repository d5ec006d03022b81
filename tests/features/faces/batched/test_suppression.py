from __future__ import annotations

import numpy as np
import pytest
import torch

from artwork_insights.features.faces.batched import suppression as module
from artwork_insights.features.faces.batched.suppression import suppress
from artwork_insights.features.faces.cascade import suppress_contained, suppress_overlaps


def _boxes(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Crowded boxes in five images, one of them, the second, without any."""
    rng = np.random.default_rng(seed)
    low = rng.uniform(0, 60, (n, 2))
    boxes = np.hstack([low, low + rng.uniform(5, 50, (n, 2))]).astype(np.float32)
    return boxes, rng.random(n).astype(np.float32), rng.choice([0, 2, 3, 4], n)


def _one_by_one(boxes: np.ndarray, scores: np.ndarray, image: np.ndarray, limit: float, contained: bool) -> list[int]:
    kept: list[int] = []
    for number in np.unique(image):
        (mine,) = np.nonzero(image == number)
        greedy = suppress_contained if contained else suppress_overlaps
        kept += mine[greedy(boxes[mine], scores[mine], limit)].tolist()
    return kept


@pytest.mark.parametrize("contained", [False, True])
@pytest.mark.parametrize("limit", [0.3, 0.7])
def test_all_images_at_once_keep_what_the_greedy_algorithm_keeps_in_each(limit: float, contained: bool) -> None:
    boxes, scores, image = _boxes(600, seed=1)
    tensors = [torch.from_numpy(values) for values in (boxes, scores, image)]
    kept = suppress(*tensors, limit, 600, contained=contained).tolist()
    assert kept == _one_by_one(boxes, scores, image, limit, contained)
    assert 8 < len(kept) < 590
    together = suppress(tensors[0], tensors[1], torch.zeros_like(tensors[2]), limit, 600, contained=contained)
    assert len(together) < len(kept)  # the control: boxes of different images would meet


def test_a_long_chain_of_boxes_is_settled() -> None:
    """Each box overlaps its neighbours only: every second one stays, and the last is known after all before it."""
    left = torch.arange(40.0) * 4
    boxes = torch.stack([left, torch.zeros(40), left + 10, torch.full((40,), 10.0)], dim=1)
    kept = suppress(boxes, torch.linspace(1, 0.5, 40), torch.zeros(40, dtype=torch.int64), 0.4, 40)
    assert kept.tolist() == list(range(0, 40, 2))


def test_pairs_are_compared_in_parts_where_they_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    boxes, scores, image = (torch.from_numpy(values) for values in _boxes(300, seed=2))
    whole = suppress(boxes, scores, image, 0.5, 300)
    monkeypatch.setattr(module, "_MOST_PAIRS", 1)
    assert torch.equal(suppress(boxes, scores, image, 0.5, 300), whole)


def test_only_the_best_of_an_image_are_looked_at() -> None:
    apart = torch.arange(6.0)[:, None] * 100 + torch.tensor([0.0, 0.0, 10.0, 10.0])
    scores, image = torch.tensor([0.1, 0.9, 0.5, 0.8, 0.7, 0.2]), torch.tensor([0, 0, 0, 1, 1, 1])
    assert suppress(apart, scores, image, 0.5, 2).tolist() == [1, 2, 3, 4]
    assert suppress(apart[:0], scores[:0], image[:0], 0.5, 2).tolist() == []
