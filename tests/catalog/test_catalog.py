"""The whole catalogue: what is read, what is noted, and the one sentence for everything that is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from artwork_insights.catalog.catalog import Catalog, read_catalog
from artwork_insights.catalog.impressions import read_impressions
from artwork_insights.catalog.tables import open_engine
from artwork_insights.catalog.titles import ReadTable
from artwork_insights.errors import TableError
from artwork_insights.study import Data, TitleOutcome

Read = Callable[..., Catalog]


def assets_of(*asset_ids: str) -> ReadTable:
    return ReadTable(pd.DataFrame({"asset_id": asset_ids}), ())


LOG = "asset_id,country,impressions,takes\n"


def test_a_sound_catalogue_is_read_without_a_note(read: Read, tmp_path: Path) -> None:
    catalog = read()
    assert catalog.notes == ()
    assert catalog.assets["location"].tolist() == [str(tmp_path / "one.jpg"), "/far/two.jpg", "s3://bucket/three.jpg"]
    assert catalog.assets["asset_id"].tolist() == ["1", "2", "3"]
    assert catalog.titles["launch_year"].tolist() == [1999, 2004]
    assert catalog.impressions is not None
    assert catalog.impressions.to_numpy().tolist() == [
        ["1", "NA", 50, 5], ["1", "US", 100, 10], ["2", "US", 200, 10], ["3", "US", 10, 0],
    ]  # fmt: skip
    assert catalog.impressions["takes"].dtype == np.int64
    assert catalog.popularity is None


def test_parquet_and_csv_give_the_same_catalogue(read: Read, tmp_path: Path) -> None:
    from_csv = read()
    for name in ("assets", "titles", "impressions"):
        frame = pd.read_csv(tmp_path / f"{name}.csv", keep_default_na=False)
        frame.to_parquet(tmp_path / f"{name}.parquet")
    data = {name: tmp_path / f"{name}.parquet" for name in ("assets", "titles", "impressions")}
    from_parquet = read_catalog(Data(**data))
    for name in ("assets", "titles", "impressions"):
        pd.testing.assert_frame_equal(getattr(from_csv, name), getattr(from_parquet, name), check_dtype=False)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (
            "1,US,10,11",
            "takes exceed impressions in 1 row, first asset_id '1', country 'US', impressions '10', takes '11'",
        ),
        ("1,US,-1,0", "'impressions' is negative in 1 row, first asset_id '1', country 'US', impressions '-1'"),
        ("1,US,10,-3", "'takes' is negative in 1 row, first asset_id '1', country 'US', takes '-3'"),
        ("1,US,,0", "'impressions' is missing in 1 row, first asset_id '1', country 'US'"),
        ("1,US,10,", "'takes' is missing in 1 row"),
        ("1,US,10,0.5", "'takes' is not a whole number in 1 row, first asset_id '1', country 'US', takes '0.5'"),
        (
            "1,US,many,1",
            "'impressions' is not a whole number in 1 row, first asset_id '1', country 'US', impressions 'many'",
        ),
        ("1,US,NaN,1", "'impressions' is not a whole number"),
        ("1,US,inf,1", "'impressions' is not a whole number"),
        ("1,US,1e300,1", "'impressions' is larger than 10^12"),
        ("1,US,99999999999999999999,1", "'impressions' is larger than 10^12"),
        (",US,10,1", "'asset_id' is missing in 1 row, first asset_id missing, country 'US'"),
        ("1,,10,1", "'country' is missing in 1 row, first asset_id '1', country missing"),
        ("2,US,10,1\n2,US,11,1", "repeats 1 key (asset_id, country): asset_id '2', country 'US' (2 rows)"),
    ],
)
def test_impossible_counts_are_refused_with_the_row_named(read: Read, row: str, words: str) -> None:
    with pytest.raises(TableError) as caught:
        read(impressions=f"{LOG}3,US,10,1\n{row}\n")
    assert str(caught.value).startswith("impressions.csv")
    assert words in str(caught.value)


def test_the_first_repeated_keys_and_their_number_are_named(read: Read) -> None:
    rows = "".join(f"{asset},US,10,1\n" * 2 for asset in "34512")
    with pytest.raises(TableError, match=r"repeats 5 keys .*'1', country 'US' \(2 rows\); .*'2'.*'3'.* and 2 more;"):
        read(impressions=LOG + rows)


def test_whole_numbers_written_as_floats_are_counts(read: Read) -> None:
    catalog = read(impressions=LOG + '1,US,10.0,1\n2,US,1e3, 7 \n3,US,"5",0\n')
    assert catalog.impressions is not None
    assert catalog.impressions["impressions"].tolist() == [10, 1000, 5]
    assert catalog.impressions["takes"].tolist() == [1, 7, 0]


def test_further_cells_are_part_of_the_key_and_are_summed(read: Read) -> None:
    catalog = read(
        impressions="asset_id,country,device,date,impressions,takes,propensity\n"
        "1,US,tv,2026-01-01,10,1,0.5\n1,US,phone,2026-01-01,20,2,0.5\n1,US,tv,2026-01-02,30,3,0.1\n2,US,,,5,5,1\n"
        "3,US,tv,2026-01-01,1,0,1\n"
    )
    assert catalog.impressions is not None
    assert catalog.impressions.to_numpy().tolist() == [["1", "US", 60, 6], ["2", "US", 5, 5], ["3", "US", 1, 0]]
    assert catalog.notes == (
        "impressions.csv: 5 rows were summed over 'device', 'date' to one for each asset and country.",
    )
    with pytest.raises(TableError, match=r"repeats 1 key \(asset_id, country, device\)"):
        read(impressions="asset_id,country,device,impressions,takes\n1,US,tv,10,1\n1,US,tv,20,2\n")
    odd = read(impressions="asset_id,country,rows_of_key,impressions,takes\n1,US,x,10,1\n1,US,y,20,2\n").impressions
    assert odd is not None
    assert odd["impressions"].tolist() == [30]


def test_what_is_normal_is_noted(read: Read) -> None:
    catalog = read(
        titles="title_id,genre\nt1,Drama\nt2,Comedy\nt3,Horror\n",
        impressions=LOG + "1,US,960,10\n2,US,0,0\nghost,US,40,1\n",
    )
    assert catalog.notes == (
        "1 of 3 titles have no asset.",
        "impressions.csv: 1 pair of asset and country without an impression left out.",
        "impressions.csv: impressions of 1 asset not in the asset table left out (4.00% of all).",
        "2 of 3 assets were never shown.",
    )
    assert catalog.impressions is not None
    assert catalog.impressions["asset_id"].tolist() == ["1"]


def test_too_many_impressions_of_unknown_assets_are_refused(read: Read) -> None:
    log = LOG + "1,US,90,10\nghost,US,10,1\n"
    with pytest.raises(TableError, match=r"10\.0% of the impressions belong to 1 asset .*'ghost', at most 5\.0% may"):
        read(impressions=log)
    assert read(share=0.1, impressions=log).impressions is not None


def test_a_log_of_nothing_but_unknown_assets_is_refused_at_any_share(read: Read) -> None:
    with pytest.raises(TableError, match=r"100\.0% of the impressions"):
        read(share=1.0, impressions=LOG + "ghost,US,10,1\n")


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        (
            {"assets": "asset_id,title_id,location\n1,t1,a\n1,t1,b\n"},
            "assets.csv repeats 1 key (asset_id): asset_id '1' (2 rows)",
        ),
        (
            {"assets": "asset_id,title_id,location\n1,t9,a\n2,t1,b\n"},
            "1 asset of 2 without a row in the title table, first asset_id '1' with title_id 't9'",
        ),
        ({"assets": "asset_id,title_id,location\n1,,a\n"}, "'title_id' is missing in 1 row, first asset_id '1'"),
        ({"assets": "asset_id,title_id,location\n1,t1,\n"}, "'location' is missing in 1 row, first asset_id '1'"),
        (
            {"assets": "asset,title_id,location\n1,t1,a\n"},
            "assets.csv lacks 'asset_id' (did you mean 'asset'?). Found: asset, title_id, location.",
        ),
        (
            {"titles": "title_id,genre\nt1,A\nt1,B\nt2,A\n"},
            "titles.csv repeats 1 key (title_id): title_id 't1' (2 rows)",
        ),
        ({"titles": "title_id,budget\nt1,inf\nt2,1\n"}, "titles.csv: 'budget' of title_id 't1' is infinite"),
        ({"titles": "title_id,budget\nt1,1\nt2,-1e200\n"}, "'budget' of title_id 't2' is -1e+200, beyond 1e100"),
        (
            {"titles": "title_id,as_of\nt1,soon\nt2,2026-01-01\n"},
            "'as_of' is not a date in 1 row, first title_id 't1', as_of 'soon'",
        ),
        ({"impressions": LOG}, "impressions.csv has a header and no rows"),
        ({"impressions": LOG + "1,US,0,0\n"}, "no row read has an impression"),
    ],
)
def test_a_damaged_table_is_refused_in_one_sentence(read: Read, tables: dict[str, str], words: str) -> None:
    with pytest.raises(TableError) as caught:
        read(**tables)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_latest_row_of_each_title_is_taken(read: Read) -> None:
    catalog = read(
        titles="title_id,as_of,genre\nt1,2026-01-09,old\nt1,2026-01-10,new\nt1,2025-12-31,older\nt2,2024-02-29,only\n"
    )
    assert catalog.titles.to_dict("list") == {"title_id": ["t1", "t2"], "genre": ["new", "only"]}
    assert catalog.notes == ("titles.csv: the latest 'as_of' of each key was taken and 2 older rows left out.",)


def test_a_dated_run_sees_only_what_was_known_then(read: Read) -> None:
    tables = {
        "titles": "title_id,as_of,genre\nt1,2026-01-01,old\nt1,2026-03-01,new\nt2,2026-02-01,later\n",
        "impressions": "asset_id,country,date,impressions,takes\n"
        "1,US,2026-01-01,100,1\n1,US,2026-01-31 23:59:00,100,2\n1,US,2026-02-01,100,4\n3,US,2026-02-01,100,50\n",
        "popularity": "title_id,country,as_of,popularity\nt1,US,2026-01-01,0.1\nt1,US,2026-02-01,0.2\n"
        "t2,US,2026-02-01,0.3\n",
    }
    then = read(as_of=date(2026, 1, 31), **tables)
    assert then.titles.to_numpy().tolist() == [["t1", "old"]]
    assert then.assets["asset_id"].tolist() == ["1", "2"]
    assert then.impressions is not None
    assert then.impressions.to_numpy().tolist() == [["1", "US", 200, 3]]
    assert then.popularity is not None
    assert then.popularity.to_numpy().tolist() == [["t1", "US", 0.1]]
    assert "titles.csv: 1 key first known after 2026-01-31 left out." in then.notes
    now = read(**tables)
    assert now.impressions is not None
    assert now.impressions.to_numpy().tolist() == [["1", "US", 300, 7], ["3", "US", 100, 50]]
    with pytest.raises(TableError, match="no title was known by 2025-01-01"):
        read(as_of=date(2025, 1, 1), **tables)
    with pytest.raises(TableError, match="'date' is not a date in 1 row, first asset_id '1', country 'US', date 'May'"):
        read(as_of=date(2026, 1, 31), impressions="asset_id,country,date,impressions,takes\n1,US,May,1,1\n")


def test_a_dated_run_says_when_the_log_has_no_dates(read: Read) -> None:
    notes = read(as_of=date(2026, 1, 31)).notes
    assert notes == ("impressions.csv has no column 'date', so all of it was read whatever the date of the run.",)


def test_covariates_get_their_types_and_text_stays_text(read: Read) -> None:
    titles = read(
        titles="title_id,genre,year,score,family,name,code\n"
        't1,NA,1999,,true,"Amélie, ""encore""",007\nt2,,2004,NaN,False,<script>,x\n'
    ).titles
    assert titles["genre"].iloc[0] == "NA"
    assert titles["genre"].isna().tolist() == [False, True]
    assert titles["year"].tolist() == [1999, 2004]
    assert titles["family"].tolist() == [True, False]
    assert titles["family"].dtype == bool
    assert titles["name"].tolist() == ['Amélie, "encore"', "<script>"]
    assert titles["code"].tolist() == ["007", "x"]


