"""Average and group effects by double machine learning, ours beside EconML's with grid-searched XGBoost, in one run.

    python benchmarks/effects.py --rows 100000 --columns 100      ours, pooled, and EconML's two estimators
    python benchmarks/effects.py --design mundlak                 ours alone, the default design of the package
    python benchmarks/effects.py --all-designs                    ours alone, three designs as a study fits them
    python benchmarks/effects.py --rows 20000                     a quick look
    python benchmarks/effects.py --scaling                        time and memory against rows, ours only

Ours is timed from the arrays to the last number: tuning, cross-fitting, the average effects by both scores, effects by
genre, country and their crossing, and the diagnostics of the fit (models out of fold, overlap, balance). `mundlak` and
`within` add the title means of the confounders and the distances from them, so they have three times as many columns.

In the comparison both tune the same grid of 12 on folds grouped by title and cross-fit on the same folds and columns.
EconML 0.17 recognises a GridSearchCV and tunes it once for each nuisance model, on the folds it cross-fits on: 60
fits, one more on all rows, and 5 to cross-fit. It cannot stop early there, so it is given the number of trees that ours
found. Each of its two estimators tunes for itself; ours makes both scores from one tuning, and is held against each
alone and against the two together. Errors of its DRLearner are not clustered; a gap between estimates is counted in the
larger of the two errors. Each runs in a process of its own, whose peak memory and processor time are reported. A peer
that passes --limit or --times is stopped, and its time counts as a lower bound.
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
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from artwork_insights.effects.design_fit import DesignFit

FOLDER = Path(__file__).resolve().parent
sys.path[:] = [place for place in sys.path if Path(place).resolve() != FOLDER]  # numba imports a module `coverage`
FOLDS = 5
EFFECT = 0.3
EQUAL_WITHIN = 0.25  # standard errors
TIMES_FASTER = 6.0
LARGEST_RSS_GB = 3.0
DESIGNS = ("mundlak", "within", "pooled")  # in the order in which a study fits them; the first one tunes
LONGEST = {1: 240.0, 3: 600.0}  # seconds, by number of designs, for 100,000 rows x 100 on two cores
GROUPS = {"genre": 8, "country": 5}
TRIM = 0.01
QUEUE = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class Table:
    outcome: np.ndarray
    treatment: np.ndarray
    confounders: np.ndarray
    title: np.ndarray
    fold: np.ndarray
    groups: dict[str, np.ndarray]


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
    fold = assign_title_folds(title, FOLDS, rng)
    codes = {"genre": rng.integers(GROUPS["genre"], size=title[-1] + 1)[title]}
    codes["country"] = np.arange(rows) % GROUPS["country"]
    return Table(outcome, treated, x, title, fold, {name: code.astype(str) for name, code in codes.items()})


def ours(table: Table, designs: tuple[str, ...]) -> dict[str, object]:
    """Designs one after another, from arrays to effects, group effects and diagnostics; the first one tunes."""
    from artwork_insights.design.assignment import make_assignment
    from artwork_insights.design.confounders import Confounders
    from artwork_insights.effects.design_fit import fit_design
    from artwork_insights.effects.sample import AnalysisSample

    names = tuple(f"x{k}" for k in range(table.confounders.shape[1]))
    started = time.perf_counter()
    confounders = Confounders(table.confounders, names, names)
    assignment = make_assignment(table.treatment, confounders, table.title, groups=table.groups)
    sample = AnalysisSample(assignment, table.outcome)
    settings, fitting, found, ended = None, 0.0, {}, {}
    for design in designs:
        begun = time.perf_counter()
        fit = fit_design(sample, design, [table.fold], trim=TRIM, seed=0, settings=settings)
        fitting += time.perf_counter() - begun
        settings = fit.settings
        found[design] = answer(fit)
        ended[design] = time.perf_counter() - started
    assert settings is not None
    return {
        "seconds": time.perf_counter() - started,
        "of which tuning and cross-fitting": fitting,
        "designs": found,
        "seconds to the end of": ended,
        "treatment": settings.treatment.as_dict(),
        "outcome": settings.outcome.as_dict(),
    }


def answer(fit: DesignFit) -> dict[str, tuple[float, float]]:
    """Average effects by both scores, group effects, and diagnostics of a fit."""
    from artwork_insights.design.balance import measure_balance
    from artwork_insights.design.overlap import check_overlap
    from artwork_insights.effects.groups import group_effects_of
    from artwork_insights.effects.quality import describe_estimate

    estimand = "ATO" if fit.design == "within" else "ATE"
    estimates = {"plr": fit.estimate("ATO", plr=True)}
    if estimand == "ATE":
        estimates["aipw"] = fit.estimate("ATE")
    groups = group_effects_of(fit, estimand, [*GROUPS, " x ".join(GROUPS)])
    assert len(groups) == sum(GROUPS.values()) + int(np.prod(list(GROUPS.values())))
    inside = fit.sample.assignment
    propensity = np.clip(fit.propensity[fit.keep], TRIM, 1 - TRIM)
    for estimate in estimates.values():
        assert describe_estimate(fit, estimate)
    check_overlap(inside.treatment, propensity, groups=inside.groups, clusters=inside.title, trim=TRIM)
    rows = measure_balance(inside.confounders, inside.treatment, propensity=propensity, clusters=inside.title)
    assert len(rows) == inside.confounders.values.shape[1]
    return {name: (estimate.effect, estimate.std_error) for name, estimate in estimates.items()}


def peer(table: Table, score: str, trees: dict[str, int], cores: int) -> dict[str, object]:
    """EconML with grid searches, as many models at once as there are cores."""
    from econml.dml import LinearDML
    from econml.dr import LinearDRLearner
    from joblib.externals.loky import get_reusable_executor
    from sklearn.model_selection import GridSearchCV, GroupKFold
    from xgboost import XGBClassifier, XGBRegressor

    from artwork_insights.design.learners.boosting import GRID, share_drawn
    from artwork_insights.design.learners.features import MANY_ROWS, MOST_BINS, NUMBER_OF_BINS

    share = share_drawn(len(table.outcome))
    bins = NUMBER_OF_BINS if len(table.outcome) <= MANY_ROWS else MOST_BINS

    def searched(kind: type, which: str) -> GridSearchCV:
        model = kind(
            n_estimators=trees[which],
            tree_method="hist",
            max_bin=bins,
            subsample=share,
            colsample_bynode=share,
            n_jobs=1,
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


def compare(rows: int, columns: int, limit: float, times: float, cores: int) -> None:
    table = draw(rows, columns)
    mine = measure(ours, table, ("pooled",))
    limit = min(limit, times * mine["seconds"])
    print(json.dumps({"ours": mine}), flush=True)
    trees = {which: int(mine[which]["rounds"]) for which in ("treatment", "outcome")}
    both = {"seconds": 0.0, "stopped": False}
    for score, name in (("plr", "LinearDML"), ("aipw", "LinearDRLearner")):
        theirs = measure(peer, table, score, trees, cores, limit=limit)
        both = {"seconds": both["seconds"] + theirs["seconds"], "stopped": both["stopped"] or "stopped" in theirs}
        print(json.dumps({name: theirs}))
        print(f"{score}: {times_as_long(mine, theirs)}")
        if score in theirs:
            ratio = theirs["cpu_seconds"] / mine["cpu_seconds"]
            print(f"{score}: processor time, ours (all) {mine['cpu_seconds']:.1f} s, "
                  f"EconML {theirs['cpu_seconds']:.1f} s: {ratio:.1f} times as much")  # fmt: skip
            (effect, error), (other, other_error) = mine["designs"]["pooled"][score], theirs[score]
            gap = abs(effect - other) / max(error, other_error)
            verdict = "equal" if gap <= EQUAL_WITHIN else "NOT equal"
            print(f"{score}: {effect:.5f} against {other:.5f}, {gap:.2f} standard errors: {verdict}", flush=True)
    print(f"both scores: {times_as_long(mine, both)}")
    judge(mine, 1)


def times_as_long(mine: dict, theirs: dict) -> str:
    bound = ">= " if theirs.get("stopped") else ""
    times = theirs["seconds"] / mine["seconds"]
    verdict = "as asked" if times >= TIMES_FASTER else "not known" if bound else f"NOT {TIMES_FASTER:g} times"
    return (
        f"ours {mine['seconds']:.1f} s, EconML {bound}{theirs['seconds']:.1f} s: {bound}{times:.1f} times as long, "
        f"{verdict}"
    )


def alone(rows: int, columns: int, designs: tuple[str, ...]) -> None:
    mine = measure(ours, draw(rows, columns), designs)
    print(json.dumps({"ours": mine}))
    judge(mine, len(designs))


def judge(mine: dict, n_designs: int) -> None:
    """Hold time and memory of ours against the limits, which are for 100,000 rows x 100 on two cores."""
    longest = LONGEST[n_designs]
    verdict = "within" if mine["seconds"] <= longest else "NOT within"
    print(f"{n_designs} of 3 designs: {mine['seconds']:.1f} s ({verdict} {longest:g}), "
          f"{mine['cpu_seconds']:.1f} s of processor")  # fmt: skip
    small = mine["peak_gb"] < LARGEST_RSS_GB
    print(f"peak memory {mine['peak_gb']:.2f} GB ({'below' if small else 'NOT below'} {LARGEST_RSS_GB:g} GB)")


def scale(columns: int, sizes: tuple[int, ...], design: str) -> None:
    seconds = []
    for rows in sizes:
        found = measure(ours, draw(rows, columns), (design,))
        seconds.append(found["seconds"])
        cpu, peak = found["cpu_seconds"], found["peak_gb"]
        trees = " and ".join(f"{found[which]['rounds']:.0f}" for which in ("treatment", "outcome"))
        print(f"{rows:>9,} rows x {columns}, {design}: {found['seconds']:.1f} s ({cpu:.1f} s of processor), "
              f"{peak:.2f} GB, {trees} trees", flush=True)  # fmt: skip
    if len(sizes) > 1:
        print(f"time grows as rows ^ {np.polyfit(np.log(sizes), np.log(seconds), 1)[0]:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--columns", type=int, default=None, help="at least 6; 100, or 50 with --scaling")
    parser.add_argument("--limit", type=float, default=3600.0, help="seconds after which a peer is stopped")
    parser.add_argument("--times", type=float, default=float("inf"), help="or after this many times as long as ours")
    parser.add_argument("--cores", type=int, default=2, help="models that the peer fits at once")
    parser.add_argument("--design", choices=DESIGNS, help="ours alone; without it, pooled beside the peers")
    parser.add_argument("--all-designs", action="store_true", help="ours alone, all three")
    parser.add_argument("--scaling", action="store_true")
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    chosen = parser.parse_args()
    if chosen.scaling:
        scale(chosen.columns or 50, tuple(chosen.sizes), chosen.design or "pooled")
    elif chosen.design or chosen.all_designs:
        alone(chosen.rows, chosen.columns or 100, DESIGNS if chosen.all_designs else (chosen.design,))
    else:
        compare(chosen.rows, chosen.columns or 100, chosen.limit, chosen.times, chosen.cores)


if __name__ == "__main__":
    main()
