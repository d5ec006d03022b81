"""What boosted trees leave behind of confounding: ``python benchmarks/left_behind.py --rows 20000 --seeds 1 2 3 4``.

The table of `benchmarks/effects.py` with 30 columns is estimated with the same shape and number of trees and one thing
changed: how finely columns are binned, whether trees see all rows and columns, and the learning rate (a third of the
trees at three times the rate). Printed are the distances of the estimates from the truth, in standard errors: what is
not learnt stays in the effect. Above 5,000 rows the package takes the third line.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from unittest.mock import patch

import numpy as np

sys.path.pop(0)  # this folder: numba imports a package called coverage
sys.path.insert(0, str(Path(__file__).parents[1]))

from artwork_insights.design.assignment import make_assignment
from artwork_insights.design.confounders import Confounders
from artwork_insights.design.learners import BoostingSettings, boosting, features
from artwork_insights.design.learners.bin_cache import BinCache
from artwork_insights.effects.design_fit import fit_design
from artwork_insights.effects.nuisances import Settings
from artwork_insights.effects.sample import AnalysisSample
from benchmarks.effects import EFFECT, TRIM, draw

COLUMNS = 30
TREES = {"treatment": 360, "outcome": 550}  # at a rate of .05; early stopping found them on 20,000 rows of seed 1
LINES = {
    "64 bins, .8 of rows and columns": (64, 0.8, 0.05),
    "240 bins, .8 of rows and columns": (240, 0.8, 0.05),
    "240 bins, all rows and columns": (240, 1.0, 0.05),
    "240 bins, all rows and columns, rate .15": (240, 1.0, 0.15),
}


def distances(rows: int, seed: int, bins: int, share: float, rate: float) -> tuple[float, float]:
    """Errors of the partially linear and of the doubly robust estimate, each in its standard errors."""
    table = draw(rows, COLUMNS, seed)
    names = tuple(f"x{k}" for k in range(COLUMNS))
    assignment = make_assignment(table.treatment, Confounders(table.confounders, names, names), table.title)
    trees = [BoostingSettings(2, rate, 30.0, round(number * 0.05 / rate)) for number in TREES.values()]
    with (
        patch.object(features, "NUMBER_OF_BINS", bins),
        patch.object(features, "MOST_BINS", bins),
        patch.object(features, "BINNED_LATELY", BinCache()),
        patch.object(boosting, "share_drawn", lambda _: share),
    ):
        sample = AnalysisSample(assignment, table.outcome)
        fit = fit_design(sample, "pooled", [table.fold], trim=TRIM, seed=0, settings=Settings(*trees))
    found = fit.estimate("ATO", plr=True), fit.estimate("ATE")
    first, second = ((estimate.effect - EFFECT) / estimate.std_error for estimate in found)
    return first, second


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4])
    given = parser.parse_args()
    print("| trees | partially linear, by seed | mean | doubly robust, by seed | mean |\n|---|---|---|---|---|")
    for words, how in LINES.items():
        found = np.array([distances(given.rows, seed, *how) for seed in given.seeds])
        cells = [f"{', '.join(f'{z:+.1f}' for z in column)} | {column.mean():+.2f}" for column in found.T]
        print(f"| {words} | {cells[0]} | {cells[1]} |", flush=True)


if __name__ == "__main__":
    main()
