"""Non-maximum suppression in all images at once, with no step per box.

A box is kept when no better box that is kept overlaps it. Repeated from "all are kept", that rule settles the best
boxes first and comes to rest at the answer of the greedy algorithm, after as many rounds as its longest chain of boxes
that suppress each other; in pictures these are few.
"""

from __future__ import annotations

import torch

_MOST_PAIRS = 2**25  # compared at a time: 128 MB per float


def suppress(
    boxes: torch.Tensor, scores: torch.Tensor, image: torch.Tensor, limit: float, most: int, *, contained: bool = False
) -> torch.Tensor:
    """Indices of the boxes kept, by image, best first.

    Parameters
    ----------
    boxes : tensor of shape (n, 4)
        xmin, ymin, xmax, ymax in pixels.
    scores : tensor of shape (n,)
    image : int tensor of shape (n,)
        Which image each box is in; boxes of different images never meet.
    limit : float
        Overlap above which the worse box goes.
    most : int
        Boxes of one image that are looked at, the best ones.
    contained : bool
        Measure the overlap over the *smaller* box instead of the union.
    """
    if not len(boxes):
        return image
    order, slot = ranked(scores, image)
    order, slot = order[slot < most], slot[slot < most]
    row = image[order]
    n_images, n_slots = int(row[-1]) + 1, int(slot.max()) + 1
    grid = boxes.new_zeros(n_images, n_slots, 4)
    grid[row, slot] = boxes[order]
    real = torch.zeros(n_images, n_slots, dtype=torch.bool, device=boxes.device)
    real[row, slot] = True
    step = max(_MOST_PAIRS // n_slots**2, 1)
    parts = zip(torch.split(grid, step), torch.split(real, step), strict=True)
    kept = torch.cat([_kept(_overlaps(part, contained=contained) > limit, there) for part, there in parts])
    return order[kept[row, slot]]


def ranked(scores: torch.Tensor, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Indices by image, best first, and the rank of each within its image, from 0."""
    order = torch.argsort(scores, descending=True, stable=True)
    order = order[torch.argsort(image[order], stable=True)]
    counts = torch.bincount(image)
    start = counts.cumsum(0) - counts
    return order, torch.arange(len(order), device=image.device) - start[image[order]]


def _overlaps(boxes: torch.Tensor, *, contained: bool) -> torch.Tensor:
    """Of every box with every other of its image; shape (images, n, n)."""
    extra = 1.0 if contained else 0.0  # the last network's boxes include their last pixel
    low = torch.maximum(boxes[:, :, None, :2], boxes[:, None, :, :2])
    sides = torch.minimum(boxes[:, :, None, 2:], boxes[:, None, :, 2:]).sub_(low).add_(extra).clamp_(min=0)
    shared = sides[..., 0] * sides[..., 1]
    area = (boxes[..., 2:] - boxes[..., :2] + extra).prod(2)
    mine, others = area[:, :, None], area[:, None, :]
    return shared / (torch.minimum(mine, others) if contained else mine + others - shared)


def _kept(overlapping: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
    """Which boxes stay; of two that overlap, the earlier is the better."""
    beats = overlapping.tril_(-1)  # of each box, those before it that overlap it
    kept = real
    while True:
        still = real & ~(beats & kept[:, None, :]).any(2)
        if torch.equal(still, kept):
            return kept
        kept = still
