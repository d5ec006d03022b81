"""The files behind one input: a folder, a pattern, a file, an archive; here or on an object store."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from glob import has_magic
from pathlib import PurePosixPath

from artwork_insights.errors import ImageError, TableError
from artwork_insights.features.inputs.archives import (
    Damage,
    Member,
    damage_address,
    is_archive,
    is_compressed_archive,
    member_address,
    member_location,
    members_of,
    unpacked_name,
)
from artwork_insights.features.inputs.entries import (
    IMAGE_SUFFIXES,
    SIDECAR_SUFFIXES,
    Entry,
    PassedOver,
    split_pattern,
    stem_of,
    suffix_of,
    without_sidecars,
)
from artwork_insights.features.inputs.folders import FolderSearch
from artwork_insights.features.inputs.location import NOT_ONE_IMAGE, address_of, is_remote, local_path, open_file
from artwork_insights.features.inputs.remote import explained, is_folder, list_objects, protocol_of

_INDEXERS = 8
_AHEAD = 32
_NOTHING = "no such file or folder, and no file matches it as a pattern"


def entries_behind(text: str, search: FolderSearch, passed: PassedOver) -> Iterator[Entry]:
    """Files that one input means, in the order of their names, those in archives in the order of the archive.

    Raises
    ------
    TableError
        When the input is empty text, means nothing, cannot be listed, or is an archive without images.
    """
    if not text.strip():
        raise TableError("one of the inputs is empty text; name a folder, a pattern, a file or a manifest.")
    listed = _remote_files(text, passed) if is_remote(text) else _local_files(text, search)
    if listed is None:  # one file, by its name
        name = PurePosixPath(text if is_remote(text) else local_path(text)).name
        location = text if is_remote(text) else str(local_path(text))
        yield from _named_file(Entry(location, name, stem_of(name)), passed)
        return
    n_found, walked = 0, passed.walked
    for entry in _opened(without_sidecars(listed, passed), passed):
        n_found += 1
        yield entry
    if not n_found and passed.walked == walked:  # what is searched already counts as found
        if has_magic(text):
            raise TableError(f"{text}: {_NOTHING}.")
        raise TableError(f"{text}: the folder holds no file; expected images.")


def manifests_behind(text: str) -> list[str]:
    """Files that an input named like a manifest means: itself, or what it matches as a pattern."""
    if not has_magic(text) or (not is_remote(text) and local_path(text).exists()):
        return [text]
    passed = PassedOver()
    listed = _remote_files(text, passed) if is_remote(text) else _local_files(text, FolderSearch(passed))
    found = [text] if listed is None else [entry.location for entry in listed]
    if not found:
        raise TableError(f"{text}: {_NOTHING}.")
    return found


def _local_files(text: str, search: FolderSearch) -> Iterator[Entry] | None:
    path = local_path(text)
    if path.is_dir():
        return search.walk(str(path))
    if os.path.lexists(path):
        return None
    if not has_magic(str(path)):
        raise TableError(f"{text}: {_NOTHING}.")
    top, pattern = split_pattern(str(path))
    top = top or ("/" if path.is_absolute() else ".")
    if not os.path.isdir(top):  # noqa: PTH112
        raise TableError(f"{text}: {_NOTHING}.")
    return search.walk(top, pattern)


def _remote_files(text: str, passed: PassedOver) -> Iterator[Entry] | None:
    if not text.partition("://")[2].strip("/"):
        raise TableError(f"{text}: names nothing; expected a bucket or host, and what to find there.")
    with explained(text, TableError):
        if protocol_of(text) in ("http", "https"):
            return None  # a server on the web lists nothing, and a question mark is no pattern
        if not has_magic(text):
            return _below_prefix(text, "", passed) if text.endswith("/") or is_folder(text) else None
        try:
            return _below_prefix(text, "", passed) if is_folder(text) else None
        except FileNotFoundError:
            return _matching(text, passed)


def _below_prefix(text: str, prefix: str, passed: PassedOver) -> Iterator[Entry]:
    with explained(text, TableError):
        for name, n_bytes in list_objects(text, prefix):
            if any(part.startswith(".") for part in name.split("/")):
                passed.hidden += name.rpartition("/")[2].startswith(".")
            else:
                yield Entry(f"{text.rstrip('/')}/{name}", name, stem_of(name), n_bytes=n_bytes)


def _matching(text: str, passed: PassedOver) -> Iterator[Entry]:
    top, pattern = split_pattern(text)
    first = pattern.parts[0]
    prefix = first[: min(first.index(sign) for sign in "*?[" if sign in first)]
    return (entry for entry in _below_prefix(top, prefix, passed) if pattern.matches(entry.name))


def _named_file(entry: Entry, passed: PassedOver) -> Iterator[Entry]:
    if is_compressed_archive(entry.name):
        raise TableError(
            f"{entry.location}: members of a compressed tar archive cannot be read by their place; "
            "store it as a plain .tar (images are compressed already)."
        )
    if not is_archive(entry.name):
        if is_remote(entry.location):
            with explained(entry.location, TableError):
                is_folder(entry.location)  # says whether it is there at all
        yield entry
        return
    found, passed_there = _index(entry)
    if found == [entry]:
        raise TableError(f"{entry.location}: {NOT_ONE_IMAGE}.")
    passed.add(passed_there)
    yield from found


def _opened(entries: Iterable[Entry], passed: PassedOver) -> Iterator[Entry]:
    """Entries with each archive replaced by its images; archives are indexed side by side, the order stays."""
    waiting: deque[Entry | Future[_Index]] = deque()
    with ThreadPoolExecutor(_INDEXERS) as threads:
        for entry in entries:
            waiting.append(threads.submit(_index, entry) if is_archive(entry.name) else entry)
            while waiting and (isinstance(waiting[0], Entry) or len(waiting) > _AHEAD):
                yield from _result(waiting.popleft(), passed)
        while waiting:
            yield from _result(waiting.popleft(), passed)


_Index = tuple[list[Entry], PassedOver]


def _result(item: Entry | Future[_Index], passed: PassedOver) -> Iterable[Entry]:
    if isinstance(item, Entry):
        return (item,)
    found, passed_there = item.result()
    passed.add(passed_there)
    return found


def _index(entry: Entry) -> _Index:
    """Images of an archive, then what is damaged of it; the archive itself where it is none or holds no image.

    Of members of one name the last one counts: it is the file that unpacking leaves.
    """
    address = address_of(entry.location, "")
    found: dict[str, Entry] = {}
    passed = PassedOver()
    try:
        with open_file(entry.location) as (file, n_bytes):
            for member in members_of(file, n_bytes):
                if isinstance(member, Damage):
                    if member.at:
                        found[""] = entry._replace(address=damage_address(address, member))
                elif _is_input(member, passed):
                    name = unpacked_name(member)
                    passed.replaced += found.pop(name, None) is not None
                    found[name] = _member_entry(entry, address, member)
    except ImageError as error:
        raise TableError(str(error)) from error
    has_images = any(suffix_of(name) in IMAGE_SUFFIXES for name in found)
    return (list(found.values()), passed) if has_images else ([entry], PassedOver())


def _is_input(member: Member, passed: PassedOver) -> bool:
    """Count what is no input of its own: folders go without saying."""
    last = member.name.rstrip("/").rpartition("/")[2]
    if not member.is_file:
        passed.specials += not member.name.endswith("/")
    elif last.startswith("."):
        passed.hidden += 1
    elif suffix_of(member.name) in SIDECAR_SUFFIXES:
        passed.sidecars += 1
    else:
        return True
    return False


def _member_entry(entry: Entry, address: str, member: Member) -> Entry:
    key = unpacked_name(member).removesuffix(suffix_of(member.name))
    return Entry(
        member_location(entry.location, member.name),
        member_location(entry.name, member.name),
        key,
        member_address(address, member),
        member.n_bytes,
    )
