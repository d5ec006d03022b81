"""Measure every image once: shards that can be resumed, failures as rows, one manifest."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import torch

from artwork_insights.errors import OutputError
from artwork_insights.features.embedding.embedder import Embedder, EmbeddingChoice, choose_embedding
from artwork_insights.features.extraction.crew import Crew
from artwork_insights.features.extraction.measure import Measurer
from artwork_insights.features.extraction.measurement import Failure, Measurement
from artwork_insights.features.extraction.plan import MeasurePlan
from artwork_insights.features.extraction.shards import (
    SHARD_SIZE,
    ShardCounts,
    count_rows,
    finished_shards,
    open_output,
    write_manifest,
    write_shard,
)
from artwork_insights.features.inputs.sources import Sources, find_sources, sources_of_assets

__all__ = ["ExtractionSummary", "Sources", "extract_features", "find_sources", "sources_of_assets"]

Device = Literal["auto", "cpu", "cuda"]
Progress = Callable[[Iterable[int]], Iterable[int]]
Measure = Callable[[Iterable[str]], Iterator[Measurement | Failure]]


@dataclass(frozen=True, slots=True)
class ExtractionSummary:
    """What an extraction came to.

    Attributes
    ----------
    n_features, n_failures, n_faces : int
        Rows of the three tables; the first two add up to the number of inputs.
    device : str
        Where the networks ran: ``"cpu"`` or ``"cuda"``.
    embedding : str
        Name of the embedding.
    seconds : float
        Of this call; next to nothing where all was done before.
    folder : Path
    sentence : str
        All of it in words.
    """

    n_features: int
    n_failures: int
    n_faces: int
    device: str
    embedding: str
    seconds: float
    folder: Path
    sentence: str


def extract_features(
    sources: Sources,
    out: Path,
    *,
    device: Device = "auto",
    workers: int = 0,
    embedding: str = "auto",
    weights: Path | None = None,
    progress: Progress | None = None,
) -> ExtractionSummary:
    """Measure images into ``features/``, ``faces/`` and ``failures/`` of a folder, and ``manifest.json``.

    Every input ends in features or in failures, exactly once, in the order of the input. An interrupted run goes on
    where it stopped; a finished one is left as it is. The numbers do not depend on `workers`; those of a GPU agree with
    those of a CPU up to the rounding of float32.

    Parameters
    ----------
    sources : Sources
        See `find_sources`.
    out : Path
        Folder to write; made where it is missing.
    device : {"auto", "cpu", "cuda"}
        ``"auto"`` takes a GPU where there is one. On a GPU everything runs in this process.
    workers : int
        Processes on a CPU, each with one thread; 0 for one per core.
    embedding : str
        A backbone of ``models/manifest.toml``, ``"layout"``, ``"none"`` or ``"auto"``; see `choose_embedding`.
    weights : Path, optional
        Weights file of the backbone.
    progress : callable, optional
        Wraps the positions of the images still to measure, as ``tqdm`` does.

    Raises
    ------
    OutputError
        When `out` holds an extraction of other settings or inputs, or the device is not there.
    WeightsError
        When the embedding's weights are missing or wrong.
    """
    started = time.perf_counter()
    chosen_device = choose_device(device)
    choice = choose_embedding(embedding, weights)
    plan = MeasurePlan(choice, device=chosen_device)
    settings = describe_settings(plan)
    n_shards = -(-len(sources.assets) // SHARD_SIZE)
    fingerprint = sources.fingerprint()
    manifest = open_output(out, settings, fingerprint)
    if manifest is None:
        Embedder(choice)  # weights that cannot be loaded are refused before anything is written
        manifest = _new_manifest(sources, settings, choice, fingerprint)
        write_manifest(out, manifest)
    finished = finished_shards(out, n_shards)
    pending = [i for i in range(n_shards) if i not in finished]
    if pending or not manifest["finished"]:
        n_measured = _measure_shards(sources, out, pending, plan, workers, settings, progress)
        counts = count_rows(out, n_shards)
        manifest |= {"finished": True, "device": chosen_device, "counts": _as_dict(counts)}
        write_manifest(out, manifest)
    else:
        counts, n_measured = count_rows(out, n_shards), 0
    return _summarise(counts, manifest, choice, out, time.perf_counter() - started, n_measured)


def choose_device(device: Device) -> str:
    """``"cuda"`` or ``"cpu"``.

    Raises
    ------
    OutputError
        When a GPU is asked for and there is none.
    """
    if device == "cuda" and not torch.cuda.is_available():
        raise OutputError("device 'cuda': no CUDA device was found; use --device auto or --device cpu.")
    return "cuda" if device != "cpu" and torch.cuda.is_available() else "cpu"


def describe_settings(plan: MeasurePlan) -> dict[str, str]:
    """Everything that decides the numbers; two outputs with different settings never mix."""
    by_group = plan.settings().items()
    return {f"{group}.{key}": value for group, pairs in by_group for key, value in pairs.items()}


def _new_manifest(
    sources: Sources, settings: dict[str, str], choice: EmbeddingChoice, fingerprint: str
) -> dict[str, Any]:
    return {
        "package_version": version("artwork-insights"),
        "settings": settings,
        "weights_file": choice.weights.path.name if choice.weights else None,
        "weights_listed": choice.weights.listed if choice.weights else None,
        "inputs": len(sources.assets),
        "inputs_sha256": fingerprint,
        "location_base": sources.base,
        "notes": [note for note in (*sources.notes, choice.note) if note],
        "finished": False,
    }


def _measure_shards(
    sources: Sources,
    out: Path,
    pending: list[int],
    plan: MeasurePlan,
    workers: int,
    settings: dict[str, str],
    progress: Progress | None,
) -> int:
    """Measure the images of the pending shards, write each shard when its last image is done, and count them."""
    shards = {i: range(i * SHARD_SIZE, min((i + 1) * SHARD_SIZE, len(sources.assets))) for i in pending}
    positions = [position for shard in shards.values() for position in shard]
    if not positions:
        return 0
    with _open_measurer(plan, min(workers or available_cores(), len(positions))) as measure:
        results = measure(sources.assets[position].address for position in positions)
        done: list[Measurement | Failure] = []
        for position in progress(positions) if progress else positions:
            done.append(next(results))
            index = position // SHARD_SIZE
            if position == shards[index][-1]:
                assets = [sources.assets[p] for p in shards[index]]
                write_shard(out, index, assets, done, plan.embedding.dimension, settings)
                done = []
    return len(positions)


def available_cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def _open_measurer(plan: MeasurePlan, workers: int) -> Iterator[Measure]:
    """A function from addresses to results: in this process on a GPU, in a crew of processes on a CPU."""
    if plan.device == "cuda":
        measurer = Measurer(plan)
        yield lambda addresses: map(measurer.measure_file, addresses)
        return
    with Crew(plan, workers) as crew:
        yield crew.measure


def _as_dict(counts: ShardCounts) -> dict[str, int]:
    return {"features": counts.features, "failures": counts.failures, "faces": counts.faces}


def _summarise(
    counts: ShardCounts, manifest: dict[str, Any], choice: EmbeddingChoice, out: Path, seconds: float, n_measured: int
) -> ExtractionSummary:
    device = str(manifest["device"])
    words = [
        f"{out}: {counts.features:,} of {manifest['inputs']:,} images measured, {counts.failures:,} failed, "
        f"{counts.faces:,} faces found; embedding {choice.name}, on {device}"
    ]
    if n_measured:
        words.append(f", in {seconds:.0f} seconds ({n_measured / max(seconds, 1e-9):.1f} images per second).")
    else:
        words.append("; all done before, nothing measured again.")
    reasons = [f"The reasons lie in {out}/failures."] if counts.failures else []
    sentence = " ".join(["".join(words), *reasons, *manifest["notes"]])
    return ExtractionSummary(
        counts.features, counts.failures, counts.faces, device, choice.name, seconds, out, sentence
    )
