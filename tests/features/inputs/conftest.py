"""An S3 server and a Google Cloud Storage look-alike on this machine, and archives as img2dataset writes them."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlparse

import pytest

from tests.features.inputs.tars import tar_of

KEYS = {
    "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}  # fmt: skip


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """Address of a real S3 server."""
    server = pytest.importorskip("moto.server", reason="needs moto").ThreadedMotoServer("127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An empty bucket ``art`` behind the usual environment variables, as a boto3 resource."""
    import boto3
    import s3fs

    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server)
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    made = boto3.resource("s3").Bucket("art")
    made.create()
    yield made
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    made.objects.delete()
    made.delete()


class _GoogleStorage(BaseHTTPRequestHandler):
    """The four requests of the JSON interface that reading needs, with pages of three objects."""

    objects: dict[str, bytes]

    def do_GET(self) -> None:
        url = urlparse(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        parts = url.path.strip("/").split("/")
        if "b" not in parts or parts[parts.index("b") + 1] == "closed":
            return self._answer(403 if "b" in parts else 404, b'{"error": {"message": "no access"}}')
        rest = parts[parts.index("b") + 1 :]
        if rest[0] != "art":
            return self._answer(404, b"{}")
        if len(rest) < 3:
            return self._answer(200, json.dumps(self._page(query) if len(rest) == 2 else {"name": "art"}).encode())
        name = unquote("/".join(rest[2:]))
        if name not in self.objects:
            return self._answer(404, b"{}")
        if query.get("alt") != "media":
            return self._answer(200, json.dumps({"name": name, "size": str(len(self.objects[name]))}).encode())
        first, _, last = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")
        return self._answer(206, self.objects[name][int(first) : int(last) + 1 if last else None])

    def _page(self, query: dict[str, str]) -> dict[str, Any]:
        names = sorted(name for name in self.objects if name.startswith(query.get("prefix", "")))
        start = int(query.get("pageToken", 0))
        items = [{"name": name, "size": str(len(self.objects[name]))} for name in names[start : start + 3]]
        return {"items": items} | ({"nextPageToken": str(start + 3)} if start + 3 < len(names) else {})

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        return


@pytest.fixture
def google_bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, bytes]]:
    """Objects of the bucket ``gs://art``, to be filled by the test."""
    gcsfs = pytest.importorskip("gcsfs", reason="needs gcsfs")
    objects: dict[str, bytes] = {}
    handler = type("Storage", (_GoogleStorage,), {"objects": objects})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{server.server_port}")
        gcsfs.GCSFileSystem.clear_instance_cache()
        yield objects
        server.shutdown()
    gcsfs.GCSFileSystem.clear_instance_cache()


MakeTar = Callable[..., bytes]


@pytest.fixture
def shard() -> MakeTar:
    """Bytes of a tar archive of the given files, in the order given."""
    return tar_of


@pytest.fixture
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
