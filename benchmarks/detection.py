"""Face detection on all reference files, ours beside the peer: ``python benchmarks/detection.py FOLDER``."""

from __future__ import annotations

import sys
from pathlib import Path

import torch

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "reference"))

from detection import annotated_photos, counted_posters, our_detector, peer_detector, tally  # noqa: E402


def main(data: Path) -> None:
    """Print one line per detector and choice of posters."""
    torch.set_num_threads(1)
    photos = annotated_photos(data)
    for words, sure_only in (("all posters", False), ("sure posters", True)):
        posters = list(counted_posters(data, sure_only=sure_only).items())
        print(f"{words}:")
        for name, detect in (("artwork_insights", our_detector()), ("facenet_pytorch.MTCNN", peer_detector())):
            print(tally(detect, photos, posters).line(name), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
