"""How well faces are detected on the reference data, for any detector; used by the test and by the benchmark."""

from __future__ import annotations

import csv
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

Boxes = npt.NDArray[np.float64]
Detect = Callable[[Path], tuple[Boxes, Boxes]]

MATCHING_IOU = 0.5


@dataclass
class Tally:
    """Counts over photographs with annotated boxes and over posters with counted faces."""

    matched: int = 0
    detected: int = 0
    annotated: int = 0
    photos: int = 0
    photos_exact: int = 0
    posters: int = 0
    posters_exact: int = 0
    presence_right: int = 0
    seconds: float = field(default=0.0, compare=False)

    @property
    def precision(self) -> float:
        return self.matched / self.detected

    @property
    def recall(self) -> float:
        return self.matched / self.annotated

    def line(self, name: str) -> str:
        return (
            f"{name:>22}: photos precision {self.precision:.4f} recall {self.recall:.4f} "
            f"exact count {self.photos_exact / self.photos:.3f} (n={self.photos}); "
            f"posters exact count {self.posters_exact / self.posters:.3f} "
            f"presence {self.presence_right / self.posters:.3f} (n={self.posters}); "
            f"{self.seconds / (self.photos + self.posters) * 1000:.0f} ms per image"
        )


def annotated_photos(data: Path) -> dict[Path, Boxes]:
    """Boxes of every photograph: stock photos, dlib's examples, and animals, which have none."""
    boxes: dict[Path, list[list[float]]] = {path: [] for path in sorted((data / "faces" / "no_face").iterdir())}
    boxes[data / "faces" / "dlib" / "dogs.jpg"] = []
    with (data / "faces" / "boxes.csv").open() as file:
        for row in csv.DictReader(file):
            sides = [float(row[key]) for key in ("xmin", "ymin", "xmax", "ymax")]
            boxes.setdefault(data / "faces" / "photos" / row["file"], []).append(sides)
    for name in ("training.xml", "testing.xml"):
        for image in ElementTree.parse(data / "faces" / "dlib" / name).getroot().iter("image"):
            path = data / "faces" / "dlib" / str(image.get("file"))
            for box in image.iter("box"):
                left, top, width, height = (float(box.attrib[key]) for key in ("left", "top", "width", "height"))
                boxes.setdefault(path, []).append([left, top, left + width, top + height])
    return {path: np.array(found, dtype=np.float64).reshape(-1, 4) for path, found in sorted(boxes.items())}


def counted_posters(data: Path, *, sure_only: bool = False) -> dict[Path, int]:
    """Number of faces that people counted on each poster; `sure_only` leaves the debatable ones out."""
    with (data / "posters" / "gold_faces.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["sure"] == "1" or not sure_only]
    return {data / "posters" / "images" / row["file"]: int(row["n_faces"]) for row in rows}


def matched(detected: Boxes, scores: Boxes, annotated: Boxes) -> npt.NDArray[np.bool_]:
    """Which detections match an annotation of their own with an IoU of at least 0.5, best score first."""
    free = list(range(len(annotated)))
    hits = np.zeros(len(scores), bool)
    for i in np.argsort(-scores, kind="stable"):
        overlaps = [_iou(detected[i], annotated[j]) for j in free]
        if overlaps and max(overlaps) >= MATCHING_IOU:
            free.pop(int(np.argmax(overlaps)))
            hits[i] = True
    return hits


def _iou(a: Boxes, b: Boxes) -> float:
    low, high = np.maximum(a[:2], b[:2]), np.minimum(a[2:], b[2:])
    shared = float(np.clip(high - low, 0, None).prod())
    return shared / float((a[2:] - a[:2]).prod() + (b[2:] - b[:2]).prod() - shared)


def tally(detect: Detect, photos: dict[Path, Boxes], posters: Sequence[tuple[Path, int]]) -> Tally:
    """Run a detector over photographs and posters."""
    import time

    counts = Tally()
    started = time.process_time()
    for path, annotated in photos.items():
        boxes, scores = detect(path)
        counts.matched += int(matched(boxes, scores, annotated).sum())
        counts.detected += len(boxes)
        counts.annotated += len(annotated)
        counts.photos += 1
        counts.photos_exact += len(boxes) == len(annotated)
    for path, n_faces in posters:
        found = len(detect(path)[0])
        counts.posters += 1
        counts.posters_exact += found == n_faces
        counts.presence_right += (found > 0) == (n_faces > 0)
    counts.seconds = time.process_time() - started
    return counts


def our_detector(mode: str = "default", runtime: str = "torch") -> Detect:
    """Ours on decoded files, every detection with its score, also those too weak to count."""
    from artwork_insights.features.faces.detector import FaceDetector
    from artwork_insights.features.inputs.image import read_image

    detector = FaceDetector(mode, "cpu", runtime)

    def detect(path: Path) -> tuple[Boxes, Boxes]:
        image = read_image(str(path), reduced=mode != "exact")
        found, (width, height) = detector.find(image.pixels)
        back = np.array([image.width_px / width, image.height_px / height] * 2)
        return found.boxes * back, found.scores.astype(np.float64)

    return detect


def counting(detect: Detect, score: float) -> Detect:
    """The same, but only what scores at least this."""

    def detect_counted(path: Path) -> tuple[Boxes, Boxes]:
        boxes, scores = detect(path)
        return boxes[scores >= score], scores[scores >= score]

    return detect_counted


def peer_detector() -> Detect:
    """`facenet_pytorch.MTCNN` at its defaults, all faces kept."""
    import torch
    from facenet_pytorch import MTCNN

    from artwork_insights.features.inputs.image import read_image

    network = MTCNN(keep_all=True, device=torch.device("cpu"))

    def detect(path: Path) -> tuple[Boxes, Boxes]:
        boxes, scores = network.detect(read_image(str(path)).pixels)
        if boxes is None:
            return np.empty((0, 4)), np.empty(0)
        return boxes.astype(np.float64), scores.astype(np.float64)

    return detect
