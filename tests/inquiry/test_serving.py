"""A winner that is its audience, end to end: from a log on disk to the check, the estimate beside it and the report."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from artwork_insights.catalog.synthetic import SyntheticCatalogue, make_catalogue, planted_features
from artwork_insights.pipeline import estimate_study
from artwork_insights.publish import write_run
from artwork_insights.report.findings import Finding, read_results
from artwork_insights.study import Study, read_study
from tests.test_pipeline import make_place

SHOWN = 30_000  # impressions of a title in a country
EFFECT = 0.008
WITHIN_SE = 3.0


def serve(catalogue: SyntheticCatalogue, *, preference: float, effect: float, seed: int = 0) -> pd.DataFrame:
    """A log by segment: fans take a title three times as often and are shown the face; a face adds `effect`."""
    rng = np.random.default_rng(seed)
    face = planted_features(catalogue).set_index("asset_id")["face_present"].astype(float)
    rows = []
    for _, assets in catalogue.assets.groupby("title_id"):
        names = assets["asset_id"].to_numpy()
        level = rng.uniform(0.04, 0.1) * np.array([0.6, 1.8])
        own = rng.normal(0, 0.002, len(names))
        for country in ("BR", "US"):
            mix = rng.dirichlet([6, 3])
            rate = np.clip(level + (own + effect * face[names].to_numpy())[:, None], 0.001, 0.9)
            chance = np.exp(preference * face[names].to_numpy()[:, None] * np.array([-1.0, 1.0]))
            chance = chance * np.exp(rng.normal(0, 0.3, (len(names), 1)))
            chance /= chance.sum(axis=0)
            for s, n in enumerate(rng.multinomial(SHOWN, mix)):
                shown = rng.multinomial(n, chance[:, s])
                taken = rng.binomial(shown, rate[:, s])
                rows += [
                    (a, country, ("others", "fans")[s], int(k), int(x), float(e))
                    for a, k, x, e in zip(names, shown, taken, chance[:, s], strict=True)
                    if k
                ]
    return pd.DataFrame(rows, columns=["asset_id", "country", "segment", "impressions", "takes", "propensity"])


def study_of(folder: Path, log: pd.DataFrame) -> Study:
    log.to_parquet(folder / "impressions.parquet")
    (folder / "study.toml").write_text(
        '[study]\nname = "test"\nseed = 5\n[data]\nassets = "assets.csv"\ntitles = "titles.csv"\n'
        'impressions = "impressions.parquet"\n'
        '[estimation]\nfolds = 3\nforest = false\nplacebo_draws = 0\nlearner = "linear"\n'
        '[[hypothesis]]\nname = "face"\ntreatment = "face_present"\nconfounders = '
        + json.dumps(["genre", "launch_year", "aspect_ratio"]),
        encoding="utf-8",
    )
    return read_study(folder / "study.toml")


@pytest.fixture(scope="module")
def catalogue() -> SyntheticCatalogue:
    return make_catalogue(seed=7, n_titles=60)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, catalogue: SyntheticCatalogue) -> Path:
    return make_place(tmp_path_factory.mktemp("serving") / "place", catalogue).folder


def ask(folder: Path, log: pd.DataFrame) -> tuple[Finding, object]:
    run = estimate_study(study_of(folder, log))
    return run.result.findings[0], run


def check_of(finding: Finding):
    return next(check for check in finding.diagnostics if check.name == "serving_policy")


@pytest.mark.slow
@pytest.mark.parametrize("logged", [("segment",), ("segment", "propensity"), ("propensity",)])
def test_a_winner_that_is_its_audience_is_caught(folder, catalogue, logged, tmp_path):
    log = serve(catalogue, preference=0.8, effect=0.0)
    unlogged = [name for name in ("segment", "propensity") if name not in logged]
    log = log.drop(columns=unlogged)
    keys = [name for name in log.columns if name not in ("impressions", "takes")]
    finding, run = ask(folder, log.groupby(keys, as_index=False)[["impressions", "takes"]].sum())
    assert finding.estimate.effect > 0.01  # the control: as shown, the face wins clearly
    assert finding.estimate.interval()[0] > 0
    check = check_of(finding)
    assert (check.passed, check.blocking) == (False, True)
    assert "Your winner may be its audience" in check.sentence
    beside = finding.alternatives[-1].estimate
    assert abs(beside.effect) < WITHIN_SE * beside.std_error
    policy = finding.serving
    assert policy.effect == beside.effect
    assert policy.gamma > policy.gamma_any_policy > 1
    assert policy.gamma_seen == pytest.approx(policy.gamma, rel=0.15)  # the audience explains all of it
    write_run(run, tmp_path / "run", started=datetime.now(UTC))
    assert read_results(tmp_path / "run" / "results.json").findings[0].serving == policy
    assert "Who was it shown to?" in (tmp_path / "run" / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("logged", [("segment",), ("segment", "propensity")])
def test_an_effect_that_is_the_artworks_own_passes(folder, catalogue, logged):
    log = serve(catalogue, preference=0.0, effect=EFFECT)
    finding, _ = ask(folder, log.drop(columns=[name for name in ("propensity",) if name not in logged]))
    assert check_of(finding).passed is True
    beside = finding.alternatives[-1].estimate
    assert abs(beside.effect - EFFECT) < WITHIN_SE * beside.std_error
    assert finding.serving.gamma_seen < 1.1


def test_an_effect_under_a_policy_with_preference_is_measured_beside(folder, catalogue):
    finding, _ = ask(folder, serve(catalogue, preference=0.8, effect=EFFECT).drop(columns="propensity"))
    beside = finding.alternatives[-1].estimate
    assert finding.estimate.effect > 2 * EFFECT  # the control
    assert abs(beside.effect - EFFECT) < WITHIN_SE * beside.std_error
    assert check_of(finding).passed is False


def test_without_audiences_only_the_odds_are_said(folder, catalogue):
    log = serve(catalogue, preference=0.8, effect=0.0)
    summed = log.groupby(["asset_id", "country"], as_index=False)[["impressions", "takes"]].sum()
    finding, _ = ask(folder, summed)
    check = check_of(finding)
    assert check.passed is None
    assert check.value == finding.serving.gamma
    assert finding.serving.method is None
    assert not any("audience" in row.name for row in finding.alternatives)
