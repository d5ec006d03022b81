"""How often each check catches its planted fault: ``python benchmarks/faults.py --out FILE``.

Every plan of `tests/recovery/planted.py` is drawn on the seeds 101 to 120, written as a user's tables and run from its
study file to its verdict, without drawing the page. Beside the share caught stands the share of sound studies, on the
same seeds, in which the same check fails. A study in which nothing can be compared ends in one sentence before any
check; such studies are counted as refused, not as caught. FILE holds one line per study and is carried on with where it
was left.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.pop(0)  # this folder: numba imports a package called coverage
sys.path.insert(0, str(Path(__file__).parents[1]))

from artwork_insights.errors import NotIdentifiedError
from tests.recovery.planted import FRESH_SEEDS, IN_WORDS, PLANTED, SOUND, find_in

PLANS = {"sound": SOUND, **{words: plan for plan, words in IN_WORDS.items()}}


def run_one(words: str, seed: int) -> dict[str, object]:
    """One study as a line of the results file."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            finding = find_in(replace(PLANS[words], seed=seed), Path(folder), with_page=False)[0]
        except NotIdentifiedError:
            return {"plan": words, "seed": seed, "failed": [], "credibility": "refused"}
    failed = [check.name for check in finding.diagnostics if check.passed is False]
    return {"plan": words, "seed": seed, "failed": failed, "credibility": finding.verdict.credibility}


def simulate(path: Path) -> list[dict[str, object]]:
    """Run the studies that the file lacks."""
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
    done = {(line["plan"], line["seed"]) for line in lines}
    with path.open("a", encoding="utf-8") as file:
        for seed in FRESH_SEEDS:
            for words in PLANS:
                if (words, seed) not in done:
                    lines.append(run_one(words, seed))
                    file.write(json.dumps(lines[-1]) + "\n")
                    file.flush()
    return lines


def share(hits: list[bool]) -> str:
    """A share with its Monte Carlo error."""
    if not hits:
        return "–"
    mean = float(np.mean(hits))
    return f"{mean:.2f} ± {np.sqrt(mean * (1 - mean) / len(hits)):.2f}"


def print_table(lines: list[dict[str, object]]) -> None:
    """Per check: its fault, and how often it fails with it and without."""
    by_plan = {words: [line for line in lines if line["plan"] == words] for words in PLANS}
    print(f"{len(by_plan['sound'])} studies of each plan; highly credible of the sound ones: ", end="")
    print(share([line["credibility"] == "high" for line in by_plan["sound"]]) + "\n")
    print("| check | fault | refused | fails with it | then highly credible | fails in sound studies |")
    print("|---" * 6 + "|")
    for name, plan in PLANTED.items():
        faulty = [line for line in by_plan[IN_WORDS[plan]] if line["credibility"] != "refused"]
        refused = len(by_plan[IN_WORDS[plan]]) - len(faulty)
        caught = share([name in line["failed"] for line in faulty])
        trusted = share([line["credibility"] == "high" for line in faulty])
        alarms = share([name in line["failed"] for line in by_plan["sound"]])
        print(f"| `{name}` | {IN_WORDS[plan]} | {refused} | {caught} | {trusted} | {alarms} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("faults.jsonl"))
    print_table(simulate(parser.parse_args().out))


if __name__ == "__main__":
    main()