def test_an_outcome_of_the_titles_replaces_the_log(read: Read) -> None:
    titles = "title_id,imdb_score\nt1,7.5\nt2,\n"
    catalog = read(titles=titles, outcome="imdb_score")
    assert catalog.impressions is None
    assert catalog.titles["imdb_score"].tolist() == pytest.approx([7.5, np.nan], nan_ok=True)
    assert catalog.notes == ("1 of 2 titles have no imdb_score.",)
    with pytest.raises(TableError, match=r"lacks 'score' \(did you mean 'imdb_score'\?\)"):
        read(titles=titles, outcome="score")
    with pytest.raises(TableError, match="must hold numbers, found 'good' of title_id 't2'"):
        read(titles="title_id,imdb_score\nt1,7.5\nt2,good\n", outcome="imdb_score")
    with pytest.raises(TableError, match="missing for every title"):
        read(titles="title_id,imdb_score\nt1,\nt2,\n", outcome="imdb_score")


def test_popularity_is_the_latest_rate_and_its_gaps_are_noted(read: Read) -> None:
    catalog = read(
        popularity="title_id,country,as_of,popularity\nt1,US,2026-01-01,0.1\nt1,US,2026-02-01,0.2\n"
        "t1,NA,2026-01-01,0.3\ngone,US,2026-01-01,0.4\n"
    )
    assert catalog.popularity is not None
    assert catalog.popularity.to_numpy().tolist() == [["t1", "NA", 0.3], ["t1", "US", 0.2]]
    assert catalog.notes == (
        "popularity.csv: the latest 'as_of' of each key was taken and 1 older row left out.",
        "popularity.csv: popularity of 1 title not in the title table left out.",
        "Popularity is not given for 1 of 3 pairs of title and country; "
        "there the mean of the title's other artwork stands in.",
    )


