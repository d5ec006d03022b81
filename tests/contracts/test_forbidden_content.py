"""What must not stand in the repository: hosts of package registries, paths of one machine, host-naming lock files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.contracts.sources import ROOT, repository_files

# The brackets keep these patterns from matching themselves.
HOSTS = re.compile(
    r"py[p]i\.org|python[h]osted\.org|npm[j]s\.(org|com)|deb\.deb[i]an\.org|download\.pyt[o]rch\.org"
    r"|registry\.[y]arnpkg\.com|conda\.[a]naconda\.org"
)
PATHS = re.compile(r"(^|[^A-Za-z0-9_./-])/(work|farm|root|home/[a-z]+|Users/[A-Za-z]+)/", re.MULTILINE)
LARGEST_KILOBYTES = 1500


def text_of(path: Path) -> str:
    data = path.read_bytes()
    return "" if b"\0" in data else data.decode("utf-8", errors="replace")


def test_no_file_names_a_registry_or_a_path_of_one_machine() -> None:
    faults = {
        str(path.relative_to(ROOT)): match.group()
        for path in repository_files()
        if path.suffix != ".svg" and (match := HOSTS.search(text := text_of(path)) or PATHS.search(text))
    }
    assert faults == {}


@pytest.mark.parametrize("line", ["see https://py" + "pi.org/x", "open('/ro" + "ot/x')", "cd /wo" + "rk/main"])
def test_a_host_and_a_path_are_noticed(line: str) -> None:
    assert HOSTS.search(line) or PATHS.search(line)


def test_relative_paths_and_addresses_are_no_machine_paths() -> None:
    assert PATHS.search("../work/x and https://example.org/work/x and a/home/me/x") is None


def test_no_lock_file_that_names_hosts_and_no_large_file_is_kept() -> None:
    names = {path.name for path in ROOT.iterdir()}
    assert not names & {"uv.lock", "pylock.toml", "poetry.lock", "Pipfile.lock"}
    large = {path.name for path in repository_files() if path.stat().st_size > LARGEST_KILOBYTES * 1024}
    assert large == set()


def test_every_locked_package_is_pinned_with_a_hash_and_serves_what_the_project_asks_for() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    blocks = re.split(r"\n(?=\S)", lock.strip())
    assert [
        block.splitlines()[0] for block in blocks if not re.search(r"==.*--hash=sha256:[0-9a-f]{64}", block, re.DOTALL)
    ] == []
    assert "://" not in lock
    locked = {re.match(r"[a-z0-9-]+", block).group() for block in blocks}  # type: ignore[union-attr]
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    asked = {name.lower() for name in re.findall(r'^ {4}"([A-Za-z0-9-]+)[^"]*(?:[=<>]=)', project, re.MULTILINE)}
    assert len(asked) > 20
    assert asked - locked == set()
