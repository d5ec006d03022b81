"""How the C library's allocator treats the large arrays of one image after the other."""

from __future__ import annotations

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # names of mallopt(3)
_KEPT_BYTES = 256 * 2**20


def keep_freed_memory() -> bool:
    """Let this process use freed memory again instead of giving it back and asking anew for every array.

    The allocator of glibc gives the free end of its heap back after every image, and maps the largest arrays by
    themselves; the kernel then clears every page again on first use. Arrays of up to 32 MB, all that its limit allows,
    now come from the heap, whose free end is kept up to 256 MB.

    Returns
    -------
    bool
        Whether there was such an allocator to tell.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # another C library, such as musl
        return False
    return all(mallopt(name, value) == 1 for name, value in ((_MMAP_THRESHOLD, 2**25), (_TRIM_THRESHOLD, _KEPT_BYTES)))
