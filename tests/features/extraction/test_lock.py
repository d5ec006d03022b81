from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from artwork_insights.errors import OutputError
from artwork_insights.features.extraction.lock import LOCK_NAME, locked

HOLDER = (
    "import sys, pathlib, time\n"
    "from artwork_insights.features.extraction.lock import locked\n"
    "with locked(pathlib.Path(sys.argv[1])):\n"
    "    print('held', flush=True)\n"
    "    time.sleep(60)\n"
)


def test_a_folder_held_by_another_process_is_refused_until_that_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline() == b"held\n"
        held = rf"process {process.pid} on .* is extracting into this folder now"
        with pytest.raises(OutputError, match=held), locked(tmp_path):
            pass
        process.send_signal(signal.SIGKILL)
    assert (tmp_path / LOCK_NAME).exists()
    with locked(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_the_folder_is_free_again_after_an_error(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(KeyError), locked(tmp_path / "new"):
            raise KeyError
    assert list((tmp_path / "new").iterdir()) == []


def test_a_lock_file_that_its_holder_removed_locks_nothing(tmp_path: Path) -> None:
    """Who waits with an old descriptor must not believe to hold the folder while another holds the new file."""
    with locked(tmp_path):
        (tmp_path / LOCK_NAME).unlink()
        with locked(tmp_path), pytest.raises(OutputError), locked(tmp_path):
            pass


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="cannot be written"), locked(tmp_path / "file"):
        pass


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_the_right_to_write_is_one_sentence(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="Permission denied"), locked(tmp_path):
        pass
