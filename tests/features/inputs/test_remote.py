from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import fsspec
import pandas as pd
import pytest

from artwork_insights.errors import ImageError, TableError
from artwork_insights.features.inputs import hosts, remote
from artwork_insights.features.inputs import location as location_module
from artwork_insights.features.inputs.location import read_bytes
from artwork_insights.features.inputs.remote import list_objects
from artwork_insights.features.inputs.sources import Sources, find_sources


@pytest.fixture(autouse=True)
def _hosts_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosts, "_failures", {})


def _ids(sources: Sources) -> list[str]:
    return [asset.asset_id for asset in sources.assets]


def _fill(bucket: Any, *names: str) -> None:
    for name in names:
        bucket.put_object(Key=name, Body=name.encode())


def test_folders_patterns_and_files_on_s3_are_found_and_read(bucket: Any) -> None:
    _fill(bucket, "p/b.jpg", "p/a.png", "p/sub/c.webp", "p/.hidden", "p/.cache/x.jpg", "p2/other.jpg", "p/empty/")
    sources = find_sources(["s3://art/p"])
    assert _ids(sources) == ["a", "b", "c"]
    assert sources.notes == ("1 hidden file was passed over.",)
    assert [read_bytes(asset.address) for asset in sources.assets] == [b"p/a.png", b"p/b.jpg", b"p/sub/c.webp"]
    assert sources.assets[2].location == sources.assets[2].address == "s3://art/p/sub/c.webp"
    assert _ids(find_sources(["s3://art/p/"])) == _ids(sources)
    assert _ids(find_sources(["s3://art/p/*.*"])) == ["a", "b"]
    assert _ids(find_sources(["s3://art/**/*.[jw]*"])) == ["b", "c", "other"]
    assert _ids(find_sources(["s3://art/p2/other.jpg", "s3://art/p/b.jpg"])) == ["other", "b"]
    assert len(find_sources(["s3://art"]).assets) == 4


def test_every_page_of_a_listing_is_followed_in_the_order_of_the_names(bucket: Any) -> None:
    """1,205 objects are two pages of S3; the witness is boto3's own listing."""
    from moto.core import DEFAULT_ACCOUNT_ID
    from moto.s3.models import s3_backends

    store = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
    for i in range(1205):
        store.put_object("art", f"many/{i * 7919 % 1205}.jpg", b"x" * (i % 3))
    found = list(list_objects("s3://art/many"))
    assert found == [(entry.key.removeprefix("many/"), entry.size) for entry in bucket.objects.all()]
    assert len(found) == 1205
    names = [asset.location for asset in find_sources(["s3://art/many"]).assets]
    assert names == sorted(names) and len(names) == 1205


def test_a_store_that_does_not_list_in_order_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(remote._LISTINGS, "s3fs", lambda *_: iter([("k/b", 1), ("k/a", 1)]))
    with pytest.raises(TableError, match="does not list its objects in order"):
        list(list_objects("s3://bucket/k"))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("s3://nowhere/", r"s3://nowhere/: there is no such file, folder or bucket\."),
        ("s3://nowhere/x.jpg", "no such file, folder or bucket"),
        ("s3://nowhere/*.jpg", "no such file, folder or bucket"),
        ("s3://art/gone.jpg", "no such file, folder or bucket"),
        ("s3://art/gone/", "holds no file"),
        ("s3://art/gone*.jpg", "no file matches it as a pattern"),
        ("s3://art/gone.csv", r"s3://art/gone\.csv: there is no such file"),
        ("s3://art/gone*.parquet", "no file matches it as a pattern"),
        ("s3://", "names nothing"),
        ("nonsense://a/b", "Protocol not known: nonsense"),
    ],
)
def test_what_is_not_on_the_store_ends_as_one_sentence(bucket: Any, text: str, sentence: str) -> None:
    with pytest.raises(TableError, match=sentence) as caught:
        find_sources([text])
    assert "\n" not in str(caught.value)


