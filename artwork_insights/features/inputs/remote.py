"""Files on object stores and web servers, through `fsspec`: read a range, list a prefix, say in a sentence what failed.

Credentials and endpoints are those of the libraries below: the usual environment variables and configuration files
(``AWS_ACCESS_KEY_ID``, ``AWS_PROFILE``, ``AWS_ENDPOINT_URL``; ``GOOGLE_APPLICATION_CREDENTIALS``,
``STORAGE_EMULATOR_HOST``), and ``FSSPEC_S3_ANON=true`` for public buckets.
"""

from __future__ import annotations

import errno
import importlib
import logging
import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any, TypeVar

from artwork_insights.errors import ArtworkInsightsError, ImageError, TableError
from artwork_insights.features.inputs.hosts import (
    CONNECT_SECONDS,
    WEB,
    UnreachableHostError,
    host_of,
    note_answer,
    note_failure,
    refuse_unreachable,
)

Result = TypeVar("Result")

_PAUSES_S = (0.5, 1.0, 2.0)
READ_AHEAD_BYTES = 4_000_000

_PACKAGES = {"s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs"}
_EXTRAS = {"s3fs": "s3", "gcsfs": "gs"}
_QUIET = logging.NullHandler()
_LASTING = (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError)
_PASSING_ERRNO = (
    errno.EIO, errno.EBUSY, errno.ETIMEDOUT, errno.ECONNRESET, errno.EPIPE, getattr(errno, "EREMOTEIO", -1),
)  # fmt: skip
_PASSING = ("Timeout", "Connect", "Payload", "Checksum")  # parts of the names that the libraries give
_PASSING_STATUS = frozenset({408, 429, 500, 502, 503, 504})
_REFUSED = ("401", "403")
_FOREIGN = {  # errors of the libraries that are no OSError; known only once the library is loaded
    "botocore.exceptions": ("BotoCoreError", "ClientError"),
    "aiohttp": ("ClientError",),
    "gcsfs.retry": ("HttpError", "ChecksumError", "NonRetryableError"),
    "google.auth.exceptions": ("GoogleAuthError",),
}


def protocol_of(location: str) -> str:
    """``"s3"`` of ``s3://bucket/key``."""
    return location.partition("://")[0].lower()


def open_store(location: str) -> tuple[Any, str]:
    """Filesystem of an address, and the path on it.

    Raises
    ------
    ImportError, ValueError
        When the package is missing, or nothing knows the protocol; `explained` makes a sentence of either.
    """
    protocol = protocol_of(location)
    options = {}
    if protocol in WEB:
        timeout = importlib.import_module("aiohttp").ClientTimeout(connect=CONNECT_SECONDS)
        options = {"client_kwargs": {"timeout": timeout}}
    store = importlib.import_module("fsspec").filesystem(protocol, **options)
    if protocol in _PACKAGES:  # its complaints come as our sentences; who configures logging still sees them
        logging.getLogger(_PACKAGES[protocol]).addHandler(_QUIET)
    return store, str(store._strip_protocol(location))


def size_of(location: str) -> int | None:
    """Bytes of an object; None where the address is a folder, or the server does not say."""
    store, path = open_store(location)
    facts = patiently(store, lambda: store.info(path), host_of(location))
    size = facts.get("size")
    return None if facts.get("type") == "directory" or size is None else int(size)


def read_range(location: str, start: int, end: int) -> bytes:
    """Bytes from `start` to `end` (exclusive) of an object."""
    store, path = open_store(location)
    return bytes(patiently(store, lambda: store.cat_file(path, start=start, end=end), host_of(location)))


def read_beginning(location: str, n_bytes: int) -> bytes:
    """First bytes of an object, fewer where it has no more; stores refuse the range where it has none."""
    try:
        return read_range(location, 0, n_bytes)
    except remote_faults() as error:
        if getattr(error, "errno", None) != errno.EINVAL and str(getattr(error, "code", "")) != "416":
            raise
        return b""


def open_stream(location: str) -> IO[bytes]:
    """Open an object for reading forwards with small steps: it is fetched in pieces of 4 MB."""
    store, path = open_store(location)
    stream: IO[bytes] = patiently(
        store,
        lambda: store.open(path, "rb", block_size=READ_AHEAD_BYTES, cache_type="readahead"),
        host_of(location),
    )
    return stream


def fetch(location: str, target: Path) -> None:
    """Copy an object into a local file."""
    store, path = open_store(location)
    patiently(store, lambda: store.get_file(path, str(target)), host_of(location))


def is_folder(location: str) -> bool:
    """Whether an address has no object of its own name and is the beginning of others.

    Raises
    ------
    FileNotFoundError
        When it is neither.
    """
    if protocol_of(location) in WEB:
        return False
    store, path = open_store(location)
    return bool(patiently(store, lambda: store.info(path)).get("type") == "directory")


def list_objects(location: str, prefix: str = "") -> Iterator[tuple[str, int]]:
    """Name below a folder and bytes of every object whose name starts with `prefix`, sorted by name.

    Pages of S3 and Google Cloud Storage are followed to the last one and only one is held in memory. (The libraries'
    own listing holds all of it, 1 kB or more an object, and that of `gcsfs` stops at 10 million.)

    Raises
    ------
    TableError
        When a store does not list in the order of names.
    """
    store, path = open_store(location.rstrip("/") + "/")
    path = path.rstrip("/") + "/"
    bucket, _, inside = path.partition("/")
    listed = _LISTINGS.get(_PACKAGES.get(protocol_of(location), ""), _list_all)
    last = ""
    for name, n_bytes in listed(store, bucket, inside + prefix):
        if name.endswith("/"):  # a placeholder that some tools write for a folder
            continue
        if name < last:
            raise TableError(f"{location}: this store does not list its objects in order; give a manifest of them.")
        last = name
        yield name[len(inside) :], n_bytes


