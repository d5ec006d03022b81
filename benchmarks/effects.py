"""Average effects by double machine learning, ours beside EconML's with grid-searched XGBoost, in one run.

    python benchmarks/effects.py --rows 100000 --columns 100      our two scores and EconML's two estimators
    python benchmarks/effects.py --rows 20000                     a quick look
    python benchmarks/effects.py --scaling                        time and memory against rows, ours only

Both tune the same grid of 12 on folds grouped by title and cross-fit on the same folds. EconML tunes anew in every fold
(GridSearchCV around each nuisance model), as its documentation shows; it cannot stop early there, so it is given the
number of trees that ours found. Errors of its DRLearner are not clustered; a gap between estimates is counted in the
larger of the two errors. Each runs in a process of its own, whose peak memory and processor time are reported. A peer
that passes --limit is stopped, and its time counts as a lower bound.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parent
sys.path[:] = [place for place in sys.path if Path(place).resolve() != FOLDER]  # numba imports a module `coverage`
FOLDS = 5
EFFECT = 0.3
EQUAL_WITHIN = 0.25  # standard errors
LARGEST_RSS_GB = 3.0
QUEUE = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class Table:
    outcome: np.ndarray
    treatment: np.ndarray
    confounders: np.ndarray
    title: np.ndarray
    fold: np.ndarray


def draw(rows: int, columns: int, seed: int = 0) -> Table:
    """Titles of 10 rows; a third of the columns are described by few levels; non-linear confounding by six columns."""
    from artwork_insights.design.folds import assign_title_folds

    rng = np.random.default_rng(seed)
    title = np.repeat(np.arange(rows // 10 + 1), 10)[:rows]
    x = rng.normal(size=(rows, columns)) + 0.5 * rng.normal(size=(rows // 10 + 1, columns))[title]
    x[:, 2::3] = np.round(x[:, 2::3])
    shape = np.sin(2 * x[:, 0]) + (x[:, 1] > 0.5) + 0.5 * x[:, 2] * (x[:, 3] > 0) + 0.3 * x[:, 4] ** 2
    treated = (rng.random(rows) < 1 / (1 + np.exp(-(0.7 * (shape - shape.mean()) - 0.3 * x[:, 5])))).astype(float)
    outcome = shape + EFFECT * treated + rng.normal(size=rows)
    return Table(outcome, treated, x, title, assign_title_folds(title, FOLDS, rng))


def ours(table: Table) -> dict[str, object]:
    """Tuning, cross-fitting and both scores of one design."""
    from artwork_insights.design.assignment import make_assignment
    from artwork_insights.design.confounders import Confounders
    from artwork_insights.effects.design_fit import fit_design
    from artwork_insights.effects.sample import AnalysisSample

    names = tuple(f"x{k}" for k in range(table.confounders.shape[1]))
    started = time.perf_counter()
    assignment = make_assignment(table.treatment, Confounders(table.confounders, names, names), table.title)
    fit = fit_design(AnalysisSample(assignment, table.outcome), "pooled", [table.fold], trim=0.01, seed=0)
    found = {"plr": fit.estimate("ATO", plr=True), "aipw": fit.estimate("ATE")}
    assert fit.settings is not None
    return {
        "seconds": time.perf_counter() - started,
        **{name: (estimate.effect, estimate.std_error) for name, estimate in found.items()},
        "treatment": fit.settings.treatment.as_dict(),
        "outcome": fit.settings.outcome.as_dict(),
    }


def peer(table: Table, score: str, trees: dict[str, int], cores: int) -> dict[str, object]:
    """EconML with nested grid searches, as many models at once as there are cores."""
    from econml.dml import LinearDML
    from econml.dr import LinearDRLearner
    from joblib.externals.loky import get_reusable_executor
    from sklearn.model_selection import GridSearchCV, GroupKFold
    from xgboost import XGBClassifier, XGBRegressor

    from artwork_insights.design.learners.boosting import GRID

    def searched(kind: type, which: str) -> GridSearchCV:
        model = kind(
            n_estimators=trees[which], tree_method="hist", max_bin=64, subsample=0.8, colsample_bynode=0.8, n_jobs=1
        )
        grid = {name: sorted({getattr(s, name) for s in GRID}) for name in ("max_depth", "learning_rate")}
        grid["min_child_weight"] = sorted({s.min_child_weight for s in GRID})
        return GridSearchCV(model, grid, cv=GroupKFold(FOLDS), n_jobs=cores)

    splits = [(np.flatnonzero(table.fold != f), np.flatnonzero(table.fold == f)) for f in range(FOLDS)]
    treatment = searched(XGBClassifier, "treatment")
    outcome = searched(XGBRegressor, "outcome")
    started = time.perf_counter()
    if score == "plr":
        model = LinearDML(model_y=outcome, model_t=treatment, discrete_treatment=True, cv=splits, random_state=0)
    else:
        model = LinearDRLearner(
            model_propensity=treatment, model_regression=outcome, cv=splits, min_propensity=0.01, random_state=0
        )
    model.fit(table.outcome, table.treatment.astype(int), X=None, W=table.confounders, groups=table.title)
    seconds = time.perf_counter() - started
    get_reusable_executor().shutdown(wait=True)  # only then does their processor time count
    found = model.intercept__inference() if score == "plr" else model.intercept__inference(T=1)
    return {
        "seconds": seconds,
        score: (float(np.ravel(found.point_estimate)[0]), float(np.ravel(found.stderr)[0])),
    }


def _child(pipe: Connection, task: Callable[..., dict[str, object]], arguments: tuple[object, ...]) -> None:
    os.setsid()  # so that its workers can be stopped with it
    found = task(*arguments)
    own, workers = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    cpu = own.ru_utime + own.ru_stime + workers.ru_utime + workers.ru_stime
    gigabytes = {"peak_gb": own.ru_maxrss / 1024**2, "largest_worker_gb": workers.ru_maxrss / 1024**2}
    pipe.send({**found, "cpu_seconds": cpu, **gigabytes})


def measure(task: Callable[..., dict[str, object]], *arguments: object, limit: float = float("inf")) -> dict:
    """Run a task in a process of its own; past the limit it is stopped, and only the time is known."""
    receiver, sender = QUEUE.Pipe(duplex=False)
    process = QUEUE.Process(target=_child, args=(sender, task, arguments))
    started = time.perf_counter()
    process.start()
    sender.close()
    arrived = receiver.poll(None if limit == float("inf") else limit)
    found = receiver.recv() if arrived else {"seconds": time.perf_counter() - started, "stopped": True}
    if not arrived:
        os.killpg(process.pid, signal.SIGKILL)
    process.join()
    return found


def compare(rows: int, columns: int, limit: float, cores: int) -> None:
    table = draw(rows, columns)
    mine = measure(ours, table)
    print(json.dumps({"ours, both scores": mine}))
    trees = {which: int(mine[which]["rounds"]) for which in ("treatment", "outcome")}
    for score, name in (("plr", "LinearDML"), ("aipw", "LinearDRLearner")):
        theirs = measure(peer, table, score, trees, cores, limit=limit)
        print(json.dumps({name: theirs}))
        bound = ">= " if theirs.get("stopped") else ""
        print(f"{score}: ours {mine['seconds']:.1f} s, EconML {bound}{theirs['seconds']:.1f} s: "
              f"{bound}{theirs['seconds'] / mine['seconds']:.1f} times as long")  # fmt: skip
        if score in theirs:
            ratio = theirs["cpu_seconds"] / mine["cpu_seconds"]
            print(f"{score}: processor time, ours (both scores) {mine['cpu_seconds']:.1f} s, "
                  f"EconML {theirs['cpu_seconds']:.1f} s: {ratio:.1f} times as much")  # fmt: skip
            error = max(mine[score][1], theirs[score][1])
            gap = abs(mine[score][0] - theirs[score][0]) / error
            verdict = "equal" if gap <= EQUAL_WITHIN else "NOT equal"
            print(f"{score}: {mine[score][0]:.5f} against {theirs[score][0]:.5f}, {gap:.2f} standard errors: {verdict}")
    small = mine["peak_gb"] < LARGEST_RSS_GB
    print(f"peak memory {mine['peak_gb']:.2f} GB ({'below' if small else 'NOT below'} {LARGEST_RSS_GB:g} GB)")


def scale(columns: int, sizes: tuple[int, ...]) -> None:
    seconds = []
    for rows in sizes:
        found = measure(ours, draw(rows, columns))
        seconds.append(found["seconds"])
        cpu, peak = found["cpu_seconds"], found["peak_gb"]
        trees = " and ".join(f"{found[which]['rounds']:.0f}" for which in ("treatment", "outcome"))
        print(f"{rows:>9,} rows x {columns}: {found['seconds']:.1f} s ({cpu:.1f} s of processor), {peak:.2f} GB, "
              f"{trees} trees", flush=True)  # fmt: skip
    if len(sizes) > 1:
        print(f"time grows as rows ^ {np.polyfit(np.log(sizes), np.log(seconds), 1)[0]:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--columns", type=int, default=None, help="at least 6; 100, or 50 with --scaling")
    parser.add_argument("--limit", type=float, default=3600.0, help="seconds after which a peer is stopped")
    parser.add_argument("--cores", type=int, default=2, help="models that the peer fits at once")
    parser.add_argument("--scaling", action="store_true")
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    chosen = parser.parse_args()
    if chosen.scaling:
        scale(chosen.columns or 50, tuple(chosen.sizes))
    else:
        compare(chosen.rows, chosen.columns or 100, chosen.limit, chosen.cores)


if __name__ == "__main__":
    main()
