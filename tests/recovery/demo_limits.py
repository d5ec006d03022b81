"""Hold a finished demo against what it promises: python tests/recovery/demo_limits.py RESULTS.json"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from artwork_insights.demo import AVERAGE, NAIVE
from artwork_insights.report.findings import Finding, read_results

LARGEST_Z = 3.0
FEWEST_INSIDE, N_GROUPS = 9, 11
LARGEST_RELATIVE_ERROR = 0.2
LARGEST_SHARE_OF_SPREAD = 0.5
NAIVE_Z = 4.0


def faults(finding: Finding) -> list[str]:
    """What a finding with planted truth fails to keep, in words."""
    rows = {row.label: row for row in finding.truth}
    groups = [row for row in finding.truth if ": " in row.label]
    average, naive = rows[AVERAGE], rows[NAIVE]
    z = [abs(row.estimate - row.truth) / row.std_error for row in groups]
    spread = np.std([row.truth for row in groups if row.label.startswith("genre: ")])
    promises = {
        "the truth lies in the interval of the average": average.inside,
        f"there are {N_GROUPS} groups": len(groups) == N_GROUPS,
        f"all groups are within {LARGEST_Z:g} errors": max(z) <= LARGEST_Z,
        f"at least {FEWEST_INSIDE} groups are inside": sum(row.inside for row in groups) >= FEWEST_INSIDE,
        "the error of the average is small": average.std_error <= LARGEST_RELATIVE_ERROR * abs(average.truth),
        "group errors are small": np.median([row.std_error for row in groups]) <= LARGEST_SHARE_OF_SPREAD * spread,
        "the naive contrast is wrong": abs(naive.estimate - naive.truth) > NAIVE_Z * naive.std_error,
    }
    return [f"{finding.question.name}: not kept: {promise}" for promise, kept in promises.items() if not kept]


def main(path: Path) -> int:
    planted = [finding for finding in read_results(path).findings if finding.truth]
    broken = [fault for finding in planted for fault in faults(finding)]
    print("\n".join(broken) or f"{len(planted)} truth tables keep what they promise")
    return int(bool(broken) or len(planted) < 2)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
