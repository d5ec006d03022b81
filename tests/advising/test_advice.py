"""From a finished study to a ranking: it agrees with planted rates, its ranges cover, bad input costs a sentence."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy import stats
from typer.testing import CliRunner

from artwork_insights.advising.advice import advise, rank_images
from artwork_insights.advising.said import Advice
from artwork_insights.advising.support import Support, read_support
from artwork_insights.advising.table import WIDTH, write_table
from artwork_insights.advising.titles import find_labels
from artwork_insights.catalog import synthetic
from artwork_insights.catalog.columns import FEATURE_COLUMNS, SCALAR_FEATURES
from artwork_insights.catalog.synthetic import SyntheticCatalogue, make_catalogue, planted_features, write_catalogue
from artwork_insights.cli import app
from artwork_insights.design import treatment_model
from artwork_insights.design.learners import BoostingSettings
from artwork_insights.effects import nuisances
from artwork_insights.errors import OutputError, TableError
from artwork_insights.features.extraction.choices import choose_plan
from artwork_insights.features.render.artwork import render_catalogue
from artwork_insights.pipeline import estimate_study
from artwork_insights.publish import write_run
from artwork_insights.report.findings import RESULTS, StudyResult, read_results, write_results
from artwork_insights.study import read_study

N_TITLES = 80
GROUPS = ("file", "faces")
STUDY = """
mediation = []
[study]
name = "advised"
seed = 5
[data]
assets = "assets.csv"
titles = "titles.csv"
impressions = "impressions.parquet"
[estimation]
folds = 3
forest = false
placebo_draws = 20
[checks]
subsets = 0
[[hypothesis]]
name = "face_present"
treatment = "face_present"
confounders = ["genre", "launch_year", "format", "aspect_ratio"]
smallest_effect_of_interest = 0.002
[[hypothesis]]
name = "many_faces"
treatment = "face_count > 3"
confounders = ["genre", "launch_year", "format", "aspect_ratio"]
smallest_effect_of_interest = 0.002
[[hypothesis]]
name = "face_count"
treatment = "face_count"
confounders = ["genre", "launch_year", "format", "aspect_ratio"]
smallest_effect_of_interest = 0.002
arms = [0, 1, 2, 3]
"""


@pytest.fixture(scope="module", autouse=True)
def models_are_not_tuned() -> Iterator[None]:
    fixed = BoostingSettings(max_depth=2, learning_rate=0.15, min_child_weight=5.0, rounds=50)
    with pytest.MonkeyPatch.context() as patch:
        for module in (nuisances, treatment_model):
            patch.setattr(module, "tune", lambda *_, **__: fixed)
        yield


@pytest.fixture(scope="module")
def catalogue() -> SyntheticCatalogue:
    return make_catalogue(seed=7, n_titles=N_TITLES)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, catalogue: SyntheticCatalogue) -> Path:
    """A finished run of a study whose features are the planted ones, as this machine would have measured them."""
    folder = tmp_path_factory.mktemp("advised")
    write_catalogue(catalogue, folder, with_truth=False)
    frame = catalogue.assets[["asset_id", "location"]].merge(planted_features(catalogue), on="asset_id")
    kept = [name for name in SCALAR_FEATURES if FEATURE_COLUMNS[name].group in GROUPS]
    fill = {"bool": False, "int64": 1, "float64": np.nan, "str": "JPEG"}
    rest = {name: fill[FEATURE_COLUMNS[name].dtype] for name in kept if name not in frame}
    (folder / "features" / "features").mkdir(parents=True)
    shard = frame.assign(**rest)[["asset_id", "location", *kept]]
    shard.to_parquet(folder / "features" / "features" / "00000.parquet", index=False)
    settings = choose_plan(GROUPS, device="cpu").settings()
    manifest = {"settings": settings, "inputs": len(frame), "inputs_sha256": "0" * 64, "finished": True}
    (folder / "features" / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
    write_run(estimate_study(read_study(folder / "study.toml")), folder / "run", started=datetime.now(UTC))
    return folder / "run"


@pytest.fixture(scope="module")
def seen(run: Path) -> tuple[StudyResult, Support]:
    """Results and support, the whole look left out: planted features have no colours."""
    return read_results(run / RESULTS), dataclasses.replace(read_support(run), look=None)


@pytest.fixture(scope="module")
def candidates(catalogue: SyntheticCatalogue) -> SyntheticCatalogue:
    """New artwork of the same titles, from the same structural model, that no study has seen."""
    rng = np.random.default_rng(99)
    titles, hidden = catalogue.titles, catalogue.unobserved_titles
    assets, artwork = synthetic._draw_artwork(rng, catalogue.structure, titles, hidden)
    cells = synthetic._draw_cells(rng, catalogue.structure, assets)
    new = dataclasses.replace(catalogue, assets=assets, artwork=artwork, unobserved_cells=cells)
    cells["expected_rate"] = synthetic.own_expected_rate(new)
    return new


def by_title(candidates: SyntheticCatalogue, seen, *, shuffled: bool = False) -> Iterator[tuple[Advice, pd.Series]]:
    """Advice for every title in KR, and the true expected rates of its images there."""
    result, support = seen
    features = planted_features(candidates).set_index("asset_id")
    cells = candidates.unobserved_cells
    rates = cells[cells["country"] == "KR"].set_index("asset_id")["expected_rate"]
    rng = np.random.default_rng(8)
    for title, assets in candidates.assets.groupby("title_id")["asset_id"]:
        frame = features.loc[assets]
        if shuffled:
            frame = frame.iloc[rng.permutation(len(frame))].set_axis(frame.index)
        labels = find_labels(result, support, title=title, country="KR")
        yield rank_images(frame, result, support, labels), rates[assets]


def agreement(candidates: SyntheticCatalogue, seen, *, shuffled: bool = False) -> tuple[float, float]:
    """Mean Spearman correlation over titles between prediction and truth, and its standard error; 0 without any."""
    found = []
    for advice, truth in by_title(candidates, seen, shuffled=shuffled):
        predicted = pd.Series({image.image: image.versus_average.effect for image in advice.images}).round(12)
        varies = np.ptp(predicted) > 0
        found.append(stats.spearmanr(predicted, truth[predicted.index]).statistic if varies else 0.0)
    return float(np.mean(found)), float(np.std(found) / np.sqrt(len(found)))


def test_the_ranking_of_new_images_agrees_with_the_planted_rates(candidates, seen):
    mean, error = agreement(candidates, seen)
    assert mean > 0.3
    assert mean > 6 * error


def test_the_ranking_of_images_that_changed_names_does_not(candidates, seen):
    mean, error = agreement(candidates, seen, shuffled=True)  # the control
    assert abs(mean) < 3 * error


def test_the_likely_range_covers_new_images_and_the_interval_of_the_average_does_not(candidates, seen):
    """The truth holds the planted rate of each very file: its own noise, face sizes and shape included."""
    likely, average = [], []
    for advice, truth in by_title(candidates, seen):
        inside = [image.image for image in advice.images if not image.outside]
        for image in advice.images:
            if not image.outside:
                difference = truth[image.image] - truth[inside].mean()
                shown = image.versus_average
                likely.append(shown.likely_low <= difference <= shown.likely_high)
                average.append(shown.low <= difference <= shown.high)
    assert 0.90 <= np.mean(likely) <= 0.99
    assert np.mean(average) < 0.6  # the control: an interval that speaks of averages is no range for one file


def test_the_chance_of_being_best_is_kept(candidates, seen):
    """Images said to be best with a chance of c are best in about c of the titles, for low and for high chances."""
    chance, best = [], []
    for advice, truth in by_title(candidates, seen):
        inside = [image for image in advice.images if not image.outside]
        top = truth[[image.image for image in inside]].idxmax() if inside else ""
        chance += [image.chance_of_best for image in inside]
        best += [image.image == top for image in inside]
    chance, best = np.array(chance), np.array(best)
    for part in (chance < 0.15, chance > 0.25):
        error = np.sqrt((chance[part] * (1 - chance[part])).sum()) / part.sum()
        assert abs(best[part].mean() - chance[part].mean()) < 3 * error + 0.03


def test_images_are_measured_as_the_study_was_and_ranked(candidates, run, tmp_path, seen):
    title = candidates.assets["title_id"].iloc[0]
    chosen = candidates.assets[candidates.assets["title_id"] == title].reset_index(drop=True)
    artwork = candidates.artwork[candidates.artwork["asset_id"].isin(chosen["asset_id"])].reset_index(drop=True)
    small = dataclasses.replace(candidates, assets=chosen, artwork=artwork)
    paths = render_catalogue(small, tmp_path)
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    advice = advise([*paths, tmp_path / "broken.jpg", tmp_path / "missing.jpg"], run, title=title)
    planted = rank_images(
        planted_features(small).set_index("asset_id").rename(index=lambda name: f"{name}.jpg"),
        *seen, advice.labels,
    )  # fmt: skip
    scores, expected = (
        {image.image: image.versus_first.effect for image in found.images} for found in (advice, planted)
    )
    assert scores == pytest.approx(expected, abs=1e-9)
    assert set(advice.not_ranked) == {"broken.jpg", "missing.jpg"}
    assert advice.first == paths[0].name
    one = advise([paths[0]], run, title=title)
    assert [image.rank for image in one.images] == [1]
    assert "is the only image" in one.sentence


def test_a_run_with_nothing_accepted_ranks_nothing_and_says_so(run, tmp_path, seen):
    result, _ = seen
    findings = tuple(
        dataclasses.replace(f, verdict=dataclasses.replace(f.verdict, word="inconclusive", answer="undecided"))
        for f in result.findings
    )
    write_results(dataclasses.replace(result, findings=findings), tmp_path / RESULTS)
    (tmp_path / "support.json").write_bytes((run / "support.json").read_bytes())
    done = CliRunner().invoke(app, ["advise", "any.jpg", "--study", str(tmp_path)])
    assert done.exit_code == 0
    assert "no accepted finding" in done.stdout
    assert "face_present: not settled" in done.stdout


def refusal(*arguments: str) -> str:
    done = CliRunner().invoke(app, ["advise", *arguments])
    assert done.exit_code == 1, done.output
    assert "Traceback" not in done.output
    return done.output


def test_bad_input_costs_one_sentence(run, tmp_path):
    Image.new("RGB", (40, 60)).save(tmp_path / "a.jpg")
    image = str(tmp_path / "a.jpg")
    study = ("--study", str(run))
    assert "holds no results.json" in refusal(image, "--study", str(tmp_path))
    assert "title 'T00011' is not in the study (did you mean 'T00" in refusal(image, *study, "--title", "T00011")
    assert "genre 'Drame' is not in the study (did you mean 'Drama'?)" in refusal(image, *study, "--genre", "Drame")
    assert "known: BR, DE, JP, KR, US" in refusal(image, *study, "--country", "XX")
    assert "leave one out" in refusal(image, *study, "--title", "T0001", "--genre", other_genre(run, "T0001"))
    assert "is a folder" in refusal(str(tmp_path), *study)
    assert "by an empty text" in refusal("", *study)
    assert "--study is empty" in refusal(image, "--study", "")


def other_genre(run: Path, title: str) -> str:
    titles = read_support(run).titles
    return next(labels["genre"] for labels in titles.values() if labels["genre"] != titles[title]["genre"])


def test_a_machine_that_would_measure_otherwise_is_refused(run, tmp_path, seen):
    result, _ = seen
    other = dict(result.feature_settings) | {"faces.face_score": "0.123"}
    write_results(dataclasses.replace(result, feature_settings=other), tmp_path / RESULTS)
    (tmp_path / "support.json").write_bytes((run / "support.json").read_bytes())
    Image.new("RGB", (40, 60)).save(tmp_path / "a.jpg")
    with pytest.raises(OutputError, match=r"faces\.face_score = '0\.123'"):
        advise([tmp_path / "a.jpg"], tmp_path)


def test_a_title_without_a_genre_of_its_own_in_the_study_is_refused_by_the_plain_function(seen):
    with pytest.raises(TableError, match="'T9999' is not in the study"):
        find_labels(*seen, title="T9999")


def test_the_table_fits_80_columns_and_json_holds_every_number(run, candidates, seen):
    features = planted_features(candidates).set_index("asset_id").iloc[:12]
    features = features.rename(
        index={features.index[0]: f"{'a' * 90}.jpg", features.index[1]: "evil\x1b[31m\nname.jpg"}
    )
    advice = rank_images(features.assign(aspect_ratio=[9.0] + [1.0] * 11), *seen, {"genre": "Drama", "country": "KR"})
    table = write_table(advice)
    assert max(len(line) for line in table.splitlines()) <= WIDTH
    assert "OUTSIDE what the study has seen: width over height is 9" in table
    assert "\x1b" not in table
    assert advice.images[-1].outside
    assert advice.images[-1].chance_of_best is None
    assert sum(image.chance_of_best or 0 for image in advice.images) == pytest.approx(1.0)
