"""Every file below a folder of this machine, in the order of the paths, holding the names of few folders at once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from artwork_insights.errors import OutputError, TableError
from artwork_insights.features.inputs.entries import IMAGE_SUFFIXES, Entry, PassedOver, Pattern, stem_of, suffix_of
from artwork_insights.features.table import MANIFEST_NAME, read_manifest


class FolderSearch:
    """Walks folders; one search serves all the inputs of a run, so that no folder is walked twice.

    Files come in the order of their paths compared as text, which is also the order in which object stores list. Every
    file is an entry, also a pipe, a broken link, or an empty folder named like an image: reading it will fail, in its
    own row. Links to files are files of their own name. Links to folders are followed unless they lead to a folder
    that is searched anyway. A folder that holds the output of an extraction is passed over.

    Parameters
    ----------
    passed : PassedOver
        Counts what is left out.
    """

    def __init__(self, passed: PassedOver) -> None:
        self._passed = passed
        self._walked: set[tuple[int, int]] = set()

    def walk(self, top: str, pattern: Pattern | None = None) -> Iterator[Entry]:
        """Files below `top`, or those that a pattern below it means.

        Raises
        ------
        TableError
            When a folder cannot be read, or `top` itself is the output of an extraction.
        """
        if _is_extraction(Path(top)):
            raise TableError(f"{top}: is the output of an extraction; expected a folder of images.")
        walked = self._walked if pattern is None else set()  # two patterns may each mean a part of one folder
        home = os.path.join(os.path.realpath(top), "")  # noqa: PTH118
        stack = [("", iter(self._names_in(top, walked)))]
        while stack:
            folder, names = stack[-1]
            name = next(names, None)
            if name is None:
                stack.pop()
                continue
            relative = folder + name
            path = os.path.join("" if top == "." else top, relative)  # noqa: PTH118
            if name.endswith("/"):
                if self._is_wanted(path[:-1], relative[:-1], pattern, home):
                    stack.append((relative, iter(self._names_in(path, walked))))
            elif pattern is not None:
                if pattern.matches(relative):
                    yield Entry(path, relative, stem_of(relative))
            elif name.startswith("."):
                self._passed.hidden += 1
            else:
                yield Entry(path, relative, stem_of(relative))

    def _names_in(self, folder: str, walked: set[tuple[int, int]]) -> list[str]:
        """Sorted names in a folder, those of folders with a slash behind them; nothing where it was walked before.

        With the slash, names sort as the paths below them do.
        """
        try:
            status = os.stat(folder)  # noqa: PTH116
            if (status.st_dev, status.st_ino) in walked:
                self._passed.walked += 1
                return []
            walked.add((status.st_dev, status.st_ino))
            with os.scandir(folder) as found:
                names = [f"{entry.name}/" if _is_folder(entry) else entry.name for entry in found]
        except OSError as error:
            raise TableError(
                f"{folder}: this folder cannot be read ({error.strerror}); no image in it may be lost."
            ) from error
        return sorted(names)

    def _is_wanted(self, path: str, relative: str, pattern: Pattern | None, home: str) -> bool:
        if pattern is not None and not pattern.may_hold(relative):
            self._passed.folders += pattern.matches(relative)
            return False
        if pattern is None and relative.rpartition("/")[2].startswith("."):
            return False
        if os.path.islink(path) and os.path.join(os.path.realpath(path), "").startswith(home):  # noqa: PTH114, PTH118
            self._passed.walked += 1
            return False
        if _is_extraction(Path(path)):
            self._passed.extractions.append(path)
            return False
        return True


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        if not entry.is_dir():
            return False
        if suffix_of(entry.name) not in IMAGE_SUFFIXES:
            return True
        with os.scandir(entry.path) as inside:
            return next(inside, None) is not None
    except OSError:  # a link that leads in a circle
        return False


def _is_extraction(folder: Path) -> bool:
    if not (folder / MANIFEST_NAME).is_file():
        return False
    try:
        read_manifest(folder)
    except OutputError:
        return False
    return True