def _list_s3(store: Any, bucket: str, prefix: str) -> Iterator[tuple[str, int]]:
    more: dict[str, str] = {}
    while True:
        ask = {"Bucket": bucket, "Prefix": prefix, **more}
        page = patiently(store, partial(store.call_s3, "list_objects_v2", **ask))
        for entry in page.get("Contents", ()):
            yield entry["Key"], int(entry["Size"])
        if not page.get("IsTruncated"):
            return
        more = {"ContinuationToken": page["NextContinuationToken"]}


def _list_gcs(store: Any, bucket: str, prefix: str) -> Iterator[tuple[str, int]]:
    more: dict[str, str] = {}
    while True:
        ask = {"prefix": prefix, "fields": "items(name,size),nextPageToken", **more}
        page = patiently(store, partial(store.call, "GET", "b/{}/o", bucket, json_out=True, **ask))
        for entry in page.get("items", ()):
            yield entry["name"], int(entry["size"])
        if not page.get("nextPageToken"):
            return
        more = {"pageToken": page["nextPageToken"]}


def _list_all(store: Any, bucket: str, prefix: str) -> Iterator[tuple[str, int]]:
    top = prefix.rpartition("/")[0]
    found = patiently(store, lambda: store.find(f"{bucket}/{top}", detail=True))
    start = len(bucket) + 1
    for path in sorted(found):
        if path[start:].startswith(prefix):
            yield path[start:], int(found[path].get("size") or 0)


_LISTINGS: dict[str, Callable[[Any, str, str], Iterator[tuple[str, int]]]] = {"s3fs": _list_s3, "gcsfs": _list_gcs}


def patiently(store: Any, action: Callable[[], Result], host: str = "") -> Result:
    """Do it again after growing pauses where the error is one that passes: a busy or silent server.

    The libraries of S3 and Google Cloud Storage try each request about five times by themselves, so one repetition is
    enough there; other stores get three. A web server that cannot be reached is left alone for a while, see `hosts`.
    """
    pauses = _PAUSES_S[:1] if _PACKAGES.keys() & set(_protocols(store)) else _PAUSES_S
    for pause in pauses:
        try:
            return _attempt(action, host)
        except UnreachableHostError:
            raise
        except remote_faults() as error:
            if not _passes(_origin(error)):
                raise
            time.sleep(pause * random.uniform(0.5, 1.5))
    return _attempt(action, host)


def _attempt(action: Callable[[], Result], host: str) -> Result:
    refuse_unreachable(host)
    try:
        result = action()
    except remote_faults() as error:
        note_failure(host, _origin(error))
        raise
    note_answer(host)
    return result


def _protocols(store: Any) -> tuple[str, ...]:
    return (store.protocol,) if isinstance(store.protocol, str) else tuple(store.protocol)


def remote_faults() -> tuple[type[BaseException], ...]:
    """What the libraries raise for a store that does not answer as it should."""
    foreign = [
        getattr(sys.modules[module], name)
        for module, names in _FOREIGN.items()
        if module in sys.modules
        for name in names
        if hasattr(sys.modules[module], name)
    ]
    return (OSError, ValueError, *foreign)


def _origin(error: BaseException) -> BaseException:
    """What happened: over HTTP, `fsspec` calls every fault a missing file and keeps the fault as its cause."""
    cause = error.__cause__
    web = cause is not None and type(cause).__module__.startswith(("aiohttp", "asyncio"))
    return cause if isinstance(error, FileNotFoundError) and web and cause is not None else error


def _passes(error: BaseException) -> bool:
    if isinstance(error, _LASTING):
        return False
    status = getattr(error, "status", None) or getattr(error, "code", None)
    if status is not None:
        return str(status).isdigit() and int(status) in _PASSING_STATUS
    if isinstance(error, OSError) and error.errno in _PASSING_ERRNO:
        return True
    return isinstance(error, TimeoutError | ConnectionError) or any(word in type(error).__name__ for word in _PASSING)


@contextmanager
def explained(location: str, kind: type[ArtworkInsightsError] = ImageError) -> Iterator[None]:
    """Turn whatever the libraries raise about an address into one sentence, an error of `kind`."""
    try:
        yield
    except ImportError as error:
        raise kind(_missing_package(location, error)) from error
    except remote_faults() as error:
        raise kind(f"{location}: {_reason(_origin(error))}.") from error


def _missing_package(location: str, error: ImportError) -> str:
    protocol = protocol_of(location)
    package = _PACKAGES.get(protocol)
    if package is None:
        return f"{location}: reading {protocol}:// addresses needs another package ({error}); install it."
    extra = _EXTRAS[package]
    return (
        f"{location}: reading {protocol}:// addresses needs the package {package}; "
        f"install it with: pip install 'artwork-insights[{extra}]'."
    )


def _reason(error: BaseException) -> str:
    if isinstance(error, UnreachableHostError):
        return str(error)
    name = type(error).__name__
    said = " ".join(str(error).split()).rstrip(".")
    status = str(getattr(error, "status", None) or getattr(error, "code", None) or "")
    refused = "Credentials" in name or said.startswith("Forbidden") or status in _REFUSED
    if refused or isinstance(error, PermissionError):
        return (
            f"access was refused ({said or name}); check the credentials "
            "(AWS_PROFILE or AWS_ACCESS_KEY_ID; GOOGLE_APPLICATION_CREDENTIALS) and the rights they give"
        )
    if isinstance(error, FileNotFoundError) or status == "404":
        return "there is no such file, folder or bucket"
    if _passes(error):
        return f"the server does not answer as it should, after several attempts ({name}: {said})"
    return f"cannot be read ({name}: {said})"
