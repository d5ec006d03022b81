"""What a folder holds: its tables, recognised by their columns, and its images."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from artwork_insights.catalog.tables import open_table
from artwork_insights.errors import TableError, did_you_mean

ROLES: Mapping[str, tuple[str, ...]] = {
    "impressions": ("asset_id", "country", "impressions", "takes"),
    "assets": ("asset_id", "title_id", "location"),
    "titles": ("title_id",),
}
_POPULARITY = {"title_id", "country", "popularity"}
_EXTRACTED = {"features", "faces", "failures"}
_TABLE_SUFFIXES = {".csv", ".parquet"}
_IMAGE_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif"}


@dataclass(frozen=True, slots=True)
class Inventory:
    """What a folder holds, by role.

    Attributes
    ----------
    tables : dict
        Path of the table for each role that was recognised: assets, titles, impressions, popularity.
    near : dict
        For a role without a table, a sentence about the table that comes nearest.
    images : tuple of Path
        Image files in the folder and the folders in it, ordered by name.
    spare : tuple of Path
        Tables that fit a role already taken.
    """

    tables: dict[str, Path]
    near: dict[str, str]
    images: tuple[Path, ...]
    spare: tuple[Path, ...]


def take_inventory(engine: Any, folder: Path) -> Inventory:
    """Recognise the tables of a folder (and of the folders in it) by their columns, and list its images.

    Parameters
    ----------
    engine : ibis backend
        From `artwork_insights.catalog.tables.open_engine`.
    folder : Path
        Hidden files and the output of ``artwork-insights extract`` in it are passed over.
    """
    tables: dict[str, Path] = {}
    near: dict[str, str] = {}
    spare = []
    for path in sorted(_tables(folder), key=lambda path: (_named_role(path) is None, len(path.parts), path.name)):
        try:
            columns = list(open_table(engine, path, ()).rows.columns)
        except TableError as error:
            near.setdefault(_named_role(path) or "", str(error))
            continue
        role = _role(columns)
        if role is None:
            for missed, sentence in _near_misses(path, columns):
                near.setdefault(missed, sentence)
        elif role in tables:
            spare.append(path)
        else:
            tables[role] = path
    near = {role: sentence for role, sentence in near.items() if role not in tables}
    return Inventory(tables, near, tuple(_files(folder, _IMAGE_SUFFIXES)), tuple(spare))


def _files(folder: Path, suffixes: Iterable[str]) -> Iterator[Path]:
    for path in sorted([*folder.glob("*"), *folder.glob("*/*")]):
        hidden = any(part[0] == "." for part in path.relative_to(folder).parts)
        if path.suffix.lower() in suffixes and path.is_file() and not hidden:
            yield path


def _tables(folder: Path) -> set[Path]:
    """Tables of a folder; the Parquet files of a folder in it are the shards of one table."""
    found = set()
    for path in _files(folder, _TABLE_SUFFIXES):
        inside = path.parent != folder
        if not (inside and path.parent.name in _EXTRACTED):
            found.add(path.parent if inside and path.suffix.lower() == ".parquet" else path)
    return found


def _named_role(path: Path) -> str | None:
    return next((role for role in (*ROLES, "popularity") if path.stem.lower().startswith(role.rstrip("s"))), None)


def _role(columns: list[str]) -> str | None:
    found = set(columns)
    if found - {"as_of"} == _POPULARITY:
        return "popularity"
    role = next((role for role, required in ROLES.items() if found >= set(required)), None)
    return None if role == "titles" and "asset_id" in found else role


def _near_misses(path: Path, columns: list[str]) -> Iterator[tuple[str, str]]:
    for role, required in ROLES.items():
        missing = [name for name in required if name not in columns]
        guesses = [did_you_mean(name, columns) for name in missing]
        if all(guesses) or len(missing) * 2 < len(required):
            lacks = ", ".join(f"{name!r}{guess}" for name, guess in zip(missing, guesses, strict=True))
            yield role, f"{path} looks like the {role} table but lacks {lacks}; found: {', '.join(columns)}."
