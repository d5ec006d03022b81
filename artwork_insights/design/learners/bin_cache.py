"""Bin numbers of columns binned lately, so that designs, repetitions and hypotheses do not sort one column twice."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

import numpy as np
import numpy.typing as npt

from artwork_insights.design.confounders import FloatArray

CodeArray = npt.NDArray[np.uint8]
LARGEST_SIZE = 256 * 1024**2
"""Bytes of bin numbers kept, one per row and column; beyond, the columns not asked for longest are dropped."""


class BinCache:
    """Bin numbers of columns, found by what the columns hold; threads may ask at the same time.

    A column is the same wherever it stands: the confounders of the pooled design are the first columns of the other
    two, and most columns of one hypothesis are confounders of the next. Other rows are another column.

    Parameters
    ----------
    largest : int
        Bytes kept.
    """

    def __init__(self, largest: int = LARGEST_SIZE) -> None:
        self.largest, self.size = largest, 0
        self._known: OrderedDict[bytes, CodeArray] = OrderedDict()
        self._lock = Lock()

    def look_up(self, values: FloatArray, make: Callable[[FloatArray], CodeArray]) -> CodeArray:
        """Bin numbers of a column of shape (n,), made where they are not known; not to be written to."""
        values = np.ascontiguousarray(values)
        key = hashlib.blake2b(values.data, digest_size=32).digest()
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        codes = make(values)
        with self._lock:
            if key not in self._known:
                self._known[key] = codes
                self.size += codes.nbytes
            while self.size > self.largest:
                self.size -= self._known.popitem(last=False)[1].nbytes
        return codes
