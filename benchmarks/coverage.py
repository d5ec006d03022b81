"""Coverage of our intervals over simulated catalogues: ``python benchmarks/coverage.py --draws 500 --results FILE``.

Every draw has unobserved title quality, non-linear confounding, 100 to 100,000 impressions a cell, 4 to 10 artworks a
title, near-duplicates among them, and effects that differ by genre (`tests/recovery/simulator.py`). Beside our estimate
stand the analyses that must fail. The truth is the mean planted effect of the very cells that an estimate speaks of.

FILE holds one line per draw and is carried on with where it was left; each line records its seed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import expit

sys.path.pop(0)  # this folder: numba imports a package called coverage
sys.path.insert(0, str(Path(__file__).parents[1]))

from artwork_insights.design.assignment import Assignment, make_assignment
from artwork_insights.design.confounders import Confounders
from artwork_insights.design.learners.title_levels import TitleLevels
from artwork_insights.effects.design_fit import DesignFit, fit_design
from artwork_insights.effects.estimates import EffectEstimate
from artwork_insights.effects.groups import group_effects_of
from artwork_insights.effects.nuisances import Nuisances, Settings, fold_labels
from artwork_insights.effects.sample import AnalysisSample
from artwork_insights.outcomes.precision import precision_weights
from artwork_insights.study import DesignName
from tests.recovery.simulator import Draw, draw_catalogue

NAMES = ("x", "z", "country")
MEAN_EFFECT = 0.01
N_TITLES = 150
COPIES = 0.15
CONTROL_DRAWS = 100  # enough for analyses that miss by far, and for the cost of tuning anew
TUNING_SEED = 999_983
Z_95 = 1.959963984540054


@dataclass(frozen=True)
class Row:
    """One estimate beside its truth."""

    analysis: str
    truth: float
    effect: float
    std_error: float
    low: float
    high: float


def merge_copies(draw: Draw) -> Draw:
    """Near-duplicates of a title as one artwork: impressions and takes add up."""
    frame = pd.DataFrame({"picture": draw.picture, "country": draw.country, "n": draw.impressions, "k": draw.takes})
    total = frame.groupby(["picture", "country"])[["n", "k"]].transform("sum").to_numpy()
    first = ~frame.duplicated(["picture", "country"]).to_numpy()
    kept = select(draw, first)
    n, k = total[first].T
    weights = precision_weights(k, n, kept.title, kept.country)
    return replace(kept, outcome=k / n, impressions=n, takes=k, weights=weights)


def assign(draw: Draw, weights: np.ndarray | None = None) -> Assignment:
    """The draw as a study would assign it."""
    return make_assignment(
        draw.treatment,
        Confounders(draw.confounders, NAMES, NAMES),
        draw.title,
        asset=draw.asset,
        weights=draw.weights if weights is None else weights,
        groups={"genre": draw.genre, "country": draw.country},
    )


def fit(
    draw: Draw, design: DesignName, seed: int, *, weights: np.ndarray | None = None, tune: bool = False
) -> DesignFit:
    """Fit a design with settings tuned once on a draw of its own, or on the draw itself as a study does."""
    sample = AnalysisSample(assign(draw, weights), draw.outcome)
    folds = fold_labels(sample, 5, 1, np.random.default_rng(seed))
    return fit_design(sample, design, folds, trim=0.05, seed=seed, settings=None if tune else tuned())


def fit_true_models(draw: Draw) -> DesignFit:
    """`within` on a draw without effects, with the simulator's own curves in place of learnt ones."""
    sample = AnalysisSample(assign(draw), draw.outcome)
    x, z, country = draw.confounders.T
    curves = {True: 0.5 * z**2 + np.sin(2 * x), False: 0.01 * z**2 + 0.015 * np.sin(2 * x) + 0.01 * country}
    title, weights = sample.assignment.title, sample.assignment.weights
    targets = {True: draw.treatment, False: draw.outcome}
    margin = {
        is_binary: curve + TitleLevels(title, targets[is_binary], weights, is_binary=is_binary).solve(curve)
        for is_binary, curve in curves.items()
    }
    expected = Nuisances(np.clip(expit(margin[True]), 1e-6, 1 - 1e-6), *[margin[False]] * 3)
    return fit_design(sample, "within", [], trim=0.05, seed=0, nuisances=[expected])