def test_a_missing_object_of_a_manifest_is_a_matter_of_its_own_row(bucket: Any, tmp_path: Path) -> None:
    _fill(bucket, "a.jpg")
    (tmp_path / "m.csv").write_text("asset_id,location\n1,s3://art/a.jpg\n2,s3://art/gone.jpg\n3,s3://nowhere/a.jpg\n")
    assets = find_sources([str(tmp_path / "m.csv")]).assets
    assert read_bytes(assets[0].address) == b"a.jpg"
    for asset in assets[1:]:
        with pytest.raises(ImageError, match="no such file, folder or bucket"):
            read_bytes(asset.address)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_manifest_on_the_store_names_objects_beside_itself(bucket: Any, tmp_path: Path, suffix: str) -> None:
    frame = pd.DataFrame({"asset_id": ["x", "y"], "location": ["pictures/a.jpg", "s3://other/b.jpg"]})
    path = tmp_path / f"m.{suffix}"
    frame.to_csv(path, index=False) if suffix == "csv" else frame.to_parquet(path)
    bucket.upload_file(str(path), f"lists/m.{suffix}")
    sources = find_sources([f"s3://art/lists/m.{suffix}"])
    assert [a.location for a in sources.assets] == ["pictures/a.jpg", "s3://other/b.jpg"]
    assert [a.address for a in sources.assets] == ["s3://art/lists/pictures/a.jpg", "s3://other/b.jpg"]
    assert sources.base == "s3://art/lists"
    beside = find_sources([f"s3://art/lists/*.{suffix}", __file__])
    assert beside.assets[0].location == "s3://art/lists/pictures/a.jpg"


def test_archives_on_the_store_are_read_member_by_member(bucket: Any, shard: Any) -> None:
    for number in range(2):
        files = {
            f"{number}{i}.{kind}": f"{number}{i}{kind}".encode() * 400 for i in range(9) for kind in ("jpg", "json")
        }
        bucket.put_object(Key=f"shards/0000{number}.tar", Body=shard(files))
    _fill(bucket, "shards/00000.parquet", "shards/00000_stats.json")
    sources = find_sources(["s3://art/shards"])
    assert _ids(sources) == [f"{number}{i}" for number in range(2) for i in range(9)]
    assert sources.notes == (
        "20 sidecar files (.json, .txt, .parquet beside an image or in an archive) were passed over.",
    )
    assert read_bytes(sources.assets[12].address) == b"13jpg" * 400
    assert read_bytes(sources.assets[12].location) == b"13jpg" * 400
    assert sources.assets[12].location == "s3://art/shards/00001.tar::13.jpg"


