"""Tar archives that the tests make."""

from __future__ import annotations

import tarfile
from io import BytesIO


def tar_of(files: dict[str, bytes], file_format: int = tarfile.USTAR_FORMAT) -> bytes:
    """Bytes of a tar archive of the given files, in the order given."""
    buffer = BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=file_format) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, BytesIO(content))
    return buffer.getvalue()
