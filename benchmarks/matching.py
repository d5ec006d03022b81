"""Time of matching n treated against n controls on the propensity, and its growth: ``python benchmarks/matching.py``.

Both sides' logits are normal, .6 SD apart; caliper .2 SD, without replacement. The exponent is the slope of log time
over log n between the two largest sizes.
"""

from __future__ import annotations

import argparse
import math
import time

import numpy as np

from artwork_insights.design.matching import match_pairs


def seconds_to_match(n: int) -> float:
    """Seconds for n against n."""
    rng = np.random.default_rng(0)
    logit = np.r_[rng.normal(0.3, 1, n), rng.normal(-0.3, 1, n)]
    treated = np.r_[np.ones(n), np.zeros(n)]
    started = time.perf_counter()
    pairs = match_pairs(1 / (1 + np.exp(-logit)), treated)
    seconds = time.perf_counter() - started
    print(f"| {n:,} against {n:,} | {seconds:.2f} s | {len(pairs.treated):,} pairs |")
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    sizes = parser.parse_args().sizes
    seconds = [seconds_to_match(n) for n in sizes]
    if len(sizes) > 1:
        print(f"exponent {math.log(seconds[-1] / seconds[-2]) / math.log(sizes[-1] / sizes[-2]):.2f}")


if __name__ == "__main__":
    main()
