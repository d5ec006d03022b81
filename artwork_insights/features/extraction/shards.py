"""Extraction output on disk: shards of three tables each, and the manifest that says what made them."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from artwork_insights.catalog.columns import FEATURE_COLUMNS
from artwork_insights.errors import OutputError
from artwork_insights.features.extraction.measurement import Failure, Measurement
from artwork_insights.features.faces.detector import LANDMARKS, Faces
from artwork_insights.features.inputs.sources import Source
from artwork_insights.features.table import MANIFEST_NAME, read_manifest

SHARD_SIZE = 128
TABLES = ("failures", "faces", "features")  # in the order of writing: a shard is finished when its features are there

_ARROW_TYPES: dict[str, pa.DataType] = {
    "bool": pa.bool_(), "int64": pa.int64(), "float64": pa.float64(), "str": pa.string(),
    "list[str]": pa.list_(pa.string()), "list[float64]": pa.list_(pa.float64()),
}  # fmt: skip
_BOX = ("xmin", "ymin", "xmax", "ymax")
_POINTS = tuple(f"{landmark}_{axis}" for landmark in LANDMARKS for axis in "xy")
_FAILURE_SCHEMA = pa.schema([(name, pa.string()) for name in ("location", "asset_id", "stage", "error", "message")])
_FACE_SCHEMA = pa.schema(
    [("asset_id", pa.string()), ("face", pa.int64())] + [(name, pa.float32()) for name in (*_BOX, "score", *_POINTS)]
)


@dataclass(frozen=True, slots=True)
class ShardCounts:
    """Rows of one shard.

    Attributes
    ----------
    features, failures, faces : int
    """

    features: int
    failures: int
    faces: int


def feature_schema(dimension: int) -> pa.Schema:
    """Columns of the features table; the embedding has `dimension` numbers, and is left out when that is 0."""
    fields = [("asset_id", pa.string()), ("location", pa.string())]
    fields += [(name, _ARROW_TYPES[c.dtype]) for name, c in FEATURE_COLUMNS.items() if c.dtype in _ARROW_TYPES]
    if dimension:
        fields.append(("embedding", pa.list_(pa.float32(), dimension)))
    return pa.schema(fields)


def shard_path(folder: Path, table: str, index: int) -> Path:
    """Where a table of a shard lies."""
    return folder / table / f"{index:05d}.parquet"


def write_shard(
    folder: Path,
    index: int,
    sources: Sequence[Source],
    results: Sequence[Measurement | Failure],
    dimension: int,
    settings: dict[str, str],
) -> None:
    """Write the three tables of one shard, each under a temporary name first.

    Parameters
    ----------
    folder : Path
    index : int
    sources, results : sequences of the same length
        What was asked and what came of it.
    dimension : int
        Of the embedding.
    settings : dict of str to str
        Written into the metadata of the features.
    """
    measured: list[dict[str, Any]] = []
    failed: list[dict[str, str]] = []
    faces: list[dict[str, Any]] = []
    for source, result in zip(sources, results, strict=True):
        name = {"asset_id": source.asset_id, "location": source.location}
        if isinstance(result, Failure):
            text = {"stage": result.stage, "error": result.error, "message": result.message}
            failed.append(name | {key: _storable(value) for key, value in text.items()})
        else:
            measured.append(name | result.values | {"embedding": result.embedding})
            faces += _face_rows(source.asset_id, result.faces) if result.faces is not None else []
    schema = feature_schema(dimension).with_metadata({"artwork_insights": json.dumps(settings, sort_keys=True)})
    tables = {
        "failures": pa.Table.from_pylist(failed, _FAILURE_SCHEMA),
        "faces": pa.Table.from_pylist(faces, _FACE_SCHEMA),
        "features": pa.Table.from_pylist(measured, schema),
    }
    for table in TABLES:
        path = shard_path(folder, table, index)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(f".{os.getpid()}.part")
        pq.write_table(tables[table], temporary)
        temporary.replace(path)


def _storable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _face_rows(asset_id: str, faces: Faces) -> list[dict[str, Any]]:
    rows = []
    for i in range(len(faces.scores)):
        numbers = [*faces.boxes[i].tolist(), float(faces.scores[i]), *faces.landmarks[i].ravel().tolist()]
        rows.append({"asset_id": asset_id, "face": i} | dict(zip((*_BOX, "score", *_POINTS), numbers, strict=True)))
    return rows


def finished_shards(folder: Path, n_shards: int) -> set[int]:
    """Shards whose three tables are all there."""
    return {i for i in range(n_shards) if all(shard_path(folder, table, i).is_file() for table in TABLES)}


def count_rows(folder: Path, n_shards: int) -> ShardCounts:
    """Rows over all shards, read from the footers."""
    totals = {
        table: sum(pq.read_metadata(shard_path(folder, table, i)).num_rows for i in range(n_shards)) for table in TABLES
    }
    return ShardCounts(totals["features"], totals["failures"], totals["faces"])


def open_output(folder: Path, settings: dict[str, str], fingerprint: str) -> dict[str, Any] | None:
    """Manifest of an extraction begun earlier with the same settings and inputs; None for a new folder.

    Raises
    ------
    OutputError
        When the folder holds an extraction of other settings or inputs, or tables without a manifest.
    """
    if not (folder / MANIFEST_NAME).exists():
        stray = [table for table in TABLES if any((folder / table).glob("*.parquet"))]
        if stray:
            raise OutputError(f"{folder}: holds {stray[0]}/ without {MANIFEST_NAME}; choose another folder for --out.")
        return None
    manifest = read_manifest(folder)
    found: dict[str, str] = manifest["settings"]
    for key in sorted(found.keys() | settings.keys()):
        if found.get(key) != settings.get(key):
            raise OutputError(
                f"{folder}: was made with {key} = {found.get(key, 'none')}, this run has {settings.get(key, 'none')}; "
                "different settings never mix in one output: choose another folder for --out."
            )
    if manifest["inputs_sha256"] != fingerprint:
        raise OutputError(
            f"{folder}: was made from {manifest['inputs']:,} other or changed images; "
            "choose another folder for --out, or remove this one."
        )
    return manifest


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Write ``manifest.json`` under a temporary name and rename it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / MANIFEST_NAME
    temporary = path.with_suffix(f".{os.getpid()}.part")
    temporary.write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    temporary.replace(path)
