from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from artwork_insights.errors import MeasuringError
from artwork_insights.features.embedding.embedder import EmbeddingChoice
from artwork_insights.features.extraction import crew as module
from artwork_insights.features.extraction.crew import Crew
from artwork_insights.features.extraction.measurement import Failure
from artwork_insights.features.extraction.plan import MeasurePlan

FAKE_WORKER = """
import os, pickle, signal, sys, time
from artwork_insights.features.extraction.measurement import Failure
plan, seconds = pickle.load(sys.stdin.buffer)
sys.stdout.buffer.write(b"ready")
sys.stdout.buffer.flush()
while True:
    try:
        address, upcoming = pickle.load(sys.stdin.buffer)
    except EOFError:
        break
    signal.setitimer(signal.ITIMER_REAL, seconds)
    if "crash" in address or (upcoming is not None and "deadly" in upcoming):
        os.kill(os.getpid(), signal.SIGSEGV)
    if "memory" in address or "deadly" in address:
        os.kill(os.getpid(), signal.SIGKILL)
    if "hang" in address:
        while True:
            pass
    if "bug" in address:
        raise NameError("ours")
    if "half" in address:
        sys.stdout.buffer.write(pickle.dumps((Failure("done", "", "x" * 10_000), False))[:5_000])
        sys.stdout.buffer.flush()
        os._exit(3)
    signal.setitimer(signal.ITIMER_REAL, 0)
    pickle.dump((Failure("done", str(os.getpid()), address + "|" + str(upcoming)), "fat" in address), sys.stdout.buffer)
    sys.stdout.buffer.flush()
    if "fat" in address:
        break
"""
PLAN: MeasurePlan = "any"  # type: ignore[assignment]  # unpickling a real one would load the networks


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Source of the processes, which crash, hang or fail as the address asks for, and need no network."""
    popen = subprocess.Popen
    source = [FAKE_WORKER]

    def start(command: list[str], **options: object) -> subprocess.Popen[bytes]:
        return popen([command[0], "-c", source[0]], **options)  # type: ignore[call-overload, no-any-return]

    monkeypatch.setattr(module.subprocess, "Popen", start)
    return source


def measure(addresses: list[str], workers: int = 1, seconds: float = 30) -> list[Failure]:
    with Crew(PLAN, workers, seconds) as crew:
        return list(crew.measure(addresses))  # type: ignore[arg-type]


def test_a_native_crash_costs_one_image_and_the_others_are_measured(worker: list[str]) -> None:
    addresses = [f"{i}-crash" if i % 7 == 3 else str(i) for i in range(20)]
    results = measure(addresses, workers=2)
    assert [r.stage == "process" for r in results] == ["crash" in a for a in addresses]
    assert all(a in r.message for a, r in zip(addresses, results, strict=True))  # in the order of the addresses
    died = next(r for r in results if r.stage == "process")
    assert died.error == "ProcessDied" and f"exit status {-signal.SIGSEGV})" in died.message


def test_two_crashes_in_a_row_cost_two_images(worker: list[str]) -> None:
    results = measure(["1-crash", "2-crash", "3-crash", "4"])
    assert [r.stage for r in results] == ["process"] * 3 + ["done"]


def test_a_process_ended_for_its_memory_costs_its_image_and_says_so(worker: list[str]) -> None:
    results = measure(["1", "2-memory", "3"])
    assert [r.stage for r in results] == ["done", "process", "done"]
    assert "when memory runs out" in results[1].message


def test_an_image_that_takes_too_long_is_a_failure(worker: list[str]) -> None:
    results = measure(["1", "2-hang", "3"], seconds=0.5)
    assert [r.stage for r in results] == ["done", "process", "done"]
    assert results[1].error == "TimeoutError" and "not measured within 0.5 seconds" in results[1].message


def test_an_answer_that_breaks_off_is_a_failure(worker: list[str]) -> None:
    results = measure(["1", "2-half", "3"])
    assert [r.stage for r in results] == ["done", "process", "done"]


def test_an_error_of_our_own_ends_the_run_with_its_traceback(worker: list[str]) -> None:
    with pytest.raises(RuntimeError, match=r"(?s)2-bug.*Traceback.*NameError: ours"):
        measure(["1", "2-bug", "3"])


def test_a_process_that_has_grown_is_replaced_between_two_images(worker: list[str]) -> None:
    results = measure(["1", "2", "3-fat", "4", "5"])
    pids = [r.error for r in results]
    assert all(r.stage == "done" for r in results)
    assert pids[0] == pids[1] == pids[2] != pids[3] == pids[4]


def test_a_process_knows_its_next_image_in_time_to_read_it_ahead(worker: list[str]) -> None:
    results = measure([str(i) for i in range(5)])
    assert [r.message for r in results][1:] == ["1|2", "2|3", "3|4", "4|None"]


def test_an_image_is_not_blamed_for_the_file_that_was_read_ahead_of_it(worker: list[str]) -> None:
    """The process dies while the second file is read beside the measuring of the first."""
    results = measure(["1", "2-deadly", "3"])
    assert [r.stage for r in results] == ["done", "process", "done"]
    assert "2-deadly" in results[1].message


def test_an_image_that_kills_its_process_is_tried_once_more_by_itself(worker: list[str], tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    worker[0] = FAKE_WORKER.replace(
        '    if "crash"', f"    open({str(seen)!r}, 'a').write(f'{{address}} {{upcoming}};')\n    if \"crash\"", 1
    )
    measure(["1-crash", "2", "3"])
    assert seen.read_text().startswith("1-crash 2;1-crash None;2 3;") or seen.read_text().startswith("1-crash None;2 ")


def test_leaving_early_ends_the_processes(worker: list[str]) -> None:
    with pytest.raises(KeyboardInterrupt), Crew(PLAN, 1, 60) as crew:
        first = next(crew.measure(["1", "2-hang"] + ["3"] * 100))
        started = time.monotonic()
        raise KeyboardInterrupt
    assert time.monotonic() - started < 10
    assert isinstance(first, Failure)
    with pytest.raises(ProcessLookupError):
        os.kill(int(first.error), 0)


@pytest.mark.parametrize(("source", "said"), [("", ""), ("raise SystemExit('no engine')", "its last words: no engine")])
def test_processes_that_cannot_start_end_the_run_with_one_sentence(
    worker: list[str], tmp_path: Path, source: str, said: str
) -> None:
    starts = tmp_path / "starts"
    worker[0] = f"open({str(starts)!r}, 'a').write('x')\n{source}"
    with pytest.raises(MeasuringError, match=f"before they have started, 2 in a row .*{said}"):
        measure(["1", "2", "3"])
    assert starts.read_text() == "xx"


def test_a_start_that_fails_once_is_tried_again(worker: list[str], tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    worker[0] = (
        f"import os, pathlib\nif not pathlib.Path({str(mark)!r}).exists():\n"
        f"    pathlib.Path({str(mark)!r}).touch()\n    os._exit(9)\n{FAKE_WORKER}"
    )
    assert [r.stage for r in measure(["1", "2"])] == ["done", "done"]


def test_no_more_than_a_bounded_number_waits_for_the_consumer(worker: list[str]) -> None:
    asked: list[int] = []

    def addresses() -> Iterator[str]:
        for i in range(500):
            asked.append(i)
            yield str(i)

    with Crew(PLAN, 2, 30) as crew:
        results = crew.measure(addresses())
        first = [next(results).message.split("|")[0] for _ in range(5)]  # type: ignore[union-attr]
        assert first == ["0", "1", "2", "3", "4"]
        assert len(asked) < 5 + 2 * module._AHEAD_PER_WORKER
        assert [r.message.split("|")[0] for r in results] == [str(i) for i in range(5, 500)]  # type: ignore[union-attr]


# -- the real process


@pytest.fixture(scope="module")
def script_output(picture_folder: Path) -> str:
    """The ten-line script of a user has no ``if __name__ == "__main__"``; it must not start itself again."""
    script = (
        "from artwork_insights.features.extraction.crew import Crew\n"
        "from artwork_insights.features.extraction.plan import MeasurePlan\n"
        "from artwork_insights.features.embedding.embedder import choose_embedding\n"
        "plan = MeasurePlan(choose_embedding('none'), groups=('file', 'faces'))\n"
        f"names = [{str(picture_folder)!r} + '/' + name for name in ('face.jpg', 'gone.jpg', 'notes.txt')]\n"
        "with Crew(plan, 1) as crew:\n"
        "    one, gone, notes = crew.measure(names)\n"
        "print(one.values['face_count'], gone.stage, notes.stage)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_a_real_process_measures_without_a_guard_in_the_main_module(script_output: str) -> None:
    assert script_output == "1 read decode\n"


@pytest.fixture
def real_worker() -> Iterator[subprocess.Popen[bytes]]:
    """A measuring process of our own, ready for its first image."""
    command = [sys.executable, "-m", "artwork_insights.features.extraction.worker"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None and process.stdout is not None
        pickle.dump((MeasurePlan(EmbeddingChoice("none", 0), groups=("file",)), 0.5), process.stdin)
        process.stdin.flush()
        assert process.stdout.read(len(module.READY)) == module.READY
        yield process
        process.kill()


def test_a_process_whose_caller_is_gone_ends_quietly(
    real_worker: subprocess.Popen[bytes], picture_folder: Path
) -> None:
    assert real_worker.stdin is not None and real_worker.stdout is not None and real_worker.stderr is not None
    real_worker.stdout.close()
    pickle.dump((str(picture_folder / "tiny.png"), None), real_worker.stdin)
    real_worker.stdin.close()
    assert real_worker.wait(timeout=30) == 0
    assert real_worker.stderr.read() == b""


def test_the_alarm_ends_a_process_that_waits_for_a_file(
    real_worker: subprocess.Popen[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file whose bytes never come; the caller need not be alive for it to end."""
    import http.server
    import threading

    class Silent(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            time.sleep(5)

        do_GET = do_HEAD

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Silent)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    assert real_worker.stdin is not None
    pickle.dump((f"http://127.0.0.1:{server.server_port}/a.jpg", None), real_worker.stdin)
    real_worker.stdin.flush()
    assert real_worker.wait(timeout=30) == -signal.SIGALRM
    server.shutdown()
