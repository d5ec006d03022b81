"""Where an image lies: a local path, a ``file://`` address, or an address that `fsspec` can open (``s3://``, ``gs://``)."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from urllib.parse import unquote, urlparse
from urllib.request import url2pathname

from artwork_insights.errors import ImageError

MAX_BYTES = 100_000_000


def is_remote(location: str) -> bool:
    """Whether the location is an address on another machine rather than a file here."""
    return "://" in location and not location.startswith("file://")


def local_path(location: str) -> Path:
    """Path of a local location; ``file://`` addresses are unquoted."""
    if location.startswith("file://"):
        return Path(url2pathname(unquote(urlparse(location).path)))
    return Path(location)


def address_of(location: str, base: str | Path) -> str:
    """What to open for a location: an address as it is, a path as an absolute one starting from `base`."""
    return location if is_remote(location) else os.path.normpath(Path(base).absolute() / local_path(location))


def read_bytes(location: str) -> bytes:
    """Read a file of at most 100 MB.

    Raises
    ------
    ImageError
        When it is missing, unreadable, no regular file, empty, or larger than the limit.
    """
    data = _read_remote(location) if is_remote(location) else _read_local(local_path(location))
    if not data:
        raise ImageError(f"{location}: the file is empty.")
    if len(data) > MAX_BYTES:
        raise ImageError(f"{location}: larger than {MAX_BYTES // 1_000_000} MB, the limit for one image.")
    return data


def _read_local(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise ImageError(f"{path}: {'not a file' if path.exists() else 'there is no such file'}.")
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ImageError(f"{path}: cannot be read ({error.strerror or error}).") from error


def _read_remote(location: str) -> bytes:
    try:
        fsspec = importlib.import_module("fsspec")
        with fsspec.open(location, "rb") as file:
            return bytes(file.read(MAX_BYTES + 1))
    except ImportError as error:
        raise ImageError(f"{location}: reading this address needs another package ({error}); install it.") from error
    except (OSError, ValueError) as error:
        raise ImageError(f"{location}: cannot be read ({error}).") from error
