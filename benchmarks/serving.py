"""Take rates under a policy that shows artwork to those who like it: ``python benchmarks/serving.py [LOGS]``.

Prints the tables of ``docs/serving.md``: bias, error and coverage of each kind of rate and of the component's effect,
at several strengths of the policy's preference, and time and memory of reading a log with audiences.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from artwork_insights.catalog.served import read_served_rates  # noqa: E402
from artwork_insights.sensitivity.serving.component import compare_component_rates  # noqa: E402
from artwork_insights.sensitivity.serving.rates import standardise_take_rates, weigh_take_rates  # noqa: E402
from tests.sensitivity.serving_simulator import Log, serve  # noqa: E402

KINDS = ("raw", "standardised", "ips", "snips", "doubly_robust")
PREFERENCES = (0.0, 0.75, 1.5)


def rates_of(log: Log) -> tuple[tuple[str, ...], dict[str, np.ndarray], dict[str, np.ndarray], np.ndarray]:
    """Assets, rates and errors by kind, and effective share of the impressions."""
    columns = (log.asset, log.title, log.impressions, log.takes, log.propensity)
    weighted = weigh_take_rates(*columns, audience=log.audience)
    alike = standardise_take_rates(log.asset, log.title, log.audience, log.impressions, log.takes)
    rates = {kind: getattr(weighted, kind) for kind in KINDS if kind != "standardised"} | {"standardised": alike.rate}
    errors = {kind: getattr(weighted, f"{kind}_std_error") for kind in KINDS if kind != "standardised"}
    errors["standardised"] = alike.std_error
    return weighted.asset, rates, errors, weighted.effective_impressions / weighted.impressions


def print_rates(logs: int) -> None:
    print("| preference | rate | bias | error (RMS) | coverage of 95 % | component: bias | coverage |")
    print("|---|---|---|---|---|---|---|")
    for preference in PREFERENCES:
        bias: dict[str, list[float]] = {kind: [] for kind in KINDS}
        inside: dict[str, list[float]] = {kind: [] for kind in KINDS}
        gap: dict[str, list[float]] = {kind: [] for kind in KINDS}
        held: dict[str, list[float]] = {kind: [] for kind in KINDS}
        worth: list[float] = []
        for seed in range(logs):
            log = serve(seed, preference=preference, component_taste=0.5)
            assets, rates, errors, share = rates_of(log)
            truth = np.array([log.rate_of[asset] for asset in assets])
            treated = np.array([log.treated_of[asset] for asset in assets])
            title = np.array([asset.split("-")[0] for asset in assets])
            planted = compare_component_rates(truth, treated, title).difference
            worth.append(float(np.median(share)))
            for kind in KINDS:
                bias[kind] += list(rates[kind] / truth - 1)
                inside[kind] += list(np.abs(rates[kind] - truth) < 1.96 * errors[kind])
                found = compare_component_rates(rates[kind], treated, title)
                gap[kind].append(found.difference - planted)
                held[kind].append(abs(found.difference - planted) < 2.0 * found.std_error)
        for kind in KINDS:
            print(
                f"| {preference:g} | {kind.replace('_', ' ')} | {np.mean(bias[kind]):+.1%} "
                f"| {np.sqrt(np.mean(np.square(bias[kind]))):.1%} | {np.mean(inside[kind]):.3f} "
                f"| {1000 * np.mean(gap[kind]):+.2f} per 1,000 | {np.mean(held[kind]):.2f} |"
            )
        print(f"Preference {preference:g}: impressions are worth {np.median(worth):.0%} of their number.")


def print_reading(n_assets: int = 60_000) -> None:
    rng = np.random.default_rng(0)
    cells = pd.MultiIndex.from_product([range(n_assets), ["US", "BR", "DE", "JP", "IN"], range(10)])
    log = cells.to_frame(index=False, name=["asset_id", "country", "segment"])
    log["impressions"] = rng.integers(1, 10_000, len(log))
    log["takes"] = rng.binomial(log["impressions"], 0.1)
    log["propensity"] = rng.uniform(0.05, 1, len(log))
    assets = pd.DataFrame({"asset_id": [str(i) for i in range(n_assets)]})
    assets["title_id"] = [f"t{i // 7}" for i in range(n_assets)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.parquet"
        log.to_parquet(path)
        n = len(log)
        del log, cells
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        start = time.process_time()
        served = read_served_rates(path, assets)
        seconds = time.process_time() - start
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert served is not None
    print(
        f"{n:,} rows of a log to {len(served.frame):,} rates: {seconds:.0f} s of one core, "
        f"peak memory {after / 1e6:.1f} GB ({before / 1e6:.1f} GB before)."
    )


if __name__ == "__main__":
    print_rates(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
    print_reading()
