"""Tar archives of images, as img2dataset and webdataset write them: where each member lies, found from its header."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

TAR_SUFFIX = ".tar"
COMPRESSED_SUFFIXES = (".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst")

_BLOCK = 512
_SCAN_BYTES = 1 << 20
_LONGEST_HEADER = 1 << 20
_REGULAR, _LONG_NAME, _PAX, _SPARSE = (b"0", b"\0", b"7"), b"L", b"x", b"S"
_ABOUT_OTHERS = (b"K", b"g")  # the long target of a link, and defaults for all members
_PAX_LENGTH = re.compile(rb"(\d{1,15}) ")
_PLACE = re.compile(
    r"(?P<path>.+?\.tar)::(?P<member>.+?)(?:#offset=(?P<offset>\d+)&bytes=(?P<n_bytes>\d+))?", re.I | re.S
)
_DAMAGE = re.compile(r"(?P<path>.+\.tar)#damaged=(?P<at>\d+)", re.I | re.S)


@dataclass(frozen=True, slots=True)
class Member:
    """One entry of an archive.

    Attributes
    ----------
    name : str
        Path inside the archive; bytes that are no UTF-8 are kept as surrogates.
    offset, n_bytes : int
        Where its content lies.
    is_file : bool
        False for folders, links and devices, which have no content of their own.
    """

    name: str
    offset: int
    n_bytes: int
    is_file: bool = True


@dataclass(frozen=True, slots=True)
class Damage:
    """The archive cannot be read beyond this byte: it was cut off, or its bytes are not a header.

    Attributes
    ----------
    at : int
    """

    at: int


@dataclass(frozen=True, slots=True)
class Place:
    """What a location or address inside an archive says.

    Attributes
    ----------
    archive, member : str
    span : (int, int) or None
        Offset and bytes of the content; None where only the name of the member is known.
    """

    archive: str
    member: str
    span: tuple[int, int] | None


def member_location(archive: str, member: str) -> str:
    """``shards/00000.tar::000000012.jpg``, the readable name of a member."""
    return f"{archive}::{member}"


def member_address(archive: str, member: Member) -> str:
    """``/data/00000.tar::000000012.jpg#offset=1536&bytes=48211``: all that a process needs to read it."""
    return f"{member_location(archive, member.name)}#offset={member.offset}&bytes={member.n_bytes}"


def damage_address(archive: str, damage: Damage) -> str:
    """``/data/00000.tar#damaged=912384``: stands for whatever lay behind that byte, and always fails."""
    return f"{archive}#damaged={damage.at}"


def place_of(location: str) -> Place | None:
    """Archive and member that a location or address names; None for everything else."""
    match = _PLACE.fullmatch(location) if "::" in location else None
    if match is None:
        return None
    span = (int(match["offset"]), int(match["n_bytes"])) if match["offset"] else None
    return Place(match["path"], match["member"], span)


def damage_of(address: str) -> tuple[str, Damage] | None:
    """Archive and damage that an address stands for; None for everything else."""
    match = _DAMAGE.fullmatch(address) if "#" in address else None
    return (match["path"], Damage(int(match["at"]))) if match else None


def unpacked_name(member: Member) -> str:
    """Path that a member is unpacked to; ``./a.jpg`` and ``a.jpg`` are one file."""
    return member.name.removeprefix("./")


def is_archive(name: str) -> bool:
    """Whether a name ends like an uncompressed tar archive."""
    return name.lower().endswith(TAR_SUFFIX)


def is_compressed_archive(name: str) -> bool:
    """Whether a name ends like a compressed tar archive, whose members have no place of their own."""
    return name.lower().endswith(COMPRESSED_SUFFIXES)


def members_of(file: IO[bytes], n_bytes: int) -> Iterator[Member | Damage]:
    """Every member of an uncompressed tar archive, in its order; only headers are read.

    An archive that was cut off, has bytes that are no header, or lacks the mark of its end gives one `Damage` last:
    what stands before it is sound, and nobody can say what lay behind it. Archives joined end to end are read through.
    Names of more than 100 bytes may come in GNU or POSIX (pax) form.

    Parameters
    ----------
    file : binary file
        Seekable.
    n_bytes : int
        Its size.

    Notes
    -----
    POSIX.1-2001 (pax interchange format), and GNU tar's manual, "Basic Tar Format".
    """
    at, ended = 0, False
    long_name: bytes | None = None
    long_size: int | None = None
    while at < n_bytes:
        file.seek(at)
        header = file.read(_BLOCK)
        if not header.strip(b"\0"):
            at, ended = _next_header(file, at + _BLOCK), True
            continue
        size = _size_in(header) if len(header) == _BLOCK and _is_sound(header) else None
        kind = header[156:157]
        if size is None or kind == _SPARSE:
            yield Damage(at)
            return
        if kind == _LONG_NAME:
            long_name = file.read(min(size, _LONGEST_HEADER)).split(b"\0", 1)[0]
        elif kind == _PAX:
            long_name, long_size = _pax_fields(file.read(min(size, _LONGEST_HEADER)), long_name)
        elif kind not in _ABOUT_OTHERS:
            size = size if long_size is None else long_size
            name = (_name_in(header) if long_name is None else long_name).decode("utf-8", "surrogateescape")
            yield Member(name, at + _BLOCK, size, kind in _REGULAR and not name.endswith("/"))
            long_name = long_size = None
        at, ended = at + _BLOCK + -(-size // _BLOCK) * _BLOCK, False
    if not ended:
        yield Damage(min(at, n_bytes))


def _next_header(file: IO[bytes], at: int) -> int:
    """Position of the first block from `at` on that is not all zeros, or of the end; the file stands at `at`."""
    while chunk := file.read(_SCAN_BYTES):
        content = chunk.lstrip(b"\0")
        if content:
            return at + (len(chunk) - len(content)) // _BLOCK * _BLOCK
        at += len(chunk)
    return at


def _is_sound(header: bytes) -> bool:
    """Whether the checksum of a header is right; some old writers summed signed bytes."""
    try:
        stored = int(header[148:156].strip(b" \0") or b"-1", 8)
    except ValueError:
        return False
    total = sum(header) - sum(header[148:156]) + 8 * 32
    signed = total - 256 * sum(byte > 127 for byte in header[:148] + header[156:])
    return stored in (total, signed)


def _size_in(header: bytes) -> int | None:
    """Octal, or base 256 for members of 8 GB and more; None where it is neither."""
    field = header[124:136]
    if field[0] & 0x80:
        return int.from_bytes(bytes([field[0] & 0x7F]) + field[1:], "big")
    try:
        size = int(field.strip(b" \0") or b"0", 8)
    except ValueError:
        return None
    return size if size >= 0 else None


def _name_in(header: bytes) -> bytes:
    name = header[:100].split(b"\0", 1)[0]
    prefix = header[345:500].split(b"\0", 1)[0] if header[257:263] == b"ustar\0" else b""
    return prefix + b"/" + name if prefix else name


def _pax_fields(body: bytes, name: bytes | None) -> tuple[bytes | None, int | None]:
    """Name and size out of the records ``length key=value`` of a pax header."""
    size = None
    while match := _PAX_LENGTH.match(body):
        length = int(match[1])
        if length <= match.end():
            break
        key, _, value = body[match.end() : length - 1].partition(b"=")
        if key == b"path":
            name = value
        elif key == b"size" and _PAX_LENGTH.fullmatch(value + b" "):
            size = int(value)
        body = body[length:]
    return name, size
