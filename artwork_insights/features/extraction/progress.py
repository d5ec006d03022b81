"""What a run tells while it works: a bar for people, lines of JSON for machines; both end in the same numbers."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol, TextIO

from tqdm import tqdm

from artwork_insights.features.extraction.engine import Measured
from artwork_insights.features.extraction.measurement import Failure

_SECONDS_BETWEEN_LINES = 1.0
_SECONDS_BETWEEN_BARS = 30.0  # where stderr is a file


class Stream(Protocol):
    """Images as they are measured; `len` is the number expected."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[Measured]: ...


Progress = Callable[[Stream], Iterable[Measured]]


@dataclass(slots=True)
class Tally:
    """What became of the images so far.

    Attributes
    ----------
    images, failures : int
    stages : Counter
        Seconds of work per stage, summed over the processes.
    started : float
        Reading of `time.monotonic`.
    """

    images: int = 0
    failures: int = 0
    stages: Counter[str] = field(default_factory=Counter)
    started: float = field(default_factory=lambda: time.monotonic())

    def add(self, measured: Measured) -> None:
        """Count one image."""
        self.images += 1
        if isinstance(measured.result, Failure):
            self.failures += 1
        else:
            self.stages.update(measured.result.seconds)

    @property
    def rate(self) -> float:
        """Images per second since the start."""
        return self.images / max(time.monotonic() - self.started, 1e-9)

    def shares(self) -> dict[str, float]:
        """Share of the time per stage, largest first; empty where nothing was measured."""
        total = self.stages.total()
        return {stage: seconds / total for stage, seconds in self.stages.most_common()} if total > 0 else {}

    def shares_in_words(self, most: int | None = None) -> str:
        """``"faces 61 %, decode 22 %, colour 9 %"``."""
        shares = list(self.shares().items())
        return ", ".join(f"{stage} {share:.0%}".replace("%", " %") for stage, share in shares[:most])


def show_bar(stream: Stream) -> Iterator[Measured]:
    """Draw a bar on stderr: images per second, time left, failures, and where the time goes."""
    tally = Tally()
    interval = 0.2 if sys.stderr.isatty() else _SECONDS_BETWEEN_BARS
    told = 0.0
    with tqdm(total=len(stream), unit=" image", file=sys.stderr, mininterval=interval) as bar:
        for measured in stream:
            yield measured
            tally.add(measured)
            if time.monotonic() - told >= interval:
                told = time.monotonic()
                bar.set_postfix_str(f"{tally.failures:,} failed; {tally.shares_in_words(3)}", refresh=False)
            bar.update()


def log_json(stream: Stream) -> Iterator[Measured]:
    """Write one JSON object per line to stderr.

    Events are ``start``, ``failure`` (one for each image), ``shard``, ``progress`` (at most one a second) and ``done``.
    """
    return _log_json(stream, sys.stderr)


def _log_json(stream: Stream, file: TextIO) -> Iterator[Measured]:
    tally, total, in_shard = Tally(), len(stream), Counter[int]()
    told = tally.started
    _write(file, "start", {"images": total})
    for measured in stream:
        yield measured  # what follows runs when the image, and its shard if it was the last of it, is accounted for
        tally.add(measured)
        index, result = measured.task.index, measured.result
        in_shard[index] += 1
        if isinstance(result, Failure):
            _write(file, "failure", asdict(result))
        if in_shard[index] == len(measured.task.addresses):
            _write(file, "shard", {"shard": index, "images": in_shard.pop(index)})
        if time.monotonic() - told >= _SECONDS_BETWEEN_LINES:
            told = time.monotonic()
            left = (total - tally.images) / tally.rate
            _write(file, "progress", _numbers(tally, total) | {"seconds_left": round(left, 1)})
    _write(file, "done", _numbers(tally, total))


def _numbers(tally: Tally, total: int) -> dict[str, Any]:
    return {
        "images": total,
        "measured": tally.images - tally.failures,
        "failed": tally.failures,
        "images_per_second": round(tally.rate, 2),
        "stage_shares": {stage: round(share, 3) for stage, share in tally.shares().items()},
    }


def _write(file: TextIO, event: str, facts: dict[str, Any]) -> None:
    file.write(json.dumps({"event": event} | facts) + "\n")
    file.flush()