def test_wrong_or_missing_credentials_are_named(bucket: Any, s3_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import s3fs

    _fill(bucket, "p/a.jpg")
    switch = f"{s3_server}/moto-api/reset-auth"
    urlopen(Request(switch, data=b"0", headers={"Content-Type": "text/plain"})).close()  # check keys from now on
    try:
        for step in ("wrong", "missing"):
            s3fs.S3FileSystem.clear_instance_cache()
            with pytest.raises(TableError, match=r"s3://art/p/: access was refused \(.+\); check the credentials"):
                find_sources(["s3://art/p/"])
            with pytest.raises(ImageError, match=r"s3://art/p/a\.jpg: access was refused"):
                read_bytes("s3://art/p/a.jpg")
            if step == "wrong":
                monkeypatch.delenv("AWS_ACCESS_KEY_ID")
                monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    finally:
        urlopen(Request(switch, data=b"inf", headers={"Content-Type": "text/plain"})).close()
        s3fs.S3FileSystem.clear_instance_cache()


def test_a_large_object_is_refused_after_its_beginning(bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _fill(bucket, "p/a-name-longer-than-the-limit.jpg", "short.jpg")
    monkeypatch.setattr(location_module, "MAX_BYTES", 20)
    monkeypatch.setattr(location_module, "_FIRST_BYTES", 4)
    read: list[tuple[int, int]] = []
    whole = location_module.read_range
    monkeypatch.setattr(location_module, "read_range", lambda where, *span: read.append(span) or whole(where, *span))
    with pytest.raises(ImageError, match="larger than"):
        read_bytes("s3://art/p/a-name-longer-than-the-limit.jpg")
    assert read == []
    assert read_bytes("s3://art/short.jpg") == b"short.jpg"
    assert read == [(4, 9)]


def test_an_image_on_a_store_is_one_request(bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _fill(bucket, "a.jpg")
    bucket.put_object(Key="empty.jpg", Body=b"")
    with pytest.raises(ImageError, match=r"empty\.jpg: the file is empty"):
        read_bytes("s3://art/empty.jpg")
    monkeypatch.setattr(location_module, "size_of", lambda location: pytest.fail(f"{location}: asked for its size"))
    assert read_bytes("s3://art/a.jpg") == b"a.jpg"


@pytest.mark.parametrize(
    ("protocol", "sentence"),
    [
        ("s3", r"needs the package s3fs; install it with: pip install 'artwork-insights\[s3\]'"),
        ("gs", r"needs the package gcsfs; install it with: pip install 'artwork-insights\[gs\]'"),
        ("abfs", "reading abfs:// addresses needs another package"),
    ],
)
def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch, protocol: str, sentence: str) -> None:
    def refuse(name: str) -> None:
        raise ImportError(f"Install something to access {name}")

    monkeypatch.setattr(fsspec, "filesystem", refuse)
    with pytest.raises(ImageError, match=sentence):
        read_bytes(f"{protocol}://bucket/a.jpg")
    with pytest.raises(TableError, match=sentence):
        find_sources([f"{protocol}://bucket/"])


def test_google_cloud_storage_is_listed_page_by_page_and_read(google_bucket: dict[str, bytes], shard: Any) -> None:
    """Against a look-alike of its JSON interface with pages of three; the real service was never asked."""
    google_bucket |= {f"p/{i:02d} #.jpg": f"picture {i}".encode() for i in range(10)}
    google_bucket["shards/0.tar"] = shard({"a.jpg": b"in the archive"})
    sources = find_sources(["gs://art/p"])
    assert _ids(sources) == [f"{i:02d} #" for i in range(10)]
    assert read_bytes(sources.assets[7].address) == b"picture 7"
    assert _ids(find_sources(["gs://art/p/*[37]*.jpg"])) == ["03 #", "07 #"]
    (member,) = find_sources(["gs://art/shards/0.tar"]).assets
    assert read_bytes(member.address) == b"in the archive"


def test_faults_of_google_cloud_storage_are_sentences(google_bucket: dict[str, bytes]) -> None:
    google_bucket["a.jpg"] = b"x"
    with pytest.raises(TableError, match=r"gs://art/gone/: the folder holds no file"):
        find_sources(["gs://art/gone/"])
    with pytest.raises(TableError, match=r"gs://nowhere/p/: there is no such file, folder or bucket"):
        find_sources(["gs://nowhere/p/"])
    with pytest.raises(TableError, match=r"gs://closed/p/: access was refused .*no access.*; check the credentials"):
        find_sources(["gs://closed/p/"])
    with pytest.raises(ImageError, match=r"gs://art/gone\.jpg: there is no such file"):
        read_bytes("gs://art/gone.jpg")


def test_any_other_store_is_listed_too() -> None:
    with fsspec.open("memory://shelf/p/b.jpg", "wb") as file:
        file.write(b"bytes of b")
    with fsspec.open("memory://shelf/p/q/a.jpg", "wb") as file:
        file.write(b"bytes of a")
    sources = find_sources(["memory://shelf/p"])
    assert _ids(sources) == ["b", "a"]
    assert [asset.n_bytes for asset in sources.assets] == [10, 10]
    assert read_bytes(sources.assets[1].address) == b"bytes of a"
    assert _ids(find_sources(["memory://shelf/p/*/*.jpg"])) == ["a"]


class _Moody(BaseHTTPRequestHandler):
    """Answers 503 as often as the name says (``2-times.jpg``), then the picture."""

    asked: list[str]

    def do_HEAD(self) -> None:
        self.do_GET(with_body=False)

    def do_GET(self, *, with_body: bool = True) -> None:
        self.asked.append(self.path)
        busy = self.asked.count(self.path) <= int(self.path[1])
        body = b"" if busy else b"picture"
        self.send_response(503 if busy else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body if with_body else b"")

    def log_message(self, format: str, *args: object) -> None:
        return


@pytest.fixture
def moody_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, list[str]]]:
    asked: list[str] = []
    monkeypatch.setattr(remote.time, "sleep", lambda seconds: None)
    with ThreadingHTTPServer(("127.0.0.1", 0), type("Moody", (_Moody,), {"asked": asked})) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


