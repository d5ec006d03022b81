from __future__ import annotations

import os
import pickle
import tarfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from artwork_insights.errors import ImageError, TableError
from artwork_insights.features.inputs import location as location_module
from artwork_insights.features.inputs.archives import Damage, Member, members_of, place_of
from artwork_insights.features.inputs.location import address_of, read_bytes
from artwork_insights.features.inputs.sources import Sources, find_sources
from tests.features.inputs.tars import tar_of

LONG = "deep/" * 30 + "name"


def _index(data: bytes) -> list[Member | Damage]:
    return list(members_of(BytesIO(data), len(data)))


def _files(*numbers: int) -> dict[str, bytes]:
    """What img2dataset writes: a picture, its caption and its facts under one key."""
    return {
        f"{number:09d}.{kind}": f"{kind} of {number} ".encode() * (number * 37 % 90)
        for number in numbers
        for kind in ("jpg", "json", "txt")
    }


def _ids(sources: Sources) -> list[str]:
    return [asset.asset_id for asset in sources.assets]


@pytest.mark.parametrize("file_format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_the_index_is_that_of_the_standard_library(shard: Any, file_format: int) -> None:
    names = ["a.jpg", "b/c.png", f"{'x' * 90}/{'y' * 60}.jpg", "empty.jpg", "ü.jpg", "block.bin"]
    if file_format != tarfile.USTAR_FORMAT:
        names += [f"{LONG}-{'z' * 300}.jpg"]
    data = shard({name: b"p" * (i * 511) for i, name in enumerate(names)} | {"block.bin": b"q" * 1024}, file_format)
    with tarfile.open(fileobj=BytesIO(data)) as archive:
        expected = [Member(m.name, m.offset_data, m.size) for m in archive]
    assert [member.name for member in expected] == names
    assert _index(data) == expected


@settings(max_examples=50, deadline=None)
@given(
    files=st.dictionaries(st.text(st.characters(codec="utf-8", exclude_characters="\0/"), min_size=1), st.binary()),
    file_format=st.sampled_from([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]),
    joined=st.booleans(),
)
def test_any_archive_gives_back_what_went_in(files: dict[str, bytes], file_format: int, joined: bool) -> None:
    data = tar_of(files, file_format) * (2 if joined else 1)
    found = [(m.name, data[m.offset : m.offset + m.n_bytes]) for m in _index(data) if isinstance(m, Member)]
    assert found == list(files.items()) * (2 if joined else 1)


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_damage_anywhere_ends_the_index_and_nothing_else(data: st.DataObject) -> None:
    buffer = BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in ("a.jpg", "é" * 120):
            member = tarfile.TarInfo(name)
            member.size = 700
            archive.addfile(member, BytesIO(b"x" * 700))
    content = bytearray(buffer.getvalue()[: data.draw(st.integers(0, 10240))])
    for _ in range(data.draw(st.integers(0, 6)) if content else 0):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    found = _index(bytes(content))
    assert len(found) < 40 and not any(isinstance(item, Damage) for item in found[:-1])


def test_a_folder_of_shards_is_its_images_named_by_key(tmp_path: Path, shard: Any) -> None:
    contents = {}
    for name, numbers in (("00000", (1, 2)), ("00001", (10001, 10002))):
        contents |= _files(*numbers)
        (tmp_path / f"{name}.tar").write_bytes(shard(_files(*numbers)))
        (tmp_path / f"{name}.parquet").touch()
        (tmp_path / f"{name}_stats.json").touch()
    (tmp_path / "cover.jpg").write_bytes(b"a file beside them")
    sources = find_sources([str(tmp_path)])
    assert _ids(sources) == ["000000001", "000000002", "000010001", "000010002", "cover"]
    assert sources.notes == (
        "12 sidecar files (.json, .txt, .parquet beside an image or in an archive) were passed over.",
    )
    for asset in sources.assets[:4]:
        assert read_bytes(asset.address) == contents[f"{asset.asset_id}.jpg"]
        assert asset.n_bytes == len(contents[f"{asset.asset_id}.jpg"])
    assert sources.assets[0].location == f"{tmp_path}/00000.tar::000000001.jpg"
    assert list(find_sources([f"{tmp_path}/*.tar"]).assets) == list(sources.assets[:4])


def test_an_address_is_plain_text_that_any_process_can_read(
    in_folder: Path, shard: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "odd #offset=1&bytes=2 :: (ü).jpg"
    (in_folder / "a.tar").write_bytes(shard({"x.json": b"{}", name: b"picture"}, tarfile.PAX_FORMAT))
    (asset,) = find_sources(["a.tar"]).assets
    assert asset.location == f"a.tar::{name}"
    assert asset.address == f"{in_folder}/a.tar::{name}#offset=2560&bytes=7"
    address = pickle.loads(pickle.dumps(asset.address))
    again = address_of(asset.location, in_folder)  # from the tables, where no offset stands
    monkeypatch.chdir("/")
    assert read_bytes(address) == b"picture"
    assert address_of(address, "/elsewhere") == address
    assert place_of(again) is not None and read_bytes(again) == b"picture"
    with pytest.raises(ImageError, match=r"a\.tar: the archive holds no file 'gone\.jpg'"):
        read_bytes(f"{in_folder}/a.tar::gone.jpg")


def test_equal_keys_in_two_shards_are_told_apart_by_the_shard(tmp_path: Path, shard: Any) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.tar").write_bytes(shard({"1.jpg": name.encode()}))
    sources = find_sources([str(tmp_path)])
    assert _ids(sources) == ["a.tar::1.jpg", "b.tar::1.jpg"]
    assert [read_bytes(asset.address) for asset in sources.assets] == [b"a", b"b"]


def test_of_members_of_one_name_the_last_counts_as_when_unpacked(tmp_path: Path) -> None:
    """The witness is the standard library, which unpacks the same archive."""
    contents = [("1.jpg", b"first"), ("./2.jpg", b"two"), ("3.jpg", b"three"), ("1.jpg", b"second"), ("2.jpg", b"2")]
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        for name, content in contents:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, BytesIO(content))
    with tarfile.open(tmp_path / "a.tar") as archive:
        archive.extractall(tmp_path / "unpacked", filter="data")
    sources = find_sources([str(tmp_path / "a.tar")])
    assert _ids(sources) == ["3", "1", "2"]
    unpacked = {path.stem: path.read_bytes() for path in (tmp_path / "unpacked").iterdir()}
    assert {asset.asset_id: read_bytes(asset.address) for asset in sources.assets} == unpacked
    assert read_bytes(f"{tmp_path}/a.tar::1.jpg") == unpacked["1"] == b"second", "by its name alone as well"
    assert sources.notes == (
        "2 members of archives that a later one of the same name replaces, as when unpacked, were passed over.",
    )


def test_links_hidden_files_and_folders_in_an_archive_are_no_images(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        for name, kind in (("p", tarfile.DIRTYPE), ("p/link.jpg", tarfile.SYMTYPE), ("p/._a.jpg", tarfile.REGTYPE)):
            member = tarfile.TarInfo(name)
            member.type = kind
            archive.addfile(member)
        member = tarfile.TarInfo("./p/a.left.jpg")
        member.size = 3
        archive.addfile(member, BytesIO(b"abc"))
    sources = find_sources([str(tmp_path / "a.tar")])
    assert _ids(sources) == ["p/a.left"]
    assert sources.notes == (
        "1 hidden file was passed over.",
        "1 member of archives (links, devices) was passed over.",
    )


@pytest.mark.parametrize("cut", [600, 2600, 5000, 8704])
def test_of_an_archive_cut_off_the_whole_images_are_read_and_the_rest_is_a_row(
    tmp_path: Path, shard: Any, cut: int
) -> None:
    files = {f"{i}.jpg": bytes([65 + i]) * 1000 for i in range(6)}  # 1,536 bytes each
    (tmp_path / "a.tar").write_bytes(shard(files)[:cut])
    (tmp_path / "b.jpg").write_bytes(b"whole")
    sources = find_sources([str(tmp_path)])
    read, failed = [], []
    for asset in sources.assets:
        try:
            read.append(read_bytes(asset.address))
        except ImageError as error:
            failed.append(str(error))
    whole = [content for i, content in enumerate(files.values()) if 1536 * i + 1512 <= cut]
    assert read == [*whole, b"whole"]
    cut_within = bool(1512 > cut % 1536 > 512)
    assert len(failed) == 1 + cut_within
    assert f"a.tar: the archive is cut off or damaged at byte {cut:,}" in failed[-1].replace(
        f"{cut // 512 * 512:,}", f"{cut:,}"
    )
    if cut_within:
        assert "the archive is cut off within this file" in failed[0]


def test_bytes_that_are_no_header_cost_what_lies_behind_them(tmp_path: Path, shard: Any) -> None:
    data = bytearray(shard({f"{i}.jpg": b"x" * 1000 for i in range(6)}))
    data[1536 * 4 + 20] ^= 0xFF
    (tmp_path / "a.tar").write_bytes(data)
    sources = find_sources([str(tmp_path / "a.tar")])
    assert _ids(sources) == ["0", "1", "2", "3", "a"]
    with pytest.raises(ImageError, match=r"a\.tar: the archive is cut off or damaged at byte 6,144; the images before"):
        read_bytes(sources.assets[-1].address)
    assert sources.assets[-1].location == str(tmp_path / "a.tar")


def test_archives_that_are_none_or_hold_no_image_are_refused_by_name_and_a_row_in_a_folder(
    tmp_path: Path, shard: Any
) -> None:
    contents = {
        "source.tar": shard({"main.py": b"import this", "README": b""}),
        "facts.tar": shard({"1.json": b"{}"}),
        "empty.tar": b"",
        "nonsense.tar": b"no archive at all" * 100,
        "zipped.tar": b"\x1f\x8b\x08" + os.urandom(2000),
        "zipped.tar.gz": b"\x1f\x8b\x08" + os.urandom(2000),
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(
            TableError, match=r"compressed tar archive" if name.endswith("gz") else "expected an uncompressed"
        ):
            find_sources([str(tmp_path / name)])
    (tmp_path / "a.jpg").write_bytes(b"x")
    sources = find_sources([str(tmp_path)])
    assert len(sources.assets) == len(contents) + 1
    for asset in sources.assets[1:]:
        with pytest.raises(
            ImageError, match=r"an archive in which no image can be found; expected an uncompressed \.tar"
        ):
            read_bytes(asset.address)


def test_a_large_member_is_refused_before_it_is_read(
    tmp_path: Path, shard: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.tar").write_bytes(shard({"1.jpg": b"x" * 11, "2.jpg": b"x" * 10, "3.jpg": b""}))
    monkeypatch.setattr(location_module, "MAX_BYTES", 10)
    large, fitting, empty = find_sources([str(tmp_path / "a.tar")]).assets
    with pytest.raises(ImageError, match="larger than"):
        read_bytes(large.address)
    assert read_bytes(fitting.address) == b"x" * 10
    with pytest.raises(ImageError, match="empty"):
        read_bytes(empty.address)


def test_members_of_more_than_8_gb_are_stepped_over() -> None:
    """GNU's base-256 size; the archive is a hole with two headers in it."""
    size = 9 * 2**30
    huge, small = tarfile.TarInfo("huge.bin"), tarfile.TarInfo("small.jpg")
    huge.size, small.size = size, 3

    pieces = {0: huge.tobuf(tarfile.GNU_FORMAT), 512 + size: small.tobuf(tarfile.GNU_FORMAT), 1536 + size: bytes(512)}

    class Hole(BytesIO):
        def seek(self, offset: int, whence: int = 0) -> int:
            self.at = offset
            return offset

        def read(self, n: int | None = -1) -> bytes:
            return pieces.pop(self.at, b"")

    assert list(members_of(Hole(), 2048 + size)) == [
        Member("huge.bin", 512, size),
        Member("small.jpg", 1024 + size, 3),
    ]
