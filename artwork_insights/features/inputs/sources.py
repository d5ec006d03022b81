"""Which images to measure, under which names: folders, globs, single files and manifests."""

from __future__ import annotations

import glob
import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import pandas as pd

from artwork_insights.errors import TableError, did_you_mean
from artwork_insights.features.inputs.location import address_of, is_remote, local_path

MANIFEST_SUFFIXES = (".csv", ".parquet")


@dataclass(frozen=True, slots=True)
class Source:
    """One image to measure.

    Attributes
    ----------
    asset_id : str
    location : str
        As it was given.
    address : str
        What is opened: an absolute path, or an address such as ``s3://...``.
    """

    asset_id: str
    location: str
    address: str


@dataclass(frozen=True, slots=True)
class Sources:
    """Images to measure, in the order of the input.

    Attributes
    ----------
    assets : tuple of Source
        No asset_id twice.
    notes : tuple of str
        What was passed over, one sentence each: hidden files, files named twice.
    base : str
        Absolute folder that relative locations start from.
    """

    assets: tuple[Source, ...]
    notes: tuple[str, ...] = ()
    base: str = ""

    def fingerprint(self) -> str:
        """Sha256 over names, locations and file sizes, in order: tells whether a later run has the same inputs.

        A file that changes its content but neither its name nor its size is not noticed.
        """
        digest = hashlib.sha256()
        for asset in self.assets:
            size = "" if is_remote(asset.address) else _size(local_path(asset.address))
            digest.update("\x1f".join([asset.asset_id, asset.location, size, "\x1e"]).encode("utf-8", "surrogatepass"))
        return digest.hexdigest()


def find_sources(inputs: Sequence[str]) -> Sources:
    """Find the images behind folders, globs, files and manifests.

    Every regular file of a folder is an input, whatever its name ends in, because a file that is no image must show up
    among the failures; only hidden files (``.DS_Store``) are passed over. An asset is named by its file's stem; where
    two stems are the same, every asset found in folders and globs is named by its path relative to the folder. A
    manifest (CSV or Parquet with `asset_id` and `location`, relative to the manifest) names its assets itself.

    Parameters
    ----------
    inputs : sequence of str
        Paths, patterns with ``*``, ``?`` or ``[``, addresses such as ``s3://bucket/picture.jpg``, and manifests.

    Raises
    ------
    TableError
        When an input does not exist or holds no file, when a manifest lacks a column or repeats an asset_id, or when
        two files would get the same asset_id.
    """
    named: list[Source] = []
    manifests = [local_path(text) for text in inputs if _is_manifest(text)]
    base = manifests[0].absolute().parent if len(inputs) == len(manifests) == 1 else Path.cwd()
    found: list[tuple[str, str]] = []
    hidden = 0
    for text in inputs:
        if _is_manifest(text):
            named += _read_manifest(local_path(text))
            continue
        files, passed_over = _files_of(text)
        found += files
        hidden += passed_over
    once: dict[str, tuple[str, str]] = {}
    for location, name in found:
        once.setdefault(address_of(location, Path.cwd()), (location, name))
    unique = list(once.values())
    notes = []
    if hidden:
        notes.append(f"{hidden:,} hidden file{'s were' if hidden > 1 else ' was'} passed over.")
    if len(unique) < len(found):
        notes.append(f"{len(found) - len(unique):,} of the files were named twice and are measured once.")
    if len(inputs) > len(manifests) or len(manifests) > 1:  # one base for all: what a manifest meant is spelled out
        named = [replace(source, location=_printable(source.address)) for source in named]
    assets = (*named, *_name_files(unique))
    _refuse_repeats((asset.asset_id for asset in assets), "the inputs")
    return Sources(assets, tuple(notes), str(base))


def sources_of_assets(assets: pd.DataFrame) -> Sources:
    """Images of a table with the columns `asset_id` and `location` (absolute paths or addresses).

    Raises
    ------
    TableError
        When a column is missing, a value is missing, or an asset_id repeats.
    """
    return Sources(_sources_of(assets, Path.cwd(), "assets"), base=str(Path.cwd()))


