"""Mining from the files of a study to hypotheses that the study file accepts."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from artwork_insights.errors import NotIdentifiedError, OutputError
from artwork_insights.features.table import FeatureTable
from artwork_insights.prospect import mine_study
from artwork_insights.study import Hypothesis, Study, read_study

N_TITLES, ASSETS_PER_TITLE, IMPRESSIONS = 60, 4, 20_000
STUDY = """
[study]
name = "planted"
seed = 7
[data]
assets = "assets.csv"
titles = "titles.csv"
{outcome}
[[hypothesis]]
name = "face_present"
treatment = "face_present"
"""


@pytest.fixture
def study_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A catalogue in which lightness, and nothing else, raises the take rate."""
    rng = np.random.default_rng(3)
    n = N_TITLES * ASSETS_PER_TITLE
    ids = pd.DataFrame({"asset_id": [f"a{i}" for i in range(n)], "title_id": [f"t{i % N_TITLES}" for i in range(n)]})
    lightness, clutter = rng.normal(50, 10, n), rng.normal(0.3, 0.1, n)
    takes = rng.binomial(IMPRESSIONS, 0.1 + 0.001 * (lightness - 50))
    ids.assign(location="x.jpg").to_csv(tmp_path / "assets.csv", index=False)
    genres = ["Drama", "Comedy"] * (N_TITLES // 2)
    titles = pd.DataFrame({"title_id": [f"t{i}" for i in range(N_TITLES)], "genre": genres, "score": range(N_TITLES)})
    titles.to_csv(tmp_path / "titles.csv", index=False)
    log = ids[["asset_id"]].assign(country="BR", impressions=IMPRESSIONS, takes=takes)
    log.to_csv(tmp_path / "log.csv", index=False)
    frame = ids[["asset_id"]].assign(location="x.jpg", lightness_mean=lightness, clutter=clutter)
    monkeypatch.setattr(
        "artwork_insights.prospect.measure_features", lambda *_: FeatureTable(frame=frame, embedding=None, settings={})
    )
    path = tmp_path / "study.toml"
    path.write_text(STUDY.format(outcome='impressions = "log.csv"'))
    return path


def test_the_planted_component_is_found_alone_and_can_be_pasted_into_the_study(study_path: Path) -> None:
    out = study_path.with_name("found.toml")
    result = mine_study(read_study(study_path), out)
    assert result.n_titles_mining + result.n_titles_confirming == N_TITLES
    (found,) = tomllib.loads(out.read_text())["hypothesis"]
    assert Hypothesis.model_validate(found).treatment == "lightness_mean"
    study_path.write_text(study_path.read_text() + out.read_text())
    study: Study = read_study(study_path)
    assert [hypothesis.source for hypothesis in study.hypothesis] == ["consumer_insight", "mined"]


def test_a_study_without_a_log_is_refused_and_nothing_is_written(study_path: Path) -> None:
    study_path.write_text(STUDY.format(outcome='outcome = { table = "titles", column = "score" }'))
    out = study_path.with_name("found.toml")
    with pytest.raises(NotIdentifiedError, match="no impression log"):
        mine_study(read_study(study_path), out)
    assert not out.exists()


def test_a_folder_that_is_not_there_is_noticed_before_anything_is_read(study_path: Path) -> None:
    with pytest.raises(OutputError, match="there is no folder"):
        mine_study(read_study(study_path), study_path.parent / "no" / "found.toml")
