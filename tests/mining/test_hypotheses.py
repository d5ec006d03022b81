"""From rates and features to hypotheses that run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from artwork_insights.catalog.catalog import Catalog
from artwork_insights.catalog.columns import FEATURE_COLUMNS
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.mining.hypotheses import mine_hypotheses, write_hypotheses
from artwork_insights.mining.mined import MiningResult
from artwork_insights.mining.split import mining_half
from artwork_insights.outcomes.take_rate import take_rate_table
from artwork_insights.study import read_study

STUDY = """
[study]
name = "mined"
seed = 7
titles = "confirming"
[data]
assets = "assets.csv"
titles = "titles.csv"
impressions = "impressions.csv"
"""


def drawn(seed: int, planted: str | None, n_titles: int = 160) -> dict[str, pd.DataFrame]:
    """A catalogue whose rates depend on title quality, on chance, and on one planted feature."""
    rng = np.random.default_rng(seed)
    n_assets = rng.integers(3, 8, n_titles)
    title = np.repeat(np.arange(n_titles), n_assets)
    n = len(title)
    warm = rng.normal(size=n)
    features = pd.DataFrame(
        {
            "asset_id": [f"a{i:04d}" for i in range(n)],
            "location": "x.jpg",
            "width_px": rng.integers(300, 900, n),
            "image_bytes": rng.integers(10_000, 90_000, n),
            "aspect_ratio": rng.normal(0.7, 0.1, n),
            "frames": 1,
            "face_present": rng.random(n) < 0.5,
            "face_area_share_mean": np.where(rng.random(n) < 0.5, rng.random(n), np.nan),
            "warm_share": warm,
            "saturation_mean": 3 + warm + 0.2 * rng.normal(size=n),
            "clutter": rng.normal(size=n),
            "palette_hex": [["#000000"]] * n,
        }
    )
    quality = rng.normal(0.08, 0.02, n_titles)[title]
    lift = 0 if planted is None else 0.015 * (features[planted].astype(float) - features[planted].mean())
    truth = np.clip(quality + lift + rng.normal(0, 0.01, n), 0.001, 0.5)
    assets = pd.DataFrame({"asset_id": features["asset_id"], "title_id": [f"t{t}" for t in title], "location": "x.jpg"})
    impressions = assets[["asset_id"]].merge(pd.DataFrame({"country": ["BR", "US", "NA"]}), how="cross")
    impressions["impressions"] = (10 ** rng.uniform(2, 5, len(impressions))).astype(int)
    impressions["takes"] = rng.binomial(impressions["impressions"], np.repeat(truth, 3))
    titles = pd.DataFrame(
        {
            "title_id": [f"t{t}" for t in range(n_titles)],
            "name": [f"Film {t}" for t in range(n_titles)],
            "genre": np.array(["Drama", "Comedy", 'Science "Fiction"'])[np.arange(n_titles) % 3],
            "launch_year": rng.integers(1990, 2026, n_titles),
            "imdb_id": np.arange(n_titles),
            "medium": "film",
        }
    )
    catalog = Catalog(assets, titles, impressions, None, ())
    return {"rates": take_rate_table(catalog), "assets": assets, "features": features, "titles": titles}


@pytest.fixture(scope="module")
def warm() -> MiningResult:
    return mine_hypotheses(**drawn(0, "warm_share"), seed=7)


@pytest.fixture(scope="module")
def faces() -> MiningResult:
    return mine_hypotheses(**drawn(1, "face_present"), seed=7)


def test_a_planted_feature_is_found_and_stands_for_its_group(warm: MiningResult) -> None:
    (survivor,) = warm.survivors
    assert survivor.treatment == "warm_share"
    assert survivor.group == ("warm_share", "saturation_mean")
    assert survivor.evidence.discovered
    assert survivor.evidence.q_value < 1e-6
    assert (
        survivor.statement
        == "Artwork with a higher warm share has a higher take rate than other artwork of the same title."
    )


def test_every_component_is_screened_and_sizes_of_the_file_are_not(warm: MiningResult) -> None:
    assert {feature.name for feature in warm.screened} == {
        "aspect_ratio", "face_present", "face_area_share_mean", "warm_share", "saturation_mean", "clutter",
    }  # fmt: skip


def test_a_binary_feature_is_a_treatment_as_it_is(faces: MiningResult) -> None:
    (survivor,) = faces.survivors
    assert survivor.treatment == "face_present"
    assert survivor.statement.startswith("Artwork with face present has a higher take rate")


def test_confounders_are_decided_independently_of_faces(faces: MiningResult, warm: MiningResult) -> None:
    for survivor in (*faces.survivors, *warm.survivors):
        assert survivor.confounders == ("genre", "launch_year", "aspect_ratio")
        features = [name for name in survivor.confounders if name in FEATURE_COLUMNS]
        assert {FEATURE_COLUMNS[name].face_role for name in features} == {"independent"}
        assert survivor.effect_modifiers == ("genre", "country")


def test_only_the_mining_half_is_looked_at() -> None:
    tables = drawn(2, "warm_share")
    before = mine_hypotheses(**tables, seed=7)
    rates = tables["rates"]
    confirming = ~mining_half(rates["title_id"], 7)
    reversed_half = rates.assign(
        adjusted_take_rate=rates["adjusted_take_rate"].where(~confirming, 1 - rates["adjusted_take_rate"]),
        takes=rates["takes"].where(~confirming, rates["impressions"] - rates["takes"]),
    )
    after = mine_hypotheses(**{**tables, "rates": reversed_half}, seed=7)
    assert before.screened == after.screened
    everywhere_else = rates.assign(
        adjusted_take_rate=rates["adjusted_take_rate"].where(confirming, 1 - rates["adjusted_take_rate"])
    )
    assert mine_hypotheses(**{**tables, "rates": everywhere_else}, seed=7).screened != before.screened


def test_the_titles_of_both_halves_are_counted(warm: MiningResult) -> None:
    assert warm.n_titles_mining + warm.n_titles_confirming == 160
    assert warm.n_titles_mining == mining_half([f"t{i}" for i in range(160)], 7).sum()
    assert f"on {warm.n_titles_mining} mining titles" in warm.sentence
    assert warm.sentence.startswith("1 of 5 groups of features (6 features)")


def test_on_nothing_hardly_anything_survives() -> None:
    survivors = [len(mine_hypotheses(**drawn(seed, None, 100), seed=seed).survivors) for seed in range(100, 110)]
    assert sum(count > 0 for count in survivors) <= 3  # of 10 at 5 %: more has probability 0.001


def test_written_hypotheses_run_when_pasted_into_a_study(
    tmp_path: Path, warm: MiningResult, faces: MiningResult
) -> None:
    for i, result in enumerate((warm, faces)):
        write_hypotheses(result, tmp_path / "hypotheses.toml")
        mined = (tmp_path / "hypotheses.toml").read_text(encoding="utf-8")
        path = tmp_path / f"study_{i}.toml"
        path.write_text(STUDY + mined, encoding="utf-8")
        (hypothesis,) = read_study(path).hypothesis
        (survivor,) = result.survivors
        assert hypothesis.source == "mined"
        for key in ("name", "statement", "treatment", "confounders", "effect_modifiers"):
            assert getattr(hypothesis, key) == getattr(survivor, key)
        assert f"q = {survivor.evidence.q_value:.2g}" in mined
        assert 'titles = "confirming" with seed = 7' in mined
    write_hypotheses(warm, tmp_path / "hypotheses.toml")
    assert "group of correlated features: saturation_mean" in (tmp_path / "hypotheses.toml").read_text()


def test_hostile_column_names_are_escaped(tmp_path: Path) -> None:
    tables = drawn(0, "warm_share")
    hostile = 'genre"]\n[data]\n# \x7f\x00é'
    tables["titles"] = tables["titles"].rename(columns={"genre": hostile})
    tables["features"] = tables["features"].rename(columns={"saturation_mean": "not a name\n[x]"})
    result = mine_hypotheses(**tables, seed=7)
    write_hypotheses(result, tmp_path / "hypotheses.toml")
    path = tmp_path / "study.toml"
    path.write_text(STUDY + (tmp_path / "hypotheses.toml").read_text(encoding="utf-8"), encoding="utf-8")
    assert hostile in read_study(path).hypothesis[0].confounders
    assert "not a name\n[x]" not in {feature.name for feature in result.screened}


def test_too_few_titles_are_refused() -> None:
    with pytest.raises(NotIdentifiedError, match="titles with a rate and features in its half; it needs at least 10"):
        mine_hypotheses(**drawn(0, None, n_titles=8), seed=7)
