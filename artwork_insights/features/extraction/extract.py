"""Measure every image once: shards that can be resumed, failures as rows, one manifest."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pyarrow.parquet as pq

from artwork_insights.catalog.columns import GROUPS, ColumnGroup
from artwork_insights.errors import OutputError
from artwork_insights.features.embedding.embedder import Embedder
from artwork_insights.features.extraction.choices import Device, choose_plan
from artwork_insights.features.extraction.crew import SECONDS_PER_IMAGE
from artwork_insights.features.extraction.engine import EngineName, Measured, ShardTask, measure_here
from artwork_insights.features.extraction.lock import locked
from artwork_insights.features.extraction.manifest import (
    Manifest,
    continued,
    existing_manifest,
    groups_held,
    new_manifest,
    require_same_settings,
    shard_rows,
    with_counts,
    write_manifest,
)
from artwork_insights.features.extraction.measurement import Result
from artwork_insights.features.extraction.plan import DetectorMode, MeasurePlan, Runtime, choose_groups
from artwork_insights.features.extraction.progress import Progress, Tally
from artwork_insights.features.extraction.roster import Roster, joined_roster, new_roster
from artwork_insights.features.extraction.shard_files import ShardCounts, ShardFiles
from artwork_insights.features.extraction.work import Batch, Work
from artwork_insights.features.inputs.edits import first_edit, touched_since
from artwork_insights.features.inputs.location import file_behind
from artwork_insights.features.inputs.sources import Sources, find_sources, sources_of_assets

__all__ = ["ExtractionSummary", "Sources", "extract_features", "find_sources", "sources_of_assets"]

Engine = Callable[[Iterable[ShardTask], MeasurePlan], Iterator[Measured]]


@dataclass(frozen=True, slots=True)
class ExtractionSummary:
    """What an extraction came to.

    Attributes
    ----------
    n_features, n_failures, n_faces : int
        Rows of the three tables; the first two add up to the number of inputs.
    n_measured : int
        Images looked at in this call; 0 where all was done before.
    device : str
        Where the networks ran: ``"cpu"`` or ``"cuda"``.
    embedding : str
        Name of the embedding; ``"none"`` where there is none.
    seconds : float
        Of this call.
    folder : Path
    sentence : str
        All of it in words.
    """

    n_features: int
    n_failures: int
    n_faces: int
    n_measured: int
    device: str
    embedding: str
    seconds: float
    folder: Path
    sentence: str


def extract_features(
    sources: Sources,
    out: Path,
    *,
    features: Sequence[str] = (),
    mode: DetectorMode = "default",
    device: Device = "auto",
    runtime: Runtime = "auto",
    workers: int = 0,
    engine: EngineName = "local",
    embedding: str = "auto",
    weights: Path | None = None,
    retry_failures: bool = False,
    seconds_per_image: float = SECONDS_PER_IMAGE,
    progress: Progress | None = None,
) -> ExtractionSummary:
    """Measure images into ``features/``, ``faces/`` and ``failures/`` of a folder, and ``manifest.json``.

    Every input ends in features or in failures, exactly once, in the order of the input. An interrupted run goes on
    where it stopped; a finished one is left as it is. A later run may add images, which follow those that are there,
    and groups of features, which are measured alone. The numbers do not depend on `workers` or `engine`; a GPU
    runs mode "fast" in batches, whose numbers have been compared on CPUs only.

    Parameters
    ----------
    sources : Sources
        See `find_sources`.
    out : Path
        Folder to write; made where it is missing.
    features : sequence of str
        Groups to measure, see `choose_groups`.
    mode : {"default", "fast", "exact"}
        Of the face detector.
    device : {"auto", "cpu", "cuda"}
        ``"auto"`` takes a GPU where there is one. On a GPU this process runs the networks in batches.
    runtime : {"auto", "torch", "openvino"}
        What runs the networks on a CPU.
    workers : int
        Processes, each with one thread; 0 for one per core.
    engine : {"local", "ray"}
        This machine, or those of a Ray cluster.
    embedding : str
        A backbone of ``models/manifest.toml``, ``"layout"``, ``"none"`` or ``"auto"``; see `choose_embedding`.
    weights : Path, optional
        Weights file of the backbone.
    retry_failures : bool
        Measure again what had failed.
    seconds_per_image : float
        An image whose process is busy with it for longer is a failure.
    progress : callable, optional
        Wraps the images as they are measured, as ``tqdm`` does.

    Raises
    ------
    OutputError
        When `out` holds an extraction of other settings, or of images that are missing or changed now, when another
        process writes to it, when the disk is full, or the device is not there.
    WeightsError
        When the embedding's weights are missing or wrong.
    MeasuringError
        When measuring processes cannot start.
    """
    started = time.perf_counter()
    _refuse_place(sources, out)
    asked, held = choose_groups(features), groups_held(out)
    groups = tuple(group for group in GROUPS if group in asked or group in held)
    plan = choose_plan(groups, mode=mode, device=device, runtime=runtime, embedding=embedding, weights=weights)
    if not set(groups) <= set(held):
        Embedder(plan.embedding)  # weights that cannot be loaded are refused before anything is written
    run = _choose_engine(engine, workers, seconds_per_image)
    with locked(out):
        files = ShardFiles(out)
        files.recover()
        manifest, roster = _open(out, files, sources, plan, asked, retry_failures)
        tally = Tally()
        if not manifest["finished"]:
            rows = shard_rows(manifest)
            work = Work(files, roster, rows, plan)
            batches = work.batches(adding="adding" in manifest, retrying=retry_failures)
            tally = _measure(work, batches, run, progress)
            files.close()
            manifest = with_counts(manifest, files.count(range(len(rows))), plan.device)
            write_manifest(out, manifest)
    return _summarise(manifest, out, time.perf_counter() - started, tally)


def _refuse_place(sources: Sources, out: Path) -> None:
    """Tables among the pictures would make their folder no folder of pictures for every later run."""
    beside = Path(file_behind(sources.assets[0].address)).parent == out.absolute() if sources.assets else False
    if beside and not existing_manifest(out):
        raise OutputError(f"{out}: holds the images themselves; choose another folder for --out.")


def _choose_engine(name: EngineName, workers: int, seconds_per_image: float) -> Engine:
    if name == "ray":
        from artwork_insights.features.extraction.ray_engine import measure_on_ray

        return partial(measure_on_ray, workers=workers, seconds_per_image=seconds_per_image)
    return partial(measure_here, workers=workers, seconds_per_image=seconds_per_image)


def _open(
    out: Path, files: ShardFiles, sources: Sources, plan: MeasurePlan, asked: Sequence[ColumnGroup], retrying: bool
) -> tuple[Manifest, Roster]:
    """Begin an output, or go on with one; its manifest says "finished" where nothing is left to do."""
    before, now = existing_manifest(out), new_roster(sources.assets)
    if before is None:
        manifest, roster = new_manifest(plan, sources, now), now
    else:
        failed = files.assets("failures") if retrying else None
        roster = joined_roster(out, before["inputs"], now, failed)
        manifest = continued(before, plan, sources, roster, retrying=bool(failed))
        groups = [group for group in before["settings"] if group in asked or not manifest["finished"]]
        require_same_settings(out, before["settings"], plan, groups)
        if "adding" not in manifest:  # there, an edited image becomes a failure
            _refuse_edits(out, files, roster, shard_rows(before))
    if not manifest["finished"]:
        roster.write(out)
        write_manifest(out, manifest)
    return manifest, roster


def _refuse_edits(out: Path, files: ShardFiles, roster: Roster, rows: Sequence[range]) -> None:
    """Refuse to go on where a file was edited since it was measured, even if it kept its size."""
    for index, shard in enumerate(rows):
        path = files.path("features", index)
        touched = list(touched_since(roster.shard(shard), path.stat().st_mtime_ns)) if path.is_file() else []
        if touched:
            table = pq.read_table(path, columns=["asset_id", "image_sha256"], partitioning=None)
            edited = first_edit(touched, dict(zip(*(column.to_pylist() for column in table.columns), strict=True)))
            if edited is not None:
                raise OutputError(
                    f"{out}: {edited.location} was edited since it was measured; choose another folder for --out."
                )


class _Stream:
    """Images as an engine measures them, batch after batch; see `progress.Stream`."""

    def __init__(self, batches: Sequence[Batch], engine: Engine) -> None:
        self._n_images = sum(batch.n_images for batch in batches)
        self._measured = (measured for batch in batches for measured in engine(batch.tasks, batch.plan))

    def __len__(self) -> int:
        return self._n_images

    def __iter__(self) -> Iterator[Measured]:
        return self._measured

    def close(self) -> None:
        """End the engine, wherever it is."""
        self._measured.close()


def _measure(work: Work, batches: Sequence[Batch], engine: Engine, progress: Progress | None) -> Tally:
    """Measure what is left, and write each shard when its last image is done."""
    tally = Tally()
    done: defaultdict[tuple[str, int], list[Result]] = defaultdict(list)
    with closing(_Stream(batches, engine)) as stream:
        for measured in progress(stream) if progress is not None else stream:
            task = measured.task
            results = done[task.purpose, task.index]
            results.append(measured.result)
            tally.add(measured)
            if len(results) == len(task.addresses):
                work.write(task, done.pop((task.purpose, task.index)))
    return tally


def _summarise(manifest: Manifest, out: Path, seconds: float, tally: Tally) -> ExtractionSummary:
    counts, settings = ShardCounts(**manifest["counts"]), manifest["settings"]
    embedding, device = str(settings.get("embedding", {}).get("embedding", "none")), str(manifest["device"])
    words = [f"{out}: {counts.features:,} of {manifest['inputs']:,} images measured, {counts.failures:,} failed"]
    if "faces" in settings:
        words.append(f", {counts.faces:,} faces found")
    words.append(f"; embedding {embedding}, on {device}" if "embedding" in settings else f"; on {device}")
    if tally.images:
        rate = tally.images / max(seconds, 1e-9)
        shares = f"; {tally.shares_in_words()}" if tally.stages else ""
        words.append(f", {tally.images:,} in {seconds:.0f} seconds ({rate:.1f} images per second{shares}).")
    else:
        words.append("; all done before, nothing measured again.")
    reasons = [f"The reasons lie in {out}/failures; --retry-failures measures them again."] if counts.failures else []
    sentence = " ".join(["".join(words), *reasons, *manifest["notes"]])
    return ExtractionSummary(
        counts.features, counts.failures, counts.faces, tally.images, device, embedding, seconds, out, sentence
    )