@cache
def tuned() -> Settings:
    """Settings that the grid search chooses on a draw that is not counted."""
    draw = merge_copies(draw_catalogue(TUNING_SEED, n_titles=N_TITLES, copies=COPIES))
    sample = AnalysisSample(assign(draw), draw.outcome)
    folds = fold_labels(sample, 5, 1, np.random.default_rng(0))
    return fit_design(sample, "mundlak", folds, trim=0.05, seed=0).settings


def truth_of(draw: Draw, fitted: DesignFit, inside: np.ndarray | None = None, overlap: bool = False) -> float:
    """Mean planted effect over the cells of a fit, weighted as the estimate weights them."""
    weights = fitted.sample.assignment.weights
    if overlap:
        weights = weights * fitted.partially_linear_scores().denominator[0]
    inside = np.ones(len(weights), dtype=bool) if inside is None else inside
    return float(np.average(draw.effect[fitted.keep][inside], weights=weights[inside]))


def analyses(seed: int, mean_effect: float) -> Iterator[Row]:
    """Our estimates and the analyses that must fail, on one draw."""
    raw = draw_catalogue(seed, n_titles=N_TITLES, mean_effect=mean_effect, copies=COPIES)
    draw = merge_copies(raw)
    without = "" if mean_effect else ", no effect"
    mundlak, within = fit(draw, "mundlak", seed), fit(draw, "within", seed)
    yield _row(f"mundlak, ATE{without}", truth_of(draw, mundlak), mundlak.estimate("ATE"))
    yield _row(f"within, ATO{without}", truth_of(draw, within, overlap=True), within.estimate("ATO"))
    for group in group_effects_of(mundlak, "ATE", ("genre", "country")):
        inside = mundlak.sample.assignment.groups[group.modifier].astype(str) == group.group
        yield _row(f"mundlak, by {group.modifier}{without}", truth_of(draw, mundlak, inside), group.estimate)
    if not mean_effect:
        known = fit_true_models(draw)
        yield _row("within, ATO, no effect, true models", truth_of(draw, known, overlap=True), known.estimate("ATO"))
        return
    yield _as_independent("rows as independent", draw, mundlak, np.ones(len(mundlak.sample.outcome)))
    if seed >= CONTROL_DRAWS:
        return
    as_a_study = fit(draw, "mundlak", seed, tune=True)
    yield _row("mundlak, ATE, tuned on each draw", truth_of(draw, as_a_study), as_a_study.estimate("ATE"))
    by_count = fit(raw, "mundlak", seed, weights=raw.impressions)
    yield _as_independent("impressions as frequencies", raw, by_count, raw.impressions[by_count.keep])
    pooled = fit(draw, "pooled", seed)
    yield _row("pooled design", truth_of(draw, pooled), pooled.estimate("ATE"))
    left_out = replace(draw, outcome=draw.outcome - siblings_mean(draw))
    own = fit(select(left_out, np.isfinite(left_out.outcome)), "within", seed)
    truth = truth_of(select(left_out, np.isfinite(left_out.outcome)), own, overlap=True)
    yield _row("own title means on a leave-one-out outcome", truth, own.estimate("ATO"))


def siblings_mean(draw: Draw) -> np.ndarray:
    """Mean outcome of the title's other artworks in the same country; NaN where there is none."""
    cell = pd.DataFrame({"y": draw.outcome}).groupby([draw.title, draw.country])["y"]
    others = cell.transform("size") - 1
    return ((cell.transform("sum") - draw.outcome) / others.where(others > 0)).to_numpy()


def select(draw: Draw, rows: np.ndarray) -> Draw:
    """Some rows of a draw."""
    return Draw(*(getattr(draw, name)[rows] for name in Draw.__dataclass_fields__))


