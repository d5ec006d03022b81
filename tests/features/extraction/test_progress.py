from __future__ import annotations

import io
import json
from collections.abc import Iterator

import pytest

from artwork_insights.features.extraction import progress as module
from artwork_insights.features.extraction.engine import Measured, Result, ShardTask
from artwork_insights.features.extraction.measurement import Failure, Measurement
from artwork_insights.features.extraction.progress import Tally, log_json, show_bar

GOOD = Measurement({}, None, None, {"read": 1.0, "faces": 3.0})
BAD = Failure("decode", "ImageError", "a.jpg: damaged.")


class Images:
    """Two shards of two and three images; `accounted` counts those that the run has dealt with."""

    def __init__(self, *results: Result) -> None:
        self._results = results
        self.accounted = 0

    def __len__(self) -> int:
        return len(self._results)

    def __iter__(self) -> Iterator[Measured]:
        tasks = [ShardTask(4, ("a", "b"))] * 2 + [ShardTask(7, ("c", "d", "e"))] * 3
        for task, result in zip(tasks, self._results, strict=True):
            yield Measured(task, result)
            self.accounted += 1


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds since the start; every reading is 0.4 seconds after the one before."""
    now = [0.0]

    def read() -> float:
        now[0] += 0.4
        return now[0]

    monkeypatch.setattr(module.time, "monotonic", read)
    return now


def test_the_log_is_one_json_object_a_line(capsys: pytest.CaptureFixture[str], clock: list[float]) -> None:
    images = Images(GOOD, BAD, GOOD, GOOD, GOOD)
    assert len(list(log_json(images))) == 5
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    events = [line["event"] for line in lines]
    assert (events[0], events[-1]) == ("start", "done")
    assert [line["shard"] for line in lines if line["event"] == "shard"] == [4, 7]
    assert [line["message"] for line in lines if line["event"] == "failure"] == ["a.jpg: damaged."]
    assert 0 < events.count("progress") < 5  # at most one a second
    done = lines[-1]
    assert (done["images"], done["measured"], done["failed"]) == (5, 4, 1)
    assert done["stage_shares"] == {"faces": 0.75, "read": 0.25}
    assert done["images_per_second"] == pytest.approx(5 / clock[0], abs=0.3)


def test_a_shard_is_told_of_only_when_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    images, told = Images(GOOD, GOOD, GOOD, GOOD, GOOD), io.StringIO()
    for position, _ in enumerate(module._log_json(images, told)):
        if position == 1:
            assert '"shard"' not in told.getvalue()
    assert told.getvalue().count('"shard"') == 2 * 2  # the event and its number


def test_words_that_are_no_valid_text_do_not_end_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    list(log_json(Images(Failure("read", "ImageError", "caf\udce9.jpg: gone"), GOOD, GOOD, GOOD, GOOD)))
    assert "caf\\udce9.jpg" in capsys.readouterr().err


def test_the_bar_names_rate_failures_and_stages(capsys: pytest.CaptureFixture[str]) -> None:
    list(show_bar(Images(GOOD, BAD, GOOD, GOOD, GOOD)))
    last = capsys.readouterr().err
    assert "5/5" in last and "image/s" in last
    assert "failed" in last


def test_shares_add_up_to_one_and_stand_largest_first() -> None:
    tally = Tally()
    for measured in Images(GOOD, BAD, GOOD, GOOD, GOOD):
        tally.add(measured)
    assert list(tally.shares()) == ["faces", "read"] and sum(tally.shares().values()) == pytest.approx(1)
    assert tally.shares_in_words() == "faces 75 %, read 25 %"
    assert Tally().shares() == {} and Tally().shares_in_words() == ""
