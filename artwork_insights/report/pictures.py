"""Pictures of a run folder as data URIs: the report carries them inside itself."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

JPEG_START = b"\xff\xd8\xff"


def picture_name(asset_id: str) -> str:
    """Name of an asset's picture in ``pictures/``: 16 hex digits of the identifier's SHA-256, and ``.jpg``.

    An identifier is untrusted text and may hold a path; its digest cannot.
    """
    return hashlib.sha256(asset_id.encode("utf-8", "surrogatepass")).hexdigest()[:16] + ".jpg"


def picture_uri(run_dir: Path, asset_id: str) -> str | None:
    """Return the asset's picture as a ``data:`` URI; None where the file is missing or no JPEG."""
    path = run_dir / "pictures" / picture_name(asset_id)
    if not path.is_file():
        return None
    content = path.read_bytes()
    if not content.startswith(JPEG_START):
        return None
    return "data:image/jpeg;base64," + base64.b64encode(content).decode("ascii")
