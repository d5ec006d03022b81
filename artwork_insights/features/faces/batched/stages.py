"""The three networks in a row over a batch that lies on the device; what `faces.cascade` does image by image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from artwork_insights.features.faces.batched.sampling import BatchSampler
from artwork_insights.features.faces.batched.suppression import ranked, suppress
from artwork_insights.features.faces.cascade import (
    MOST_CANDIDATES,
    OUTPUT_SCORE,
    PROPOSAL_SCORE,
    REFINE_SCORE,
    pyramid_scales,
)
from artwork_insights.features.faces.networks import PROPOSAL_FIELD, PROPOSAL_STRIDE
from artwork_insights.features.faces.torch_networks import TorchNetworks

MOST_PER_LEVEL = 1024
"""Proposals of one image at one scale, the best ones, that are compared with each other."""
MOST_PER_IMAGE = 2048
"""Proposals of one image over all its scales, likewise."""
_CROPS = {"cpu": 64, "cuda": 8192}  # at a time: 64 stay in the cache of a core, 8192 fill a GPU


@dataclass(frozen=True, slots=True)
class ImageBatch:
    """Images of one bucket on the device.

    Attributes
    ----------
    sampler : BatchSampler
    sizes : list of (height, width)
        In pixels, without what pads them.
    min_faces_px : list of float
        Side of the smallest face looked for in each.
    frame : int tensor of shape (n, 2)
        Width and height, on the device.
    """

    sampler: BatchSampler
    sizes: Sequence[tuple[int, int]]
    min_faces_px: Sequence[float]
    frame: torch.Tensor


@dataclass(frozen=True, slots=True)
class Candidates:
    """Boxes in all images of a batch.

    Attributes
    ----------
    image : int tensor of shape (n,)
    boxes : tensor of shape (n, 4)
        In pixels of the image.
    """

    image: torch.Tensor
    boxes: torch.Tensor

    def __getitem__(self, chosen: torch.Tensor) -> Candidates:
        return Candidates(self.image[chosen], self.boxes[chosen])


def find_faces(networks: TorchNetworks, batch: ImageBatch) -> torch.Tensor:
    """Detect faces in a batch.

    Returns
    -------
    tensor of shape (n, 16)
        By image, best first: number of the image, xmin, ymin, xmax, ymax, score, x and y of five landmarks.
    """
    found = _propose(networks, batch)
    for_refining = Candidates(found.image, squared(found.boxes))
    found = _refine(networks, batch, for_refining)
    return _output(networks, batch, Candidates(found.image, squared(found.boxes)))


def _propose(networks: TorchNetworks, batch: ImageBatch) -> Candidates:
    scales = [pyramid_scales(min(size), face) for size, face in zip(batch.sizes, batch.min_faces_px, strict=True)]
    n_levels = max((len(levels) for levels in scales), default=0)
    levels = [
        _propose_at(networks, batch, {i: of_image[n] for i, of_image in enumerate(scales) if n < len(of_image)})
        for n in range(n_levels)
    ]
    if not levels:
        return Candidates(batch.frame.new_zeros(0), torch.zeros(0, 4, device=batch.frame.device))
    image, values = (torch.cat(parts) for parts in zip(*levels, strict=True))
    kept = suppress(values[:, :4], values[:, 4], image, 0.7, MOST_PER_IMAGE)
    if len(kept):
        kept = kept[ranked(values[kept, 4], image[kept])[1] < MOST_CANDIDATES]
    boxes, shift = values[kept, :4], values[kept, 5:]
    return Candidates(image[kept], boxes + shift * (boxes[:, 2:] - boxes[:, :2]).repeat(1, 2))


def _propose_at(
    networks: TorchNetworks, batch: ImageBatch, scales: dict[int, float]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Candidates at one level of the pyramid of each image that has it: image, and box, score and shift."""
    device = batch.frame.device
    member = torch.tensor(list(scales), device=device)
    sizes = [[int(side * scale + 1) for side in batch.sizes[i]] for i, scale in scales.items()]
    cells, scale = torch.tensor(sizes, device=device), torch.tensor(list(scales.values()), device=device)
    whole = torch.cat([torch.zeros_like(cells), batch.frame[member]], dim=1)
    level = batch.sampler.means(member, whole, cells, torch.Size([max(side) + 1 for side in zip(*sizes, strict=True)]))
    raw = networks.proposals(_normalised(level), cells)
    score = raw[..., 0].sigmoid()
    place, row, column = (score >= PROPOSAL_SCORE).nonzero(as_tuple=True)
    corner = torch.stack([column, row], dim=1).float() * PROPOSAL_STRIDE
    first = torch.floor((corner + 1) / scale[place, None])
    last = torch.floor((corner + PROPOSAL_FIELD) / scale[place, None])
    values = torch.cat([first, last, score[place, row, column, None], raw[place, row, column, 1:]], dim=1)
    kept = suppress(values[:, :4], values[:, 4], place, 0.5, MOST_PER_LEVEL)
    return member[place[kept]], values[kept]


