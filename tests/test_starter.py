"""The starter: what it recognises, what it refuses, and that its study file is read back."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pandas as pd
import pytest

from artwork_insights.catalog.confounders import title_covariates
from artwork_insights.errors import OutputError, TableError
from artwork_insights.starter import write_starter
from artwork_insights.study import read_study

TITLES = pd.DataFrame(
    {
        "title_id": [f"t{i:02d}" for i in range(12)],
        "name": [f"Film {i}" for i in range(12)],
        "genre": ["Drama", "Comedy", "Horror"] * 4,
        "launch_year": range(2010, 2022),
        "num_votes": range(100, 1300, 100),
        "distributor_id": range(12),
        "language": ["en"] * 12,
        "imdb_score": [6.0 + i / 10 for i in range(12)],
    }
)
ASSETS = pd.DataFrame({"asset_id": ["a1", "a2"], "title_id": ["t00", "t01"], "location": ["art/a1.jpg", "art/a2.jpg"]})
LOG = pd.DataFrame(
    {"asset_id": ["a1", "a2"], "country": ["BR", "SE"], "impressions": [6000, 4000], "takes": [900, 300]}
)


def write_tables(folder: Path, **tables: pd.DataFrame) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False)
    return folder


def put_image(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"not decoded here")


def test_a_folder_with_all_tables_becomes_a_study_that_reads_back(tmp_path: Path) -> None:
    folder = write_tables(tmp_path / "my catalogue", assets=ASSETS, titles=TITLES)
    LOG.to_parquet(folder / "log of march.parquet")
    study = read_study(write_starter(folder))
    assert study.study.name == "my-catalogue"
    assert study.data.assets == folder / "assets.csv"
    assert study.data.impressions == folder / "log of march.parquet"
    assert [hypothesis.treatment for hypothesis in study.hypothesis] == [
        "face_present", "face_count > 3", "face_count",
    ]  # fmt: skip
    assert study.hypothesis[0].effect_modifiers == ("genre", "country", "genre x country")
    assert study.hypothesis[2].arms == (0, 1, 2, 3)
    for hypothesis in study.hypothesis[:2]:
        assert hypothesis.confounders == (
            "genre",
            "launch_year",
            "aspect_ratio",
        )
        assert hypothesis.effect_modifiers[:2] == ("genre", "country")
        # 1,200 takes of 10,000 impressions: a hundredth of the rate of 0.12, to one digit.
        assert hypothesis.smallest_effect_of_interest == pytest.approx(0.001)


def test_every_key_of_the_file_is_explained(tmp_path: Path) -> None:
    text = write_starter(write_tables(tmp_path, assets=ASSETS, titles=TITLES, impressions=LOG)).read_text()
    first = text.split("[[hypothesis]]")[:2]
    unexplained = [line for line in "".join(first).splitlines() if "=" in line and "#" not in line]
    assert [line.split(" =")[0] for line in unexplained] == ["name", "statement"]


def test_a_title_score_is_the_outcome_where_there_is_no_log_and_is_no_confounder(tmp_path: Path) -> None:
    study = read_study(write_starter(write_tables(tmp_path, assets=ASSETS, titles=TITLES)))
    assert study.data.impressions is None
    assert study.data.outcome is not None
    assert study.data.outcome.column == "imdb_score"
    assert study.hypothesis[0].confounders == ("genre", "launch_year", "aspect_ratio")
    assert study.hypothesis[0].effect_modifiers == ("genre",)


def test_covariates_leave_out_names_identifiers_constants_and_what_a_title_earned_later() -> None:
    assert title_covariates(TITLES) == ("genre", "launch_year")


def test_a_second_start_never_overwrites(tmp_path: Path) -> None:
    path = write_starter(write_tables(tmp_path, assets=ASSETS, titles=TITLES, impressions=LOG))
    path.write_text("mine")
    with pytest.raises(OutputError, match="never overwritten"):
        write_starter(tmp_path)
    assert path.read_text() == "mine"


def test_a_misspelt_column_of_the_log_is_named_rather_than_the_log_ignored(tmp_path: Path) -> None:
    write_tables(tmp_path, assets=ASSETS, titles=TITLES, log=LOG.rename(columns={"asset_id": "assetid"}))
    with pytest.raises(
        TableError, match=r"log\.csv looks like the impressions table but lacks 'asset_id' \(did you mean 'assetid'\?\)"
    ):
        write_starter(tmp_path)
    assert not (tmp_path / "study.toml").exists()


def test_images_named_after_titles_serve_as_the_asset_table(tmp_path: Path) -> None:
    folder = write_tables(tmp_path, titles=TITLES)
    for name in ("t00.jpg", "t01_2.png", "t01-wide.webp", "logo.png"):
        put_image(folder / "art" / name)
    study = read_study(write_starter(folder))
    assets = pd.read_csv(study.data.assets)
    assert assets.to_dict("list") == {
        "asset_id": ["t00", "t01-wide", "t01_2"],
        "title_id": ["t00", "t01", "t01"],
        "location": ["art/t00.jpg", "art/t01-wide.webp", "art/t01_2.png"],
    }


def test_images_that_no_title_claims_are_not_guessed(tmp_path: Path) -> None:
    folder = write_tables(tmp_path, titles=TITLES)
    for name in ("poster1.jpg", "poster2.jpg", "t00.jpg"):
        put_image(folder / "art" / name)
    with pytest.raises(TableError, match=r"no assets table, though 3 images: write assets\.csv"):
        write_starter(folder)
    assert not (folder / "assets.csv").exists()


def test_nothing_is_written_where_no_outcome_is_found(tmp_path: Path) -> None:
    folder = write_tables(tmp_path, titles=TITLES[["title_id", "genre"]])
    put_image(folder / "t00.jpg")
    with pytest.raises(TableError, match="holds no outcome"):
        write_starter(folder)
    assert sorted(path.name for path in folder.iterdir()) == ["t00.jpg", "titles.csv"]


def test_identifiers_with_leading_zeros_stay_as_they_are(tmp_path: Path) -> None:
    folder = write_tables(tmp_path, titles=TITLES.assign(title_id=[f"{i:03d}" for i in range(12)]))
    put_image(folder / "007.jpg")
    assets = pd.read_csv(read_study(write_starter(folder)).data.assets, dtype=str)
    assert assets["title_id"].tolist() == ["007"]


def test_files_of_an_extraction_and_hidden_files_are_no_tables(tmp_path: Path) -> None:
    folder = write_tables(tmp_path, assets=ASSETS, titles=TITLES, impressions=LOG)
    (folder / "features").mkdir()
    ASSETS.to_parquet(folder / "features" / "part-0.parquet")
    put_image(folder / ".hidden.jpg")
    text = write_starter(folder).read_text()
    assert "not used" not in text
    assert tomllib.loads(text)["data"]["features"] == "features"


def test_quotes_in_a_file_name_do_not_break_the_study_file(tmp_path: Path) -> None:
    folder = write_tables(tmp_path, assets=ASSETS, impressions=LOG, **{'titles "new"': TITLES})
    assert read_study(write_starter(folder)).data.titles == folder / 'titles "new".csv'


def test_a_path_that_is_no_folder_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="is not a folder"):
        write_starter(tmp_path / "nowhere")


def test_a_log_in_shards_and_a_table_with_semicolons_are_recognised(tmp_path: Path) -> None:
    TITLES.to_csv(tmp_path / "titles.csv", sep=";", index=False)
    write_tables(tmp_path, assets=ASSETS)
    (tmp_path / "log").mkdir()
    for shard in range(2):
        LOG.iloc[[shard]].to_parquet(tmp_path / "log" / f"{shard}.parquet")
    study = read_study(write_starter(tmp_path))
    assert study.data.impressions == tmp_path / "log"
    assert study.hypothesis[0].smallest_effect_of_interest == pytest.approx(0.001)


def test_an_unreadable_table_is_named_rather_than_called_missing(tmp_path: Path) -> None:
    write_tables(tmp_path, assets=ASSETS, impressions=LOG)
    (tmp_path / "titles.csv").write_bytes("title_id,name\nt1,Caf\xe9\n".encode("latin-1"))
    with pytest.raises(TableError, match=r"titles\.csv.*UTF-8"):
        write_starter(tmp_path)
