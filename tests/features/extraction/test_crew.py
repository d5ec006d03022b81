from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from artwork_insights.features.embedding.embedder import EmbeddingChoice
from artwork_insights.features.extraction import crew as module
from artwork_insights.features.extraction.crew import Crew, in_order
from artwork_insights.features.extraction.measurement import Failure, Measurement

FAKE_WORKER = """
import os, pickle, signal, sys, time
from artwork_insights.features.extraction.measurement import Failure
pickle.load(sys.stdin.buffer)
sys.stdout.buffer.write(b"ready")
sys.stdout.buffer.flush()
while True:
    try:
        address = pickle.load(sys.stdin.buffer)
    except EOFError:
        break
    if "crash" in address:
        os.kill(os.getpid(), signal.SIGSEGV)
    if "hang" in address:
        time.sleep(60)
    if "bug" in address:
        raise NameError("ours")
    pickle.dump(Failure("done", str(os.getpid()), address), sys.stdout.buffer)
    sys.stdout.buffer.flush()
"""


@pytest.fixture
def fake_choice(monkeypatch: pytest.MonkeyPatch) -> EmbeddingChoice:
    """Processes that crash, hang or fail as the address asks for, and need no network."""
    popen = subprocess.Popen

    def start(command: list[str], **options: object) -> subprocess.Popen[bytes]:
        return popen([command[0], "-c", FAKE_WORKER], **options)  # type: ignore[call-overload, no-any-return]

    monkeypatch.setattr(module.subprocess, "Popen", start)
    return "any"  # type: ignore[return-value]


def test_a_native_crash_costs_one_image_and_the_others_are_measured(fake_choice: EmbeddingChoice) -> None:
    addresses = [f"{i}-crash" if i % 7 == 3 else str(i) for i in range(20)]
    with Crew(fake_choice, 2) as crew:
        results = list(crew.measure(addresses))
    assert [r.stage == "process" for r in results] == ["crash" in a for a in addresses]
    assert all(a in r.message for a, r in zip(addresses, results, strict=True))  # in the order of the addresses
    died = next(r for r in results if r.stage == "process")
    assert died.error == "ProcessDied" and f"exit status {-signal.SIGSEGV}" in died.message


def test_an_image_that_takes_too_long_is_a_failure(fake_choice: EmbeddingChoice) -> None:
    with Crew(fake_choice, 1, max_seconds=2) as crew:
        results = list(crew.measure(["1", "2-hang", "3"]))
    assert [r.stage for r in results] == ["done", "process", "done"]
    assert results[1].error == "TimeoutError"


def test_an_error_of_our_own_ends_the_run(fake_choice: EmbeddingChoice) -> None:
    with pytest.raises(RuntimeError, match="2-bug"), Crew(fake_choice, 1) as crew:
        list(crew.measure(["1", "2-bug", "3"]))


def test_leaving_early_ends_the_processes(fake_choice: EmbeddingChoice) -> None:
    with pytest.raises(KeyboardInterrupt), Crew(fake_choice, 1) as crew:
        first = next(crew.measure(["1", "2-hang"] + ["3"] * 100))
        started = time.monotonic()
        raise KeyboardInterrupt
    assert time.monotonic() - started < 10
    with pytest.raises(ProcessLookupError):
        os.kill(int(first.error), 0)


def test_a_real_process_measures_without_a_guard_in_the_main_module(picture_folder: Path) -> None:
    """The ten-line script of a user has no ``if __name__ == "__main__"``; it must not start itself again."""
    script = (
        "from artwork_insights.features.extraction.crew import Crew\n"
        "from artwork_insights.features.embedding.embedder import choose_embedding\n"
        "with Crew(choose_embedding('none'), 1) as crew:\n"
        f"    (r,) = crew.measure([{str(picture_folder / 'face.jpg')!r}])\n"
        "print(r.values['face_count'])\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout == "1\n", done.stderr


def test_a_process_that_cannot_start_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    popen = subprocess.Popen
    monkeypatch.setattr(module.subprocess, "Popen", lambda command, **options: popen([command[0], "-c", ""], **options))
    with pytest.raises(RuntimeError, match="could not start"), Crew("any", 1) as crew:  # type: ignore[arg-type]
        list(crew.measure(["1"]))


def test_no_more_than_the_stated_number_waits_for_the_consumer() -> None:
    begun: list[str] = []
    lock = threading.Lock()

    def measure(address: str) -> Measurement | Failure:
        with lock:
            begun.append(address)
        return Failure("", "", address)

    with ThreadPoolExecutor(4) as threads:
        results = in_order(threads, measure, map(str, range(1000)), ahead=10)
        assert [next(results).message for _ in range(5)] == ["0", "1", "2", "3", "4"]  # type: ignore[union-attr]
        time.sleep(0.1)
        assert len(begun) <= 15
        assert [r.message for r in results] == [str(i) for i in range(5, 1000)]  # type: ignore[union-attr]
