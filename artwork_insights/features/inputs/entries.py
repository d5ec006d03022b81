"""What a folder, a pattern or an archive lists, one entry after the other, and what of it is passed over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from glob import has_magic
from itertools import groupby
from typing import NamedTuple

from artwork_insights.features.inputs.archives import is_archive

IMAGE_SUFFIXES = frozenset(
    (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".heic")
)
SIDECAR_SUFFIXES = frozenset((
    ".json", ".jsonl", ".txt", ".cls", ".parquet", ".csv", ".tsv", ".caption", ".npy", ".npz", ".pickle", ".pkl",
    ".pyd", ".pth", ".pt", ".msgpack", ".mp", ".idx", ".index", ".id", ".xml", ".html", ".yaml", ".yml", ".md",
))  # fmt: skip
_SHARD_STATISTICS = "_stats"


class Entry(NamedTuple):
    """One file that a listing found.

    Attributes
    ----------
    location : str
        Readable; becomes the location in the tables.
    name : str
        Relative to the folder or pattern it was found by, with ``/``; unique among what was found there.
    key : str
        Short name: the file's stem, or the path of an archive's member without its suffix.
    address : str
        What to open, where that cannot be told from the location; empty otherwise.
    n_bytes : int
        Where the listing tells, -1 otherwise.
    """

    location: str
    name: str
    key: str
    address: str = ""
    n_bytes: int = -1


@dataclass(slots=True)
class PassedOver:
    """What a search for images saw and left out, counted.

    Attributes
    ----------
    hidden, sidecars, specials, replaced, folders, walked : int
        Hidden files; files that describe an image or archive beside them; members of archives that are no files, and
        those that a later one of the same name replaces; folders that a pattern matched; links to folders that are
        searched already.
    extractions : list of str
        Folders that hold the output of an extraction.
    """

    hidden: int = 0
    sidecars: int = 0
    specials: int = 0
    replaced: int = 0
    folders: int = 0
    walked: int = 0
    extractions: list[str] = field(default_factory=list)

    def add(self, other: PassedOver) -> None:
        """Count what another search passed over as well."""
        self.hidden += other.hidden
        self.sidecars += other.sidecars
        self.specials += other.specials
        self.replaced += other.replaced
        self.folders += other.folders
        self.walked += other.walked
        self.extractions += other.extractions

    def sentences(self) -> list[str]:
        """One sentence for each kind that occurred."""
        counted = (
            (self.hidden, "hidden file", ""),
            (self.sidecars, "sidecar file", " (.json, .txt, .parquet beside an image or in an archive)"),
            (self.specials, "member", " of archives (links, devices)"),
            (self.replaced, "member", " of archives that a later one of the same name replaces, as when unpacked,"),
            (self.folders, "folder", " matched by a pattern (one that ends in /** searches them)"),
            (self.walked, "link", " to folders that are searched anyway"),
        )
        words = [f"{n:,} {noun}{'s' * (n > 1)}{what} {_were(n)} passed over." for n, noun, what in counted if n]
        return words + [f"{folder} holds an extraction and was passed over." for folder in self.extractions]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A path with wildcards below a fixed folder: ``*``, ``?`` and ``[...]`` within one name, ``**`` for any folders.

    Attributes
    ----------
    parts : tuple of str
    """

    parts: tuple[str, ...]

    def matches(self, name: str) -> bool:
        """Whether a file of this relative name is meant."""
        return _matches(self.parts, tuple(name.split("/")))

    def may_hold(self, folder: str) -> bool:
        """Whether a folder of this relative name may hold files that are meant."""
        names = folder.split("/")
        if "**" not in self.parts and len(names) >= len(self.parts):
            return False
        fixed = self.parts[: self.parts.index("**")] if "**" in self.parts else self.parts
        return all(_matches_one(part, name) for part, name in zip(fixed, names, strict=False))


def _were(n: int) -> str:
    return "were" if n > 1 else "was"


def split_pattern(text: str) -> tuple[str, Pattern]:
    """Folders before the first wildcard, without a trailing slash, and the pattern below them."""
    parts = text.split("/")
    first = next(i for i, part in enumerate(parts) if has_magic(part))
    return "/".join(parts[:first]), Pattern(tuple(part for part in parts[first:] if part))


def _matches(parts: tuple[str, ...], names: tuple[str, ...]) -> bool:
    if not parts or not names:
        return not parts and not names
    if parts[0] != "**":
        return _matches_one(parts[0], names[0]) and _matches(parts[1:], names[1:])
    if _matches(parts[1:], names) or (len(parts) == len(names) == 1 and not names[0].startswith(".")):
        return True
    return not names[0].startswith(".") and _matches(parts, names[1:])


def _matches_one(part: str, name: str) -> bool:
    return fnmatchcase(name, part) and (part.startswith(".") or not name.startswith("."))


def stem_of(name: str) -> str:
    """Last part of a relative name without its suffix."""
    return name[name.rfind("/") + 1 : _end_of_stem(name)]


def suffix_of(name: str) -> str:
    """Suffix in lower case, with its dot; empty where there is none."""
    return name[_end_of_stem(name) :].lower()


def _end_of_stem(name: str) -> int:
    dot = name.rfind(".")
    return dot if name.rfind("/") + 1 < dot < len(name) - 1 else len(name)


def without_sidecars(entries: Iterable[Entry], passed: PassedOver) -> Iterator[Entry]:
    """Leave out files that describe an image or archive of the same stem, and count them.

    Such are ``000000012.json`` beside ``000000012.jpg``, and ``00000.parquet`` and ``00000_stats.json`` beside
    ``00000.tar``. The entries come sorted by name, so that files of one stem stand side by side.
    """
    archives: set[str] = set()
    for path, group in groupby(entries, key=lambda entry: entry.name[: _end_of_stem(entry.name)]):
        together = list(group)
        suffixes = {suffix_of(entry.name) for entry in together}
        if any(is_archive(suffix) for suffix in suffixes):
            archives.add(path)
        described = path in archives or not suffixes.isdisjoint(IMAGE_SUFFIXES)
        described = described or path.removesuffix(_SHARD_STATISTICS) in archives
        for entry in together:
            if described and suffix_of(entry.name) in SIDECAR_SUFFIXES:
                passed.sidecars += 1
            else:
                yield entry
