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

EVERY = 10
ROUNDED = 0.002  # a face whose overlap with its annotation is .50 goes either way with the clipping of boxes


@pytest.fixture(scope="module")
def tallies(reference_data: Path) -> dict[str, Tally]:
    photos = dict(list(annotated_photos(reference_data).items())[::EVERY])
    posters = list(counted_posters(reference_data).items())[::EVERY]
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return {
            "fast": tally(counting(our_detector("fast"), 0.7), photos, posters),
            "default": tally(counting(our_detector("default"), CENTRE_FACE_SCORE), photos, posters),
            "peer": tally(peer_detector(), photos, posters),
        }
    finally:
        torch.set_num_threads(threads)


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


def test_matching_is_one_to_one() -> None:
    """Control of the measure: two boxes on one face are one match, and a loose box is none."""
    face = np.array([[0.0, 0.0, 10.0, 10.0]])
    twice = np.array([[0.0, 0.0, 10.0, 10.0], [1.0, 0.0, 10.0, 10.0]])
    assert matched(twice, np.array([0.9, 0.8]), face).tolist() == [True, False]
    assert not matched(face + 6, np.array([0.9]), face).any()
    assert not matched(np.empty((0, 4)), np.empty(0), face).any()
