"""Real posters through the whole job: 389 rows, an embedding that knows genres, and a study that claims no effect."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from artwork_insights.features.extraction.extract import extract_features, find_sources
from artwork_insights.features.table import FeatureTable, read_feature_table
from artwork_insights.pipeline import run_study
from artwork_insights.report.findings import StudyResult
from artwork_insights.study import read_study

CHANCE_ATOL = 0.08  # a mean AUC of eight shuffled genres strays this far from a half
STUDY = """
[study]
name = "posters"
seed = 1
[data]
assets = "assets.csv"
titles = "titles.csv"
outcome = { table = "titles", column = "imdb_score" }
[estimation]
forest = false
[[hypothesis]]
name = "face_present"
treatment = "face_present"
confounders = ["genre", "title_year", "content_rating"]
"""


@pytest.fixture(scope="module")
def folder(reference_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Posters measured, with the tables of a study beside the features."""
    folder = tmp_path_factory.mktemp("posters")
    images = reference_data / "posters" / "images"
    extract_features(find_sources([str(images)]), folder / "features", workers=2, device="cpu", embedding="layout")
    posters = pd.read_csv(reference_data / "posters" / "posters.csv")
    posters["title_id"] = posters["file"].str.removesuffix(".jpg")
    posters["genre"] = posters["genres"].str.split("|").str[0]
    posters["location"] = [str(images / name) for name in posters["file"]]
    posters.assign(asset_id=posters["title_id"])[["asset_id", "title_id", "location"]].to_csv(
        folder / "assets.csv", index=False
    )
    columns = ["title_id", "genre", "title_year", "country", "content_rating", "imdb_score"]
    posters[columns].to_csv(folder / "titles.csv", index=False)
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def table(folder: Path) -> FeatureTable:
    return read_feature_table(folder / "features")


@pytest.fixture(scope="module")
def result(folder: Path) -> StudyResult:
    return run_study(read_study(folder / "study.toml"), folder / "run")


def test_389_posters_in_are_389_rows_out(table: FeatureTable, reference_data: Path) -> None:
    files = (reference_data / "posters" / "images").iterdir()
    assert table.frame["asset_id"].tolist() == sorted(path.stem for path in files)
    assert len(table.frame) == 389
    assert table.embedding is not None
    assert table.embedding.shape == (389, 722)
    assert 0.6 < table.frame["face_present"].mean() < 0.8


def test_the_layout_embedding_tells_genres_apart(table: FeatureTable, reference_data: Path) -> None:
    rates, chance = _probe_genres(reference_data, table)
    assert rates > 0.6
    assert abs(chance - 0.5) < CHANCE_ATOL


def test_one_poster_per_title_identifies_neither_mundlak_nor_within(result: StudyResult) -> None:
    (finding,) = result.findings
    designs = {design.name: design for design in finding.designs}
    assert designs["pooled"].estimate is not None
    for name in ("mundlak", "within"):
        assert designs[name].estimate is None
        assert "every title has one artwork" in designs[name].sentence


def test_the_finding_is_called_an_association_and_not_an_effect(result: StudyResult, folder: Path) -> None:
    (finding,) = result.findings
    assert finding.verdict.word == "not_supported"
    assert not finding.verdict.credible
    assert "an association among titles" in finding.verdict.reasons[0]
    assert finding.e_value is not None
    assert finding.e_value.scale.startswith("approximation from standard deviations")
    assert result.unit.name == "imdb_score"
    text = (folder / "run" / "report.html").read_text(encoding="utf-8")
    assert "an association among titles" in text
    assert "per 1,000 impressions" not in text


def test_the_title_country_keeps_its_name_where_there_is_no_log(result: StudyResult) -> None:
    assert result.n_countries is None
    assert result.findings[0].group_effects
    assert {group.modifier for group in result.findings[0].group_effects} <= {"genre", "country"}


def _probe_genres(reference_data: Path, table: FeatureTable) -> tuple[float, float]:
    """Mean AUC over genres of a cross-fitted linear probe on the embedding, and with the genres shuffled."""
    from sklearn.decomposition import PCA
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    posters = pd.read_csv(reference_data / "posters" / "posters.csv")
    genres = posters.assign(asset_id=posters["file"].str.removesuffix(".jpg")).set_index("asset_id")["genres"]
    labels = genres.loc[table.frame["asset_id"]].str.get_dummies("|")
    components = PCA(40, random_state=0).fit_transform(table.embedding)
    components /= components.std(axis=0)
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    rng = np.random.default_rng(0)

    def auc(label: np.ndarray) -> float:
        probe = LogisticRegression(C=0.01, class_weight="balanced", max_iter=500)
        return roc_auc_score(label, cross_val_predict(probe, components, label, cv=folds, method="predict_proba")[:, 1])

    frequent = [labels[genre].to_numpy() for genre in labels if 50 <= labels[genre].sum() <= len(labels) - 50]
    return float(np.mean([auc(y) for y in frequent])), float(np.mean([auc(rng.permutation(y)) for y in frequent]))