@pytest.mark.parametrize("value", ["1.2", "-0.1", "nan", "inf", "high"])
def test_popularity_that_is_no_rate_is_refused(read: Read, value: str) -> None:
    with pytest.raises(TableError, match="'popularity' is no rate in 1 row, first title_id 't1', country 'US'"):
        read(popularity=f"title_id,country,popularity\nt1,US,{value}\n")


def test_float_identifiers_of_a_damaged_export_match_their_text(read: Read, tmp_path: Path) -> None:
    read()
    frame = pd.DataFrame({"asset_id": [1.0, 2.0], "country": "US", "impressions": [10, 20], "takes": [1, 2]})
    frame.to_parquet(tmp_path / "log.parquet")
    with open_engine() as engine:
        table = read_impressions(engine, tmp_path / "log.parquet", assets_of("1", "2"), 0.05)
    assert table.frame["asset_id"].tolist() == ["1", "2"]


def test_sums_agree_with_pandas_on_a_sharded_log(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    cells = pd.MultiIndex.from_product([range(200), ["US", "BR", "DE"], ["tv", "phone"], range(20)])
    log = cells.to_frame(index=False, name=["asset_id", "country", "device", "day"])
    log["impressions"] = rng.integers(0, 10**6, len(log))
    log["takes"] = rng.binomial(log["impressions"], 0.1)
    (tmp_path / "log").mkdir()
    for shard, part in log.groupby("day"):
        part.to_parquet(tmp_path / "log" / f"{shard}.parquet")
    assets = assets_of(*map(str, range(200)))
    with open_engine() as engine:
        found = read_impressions(engine, tmp_path / "log", assets, 0.0).frame
    expected = log.assign(asset_id=log["asset_id"].astype(str)).groupby(["asset_id", "country"])[
        ["impressions", "takes"]
    ]
    pd.testing.assert_frame_equal(found, expected.sum().reset_index(), check_dtype=False)


def test_the_real_posters_are_read_with_their_score_as_the_outcome(reference_data: Path, tmp_path: Path) -> None:
    posters = pd.read_csv(reference_data / "posters" / "posters.csv")
    folder = reference_data / "posters" / "images"
    assets = pd.DataFrame({"asset_id": posters["file"], "title_id": posters["imdb_id"]})
    assets.assign(location=[str(folder / file) for file in posters["file"]]).to_csv(
        tmp_path / "assets.csv", index=False
    )
    posters.rename(columns={"imdb_id": "title_id"}).to_csv(tmp_path / "titles.csv", index=False)
    outcome = TitleOutcome(column="imdb_score")
    catalog = read_catalog(Data(assets=tmp_path / "assets.csv", titles=tmp_path / "titles.csv", outcome=outcome))
    assert len(catalog.assets) == len(catalog.titles) == 389
    assert catalog.titles["imdb_score"].between(0, 10).all()
    assert catalog.titles["title_year"].dtype == np.float64
    assert all(Path(location).is_file() for location in catalog.assets["location"])
