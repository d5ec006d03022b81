"""A measuring process: reads addresses from stdin, writes measurements to stdout, both pickled.

Started by `crew` as ``python -m artwork_insights.features.extraction.worker``. It ends when its stdin does, so it
never outlives the process that started it, and it needs no guard around the caller's main module.
"""

from __future__ import annotations

import os
import pickle
import sys

from artwork_insights.features.extraction.crew import READY
from artwork_insights.features.extraction.measure import Measurer, use_one_thread


def main() -> None:
    """Measure image after image until stdin ends."""
    results = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not mix with the results
    use_one_thread()
    measurer = Measurer(pickle.load(sys.stdin.buffer))
    results.write(READY)
    results.flush()
    while True:
        try:
            address = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        pickle.dump(measurer.measure_file(address), results)
        results.flush()


if __name__ == "__main__":
    main()
