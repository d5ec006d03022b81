"""Files that are either there in full or not at all, whatever happens while they are written."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from artwork_insights.errors import OutputError

PART_SUFFIX = ".part"


@contextmanager
def written_in_full(path: Path) -> Iterator[Path]:
    """A temporary name beside `path`, renamed to it when the block ends; removed when the block fails.

    The caller flushes what it writes to the disk, see `write_synced`.

    Parameters
    ----------
    path : Path
        A file, or a folder that is not there.

    Raises
    ------
    OutputError
        When the disk is full or the folder cannot be written.
    """
    part = path.with_name(f"{path.name}{PART_SUFFIX}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield part
        part.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        remove(part)
        raise OutputError(
            f"{path}: cannot be written ({error.strerror or error}); what was finished before is safe: "
            "make room, then run the same command again."
        ) from error
    except BaseException:
        remove(part)
        raise


def write_synced(path: Path, data: bytes | memoryview) -> None:
    """Write a file and wait until it lies on the disk."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder lie on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove(path: Path) -> None:
    """Remove a file or folder, where it is there."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
