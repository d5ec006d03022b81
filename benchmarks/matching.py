"""Time of matching n treated against n controls on the propensity, and its growth: ``python benchmarks/matching.py``.

Both sides' logits are normal, .6 SD apart; caliper .2 SD, without replacement. Each size is matched three times, the
sizes in turn, and the best time counts. The exponent is the slope of log time over log n through all sizes. Processor
time is the one to read: other work on the machine lengthens the wall time much and the processor's little.
"""

from __future__ import annotations

import argparse
import math
import time

import numpy as np

from artwork_insights.design.matching import match_pairs

SIZES = [62_500, 125_000, 250_000, 500_000, 1_000_000]
TIMES = 3


def seconds_to_match(n: int) -> tuple[float, float, int]:
    """Processor and wall seconds for n against n, and how many pairs there are."""
    rng = np.random.default_rng(0)
    logit = np.r_[rng.normal(0.3, 1, n), rng.normal(-0.3, 1, n)]
    propensity, treated = 1 / (1 + np.exp(-logit)), np.r_[np.ones(n), np.zeros(n)]
    processor, wall = time.process_time(), time.perf_counter()
    pairs = match_pairs(propensity, treated)
    return time.process_time() - processor, time.perf_counter() - wall, len(pairs.treated)


def exponent(sizes: list[int], seconds: list[float]) -> float:
    """Slope of log time over log size, by least squares."""
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--times", type=int, default=TIMES)
    arguments = parser.parse_args()
    processor, wall, pairs = {}, {}, {}
    for _ in range(arguments.times):
        for n in arguments.sizes:
            one, other, pairs[n] = seconds_to_match(n)
            processor[n] = min(one, processor.get(n, math.inf))
            wall[n] = min(other, wall.get(n, math.inf))
    print("| n against n | pairs | processor | wall |\n|---|---|---|---|")
    for n in arguments.sizes:
        print(f"| {n:,} | {pairs[n]:,} | {processor[n]:.3f} s | {wall[n]:.2f} s |")
    if len(arguments.sizes) > 1:
        growth = [exponent(arguments.sizes, [of[n] for n in arguments.sizes]) for of in (processor, wall)]
        print(f"| exponent | | {growth[0]:.2f} | {growth[1]:.2f} |")


if __name__ == "__main__":
    main()