def _refine(networks: TorchNetworks, batch: ImageBatch, found: Candidates) -> Candidates:
    found, (score, shift) = _classified(networks, batch, "rnet", found)
    passed = score > REFINE_SCORE
    found, score, shift = found[passed], score[passed], shift[passed]
    kept = suppress(found.boxes, score, found.image, 0.7, MOST_CANDIDATES)
    return Candidates(found.image[kept], shifted(found.boxes[kept], shift[kept]))


def _output(networks: TorchNetworks, batch: ImageBatch, found: Candidates) -> torch.Tensor:
    found, (score, shift, points) = _classified(networks, batch, "onet", found)
    passed = score > OUTPUT_SCORE
    found, score, shift, points = found[passed], score[passed], shift[passed], points[passed]
    side = found.boxes[:, 2:] - found.boxes[:, :2] + 1
    spots = points.view(-1, 2, 5).transpose(1, 2) * side[:, None, :] + found.boxes[:, None, :2] - 1
    boxes = shifted(found.boxes, shift)
    rows = torch.cat([found.image[:, None].float(), boxes, score[:, None], spots.flatten(1)], dim=1)
    return rows[suppress(boxes, score, found.image, 0.7, MOST_CANDIDATES, contained=True)]


def _classified(
    networks: TorchNetworks, batch: ImageBatch, name: str, found: Candidates
) -> tuple[Candidates, list[torch.Tensor]]:
    """The candidates that overlap their image, and what a network says of their crops."""
    size = {"rnet": 24, "onet": 48}[name]
    corners = found.boxes.trunc().long()
    low = corners[:, :2].clamp(min=1) - 1
    high = torch.minimum(corners[:, 2:], batch.frame[found.image])
    inside = (high > low).all(dim=1)
    found, cut = found[inside], torch.cat([low, high], dim=1)[inside]
    cells, step = cut.new_full((1, 2), size), _CROPS[cut.device.type]
    # Without a candidate there is one part, an empty one.
    parts = zip(torch.split(found.image, step), torch.split(cut, step), strict=True)
    said = [
        networks.classes(name, _normalised(batch.sampler.means(image, boxes, cells, torch.Size([size, size]))))
        for image, boxes in parts
    ]
    return found, [torch.cat(values) for values in zip(*said, strict=True)]


def _normalised(pixels: torch.Tensor) -> torch.Tensor:
    return pixels.sub_(127.5).mul_(0.0078125).permute(0, 3, 1, 2)


def shifted(boxes: torch.Tensor, shift: torch.Tensor) -> torch.Tensor:
    """Boxes moved by what a network says, in shares of their sides."""
    return boxes + shift * (boxes[:, 2:] - boxes[:, :2] + 1).repeat(1, 2)


def squared(boxes: torch.Tensor) -> torch.Tensor:
    """Grow the shorter side about the centre."""
    side = boxes[:, 2:] - boxes[:, :2]
    longest = side.amax(dim=1, keepdim=True)
    low = boxes[:, :2] + side * 0.5 - longest * 0.5
    return torch.cat([low, low + longest], dim=1)
