"""Whether an image is still the one that was measured."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence

from artwork_insights.errors import ImageError
from artwork_insights.features.inputs.asset_list import Source
from artwork_insights.features.inputs.location import file_behind, is_remote, read_bytes


def touched_since(assets: Sequence[Source], moment_ns: int) -> Iterator[Source]:
    """Local images whose file was written, replaced, renamed or given other rights after a moment.

    No file changes without this: its ctime moves on, also where a copy or a checkout keeps or sets the time of
    writing. So an image that is not among them has the content it had. One that is among them may have it too, because
    copying a folder touches every file in it; its checksum tells, see `first_edit`. Files on other machines are never
    among them: their stores tell sizes, which the roster of an output compares.

    Parameters
    ----------
    assets : sequence of Source
    moment_ns : int
        Nanoseconds since 1970, such as the time of writing of the shard that measured them.
    """
    for asset in assets:
        if not is_remote(asset.address) and _touched_ns(asset.address) > moment_ns:
            yield asset


def first_edit(touched: Sequence[Source], sha256: Mapping[str, str]) -> Source | None:
    """The first image whose content is another than was measured, None where there is none.

    Parameters
    ----------
    touched : sequence of Source
    sha256 : mapping of str to str
        Checksum by asset_id; assets that it lacks were never measured, and are passed over.
    """
    for asset in touched:
        if asset.asset_id in sha256 and _checksum(asset.address) != sha256[asset.asset_id]:
            return asset
    return None


def _checksum(address: str) -> str | None:
    try:
        return hashlib.sha256(read_bytes(address)).hexdigest()
    except ImageError:
        return None


def _touched_ns(address: str) -> int:
    try:
        status = os.stat(file_behind(address))  # noqa: PTH116
    except (OSError, ValueError):
        return 0
    return max(status.st_mtime_ns, status.st_ctime_ns)
