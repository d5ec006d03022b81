"""Where an image lies: a local path, a ``file://`` address, an address on another machine, a member of a tar archive.

====================================================================  =================================================
``posters/a.jpg``, ``/data/a.jpg``, ``file:///data/a.jpg``            a file here
``s3://bucket/a.jpg``, ``gs://bucket/a.jpg``, ``https://host/a.jpg``  whatever `fsspec` can open
``shards/00000.tar::000000012.jpg``                                   a member of an archive, here or elsewhere: the
                                                                      readable location, as it stands in the tables
``/data/00000.tar::000000012.jpg#offset=1536&bytes=48211``            the same as an address: plain text from which any
                                                                      process reads the bytes without an index
====================================================================  =================================================
"""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from urllib.parse import unquote, urlparse
from urllib.request import url2pathname

from artwork_insights.errors import ImageError
from artwork_insights.features.inputs.archives import (
    Damage,
    Place,
    damage_of,
    is_archive,
    is_compressed_archive,
    member_location,
    members_of,
    place_of,
)
from artwork_insights.features.inputs.hosts import WEB
from artwork_insights.features.inputs.remote import (
    explained,
    open_stream,
    protocol_of,
    read_beginning,
    read_range,
    size_of,
)

MAX_BYTES = 100_000_000
_FIRST_BYTES = 8_000_000  # of a file on an object store are fetched without asking for its size


def is_remote(location: str) -> bool:
    """Whether the location is an address on another machine rather than a file here."""
    return "://" in location and not location.startswith("file://")


def local_path(location: str) -> Path:
    """Path of a local location; ``file://`` addresses are unquoted."""
    if location.startswith("file://"):
        return Path(url2pathname(unquote(urlparse(location).path)))
    return Path(location)


def address_of(location: str, base: str | Path) -> str:
    """What to open for a location: an address as it is, a path as an absolute one starting from `base`.

    The base may itself be an address (of the folder of a manifest on an object store).
    """
    place = place_of(location)
    if place is not None and place.span is None:
        return member_location(address_of(place.archive, base), place.member)
    if is_remote(location) or place is not None:
        return location
    if is_remote(str(base)) and not location.startswith(("file://", "/")):
        protocol, _, folder = str(base).partition("://")
        return f"{protocol}://{posixpath.normpath(posixpath.join(folder, location))}"
    path = str(local_path(location)) if location.startswith("file://") else location
    return os.path.normpath(path if path.startswith("/") else os.path.join(os.path.abspath(base), path))  # noqa: PTH100, PTH118


def file_behind(address: str) -> str:
    """Local path of the file that an address lies in: the image itself, or the archive that holds it."""
    damaged, place = damage_of(address), place_of(address)
    return str(local_path(damaged[0] if damaged is not None else place.archive if place is not None else address))


def read_bytes(location: str) -> bytes:
    """Read an image file of at most 100 MB; no more than 8 MB is read before its size is known.

    Raises
    ------
    ImageError
        When it is missing, unreadable, no regular file (nothing waits on a pipe), empty, larger than the limit, or lies
        in a damaged part of an archive.
    """
    damaged = damage_of(location)
    if damaged is not None:
        raise ImageError(_about_damage(*damaged))
    place = place_of(location)
    data = _read_member(place) if place is not None else _read_file(location)
    if not data:
        raise ImageError(f"{location}: the file is empty.")
    return data


def _read_file(location: str) -> bytes:
    if is_archive(location) or is_compressed_archive(location):
        raise ImageError(f"{location}: {NOT_ONE_IMAGE}.")
    if is_remote(location):
        data = _read_remote(location)
    else:
        with open_file(location) as (file, size):
            _refuse_large(location, size)
            data = file.read(MAX_BYTES + 1)
    _refuse_large(location, len(data))  # it may have grown
    return data


def _read_remote(location: str) -> bytes:
    """One request for most images; a web server is asked for the size first, since it may ignore the range."""
    with explained(location):
        data = b"" if protocol_of(location) in WEB else read_beginning(location, _FIRST_BYTES)
        if 0 < len(data) < _FIRST_BYTES:
            return data
        size = size_of(location)
        _refuse_large(location, size or 0)
        end = MAX_BYTES + 1 if size is None else size
        return data + read_range(location, len(data), end) if end > len(data) else data


def _read_member(place: Place) -> bytes:
    name = member_location(place.archive, place.member)
    offset, n_bytes = place.span if place.span is not None else _find_member(place)
    _refuse_large(name, n_bytes)
    if is_remote(place.archive):
        with explained(name):
            data = read_range(place.archive, offset, offset + n_bytes) if n_bytes else b""
    else:
        with open_file(place.archive) as (file, _):
            file.seek(offset)
            data = file.read(n_bytes)
    if len(data) < n_bytes:
        raise ImageError(
            f"{name}: the archive is cut off within this file, {len(data):,} of {n_bytes:,} bytes are there."
        )
    return data


def _find_member(place: Place) -> tuple[int, int]:
    """Offset and bytes of a member known by name; of several, of the last one, as when the archive is unpacked."""
    span = None
    with open_file(place.archive) as (file, size):
        for member in members_of(file, size):
            if not isinstance(member, Damage) and member.is_file and member.name == place.member:
                span = member.offset, member.n_bytes
    if span is None:
        raise ImageError(f"{place.archive}: the archive holds no file {place.member!r}.")
    return span


@contextmanager
def open_file(location: str) -> Iterator[tuple[IO[bytes], int]]:
    """Open a regular file, here or elsewhere, and say its size; pipes, sockets and devices are refused unopened.

    Raises
    ------
    ImageError
        When it cannot be opened, or reading from it fails inside the ``with``.
    """
    if is_remote(location):
        with explained(location):
            size = size_of(location) or 0
            with open_stream(location) as stream:
                yield stream, size
        return
    path = local_path(location)
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise ImageError(f"{path}: {_kind_of(status.st_mode)} and not a file.")
        # a pipe that takes the file's place at this moment must not make anyone wait
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
        with open(descriptor, "rb") as file:  # noqa: PTH123
            yield file, os.fstat(descriptor).st_size
    except FileNotFoundError as error:
        what = "a link to a file that is not there" if path.is_symlink() else "there is no such file"
        raise ImageError(f"{path}: {what}.") from error
    except (OSError, ValueError) as error:
        raise ImageError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error}).") from error


def _kind_of(mode: int) -> str:
    kinds = (
        (stat.S_ISDIR, "a folder"),
        (stat.S_ISFIFO, "a pipe"),
        (stat.S_ISSOCK, "a socket"),
        (stat.S_ISCHR, "a device"),
        (stat.S_ISBLK, "a device"),
    )
    return next((words for test, words in kinds if test(mode)), "something else")


NOT_ONE_IMAGE = (
    "an archive in which no image can be found; expected an uncompressed .tar of JPEG, PNG, WebP, GIF or BMP files"
)


def _refuse_large(location: str, n_bytes: int) -> None:
    if n_bytes > MAX_BYTES:
        raise ImageError(f"{location}: larger than {MAX_BYTES // 1_000_000} MB, the limit for one image.")


def _about_damage(archive: str, damage: Damage) -> str:
    return (
        f"{archive}: the archive is cut off or damaged at byte {damage.at:,}; the images before it are measured, "
        "what lay behind it cannot be found: fetch the archive again."
    )
