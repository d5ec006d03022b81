"""The features table: one row per asset, read from an extraction; imports no network."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from artwork_insights.catalog.columns import FEATURE_COLUMNS, SCALAR_FEATURES
from artwork_insights.errors import OutputError
from artwork_insights.features.near_duplicates import near_duplicate_groups

FloatArray = npt.NDArray[np.float64]

MANIFEST_NAME = "manifest.json"


@dataclass(frozen=True)
class FeatureTable:
    """Features of n assets.

    Attributes
    ----------
    frame : DataFrame of n rows
        `asset_id`, `location` and one column per scalar feature that was measured (units in `catalog.columns`), in the
        order of the input. A measure that needs a face is NaN where there is none. `duplicate_group` numbers groups
        of near-identical pictures where their hash was measured.
    embedding : array of shape (n, dimension) or None
        Row for row; None when the extraction had none.
    settings : dict of str to str
        What made them, as ``group.setting``: detector, embedding, checksum of its weights.
    """

    frame: pd.DataFrame
    embedding: FloatArray | None
    settings: dict[str, str]


def read_feature_table(folder: Path) -> FeatureTable:
    """Read a finished extraction.

    Parameters
    ----------
    folder : Path
        What ``artwork-insights extract --out`` wrote.

    Raises
    ------
    OutputError
        When the folder is no extraction, or an unfinished one.
    """
    manifest = read_manifest(folder)
    if not manifest["finished"]:
        raise OutputError(f"{folder}: this extraction was interrupted; run the same extract again to finish it.")
    table = read_table(folder, "features")
    _require_whole(folder, manifest, table)
    measured = [name for name in SCALAR_FEATURES if name in table.column_names]
    frame = table.select(["asset_id", "location", *measured]).to_pandas()
    if "picture_hash" in frame:
        frame["duplicate_group"] = near_duplicate_groups(frame).astype("category")  # a label, no number to screen
    embedding = None
    if "embedding" in table.column_names:
        column = table.column("embedding").combine_chunks()
        embedding = column.flatten().to_numpy(zero_copy_only=False).astype(np.float64)
        embedding = embedding.reshape(len(table), column.type.list_size)
    settings = {
        f"{group}.{key}": value for group, pairs in manifest["settings"].items() for key, value in pairs.items()
    }
    return FeatureTable(frame, embedding, settings)


def _require_whole(folder: Path, manifest: dict[str, Any], table: pa.Table) -> None:
    """Refuse features that are not what the manifest says, or not of the types that extract writes."""
    schema = table.schema
    types = {name: schema.field(name).type for name in schema.names}
    features = [name for name in SCALAR_FEATURES if FEATURE_COLUMNS[name].group in manifest["settings"]]
    wanted = ("asset_id", "location", *features)
    fault = next((f"has no column {name!r}" for name in wanted if name not in types), None)
    fault = fault or next((f"has text or lists in {n!r}" for n in features if not _fits(n, types[n])), None)
    if fault is None and not _is_text(types["asset_id"]):
        fault = f"has asset_id of type {types['asset_id']}, not text"
    if fault is None and "embedding" in types and not pa.types.is_fixed_size_list(types["embedding"]):
        fault = "has embeddings of different lengths"
    if fault is None and table.column("asset_id").combine_chunks().dictionary_encode().dictionary.null_count:
        fault = "has rows without asset_id"
    if fault is None and len(table.column("asset_id").unique()) != len(table):
        fault = "has the same asset_id twice"
    counts = manifest.get("counts")
    expected = counts.get("features") if isinstance(counts, dict) else None
    if fault is None and expected is not None and expected != len(table):
        fault = f"has {len(table):,} rows where manifest.json says {expected:,}"
    if fault is not None:
        raise OutputError(f"{folder}: {fault}; move it away and run artwork-insights extract again.")


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _fits(name: str, kind: pa.DataType) -> bool:
    if FEATURE_COLUMNS[name].dtype == "str":
        return _is_text(kind)
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind))


def read_table(folder: Path, name: str) -> pa.Table:
    """One of the tables ``features``, ``faces`` and ``failures`` of an extraction, all shards in order.

    Raises
    ------
    OutputError
        When there is none.
    """
    paths = sorted((folder / name).glob("*.parquet"), key=lambda path: (len(path.name), path.name))
    if not paths:
        raise OutputError(f"{folder}: has no {name}/*.parquet; expected the output of artwork-insights extract.")
    try:
        return pa.concat_tables([pq.read_table(path) for path in paths])
    except (OSError, pa.ArrowInvalid) as error:
        raise OutputError(f"{folder}: {name}/*.parquet cannot be read ({_one_line(error)}).") from error


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def read_manifest(folder: Path) -> dict[str, Any]:
    """Manifest of an extraction.

    Raises
    ------
    OutputError
        When the folder has none, or one that is not ours.
    """
    path = folder / MANIFEST_NAME
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise OutputError(f"{folder}: is no extraction (no {MANIFEST_NAME}); run artwork-insights extract.") from error
    except (OSError, ValueError) as error:
        raise OutputError(f"{path}: cannot be read ({error}).") from error
    if not isinstance(manifest, dict) or not {"settings", "inputs", "inputs_sha256", "finished"} <= manifest.keys():
        raise OutputError(
            f"{path}: is not the manifest of an extraction; expected one made by artwork-insights extract."
        )
    settings = manifest["settings"]
    if not isinstance(settings, dict) or not all(isinstance(of_group, dict) for of_group in settings.values()):
        raise OutputError(
            f"{path}: does not say by group what made the features, as older versions did not; "
            "move the folder away and run artwork-insights extract again."
        )
    return manifest
