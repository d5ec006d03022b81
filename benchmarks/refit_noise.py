"""How far an estimate moves by chance when it is made anew: ``python benchmarks/refit_noise.py [--draws 6]``.

Prints, for catalogues of the structural model with planted features, how many standard errors the headline moves with
other folds and seeds, and with a random number among the confounders (docs/placebos.md).
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "recovery"))

from test_planted_truth import CONFOUNDERS, cells_of  # noqa: E402

from artwork_insights.catalog.synthetic import make_catalogue  # noqa: E402
from artwork_insights.inquiry.fitting import fit_hypothesis  # noqa: E402
from artwork_insights.inquiry.refits import Remaker  # noqa: E402
from artwork_insights.inquiry.stress import add_random_cause, refit_with_zero_confounder  # noqa: E402
from artwork_insights.study import Estimation, Hypothesis  # noqa: E402

CATALOGUES = ((300, "face_present"), (300, "face_count > 3"), (80, "face_present"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=6)
    draws = parser.parse_args().draws
    settings = Estimation()
    chance, noise = [], []
    for titles, treatment in CATALOGUES:
        cells = cells_of(make_catalogue("additive", 7, titles))
        question = Hypothesis(name="h", treatment=treatment, confounders=CONFOUNDERS)
        fitted = fit_hypothesis(cells, question, settings, 1, ("mundlak",))
        before = Remaker(fitted, settings, 1).baseline
        for draw in range(draws):
            maker = replace(Remaker(fitted, settings, 1), seed=1000 * (draw + 1))
            after = maker.estimate(refit_with_zero_confounder(maker))
            chance.append((after.effect - before.effect) / before.std_error)
            same_folds = Remaker(fitted, settings, 1)
            noise.append(add_random_cause(same_folds, before, draw).in_errors)
        moves = f"folds {np.round(chance[-draws:], 2)}, noise {np.round(noise[-draws:], 2)}"
        print(f"{titles} titles, {treatment}: {moves}", flush=True)
    for name, moved in (("other folds and seeds", chance), ("a random confounder", noise)):
        spread = float(np.sqrt(np.mean(np.square(moved))))
        print(f"{name}: root mean square {spread:.2f} standard errors, largest {np.abs(moved).max():.2f}")


if __name__ == "__main__":
    main()
