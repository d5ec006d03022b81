"""What credibility is worth: ``python benchmarks/verdicts.py --studies 200 --seed 1 --out FILE.jsonl``.

Every study is drawn with a known truth (`tests/recovery/faulty_studies.py`), written as a user's tables and run from
its study file to its results, as `run_study` does it, without drawing the page. FILE holds one line per study, with its
seed and plan, and is carried on with where it was left. Every diagnostic that a study file can ask for is at work; only
the causal forest is off, placebos are 40 draws, subsets are 2, and the settings of the models are those that the grid
search chose on a study of its own that is not counted.

The mix was fixed, in this text, before the first study was run. Of 20 studies

- 6 are sound, and 3 are sound without any effect;
- 3 have a hidden confounder of single artworks. It is half to twice as strong as what is observed (log-uniform): that
  the known is a yardstick for the unknown is the assumption under which a design can say anything at all. A hidden
  cause of an artwork's success, such as its budget, shows in other features too: its correlation with the negative
  control and with the placebo outcome is uniform on .3 to .9;
- 2 have no overlap (the aspect ratio all but decides the component: 4 to 8 in log odds per standard deviation);
- 2 have a detector with sensitivity .7 to .9 and specificity .8 to .95;
- 2 have interference (an artwork loses .3 to .8 of the effect, at least .003, as all its siblings have the component);
- 2 have a recommender that shows artwork with the component to fans (60 to 75 % instead of 45 %).

In all of them the effect is .002 to .012 (log-uniform) with either sign, none in the 3; the observed confounders are
weak (.1), middling (.4) or strong (1.0 in log odds) in half, a quarter and a quarter; 120 to 200 titles. Half of the
studies ask about a face, whose detector's errors are known in three quarters of those (sensitivity and specificity .97
unless the detector is the fault); the others ask about brightness. A negative control and a placebo outcome are named
in five of six, audiences are in the log of five of six, popularity from before in half. Limits are the defaults.

A confounder that leaves no trace and is far stronger than all that is known can be caught by no check. Such studies
(``--untraced``: three times as strong as what is observed, correlation 0) are a row of their own, outside the mix.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.pop(0)  # this folder: numba imports a package called coverage
sys.path.insert(0, str(Path(__file__).parents[1]))

from artwork_insights.diagnostic import Diagnostic
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.pipeline import estimate_study
from artwork_insights.publish import StudyRun
from artwork_insights.report.findings import write_results
from artwork_insights.study import read_study
from artwork_insights.study.limits import VerdictLimits
from artwork_insights.verdict.case import sort_checks
from artwork_insights.verdict.rules import RULES
from tests.recovery.faulty_studies import FaultyStudy, Plan, draw_study, write_study
from tests.recovery.fixed_models import fix_models

MIX = (
    *["none"] * 6, *["null"] * 3, *["hidden"] * 3, *["no_overlap"] * 2, *["detector"] * 2, *["interference"] * 2,
    *["serving"] * 2,
)  # fmt: skip
SMALLEST = 0.002
ESTIMATION = "forest = false\nplacebo_draws = 40\n"
CHECKS = "subsets = 2\n"


def plan_study(number: int, seed: int, *, untraced: bool = False) -> tuple[str, Plan]:
    """The kind and the plan of one study; the kinds come in the proportions of `MIX`, in a shuffled order."""
    rng = np.random.default_rng([seed, number])
    order = np.random.default_rng([seed, 10**6 + number // len(MIX)]).permutation(len(MIX))
    kind = "untraced" if untraced else MIX[order[number % len(MIX)]]
    effect = float(np.exp(rng.uniform(np.log(0.002), np.log(0.012))) * rng.choice([-1, 1]))
    observed = float(rng.choice([0.1, 0.1, 0.4, 1.0]))
    is_detected = bool(rng.random() < 0.5)
    ratio, trace, slope = float(np.exp(rng.uniform(-1, 1) * np.log(2))), rng.uniform(0.3, 0.9), rng.uniform(4, 8)
    sensitivity, specificity = rng.uniform(0.7, 0.9), rng.uniform(0.8, 0.95)
    spill, fans = max(0.003, rng.uniform(0.3, 0.8) * abs(effect)), rng.uniform(0.60, 0.75)
    plan = Plan(
        seed=int(rng.integers(2**31)),
        effect=0.0 if kind == "null" else effect,
        observed=observed,
        n_titles=int(rng.integers(120, 201)),
        is_detected=is_detected,
        sensitivity=0.97 if is_detected else 1.0,
        specificity=0.97 if is_detected else 1.0,
        rates_known=bool(rng.random() < 3 / 4),
        names_controls=bool(rng.random() < 5 / 6),
        logs_audiences=bool(rng.random() < 5 / 6),
        knows_popularity=bool(rng.random() < 0.5),
    )
    faults = {
        "hidden": {"fault": "hidden", "hidden": ratio * observed, "trace": trace},
        "untraced": {"fault": "hidden", "hidden": 3 * observed, "trace": 0.0},
        "no_overlap": {"fault": "no_overlap", "determined": slope},
        "detector": {
            "fault": "detector", "is_detected": True, "sensitivity": sensitivity, "specificity": specificity,
        },
        "interference": {"fault": "interference", "spill": spill},
        "serving": {"fault": "serving", "fans_of_treated": fans},
    }  # fmt: skip
    return kind, replace(plan, **faults.get(kind, {}))


def run_plan(drawn: FaultyStudy, folder: Path) -> StudyRun:
    """From tables to results, the models' settings fixed."""
    path = write_study(drawn, folder / "study", estimation=ESTIMATION, checks=CHECKS)
    with fix_models():
        run = estimate_study(read_study(path))
    write_results(run.result, folder / "results.json")
    return run


