"""CPU time per image, ours beside facenet-pytorch, one thread: ``python benchmarks/extraction.py DATA [--passes 5]``.

All contestants see every picture in every pass, one after the other, decoding included; the table gives the median over
the passes. ``--wall N`` prints the wall clock over N images with one and two processes instead, ``--memory N`` the
memory of two processes at the quarters of N images, ``--gpu N`` the throughput on a GPU.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import torch
from facenet_pytorch import MTCNN
from gpu import print_table
from pictures import size_classes
from PIL import Image

from artwork_insights.features.extraction.choices import choose_plan
from artwork_insights.features.extraction.extract import extract_features, find_sources
from artwork_insights.features.extraction.measure import Measurer
from artwork_insights.features.extraction.plan import DetectorMode, Runtime, choose_groups
from artwork_insights.features.faces.detector import MIN_FACE_SHARE, FaceDetector
from artwork_insights.features.inputs.image import decode_image

Detect = Callable[[bytes], object]
HAS_OPENVINO = importlib.util.find_spec("openvino") is not None


def peer(*, tuned: bool) -> Detect:
    """facenet-pytorch, at its defaults or looking for faces from 4 % of the shorter side up."""
    networks: dict[int, MTCNN] = {}

    def detect(data: bytes) -> object:
        image = Image.open(BytesIO(data)).convert("RGB")
        smallest = max(20, round(MIN_FACE_SHARE * min(image.size))) if tuned else 20
        network = networks.setdefault(
            smallest, MTCNN(keep_all=True, min_face_size=smallest, device=torch.device("cpu"))
        )
        return network.detect(np.asarray(image))

    return detect


def ours(mode: DetectorMode, runtime: str) -> Detect:
    """Our detector, from the bytes of a file."""
    detector = FaceDetector(mode, "cpu", runtime)
    return lambda data: detector.detect(decode_image(data, "picture", reduced=mode != "exact"))


def whole(groups: tuple[str, ...], mode: DetectorMode, runtime: Runtime) -> Detect:
    """All features of an image."""
    measurer = Measurer(
        choose_plan(choose_groups(groups), mode=mode, device="cpu", runtime=runtime, embedding="layout")
    )
    return lambda data: measurer.measure(decode_image(data, "picture", reduced=True))


def contestants() -> dict[str, Detect]:
    """Name and detector, the peer first."""
    found: dict[str, Detect] = {
        "facenet-pytorch 2.5.3, default": peer(tuned=False),
        "facenet-pytorch 2.5.3, 4 % smallest face": peer(tuned=True),
        "ours, fast, torch": ours("fast", "torch"),
        "ours, exact, torch": ours("exact", "torch"),
        "ours, default, OpenCV": ours("default", "torch"),
        "ours, all but text, fast, torch": whole((), "fast", "torch"),
    }
    if HAS_OPENVINO:
        found["ours, fast, OpenVINO"] = ours("fast", "openvino")
        found["ours, default, OpenVINO"] = ours("default", "openvino")
        found["ours, all but text, default, OpenVINO"] = whole((), "default", "openvino")
        found["ours, all and text, default, OpenVINO"] = whole(("all",), "default", "openvino")
    return found


def one_thread(data: Path, passes: int, per_class: int) -> None:
    """Print the table of CPU times and ratios."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    classes = size_classes(data, per_class)
    rivals = contestants()
    times: dict[tuple[str, tuple[int, int]], list[float]] = {(name, size): [] for name in rivals for size in classes}
    for number in range(passes + 1):  # the first is a warm-up
        for size, pictures in classes.items():
            for name, detect in rivals.items():
                started = time.process_time()
                for picture in pictures:
                    detect(picture)
                if number:
                    times[name, size].append((time.process_time() - started) / len(pictures))
    medians = {key: statistics.median(values) for key, values in times.items()}
    totals = {name: statistics.fmean(medians[name, size] for size in classes) for name in rivals}
    default, tuned = list(totals.values())[:2]
    heads = [f"{width}x{height}" for width, height in classes]
    print("| ms per image, one thread | " + " | ".join(heads) + " | mean | images/s | x default | x tuned |")
    print("|---" * (len(heads) + 5) + "|")
    for name in rivals:
        cells = [f"{1000 * medians[name, size]:.0f}" for size in classes]
        ratios = [
            f"{1000 * totals[name]:.0f}",
            f"{1 / totals[name]:.1f}",
            *(f"{t / totals[name]:.1f}" for t in (default, tuned)),
        ]
        print(f"| {name} | " + " | ".join(cells + ratios) + " |")


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
    given = parser.parse_args()
    if given.wall:
        all_cores(given.data, given.wall)
    elif given.gpu:
        on_gpu(given.data, given.gpu, given.device)
    elif given.memory:
        memory(given.data, given.memory, given.mode)
    else:
        one_thread(given.data, given.passes, given.per_class)


if __name__ == "__main__":
    sys.exit(main())