def test_a_busy_server_is_asked_again_a_bounded_number_of_times(moody_server: tuple[str, list[str]]) -> None:
    host, asked = moody_server
    assert read_bytes(f"{host}/2-times.jpg") == b"picture"
    with pytest.raises(ImageError, match=r"9-times\.jpg: the server does not answer as it should, after several"):
        read_bytes(f"{host}/9-times.jpg")
    assert 4 <= asked.count("/9-times.jpg") <= 8  # four attempts, each of which may ask for the size in two ways


def test_a_server_that_is_not_there_is_no_missing_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote.time, "sleep", lambda seconds: None)
    with pytest.raises(ImageError, match=r"http://127\.0\.0\.1:9/a\.jpg: the server does not answer"):
        read_bytes("http://127.0.0.1:9/a.jpg")


@pytest.fixture
def closed_port(monkeypatch: pytest.MonkeyPatch) -> int:
    """A port of this machine that nothing listens on."""
    monkeypatch.setattr(remote.time, "sleep", lambda seconds: None)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def test_a_host_that_is_not_there_is_left_alone_and_asked_again_later(
    closed_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = f"http://127.0.0.1:{closed_port}"
    with pytest.raises(ImageError, match=r"/0-a\.jpg: the server does not answer .* attempts \(ClientConnector"):
        read_bytes(f"{host}/0-a.jpg")
    asked: list[str] = []
    handler = type("Moody", (_Moody,), {"asked": asked})
    with ThreadingHTTPServer(("127.0.0.1", closed_port), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        reason = rf"0-b\.jpg: 127\.0\.0\.1:{closed_port} could not be reached 4 times in a row \(.*--retry-failures"
        with pytest.raises(ImageError, match=reason):
            read_bytes(f"{host}/0-b.jpg")
        assert asked == [], "the others fail without a connection"
        assert read_bytes(f"http://localhost:{closed_port}/0-b.jpg") == b"picture", "another host is asked"
        now = time.monotonic()
        monkeypatch.setattr(hosts.time, "monotonic", lambda: now + hosts.REST_SECONDS)
        assert read_bytes(f"{host}/0-b.jpg") == b"picture"
        monkeypatch.undo()
        assert read_bytes(f"{host}/0-c.jpg") == b"picture", "an answer wipes the slate clean"
        server.shutdown()


def test_a_server_that_answers_with_errors_is_there(moody_server: tuple[str, list[str]]) -> None:
    host, _ = moody_server
    for name in "abc":
        with pytest.raises(ImageError, match="the server does not answer as it should"):
            read_bytes(f"{host}/9-{name}.jpg")
    assert read_bytes(f"{host}/0-times.jpg") == b"picture"


def test_a_host_that_swallows_connections_costs_the_time_of_connecting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A full queue of connections drops what else comes, like a host behind a wall."""
    monkeypatch.setattr(remote.time, "sleep", lambda seconds: None)
    monkeypatch.setattr(remote, "CONNECT_SECONDS", 0.2)
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        waiting = [socket.socket() for _ in range(3)]
        for connection in waiting:
            connection.setblocking(False)
            connection.connect_ex(server.getsockname())
        started = time.monotonic()
        with pytest.raises(ImageError, match=r"the server does not answer .* attempts \(ConnectionTimeoutError"):
            read_bytes(f"http://127.0.0.1:{server.getsockname()[1]}/a.jpg")
        assert 0.8 <= time.monotonic() - started < 10  # four attempts, each in up to two ways
        for connection in waiting:
            connection.close()
