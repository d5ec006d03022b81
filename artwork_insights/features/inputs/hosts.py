"""Web servers that cannot be reached: after a few attempts in a row, all else of that host fails at once for a while.

A dead host would otherwise cost every one of its images the full patience of `remote.patiently`. Each measuring process
finds out for itself. Only failures to connect count: a host that answers, whatever it says, is there.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from urllib.parse import urlparse

WEB = ("http", "https")
CONNECT_SECONDS = 5.0
"""Patience with one connection; four attempts of two requests each stay below the time limit of one image."""

LARGEST_NUMBER_OF_FAILURES = 4
REST_SECONDS = 60.0

_NO_CONNECTION = ("ClientConnector", "ConnectionTimeout", "ConnectionRefused")  # parts of the names that aiohttp gives


class UnreachableHostError(ConnectionError):
    """A host that is not asked again for now; says why."""


@dataclass(slots=True)
class _Failures:
    n: int = 0
    last_s: float = 0.0
    reason: str = ""


_failures: dict[str, _Failures] = {}


def host_of(location: str) -> str:
    """Host and port of a web address; empty for object stores, whose libraries have their own patience."""
    address = urlparse(location)
    return address.netloc.rpartition("@")[2] if address.scheme.lower() in WEB else ""


def refuse_unreachable(host: str) -> None:
    """Refuse a host that could not be reached several times in a row, the last time a moment ago.

    Parameters
    ----------
    host : str
        With its port; empty where hosts are not watched.

    Raises
    ------
    UnreachableHostError
    """
    failures = _failures.get(host)
    if failures is None or failures.n < LARGEST_NUMBER_OF_FAILURES:
        return
    if time.monotonic() - failures.last_s < REST_SECONDS:
        raise UnreachableHostError(
            f"{host} could not be reached {failures.n} times in a row ({failures.reason}) and is not asked again for "
            f"{REST_SECONDS:g} s; run again with --retry-failures when it answers"
        )


def note_failure(host: str, error: BaseException) -> None:
    """Count a failure to connect; any other fault shows that the host is there."""
    if not any(part in type(error).__name__ for part in _NO_CONNECTION):
        note_answer(host)
    elif host:
        failures = _failures.setdefault(host, _Failures())
        failures.n += 1
        failures.last_s = time.monotonic()
        failures.reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__


def note_answer(host: str) -> None:
    """The host has answered: earlier failures are forgotten."""
    _failures.pop(host, None)