def _row(analysis: str, truth: float, estimate: EffectEstimate) -> Row:
    return Row(analysis, truth, estimate.effect, estimate.std_error, *estimate.interval())


def _as_independent(analysis: str, draw: Draw, fitted: DesignFit, counts: np.ndarray) -> Row:
    """The same estimate with the error of rows that stand alone, each counted so many times."""
    scores, weights = fitted.scores("ATE"), fitted.sample.assignment.weights
    effect = fitted.estimate("ATE").effect
    deviations = weights * (scores.numerator[0] - effect * scores.denominator[0])
    error = float(np.sqrt((deviations**2 / counts).sum()) / (weights @ scores.denominator[0]))
    return Row(analysis, truth_of(draw, fitted), effect, error, effect - Z_95 * error, effect + Z_95 * error)


def run(seed: int, mean_effect: float) -> list[dict[str, object]]:
    """One draw as lines of the results file."""
    return [{"seed": seed, **asdict(row)} for row in analyses(seed, mean_effect)]


def simulate(draws: int, path: Path, workers: int) -> pd.DataFrame:
    """Run the draws that the file lacks, with and without an effect."""
    done = set()
    if path.exists():
        done = {tuple(json.loads(line)["task"]) for line in path.read_text(encoding="utf-8").splitlines()}
    tasks = [(seed, effect) for seed in range(draws) for effect in (MEAN_EFFECT, 0.0) if (seed, effect) not in done]
    with ProcessPoolExecutor(workers) as pool, path.open("a", encoding="utf-8") as file:
        waiting = {pool.submit(run, *task): task for task in tasks}
        for future in as_completed(waiting):
            file.write(json.dumps({"task": waiting[future], "rows": future.result()}) + "\n")
            file.flush()
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return pd.DataFrame([row for line in lines if line["task"][0] < draws for row in line["rows"]])


def print_table(rows: pd.DataFrame) -> None:
    """Bias, coverage and rejections with their Monte Carlo errors.

    Errors clustered by title allow for other titles with other effects. So an interval covers the mean over the very
    cells of its draw more often than it says, and the mean over all draws, the population's, as often as it says.
    """
    heads = ["analysis", "draws", "bias, % of the effect", "bias, in standard errors", "spread, in standard errors"]
    heads += ["covers its cells' truth", "covers the population's", "rejects 0"]
    print("| " + " | ".join(heads) + " |")
    print("|---" * len(heads) + "|")
    for analysis, part in rows.groupby("analysis", sort=False):
        n = part["seed"].nunique()
        error = part["effect"] - part["truth"]
        z = (error / part["std_error"].median()).groupby(part["seed"]).mean()
        own = _covered(part, part["truth"])
        all_draws = own if "genre" in str(analysis) else _covered(part, part["truth"].mean())
        rejects = ((part["low"] > 0) | (part["high"] < 0)).groupby(part["seed"]).mean()
        print(
            f"| {analysis} | {n} | {100 * error.mean() / MEAN_EFFECT:+.1f} | {_with_error(z, '+.2f')} "
            f"| {(error / part['std_error']).std():.2f} "
            f"| {_with_error(own)} | {_with_error(all_draws)} | {_with_error(rejects)} |"
        )


def _covered(part: pd.DataFrame, truth: pd.Series | float) -> pd.Series:
    """Share of a draw's intervals that cover."""
    return ((part["low"] <= truth) & (truth <= part["high"])).groupby(part["seed"]).mean()


def _with_error(by_draw: pd.Series, form: str = ".3f") -> str:
    """Mean over draws with its Monte Carlo error."""
    error = by_draw.std() / np.sqrt(len(by_draw))
    return f"{by_draw.mean():{form}} ± {error:{form.lstrip('+')}}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=500)
    parser.add_argument("--results", type=Path, default=Path("coverage.jsonl"))
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    print_table(simulate(given.draws, given.results, given.workers))


if __name__ == "__main__":
    main()
