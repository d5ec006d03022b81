"""Extractions written by hand, so that what a page must show is known."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

FAILURES = pa.schema([(name, pa.string()) for name in ("location", "asset_id", "stage", "error", "message")])


def write_extraction(
    folder: Path,
    rows: Sequence[dict[str, Any]],
    *,
    failures: Sequence[dict[str, str]] = (),
    faces: Sequence[dict[str, Any]] = (),
    shard_size: int = 128,
    finished: bool = True,
) -> Path:
    """Write features, faces, failures and manifest as an extraction does; columns that no row has are left out."""
    names = dict.fromkeys(name for row in rows for name in row)
    whole = pa.Table.from_pylist([{name: row.get(name) for name in names} for row in rows])
    for index, start in enumerate(range(0, max(len(rows), 1), shard_size)):
        part = whole.slice(start, shard_size)
        ids = set(part.column("asset_id").to_pylist()) if len(part) else set()
        boxes = [face for face in faces if face["asset_id"] in ids]
        tables = {"features": part, "failures": pa.Table.from_pylist(list(failures) if not index else [], FAILURES)}
        if boxes:
            tables["faces"] = pa.Table.from_pylist(boxes)
        for name, table in tables.items():
            (folder / name).mkdir(parents=True, exist_ok=True)
            pq.write_table(table, folder / name / f"{index:05d}.parquet")
    manifest = {
        "settings": {}, "inputs": len(rows) + len(failures), "inputs_sha256": "", "finished": finished,
        "location_base": str(folder),
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder
