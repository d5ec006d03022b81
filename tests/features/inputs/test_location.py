from __future__ import annotations

import os
import socket
import threading
from pathlib import Path

import pytest

from artwork_insights.errors import ImageError
from artwork_insights.features.inputs.location import MAX_BYTES, address_of, read_bytes
from artwork_insights.features.inputs.sources import find_sources


def test_what_is_no_file_costs_its_own_row_and_nobody_waits_for_it(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").mkdir()
    (tmp_path / "b.jpg").symlink_to(tmp_path / "gone")
    (tmp_path / "c.jpg").symlink_to(tmp_path / "c.jpg")
    os.mkfifo(tmp_path / "d.jpg")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "e.jpg"))
        (tmp_path / "f.jpg").symlink_to("/dev/zero")
        (tmp_path / "g.jpg").write_bytes(b"")
        with (tmp_path / "h.jpg").open("wb") as file:
            file.truncate(MAX_BYTES + 1)
        (tmp_path / "i.jpg").write_bytes(b"sound")
        (tmp_path / "j.jpg").write_bytes(b"vanishes after it was listed")
        sources = find_sources([str(tmp_path)])
        (tmp_path / "j.jpg").unlink()
        said: dict[str, str] = {}

        def read() -> None:
            for asset in sources.assets:
                try:
                    said[asset.asset_id] = read_bytes(asset.address).decode()
                except ImageError as error:
                    said[asset.asset_id] = str(error).removeprefix(f"{tmp_path}/")

        reader = threading.Thread(target=read, daemon=True)  # a read that waits would hold the test for ever
        reader.start()
        reader.join(30)
    assert said.pop("c").startswith("c.jpg: cannot be read (Too many levels of symbolic links")
    assert said == {
        "a": "a.jpg: a folder and not a file.",
        "b": "b.jpg: a link to a file that is not there.",
        "d": "d.jpg: a pipe and not a file.",
        "e": "e.jpg: a socket and not a file.",
        "f": "f.jpg: a device and not a file.",
        "g": "g.jpg: the file is empty.",
        "h": "h.jpg: larger than 100 MB, the limit for one image.",
        "i": "sound",
        "j": "j.jpg: there is no such file.",
    }


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_file_without_permission_costs_its_own_row(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"x")
    (tmp_path / "a.jpg").chmod(0)
    with pytest.raises(ImageError, match=r"a\.jpg: cannot be read \(Permission denied\)"):
        read_bytes(str(tmp_path / "a.jpg"))


def test_a_name_that_no_file_can_have_is_an_error_of_its_row() -> None:
    for name in ("a\0b.jpg", "x" * 5000):
        with pytest.raises(ImageError, match="cannot be read"):
            read_bytes(f"/tmp/{name}")


@pytest.mark.parametrize(
    ("location", "base", "address"),
    [
        ("a/../b.jpg", "/data", "/data/b.jpg"),
        ("/x/b.jpg", "/data", "/x/b.jpg"),
        ("s3://bucket/b.jpg", "/data", "s3://bucket/b.jpg"),
        ("b.jpg", "s3://bucket/lists", "s3://bucket/lists/b.jpg"),
        ("../p/b.jpg", "s3://bucket/lists", "s3://bucket/p/b.jpg"),
        ("/x/b.jpg", "s3://bucket/lists", "/x/b.jpg"),
        ("t/0.tar::a/../b.jpg", "/data", "/data/t/0.tar::a/../b.jpg"),
        ("s3://bucket/0.tar::b.jpg", "/data", "s3://bucket/0.tar::b.jpg"),
        ("0.tar::b.jpg", "s3://bucket", "s3://bucket/0.tar::b.jpg"),
        ("/t/0.tar::b.jpg#offset=512&bytes=9", "/data", "/t/0.tar::b.jpg#offset=512&bytes=9"),
        ("file:///x/a%20b.jpg", "/data", "/x/a b.jpg"),
    ],
)
def test_addresses_start_from_the_base_unless_they_are_whole(location: str, base: str, address: str) -> None:
    assert address_of(location, base) == address
    assert address_of(address, "/elsewhere") == address
