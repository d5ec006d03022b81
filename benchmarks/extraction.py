"""CPU time per image, ours beside facenet-pytorch, one thread: ``python benchmarks/extraction.py DATA [--passes 5]``.

All contestants see every picture in every pass, one after the other, decoding included; the table gives the median over
the passes, and beside it what each finds on annotated photographs of the same sizes (from a score of .9 for the
cascades, .45 for CenterFace). ``--mediapipe PYTHON`` adds a row that another Python runs. ``--wall N`` prints the wall
clock over N images with one and two processes instead, ``--memory N`` the memory of two processes at the quarters of N
images, ``--gpu N`` the throughput on a GPU.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import pickle
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import torch
import torchvision
from facenet_pytorch import MTCNN
from gpu import print_table
from pictures import Detect, Found, Size, faces_found, size_classes
from PIL import Image

from artwork_insights.features.extraction.allocator import keep_freed_memory
from artwork_insights.features.extraction.choices import choose_plan
from artwork_insights.features.extraction.extract import extract_features, find_sources
from artwork_insights.features.extraction.measure import Measurer
from artwork_insights.features.extraction.plan import DetectorMode, Runtime, choose_groups
from artwork_insights.features.faces.detector import CENTRE_FACE_SCORE, MIN_FACE_SHARE, FaceDetector
from artwork_insights.features.inputs.image import decode_image

CASCADE_SCORE = 0.9
SMALL = "mobilenet_v3_small"
_OFTEN_ENOUGH = 64  # pictures after which even the graphs for lettering are made
HAS_OPENVINO = importlib.util.find_spec("openvino") is not None


def peer(*, tuned: bool) -> Detect:
    """facenet-pytorch, at its defaults or looking for faces from 4 % of the shorter side up."""
    networks: dict[int, MTCNN] = {}

    def detect(data: bytes) -> Found:
        image = Image.open(BytesIO(data)).convert("RGB")
        smallest = max(20, round(MIN_FACE_SHARE * min(image.size))) if tuned else 20
        network = networks.setdefault(
            smallest, MTCNN(keep_all=True, min_face_size=smallest, device=torch.device("cpu"))
        )
        boxes, scores = network.detect(np.asarray(image))
        return (np.empty((0, 4)), np.empty(0)) if boxes is None else (boxes, scores)

    return detect


def ours(mode: DetectorMode, runtime: str) -> Detect:
    """Our detector, from the bytes of a file."""
    detector = FaceDetector(mode, "cpu", runtime)

    def detect(data: bytes) -> Found:
        faces = detector.detect(decode_image(data, "picture", reduced=mode != "exact"))
        return faces.boxes, faces.scores

    return detect


def whole(mode: DetectorMode, runtime: Runtime, backbone: str, weights: Path) -> Detect:
    """All features of an image, lettering and a backbone among them."""
    groups = choose_groups(("all",))
    plan = choose_plan(groups, mode=mode, device="cpu", runtime=runtime, embedding=backbone, weights=weights)
    measurer = Measurer(plan)

    def detect(data: bytes) -> Found:
        faces = measurer.measure(decode_image(data, "picture", reduced=True)).faces
        assert faces is not None
        return faces.boxes, faces.scores

    return detect


def random_weights(folder: Path) -> Path:
    """Weights of mobilenet_v3_small that cost what the trained ones cost."""
    path = folder / f"{SMALL}-random.pth"
    torch.save(torchvision.models.get_model(SMALL, weights=None).state_dict(), path)
    return path


class OtherPython:
    """mediapipe in a process of another Python, whose packages do not fit beside ours; one thread, as far as it goes.

    Parameters
    ----------
    python : str
        That has mediapipe 0.10.14.
    """

    def __init__(self, python: str) -> None:
        self._process = subprocess.Popen([python, "-c", _MEDIAPIPE], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.seconds = 0.0

    def __call__(self, data: bytes) -> Found:
        assert self._process.stdin is not None and self._process.stdout is not None
        pickle.dump(data, self._process.stdin)
        self._process.stdin.flush()
        seconds, boxes, scores = pickle.load(self._process.stdout)
        self.seconds += seconds
        return np.array(boxes).reshape(-1, 4), np.array(scores)


_MEDIAPIPE = """
import os, pickle, sys, time
answers = os.fdopen(os.dup(1), "wb")
os.dup2(2, 1)
import cv2, numpy as np
from mediapipe.python.solutions.face_detection import FaceDetection
cv2.setNumThreads(1)
detector = FaceDetection(model_selection=1, min_detection_confidence=0.5)
while True:
    try:
        data = pickle.load(sys.stdin.buffer)
    except EOFError:
        break
    started = time.process_time()
    image = cv2.cvtColor(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    found = detector.process(image).detections or []
    seconds = time.process_time() - started
    height, width = image.shape[:2]
    boxes = [one.location_data.relative_bounding_box for one in found]
    boxes = [[b.xmin * width, b.ymin * height, (b.xmin + b.width) * width, (b.ymin + b.height) * height] for b in boxes]
    pickle.dump((seconds, boxes, [one.score[0] for one in found]), answers)
    answers.flush()
"""


def contestants(data: Path, scratch: Path, python: str | None) -> dict[str, tuple[Detect, float]]:
    """Name, detector, and the score from which it counts a face in a photograph; the peer first."""
    small, squeeze = random_weights(scratch), data / "weights" / "squeezenet1_0_imagenet.pth"
    found: dict[str, tuple[Detect, float]] = {
        "facenet-pytorch 2.5.3, default": (peer(tuned=False), CASCADE_SCORE),
        "facenet-pytorch 2.5.3, 4 % smallest face": (peer(tuned=True), CASCADE_SCORE),
        "ours, fast, torch": (ours("fast", "torch"), CASCADE_SCORE),
        "ours, exact, torch": (ours("exact", "torch"), CASCADE_SCORE),
        "ours, default, OpenCV": (ours("default", "torch"), CENTRE_FACE_SCORE),
        f"ours, all, fast, torch, {SMALL}": (whole("fast", "torch", SMALL, small), CASCADE_SCORE),
    }
    if HAS_OPENVINO:
        found |= {
            "ours, fast, OpenVINO": (ours("fast", "openvino"), CASCADE_SCORE),
            "ours, default, OpenVINO": (ours("default", "openvino"), CENTRE_FACE_SCORE),
        }
        for mode, score in (("fast", CASCADE_SCORE), ("default", CENTRE_FACE_SCORE)):
            for name, weights in ((SMALL, small), ("squeezenet1_0", squeeze)):
                found[f"ours, all, {mode}, OpenVINO, {name}"] = (whole(mode, "openvino", name, weights), score)
    if python is not None:
        found["mediapipe 0.10.14, full range (another network)"] = (OtherPython(python), 0.5)
    return found


def cpu_seconds(detect: Detect) -> float:
    """CPU time used so far where this contestant runs."""
    return detect.seconds if isinstance(detect, OtherPython) else time.process_time()


def one_thread(data: Path, passes: int, per_class: int, python: str | None, without: list[str]) -> None:
    """Print the table of CPU times, ratios and accuracy."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    keep_freed_memory()
    classes = size_classes(data, per_class)
    with tempfile.TemporaryDirectory() as scratch:
        every = contestants(data, Path(scratch), python)
    rivals = {name: rival for name, rival in every.items() if not any(part in name for part in without)}
    times: dict[tuple[str, Size], list[float]] = {(name, size): [] for name in rivals for size in classes}
    for name, (detect, _) in rivals.items():  # graphs of one shape are made once a shape has come often enough
        for picture in _warm_up(name, classes):
            detect(picture)
    for _ in range(passes):
        for size, pictures in classes.items():
            for name, (detect, _) in rivals.items():
                started = cpu_seconds(detect)
                for picture in pictures:
                    detect(picture)
                times[name, size].append((cpu_seconds(detect) - started) / len(pictures))
    medians = {key: statistics.median(values) for key, values in times.items()}
    totals = {name: statistics.fmean(medians[name, size] for size in classes) for name in rivals}
    accuracy = {name: faces_found(data, detect, score) for name, (detect, score) in rivals.items()}
    default, tuned = list(totals.values())[:2]
    heads = [f"{width}x{height}" for width, height in classes]
    print(f"| ms per image, one thread | {' | '.join(heads)} | mean | images/s | x default | x tuned | {_ACCURACY} |")
    print("|---" * (len(heads) + 8) + "|")
    for name in rivals:
        cells = [f"{1000 * medians[name, size]:.0f}" for size in classes]
        ratios = [f"{1000 * totals[name]:.0f}", f"{1 / totals[name]:.1f}"]
        ratios += [f"{t / totals[name]:.1f}" for t in (default, tuned)]
        print(f"| {name} | " + " | ".join([*cells, *ratios, *accuracy[name]]) + " |")
    if python is None:
        print(f"| mediapipe 0.10.14 (another network; an earlier trial, other pictures) {'| ' * 7}| 47 {'| ' * 5}|")


_ACCURACY = "precision | recall | exact count"


def _warm_up(name: str, classes: dict[Size, list[bytes]]) -> list[bytes]:
    """Everything until no graph is made any more in OpenVINO; one small picture elsewhere."""
    every = [picture for pictures in classes.values() for picture in pictures]
    return every * -(-_OFTEN_ENOUGH // len(every)) if "OpenVINO" in name else every[:1]


def _folder_of(data: Path, count: int, folder: Path) -> None:
    """Write pictures of all size classes by turns."""
    pictures = [picture for group in zip(*size_classes(data, 40).values(), strict=True) for picture in group]
    for i in range(count):
        (folder / f"{i:06d}.jpg").write_bytes(pictures[i % len(pictures)])


def all_cores(data: Path, count: int) -> None:
    """Print images per second of wall clock with one and two processes beside the peer with two threads."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "pictures"
        folder.mkdir()
        _folder_of(data, count, folder)
        torch.set_num_threads(2)
        detect, started = peer(tuned=False), time.perf_counter()
        for path in sorted(folder.iterdir())[: count // 4]:
            detect(path.read_bytes())
        rate = (count // 4) / (time.perf_counter() - started)
        print(f"facenet-pytorch 2.5.3, default, two threads: {rate:.1f} images/s")
        for workers in (1, 2):
            summary = extract_features(
                find_sources([str(folder)]),
                Path(scratch) / f"out{workers}",
                workers=workers,
                features=("faces",),
                mode="fast",
            )
            ours_rate = count / summary.seconds
            print(f"ours, fast, {workers} process(es): {ours_rate:.1f} images/s, {ours_rate / rate:.1f} x the peer")


def on_gpu(data: Path, count: int, device: str) -> None:
    """Print the throughput over N images with a GPU."""
    with tempfile.TemporaryDirectory() as scratch:
        _folder_of(data, min(count, 1000), Path(scratch))
        print_table(Path(scratch), count, device)


def children_rss() -> Iterator[float]:
    """Resident memory of the processes that this one started, in GB."""
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
        except OSError:
            continue
        if int(fields["PPid"]) == os.getpid() and "VmRSS" in fields:
            yield int(fields["VmRSS"].split()[0]) / 1e6


def memory(data: Path, count: int, mode: DetectorMode) -> None:
    """Print the resident memory of the workers at the quarters of a long run."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "pictures"
        folder.mkdir()
        _folder_of(data, count, folder)
        quarters = {count * quarter // 4 - 200 for quarter in (1, 2, 3, 4)}

        def watch(positions: object) -> Iterator[int]:
            for done, position in enumerate(positions, start=1):  # type: ignore[arg-type, var-annotated]
                if done in quarters:
                    print(
                        f"{done:,} images: workers " + ", ".join(f"{rss:.2f} GB" for rss in sorted(children_rss())),
                        flush=True,
                    )
                yield position

        extract_features(find_sources([str(folder)]), Path(scratch) / "out", workers=2, mode=mode, progress=watch)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--passes", type=int, default=5)
    parser.add_argument("--per-class", type=int, default=12)
    parser.add_argument("--wall", type=int, metavar="N", help="wall clock over N images, one and two processes")
    parser.add_argument("--memory", type=int, metavar="N", help="memory over N images")
    parser.add_argument("--gpu", type=int, metavar="N", help="throughput over N images on a GPU")
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda", help="of --gpu; cpu is a rehearsal")
    parser.add_argument("--mode", choices=("default", "fast"), default="fast", help="of --memory")
    parser.add_argument("--mediapipe", metavar="PYTHON", help="a Python that has mediapipe 0.10.14, for its row")
    parser.add_argument("--without", nargs="*", default=[], metavar="PART", help="leave out rows whose names hold this")
    given = parser.parse_args()
    if given.wall:
        all_cores(given.data, given.wall)
    elif given.gpu:
        on_gpu(given.data, given.gpu, given.device)
    elif given.memory:
        memory(given.data, given.memory, given.mode)
    else:
        one_thread(given.data, given.passes, given.per_class, given.mediapipe, given.without)


if __name__ == "__main__":
    sys.exit(main())
