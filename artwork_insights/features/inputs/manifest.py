"""Manifests: tables that name images and say where they lie, here or on an object store."""

from __future__ import annotations

import os
import posixpath
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pyarrow as pa

from artwork_insights.catalog.checks import identifier, refuse_missing_keys
from artwork_insights.catalog.tables import open_engine, open_table, reading, require_columns
from artwork_insights.errors import TableError
from artwork_insights.features.inputs.location import is_remote, local_path
from artwork_insights.features.inputs.remote import explained, fetch

MANIFEST_SUFFIXES = (".csv", ".parquet")
KEY = ("asset_id", "location")


def is_manifest(text: str) -> bool:
    """Whether an input is named like a manifest."""
    return text.lower().endswith(MANIFEST_SUFFIXES)


def folder_of(manifest: str) -> str:
    """Folder that relative locations in a manifest start from: an absolute path or an address."""
    if is_remote(manifest):
        return posixpath.dirname(manifest)
    return str(local_path(manifest).absolute().parent)


def read_manifest_table(manifest: str) -> pa.Table:
    """Read the columns `asset_id` and `location` of a CSV or Parquet file, in the order of its rows.

    Values lose the spaces around them, and whole floats their ``.0``, as in every other table of a study.

    Raises
    ------
    TableError
        When the file cannot be read, a row has a value too many, a column is missing or a value is.
    """
    with _on_this_machine(manifest) as path, open_engine() as engine:
        table = open_table(engine, path, KEY)
        refuse_missing_keys(table, KEY)
        asset_id, location = (table.rows[name] for name in KEY)
        with reading(table.name):
            found: pa.Table = table.rows.select(
                asset_id=identifier(asset_id), location=location.cast("string").strip()
            ).to_pyarrow()
    return found


def table_of_assets(assets: pd.DataFrame) -> pa.Table:
    """The same two columns of a table in memory.

    Raises
    ------
    TableError
        When a column is missing, a value is, or there is no row.
    """
    require_columns("assets", [str(name) for name in assets], KEY)
    if assets.empty:
        raise TableError("assets has no row; expected one per image.")
    for name in KEY:
        if assets[name].isna().any():
            row = int(assets[name].isna().to_numpy().argmax())
            raise TableError(f"assets: row {row + 1} has no {name}; every image needs one.")
    return pa.table({name: [str(value).strip() for value in assets[name]] for name in KEY})


@contextmanager
def _on_this_machine(manifest: str) -> Iterator[Path]:
    if not is_remote(manifest):
        path = local_path(manifest)
        if not (path.is_file() or path.is_dir()):
            what = "not a file" if os.path.lexists(path) else "there is no such file"
            raise TableError(f"{manifest}: {what}; expected a manifest with {' and '.join(KEY)}.")
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="artwork-insights-") as folder:
        copy = Path(folder) / posixpath.basename(manifest)
        with explained(manifest, TableError):
            fetch(manifest, copy)
        yield copy
