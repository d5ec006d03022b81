"""Which images to measure, under which names: folders, patterns, single files, archives and manifests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from artwork_insights.errors import TableError
from artwork_insights.features.inputs.asset_list import AssetList, ColumnWriter, Source
from artwork_insights.features.inputs.entries import PassedOver
from artwork_insights.features.inputs.folders import FolderSearch
from artwork_insights.features.inputs.listing import entries_behind, manifests_behind
from artwork_insights.features.inputs.location import address_of
from artwork_insights.features.inputs.manifest import folder_of, is_manifest, read_manifest_table, table_of_assets

__all__ = ["Source", "Sources", "find_sources", "sources_of_assets"]


@dataclass(frozen=True, slots=True)
class Sources:
    """Images to measure, in the order of the input.

    Attributes
    ----------
    assets : sequence of Source
        No asset_id twice.
    notes : tuple of str
        What was passed over, one sentence each: hidden files, files named twice.
    base : str
        Absolute folder, or address of a folder, that relative locations start from.
    """

    assets: Sequence[Source]
    notes: tuple[str, ...] = ()
    base: str = ""


def find_sources(inputs: Sequence[str]) -> Sources:
    """Find the images behind folders, patterns, files, archives and manifests, here or on an object store.

    Every file of a folder is an input, whatever its name ends in, because a file that is no image must show up among
    the failures. Passed over, and counted in the notes, are hidden files (``.DS_Store``), files that describe an image
    or archive of the same name (``12.json`` beside ``12.jpg``), and folders that hold an extraction. A ``.tar`` stands
    for the images in it. An asset is named by its file's stem, one in an archive by its path there without suffix;
    where two would have the same name, every asset found in folders, patterns and archives is named by its path
    relative to the folder. A manifest (CSV or Parquet with `asset_id` and `location`, relative to the manifest) names
    its assets itself.

    Parameters
    ----------
    inputs : sequence of str
        Paths, patterns with ``*``, ``?``, ``[`` or ``**``, ``.tar`` archives, manifests, and addresses of any of them
        such as ``s3://bucket/posters/``.

    Raises
    ------
    TableError
        When an input does not exist, holds no file or cannot be listed, when a manifest is at fault, or when two files
        would get the same asset_id.
    """
    manifests = [path for text in inputs if is_manifest(text) for path in manifests_behind(text)]
    others = [text for text in inputs if not is_manifest(text)]
    alone = len(manifests) == 1 and not others
    base = folder_of(manifests[0]) if alone else str(Path.cwd())
    parts = [_of_manifest(manifest, spelled_out=not alone) for manifest in manifests]
    passed = PassedOver()
    found, n_repeated = _find(others, passed)
    parts.append(found)
    notes = passed.sentences()
    if n_repeated:
        notes.append(f"{n_repeated:,} of the files were named twice and are measured once.")
    assets = AssetList(pa.concat_tables(parts), base)
    _refuse_repeats(assets, "the inputs")
    return Sources(assets, tuple(notes), base)


def sources_of_assets(assets: pd.DataFrame) -> Sources:
    """Images of a table with the columns `asset_id` and `location` (absolute paths or addresses).

    Raises
    ------
    TableError
        When a column is missing, a value is missing, or an asset_id repeats.
    """
    base = str(Path.cwd())
    listed = AssetList(_columns_of(table_of_assets(assets)), base)
    _refuse_repeats(listed, "assets")
    return Sources(listed, base=base)


def _columns_of(table: pa.Table) -> pa.Table:
    """A manifest's two columns in the form of `AssetList`."""
    n = len(table)
    ids, locations = (table.column(name).cast(pa.large_string()).cast(pa.large_binary()) for name in table.column_names)
    empty, unknown = pa.nulls(n, pa.large_binary()), pa.array(np.full(n, -1, np.int64))
    return pa.table({"asset_id": ids, "location": locations, "address": empty, "n_bytes": unknown})


def _of_manifest(manifest: str, *, spelled_out: bool) -> pa.Table:
    """A manifest's assets; beside other inputs there is one base for all, so what it meant is spelled out."""
    columns = _columns_of(read_manifest_table(manifest))
    listed = AssetList(columns, folder_of(manifest))
    _refuse_repeats(listed, PurePosixPath(manifest).name)
    if not spelled_out:
        return columns
    writer = ColumnWriter(["location"])
    for source in listed:
        writer.append(_printable(source.address))
    return columns.set_column(1, "location", writer.table().column("location"))


def _find(inputs: Sequence[str], passed: PassedOver) -> tuple[pa.Table, int]:
    """Columns of the files behind inputs that are no manifests, and how many were named twice."""
    here = str(Path.cwd())
    writer = ColumnWriter(["key", "name", "location", "address", "n_bytes"])
    search = FolderSearch(passed)
    for text in inputs:
        for entry in entries_behind(text, search, passed):
            printable = _printable(entry.location)
            address = entry.address or (address_of(entry.location, here) if printable != entry.location else None)
            writer.append(_printable(entry.key), _printable(entry.name), printable, address, entry.n_bytes)
    found = writer.table()
    once = found.take(_first_of_each(found, here)) if len(inputs) > 1 else found
    key = once.column("key")
    names = key if pc.count_distinct(key).as_py() == len(once) else once.column("name")
    columns = once.drop_columns(["key", "name"]).add_column(0, "asset_id", names)
    return columns, len(found) - len(once)


def _first_of_each(found: pa.Table, base: str) -> pa.Array:
    """Rows whose address none before them has."""
    columns = found.drop_columns(["name"]).rename_columns(["asset_id", "location", "address", "n_bytes"])
    writer = ColumnWriter(["address"])
    for source in AssetList(columns, base):
        writer.append(source.address)
    codes = writer.table().column("address").combine_chunks().dictionary_encode().indices
    return pa.array(np.sort(np.unique(codes.to_numpy(), return_index=True)[1]))


def _printable(name: str) -> str:
    """A file name with bytes that are no valid text written as escapes, so that it can stand in a table."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _refuse_repeats(assets: AssetList, where: str) -> None:
    repeat = assets.first_repeat()
    if repeat is not None:
        asset_id, n = repeat
        raise TableError(
            f"{where}: asset_id {asset_id!r} stands for more than one image"
            f"{f' (and {n - 1:,} others do)' if n > 1 else ''}; "
            "give each image its own in a manifest with asset_id and location."
        )