def run_study_of(number: int, seed: int, *, untraced: bool) -> dict[str, object]:
    """One study as a line of the results file."""
    kind, plan = plan_study(number, seed, untraced=untraced)
    drawn = draw_study(plan)
    row: dict[str, object] = {"number": number, "seed": seed, "kind": kind, "plan": asdict(plan)}
    with tempfile.TemporaryDirectory() as folder:
        try:
            run = run_plan(drawn, Path(folder))
        except NotIdentifiedError as error:
            return {**row, "refused": str(error)}
    finding = run.result.findings[0]
    low, high = finding.estimate.interval(run.result.level)
    verdict = finding.verdict
    return {
        **row,
        "truth": drawn.truth(run.cells["component"]),
        "effect": finding.estimate.effect,
        "std_error": finding.estimate.std_error,
        "low": low,
        "high": high,
        "answer": verdict.answer,
        "word": verdict.word,
        "checks": [[c.name, c.value, c.limit, c.passed, c.blocking] for c in finding.diagnostics],
    }


def class_of(checks: list[list[object]]) -> str:
    """The credibility that the rules, as they are now, give the recorded checks: a new rule needs no new study."""
    found = [Diagnostic(name, value, limit, passed, "", blocking) for name, value, limit, passed, blocking in checks]
    return sort_checks(found, VerdictLimits()).credibility


def is_right(row: pd.Series) -> bool:
    """Whether an answer is that of the truth."""
    truth = row["truth"]
    return {"positive": truth > 0, "negative": truth < 0, "practically_zero": abs(truth) <= SMALLEST}[row["answer"]]


def print_classes(rows: pd.DataFrame) -> None:
    """Per credibility class: number, root mean square error, coverage, and the share of answers that are right."""
    print("| credibility | studies | RMSE, per 1,000 | 95 % interval covers | answered | answers right |")
    print("|---|---|---|---|---|---|")
    for credibility in ("high", "moderate", "low"):
        part = rows[rows["credibility"] == credibility]
        if not len(part):
            continue
        error = 1000 * (part["effect"] - part["truth"])
        covered = (part["low"] <= part["truth"]) & (part["truth"] <= part["high"])
        answered = part[part["answer"] != "undecided"]
        right = answered.apply(is_right, axis=1) if len(answered) else pd.Series(dtype=float)
        rmse = float(np.sqrt((error**2).mean()))
        rmse_error = float((error**2).std() / np.sqrt(len(part)) / (2 * rmse))
        print(
            f"| {credibility} | {len(part)} | {rmse:.2f} ± {rmse_error:.2f} | {_share(covered)} "
            f"| {len(answered)} | {_share(right)} |"
        )


def print_kinds(rows: pd.DataFrame) -> None:
    """How the studies of each kind were classed, and how their intervals cover."""
    print("\n| kind | studies | high | moderate | low | covers |")
    print("|---|---|---|---|---|---|")
    for kind, part in rows.groupby("kind"):
        counts = part["credibility"].value_counts()
        covered = (part["low"] <= part["truth"]) & (part["truth"] <= part["high"])
        named = " | ".join(str(counts.get(name, 0)) for name in ("high", "moderate", "low"))
        print(f"| {kind} | {len(part)} | {named} | {_share(covered)} |")


def print_catches(rows: pd.DataFrame) -> None:
    """Per check: how often it fails in each kind of study, of those where it was made; sound ones are false alarms."""
    sound = rows["kind"].isin(["none", "null"])
    kinds = [kind for kind in dict.fromkeys(MIX) if kind not in ("none", "null")]
    print("\n| check | false alarms, sound | " + " | ".join(kinds) + " |")
    print("|---" * (2 + len(kinds)) + "|")
    for rule in RULES:
        outcome = rows["checks"].map(lambda checks, name=rule.diagnostic: _outcome(checks, name))
        if outcome.notna().any():
            groups = [outcome[sound], *(outcome[rows["kind"] == kind] for kind in kinds)]
            print(f"| {rule.diagnostic} | " + " | ".join(_share(group.dropna()) for group in groups) + " |")


def _outcome(checks: list[list[object]], name: str) -> float | None:
    """1 where the check failed, 0 where it passed or informed with a value, None where it was not made."""
    return next((float(passed is False) for n, value, _, passed, _ in checks if n == name and value is not None), None)


def _share(hits: pd.Series) -> str:
    """A share with its Monte Carlo error and its number."""
    n = len(hits)
    if not n:
        return "–"
    share = float(hits.astype(float).mean())
    return f"{share:.3f} ± {np.sqrt(max(share * (1 - share), 0) / n):.3f} ({n})"


def simulate(studies: int, seed: int, path: Path, *, untraced: bool) -> pd.DataFrame:
    """Run the studies that the file lacks, one after the other."""
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
    done = {(line["number"], line["seed"]) for line in lines}
    with path.open("a", encoding="utf-8") as file:
        for number in range(studies):
            if (number, seed) not in done:
                file.write(json.dumps(run_study_of(number, seed, untraced=untraced)) + "\n")
                file.flush()
    return pd.DataFrame([json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("verdicts.jsonl"))
    parser.add_argument("--untraced", action="store_true", help="the studies outside the mix; a file of their own")
    given = parser.parse_args()
    rows = simulate(given.studies, given.seed, given.out, untraced=given.untraced)
    refused = rows["refused"].notna().sum() if "refused" in rows else 0
    print(f"{len(rows)} studies, {refused} refused (nothing to compare)\n")
    rows = rows[rows["refused"].isna()] if refused else rows
    rows = rows.assign(credibility=rows["checks"].map(class_of))
    print_classes(rows)
    print_kinds(rows)
    print_catches(rows)


if __name__ == "__main__":
    main()
