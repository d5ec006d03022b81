"""Images per second on a GPU, from files on disk, beside what decoding alone and the networks alone would allow."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from itertools import cycle, islice
from pathlib import Path

import numpy as np
import torch
from facenet_pytorch import MTCNN
from PIL import Image

from artwork_insights.features.extraction.batched import BatchMeasurer
from artwork_insights.features.extraction.choices import choose_plan
from artwork_insights.features.extraction.crew import Crew
from artwork_insights.features.extraction.measurement import Failure
from artwork_insights.features.extraction.plan import MeasurePlan, choose_groups
from artwork_insights.features.faces.batched.cascade import BatchCascade
from artwork_insights.features.faces.detector import MIN_FACE_SHARE, cascade_input
from artwork_insights.features.inputs.image import read_image

_WARM_UP, _PEER_SHARE, _PEER_BATCH = 256, 20, 32


def _rate(measure: Callable[[list[str]], Iterator[object]], folder: Path, count: int) -> float:
    """Images per second in a second run of the same processes and networks."""
    files = sorted(str(path) for path in folder.iterdir())
    for number in (_WARM_UP, count):
        started = time.perf_counter()
        failed = [result for result in measure(list(islice(cycle(files), number))) if isinstance(result, Failure)]
        assert not failed, failed
    return count / (time.perf_counter() - started)


def _plan(groups: tuple[str, ...], device: str) -> MeasurePlan:
    plan = choose_plan(choose_groups(groups), mode="fast", device="cpu", runtime="torch", embedding="auto")
    object.__setattr__(plan, "device", device)
    return plan


def end_to_end(folder: Path, count: int, groups: tuple[str, ...], device: str, workers: int) -> float:
    """All that `extract` does but writing the tables."""
    with BatchMeasurer(_plan(groups, device), workers) as measurer:
        return _rate(measurer.measure, folder, count)


def decoding_only(folder: Path, count: int, device: str, workers: int) -> float:
    """Reading, decoding and handing pixels over."""
    with Crew(_plan(("faces",), device), workers, hands_over=True) as crew:
        return _rate(crew.prepare, folder, count)


def networks_only(folder: Path, count: int, device: str) -> float:
    """The cascade over decoded images, the copies to the device and back included."""
    cascade = BatchCascade(device)
    images = [read_image(str(path), reduced=True).pixels for path in sorted(folder.iterdir())[:_WARM_UP]]
    seen = [cascade_input(image, "fast") for image in images]
    pixels, smallest = [image for image, _ in seen], [side for _, side in seen]
    cascade.detect(pixels, smallest)
    passes = max(count // len(images), 1)
    started = time.perf_counter()
    for _ in range(passes):
        cascade.detect(pixels, smallest)
    return passes * len(images) / (time.perf_counter() - started)


def peer(folder: Path, count: int, device: str, *, tuned: bool, batched: bool) -> float:
    """facenet-pytorch in one process, decoding included; its batches hold images of one size."""
    networks: dict[int, MTCNN] = {}
    files = [path.read_bytes() for path in sorted(folder.iterdir())]
    if batched:
        files.sort(key=lambda data: Image.open(BytesIO(data)).size)
    step = _PEER_BATCH if batched else 1

    def detect(part: Sequence[bytes]) -> None:
        images = [np.asarray(Image.open(BytesIO(data)).convert("RGB")) for data in part]
        side = min(images[0].shape[:2])
        smallest = max(20, round(MIN_FACE_SHARE * side)) if tuned else 20
        if smallest not in networks:
            networks[smallest] = MTCNN(keep_all=True, min_face_size=smallest, device=torch.device(device))
        networks[smallest].detect(images if batched else images[0])

    def groups() -> Iterator[list[bytes]]:
        """Neighbours of one size."""
        group: list[bytes] = []
        for data in files:
            if group and (len(group) == step or Image.open(BytesIO(data)).size != Image.open(BytesIO(group[0])).size):
                yield group
                group = []
            group.append(data)
        yield group

    parts = list(groups())
    detect(parts[0])
    done, started = 0, time.perf_counter()
    for part in cycle(parts):
        detect(part)
        done += len(part)
        if done >= count:
            return done / (time.perf_counter() - started)
    raise AssertionError


def print_table(folder: Path, count: int, device: str) -> None:
    """Print images per second; without a GPU one row that says so, and no estimate."""
    workers = len(os.sched_getaffinity(0))
    print("| images/s, from files on disk | images/s | x default |\n|---|---|---|")
    if device == "cuda" and not torch.cuda.is_available():
        print("| no GPU at hand: not measured |  |  |")
        return
    few = max(count // _PEER_SHARE, 1)
    name = torch.cuda.get_device_name() if device == "cuda" else "the CPU, a rehearsal"
    rows: dict[str, Callable[[], float]] = {
        "facenet-pytorch 2.5.3, default": lambda: peer(folder, few, device, tuned=False, batched=False),
        "facenet-pytorch 2.5.3, 4 % smallest face": lambda: peer(folder, few, device, tuned=True, batched=False),
        "facenet-pytorch 2.5.3, 4 %, its batches": lambda: peer(folder, few, device, tuned=True, batched=True),
        "ours, faces, end to end": lambda: end_to_end(folder, count, ("faces",), device, workers),
        "ours, all but text, end to end": lambda: end_to_end(folder, count, (), device, workers),
        "decoding alone, the ceiling": lambda: decoding_only(folder, count, device, workers),
        "networks alone, the ceiling": lambda: networks_only(folder, count, device),
    }
    default = 0.0
    for label, measure in rows.items():
        rate = measure()
        default = default or rate
        print(f"| {label} ({name}, {workers} cores) | {rate:.1f} | {rate / default:.1f} |", flush=True)