def _sources_of(frame: pd.DataFrame, folder: Path, name: str) -> tuple[Source, ...]:
    for column in ("asset_id", "location"):
        if column not in frame:
            hint = did_you_mean(column, map(str, frame.columns))
            raise TableError(f"{name} lacks {column!r}{hint}; found: {', '.join(map(str, frame.columns))}.")
        if frame[column].isna().any():
            row = int(frame[column].isna().to_numpy().argmax())
            raise TableError(f"{name}: row {row + 1} has no {column}; every image needs one.")
    ids, locations = frame["asset_id"].astype(str).tolist(), frame["location"].astype(str).tolist()
    _refuse_repeats(ids, name)
    if not ids:
        raise TableError(f"{name} has no row; expected one per image.")
    return tuple(Source(i, where, address_of(where, folder)) for i, where in zip(ids, locations, strict=True))


def _is_manifest(text: str) -> bool:
    return text.lower().endswith(MANIFEST_SUFFIXES) and not is_remote(text) and local_path(text).is_file()


def _read_manifest(path: Path) -> tuple[Source, ...]:
    try:
        frame = (
            pd.read_csv(path, dtype=str, keep_default_na=False, na_values=[""])
            if path.suffix.lower() == ".csv"
            else pd.read_parquet(path)
        )
    except (OSError, ValueError) as error:
        raise TableError(f"{path}: cannot be read as a manifest of images ({error}).") from error
    return _sources_of(frame, path.absolute().parent, path.name)


def _files_of(text: str) -> tuple[list[tuple[str, str]], int]:
    """Location and relative name of each file behind one input, and the number of hidden files passed over."""
    if is_remote(text):
        return [(text, PurePosixPath(text).name)], 0
    path = local_path(text)
    if path.is_dir():
        files, hidden = _walk(path)
        if not files:
            raise TableError(f"{text}: the folder holds no file; expected images.")
        return files, hidden
    if path.is_file():
        return [(str(path), path.name)], 0
    matches = sorted(match for match in glob.glob(text, recursive=True) if Path(match).is_file())  # noqa: PTH207
    if not matches:
        raise TableError(f"{text}: no such file or folder, and no file matches it as a pattern.")
    top = Path(_fixed_part(text))
    return [(match, Path(match).relative_to(top).as_posix()) for match in matches], 0


def _walk(folder: Path) -> tuple[list[tuple[str, str]], int]:
    files, hidden = [], 0
    for top, folders, names in os.walk(folder, onerror=_refuse_unreadable):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        hidden += sum(name.startswith(".") for name in names)
        paths = [Path(top) / name for name in sorted(names) if not name.startswith(".")]
        files += [(str(path), path.relative_to(folder).as_posix()) for path in paths]
    return sorted(files, key=lambda file: file[1]), hidden


def _refuse_unreadable(error: OSError) -> None:
    raise TableError(f"{error.filename}: this folder cannot be read ({error.strerror}); no image in it may be lost.")


def _fixed_part(pattern: str) -> str:
    """The folders of a pattern before its first wildcard."""
    parts = Path(pattern).parts
    fixed = [part for part, wild in zip(parts, map(glob.has_magic, parts), strict=True) if not wild]
    first = next((i for i, part in enumerate(parts) if glob.has_magic(part)), len(fixed))
    return str(Path(*parts[:first])) if first else ""


def _name_files(files: Iterable[tuple[str, str]]) -> list[Source]:
    files = list(files)
    stems = [PurePosixPath(name).stem for _, name in files]
    unique = len(set(stems)) == len(stems)
    names = stems if unique else [name for _, name in files]
    return [
        Source(_printable(name), _printable(location), address_of(location, Path.cwd()))
        for name, (location, _) in zip(names, files, strict=True)
    ]


def _printable(name: str) -> str:
    """A file name with bytes that are no valid text written as escapes, so that it can stand in a table."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _refuse_repeats(ids: Iterable[str], where: str) -> None:
    repeated = [asset_id for asset_id, count in Counter(ids).items() if count > 1]
    if repeated:
        raise TableError(
            f"{where}: asset_id {repeated[0]!r} stands for more than one image"
            f"{f' (and {len(repeated) - 1:,} others do)' if len(repeated) > 1 else ''}; "
            "give each image its own in a manifest with asset_id and location."
        )


def _size(path: Path) -> str:
    try:
        return str(path.stat().st_size)
    except OSError:
        return "missing"
