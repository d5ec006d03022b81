"""Faces on real photographs and posters, ours beside `facenet_pytorch.MTCNN` at its defaults on the same files.

The full run (``python benchmarks/detection.py FOLDER``) over 422 photographs with 1,405 annotated faces and 200 posters
with counted ones, at the score of 0.7 that both count from, on one thread:

    ======================  =========  ======  ===========  ============  ================  ====  =============
                            precision  recall  exact count  exact count   exact, 166 sure   pres- CPU ms per
                            photos     photos  photos       posters       posters           ence  image
    ======================  =========  ======  ===========  ============  ================  ====  =============
    artwork_insights        0.8877     0.8605  0.720        0.730         0.765             .880  67
    facenet_pytorch.MTCNN   0.8862     0.8591  0.718        0.730         0.765             .880  114
    ======================  =========  ======  ===========  ============  ================  ====  =============

Presence is 0.880 on the sure posters too. Precision counts small unannotated background faces as errors.
Ours are the same boxes, clipped to the frame, as the annotations are.

The test takes every tenth file, to stay within half a minute on one core.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))

from detection import (  # type: ignore[import-not-found]
    annotated_photos,
    count_matches,
    counted_posters,
    our_detector,
    peer_detector,
    tally,
)

EVERY = 10


def test_ours_is_no_worse_than_the_peer_at_its_defaults(
    reference_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos = dict(list(annotated_photos(reference_data).items())[::EVERY])
    posters = list(counted_posters(reference_data).items())[::EVERY]
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        ours, peer = tally(our_detector(), photos, posters), tally(peer_detector(), photos, posters)
    finally:
        torch.set_num_threads(threads)
    with capsys.disabled():
        print(f"\n{ours.line('artwork_insights')}\n{peer.line('facenet_pytorch.MTCNN')}")
    assert peer.photos >= 40 and peer.posters >= 20 and peer.annotated >= 100
    assert ours.precision >= peer.precision
    assert ours.recall >= peer.recall
    assert ours.photos_exact >= peer.photos_exact
    assert ours.posters_exact >= peer.posters_exact
    assert ours.presence_right >= peer.presence_right


def test_matching_is_one_to_one() -> None:
    """Control of the measure: two boxes on one face are one match, and a loose box is none."""
    face = np.array([[0.0, 0.0, 10.0, 10.0]])
    twice = np.array([[0.0, 0.0, 10.0, 10.0], [1.0, 0.0, 10.0, 10.0]])
    assert count_matches(twice, np.array([0.9, 0.8]), face) == 1
    assert count_matches(face + 6, np.array([0.9]), face) == 0
    assert count_matches(np.empty((0, 4)), np.empty(0), face) == 0
