"""Faces on real photographs and posters, ours beside `facenet_pytorch.MTCNN` at its defaults on the same files.

``python benchmarks/accuracy.py FOLDER`` takes all files; its tables stand in ``docs/extraction.md``. The tests take
every tenth file, to stay within half a minute on one core.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))

from detection import (  # type: ignore[import-not-found]
    Tally,
    annotated_photos,
    counted_posters,
    counting,
    matched,
    our_detector,
    peer_detector,
    tally,
)

from artwork_insights.features.faces.detector import CENTRE_FACE_SCORE
from artwork_insights.features.faces.second_look import overlaps

Seen = tuple[np.ndarray, np.ndarray]

EVERY = 10
SURE = 0.95  # faces of the peer that score less are a matter of its rounding
ROUNDED = 0.002  # a face whose overlap with its annotation is .50 goes either way with the clipping of boxes


@pytest.fixture(scope="module")
def sample(reference_data: Path) -> tuple[dict[Path, np.ndarray], list[tuple[Path, int]]]:
    """Photographs with their boxes, and posters with their counts."""
    photos = dict(list(annotated_photos(reference_data).items())[::EVERY])
    return photos, list(counted_posters(reference_data).items())[::EVERY]


@pytest.fixture(scope="module")
def seen(sample: tuple[dict[Path, np.ndarray], list[tuple[Path, int]]]) -> dict[str, list[Seen]]:
    """Boxes and scores by detector, one pair per file of the sample, photographs first."""
    paths = [*sample[0], *(path for path, _ in sample[1])]
    detectors = {mode: our_detector(mode) for mode in ("fast", "exact", "default")} | {"peer": peer_detector()}
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return {name: [detect(path) for path in paths] for name, detect in detectors.items()}
    finally:
        torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def tallies(
    sample: tuple[dict[Path, np.ndarray], list[tuple[Path, int]]], seen: dict[str, list[Seen]]
) -> dict[str, Tally]:
    photos, posters = sample
    paths = [*photos, *(path for path, _ in posters)]
    scores = {"fast": 0.7, "default": CENTRE_FACE_SCORE, "peer": 0.0}
    return {
        name: tally(counting(dict(zip(paths, seen[name], strict=True)).__getitem__, score), photos, posters)
        for name, score in scores.items()
    }


def test_the_fast_mode_is_no_worse_than_the_peer_at_its_defaults(tallies: dict[str, Tally]) -> None:
    ours, peer = tallies["fast"], tallies["peer"]
    assert peer.photos >= 40 and peer.posters >= 20 and peer.annotated >= 100
    assert ours.precision >= peer.precision - ROUNDED
    assert ours.recall >= peer.recall
    assert ours.photos_exact >= peer.photos_exact
    assert ours.posters_exact >= peer.posters_exact
    assert ours.presence_right >= peer.presence_right


def test_the_default_mode_is_better_than_the_peer(tallies: dict[str, Tally]) -> None:
    ours, peer = tallies["default"], tallies["peer"]
    assert ours.recall > peer.recall and ours.precision > peer.precision
    assert ours.photos_exact > peer.photos_exact
    assert ours.presence_right >= peer.presence_right
    assert ours.posters_exact >= peer.posters_exact


@pytest.mark.parametrize(
    ("mode", "least_iou", "least_share", "least_equal"),
    [("fast", 0.7, 0.985, 0.95), ("exact", 0.9, 0.95, 0.95)],
)
def test_the_cascades_give_the_boxes_of_the_peer(
    seen: dict[str, list[Seen]], mode: str, least_iou: float, least_share: float, least_equal: float
) -> None:
    shares = [
        overlaps(peer[peer_scores >= SURE], boxes).max(axis=1, initial=0) >= least_iou
        for (peer, peer_scores), (boxes, _) in zip(seen["peer"], seen[mode], strict=True)
    ]
    counts = [len(peer) == len(boxes) for (peer, _), (boxes, _) in zip(seen["peer"], seen[mode], strict=True)]
    assert len(np.concatenate(shares)) >= 100
    assert np.concatenate(shares).mean() >= least_share
    assert np.mean(counts) >= least_equal


def test_matching_is_one_to_one() -> None:
    """Control of the measure: two boxes on one face are one match, and a loose box is none."""
    face = np.array([[0.0, 0.0, 10.0, 10.0]])
    twice = np.array([[0.0, 0.0, 10.0, 10.0], [1.0, 0.0, 10.0, 10.0]])
    assert matched(twice, np.array([0.9, 0.8]), face).tolist() == [True, False]
    assert not matched(face + 6, np.array([0.9]), face).any()
    assert not matched(np.empty((0, 4)), np.empty(0), face).any()
