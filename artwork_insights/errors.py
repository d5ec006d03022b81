"""Every exception raised on purpose; each message is one sentence: where, what was found, expected, and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class ArtworkInsightsError(Exception):
    """Base of all errors that a user can mend; the command line prints the message and exits with status 1."""


class StudyFileError(ArtworkInsightsError):
    """The study file cannot be used as written."""


class ExpressionError(ArtworkInsightsError):
    """A treatment expression does not follow the grammar or names an unknown feature."""


class TableError(ArtworkInsightsError):
    """An input table lacks a column, repeats a key, or holds impossible counts."""


class WeightsError(ArtworkInsightsError):
    """Network weights are missing, unknown, or fail their checksum."""


class ImageError(ArtworkInsightsError):
    """One image cannot be decoded or measured; becomes a row of `failures`, never the end of a run."""


class MeasuringError(ArtworkInsightsError):
    """The processes or machines that measure images cannot do so at all."""


class OutputError(ArtworkInsightsError):
    """A result folder is in use, incomplete, or was made with other settings."""


class NotIdentifiedError(ArtworkInsightsError):
    """The data cannot answer the question under the design asked for."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ``" (did you mean 'x'?)"`` for the nearest known name, or an empty string."""
    lowered = {candidate.lower(): candidate for candidate in known}
    matches = difflib.get_close_matches(name.lower(), lowered, n=1, cutoff=0.6)
    return f" (did you mean {lowered[matches[0]]!r}?)" if matches else ""
