from __future__ import annotations

import glob
import os
from pathlib import Path

import pandas as pd
import pytest

from artwork_insights.errors import TableError
from artwork_insights.features.inputs.sources import Sources, find_sources, sources_of_assets


def _touch(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode())
    return folder


def _ids(sources: Sources) -> list[str]:
    return [asset.asset_id for asset in sources.assets]


def test_a_folder_is_read_in_the_order_of_its_names_and_named_by_stem(tmp_path: Path) -> None:
    _touch(tmp_path, "b.jpg", "a.png", "sub/c.webp")
    sources = find_sources([str(tmp_path)])
    assert _ids(sources) == ["a", "b", "c"]
    assert sources.assets[2].address == str(tmp_path / "sub" / "c.webp")


def test_equal_stems_are_told_apart_by_the_path_in_the_folder(tmp_path: Path) -> None:
    _touch(tmp_path, "one/x.jpg", "two/x.jpg", "y.png", "y.jpg")
    assert _ids(find_sources([str(tmp_path)])) == ["one/x.jpg", "two/x.jpg", "y.jpg", "y.png"]


def test_files_that_are_no_images_are_inputs_and_hidden_ones_are_counted(tmp_path: Path) -> None:
    _touch(tmp_path, "a.jpg", "notes.txt", "README", ".DS_Store", ".cache/x.jpg")
    sources = find_sources([str(tmp_path)])
    assert _ids(sources) == ["README", "a", "notes"]
    assert sources.notes == ("1 hidden file was passed over.",)


def test_a_file_named_twice_is_one_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _touch(tmp_path, "a.jpg", "b.jpg")
    monkeypatch.chdir(tmp_path)
    sources = find_sources(["b.jpg", str(tmp_path), "./*.jpg"])
    assert _ids(sources) == ["b", "a"]
    assert "3 of the files were named twice" in sources.notes[0]
    assert sources.assets[0].location == "b.jpg"


def test_a_pattern_names_files_from_its_fixed_part(tmp_path: Path) -> None:
    _touch(tmp_path, "p/one/x.jpg", "p/two/x.jpg", "p/two/x.png")
    assert _ids(find_sources([f"{tmp_path}/p/*/x.jpg"])) == ["one/x.jpg", "two/x.jpg"]
    assert len(find_sources([f"{tmp_path}/p/**/*.jpg"]).assets) == 2


def test_two_folders_with_the_same_file_names_are_refused(tmp_path: Path) -> None:
    _touch(tmp_path, "one/x.jpg", "two/x.jpg")
    with pytest.raises(TableError, match=r"asset_id 'x.jpg' stands for more than one image; give each image its own"):
        find_sources([str(tmp_path / "one"), str(tmp_path / "two")])


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_manifest_names_its_assets_in_its_order(tmp_path: Path, suffix: str) -> None:
    frame = pd.DataFrame({"asset_id": ["007", "3", "NA"], "location": ["b.jpg", "/x/a.jpg", "s3://k/c.jpg"], "more": 1})
    path = tmp_path / f"assets.{suffix}"
    frame.to_csv(path, index=False) if suffix == "csv" else frame.to_parquet(path)
    sources = find_sources([str(path)])
    assert _ids(sources) == ["007", "3", "NA"]
    assert [asset.location for asset in sources.assets] == ["b.jpg", "/x/a.jpg", "s3://k/c.jpg"]
    assert [asset.address for asset in sources.assets] == [str(tmp_path / "b.jpg"), "/x/a.jpg", "s3://k/c.jpg"]
    assert sources.base == str(tmp_path)


def test_a_manifest_beside_a_folder_spells_its_locations_out(tmp_path: Path) -> None:
    _touch(tmp_path, "images/a.jpg", "lists/b.jpg")
    (tmp_path / "lists/m.csv").write_text("asset_id,location\nb,b.jpg\n")
    sources = find_sources([str(tmp_path / "images"), str(tmp_path / "lists" / "m.csv")])
    assert sources.assets[0].location == str(tmp_path / "lists" / "b.jpg")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("asset,location\n1,a.jpg\n", r"m\.csv lacks 'asset_id' \(did you mean 'asset'\?\)\. Found: asset, location\."),
        ("asset_id,location\n1,a.jpg\n1,b.jpg\n", r"m\.csv: asset_id '1' stands for more than one image"),
        ("asset_id,location\n1,a.jpg\n2,\n", r"m\.csv: 'location' is missing in 1 row, first asset_id '2'"),
        ("asset_id,location\n", r"m\.csv has a header and no rows"),
        ("", r"m\.csv is empty; expected a header line"),
    ],
)
def test_a_manifest_that_cannot_be_used_is_refused_with_a_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "m.csv").write_text(text)
    with pytest.raises(TableError, match=sentence):
        find_sources([str(tmp_path / "m.csv")])


def test_inputs_that_hold_nothing_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for text, sentence in (
        (tmp_path / "empty", "holds no file"),
        (tmp_path / "gone", "no such file"),
        ("*.x", "*.x: no"),
    ):
        with pytest.raises(TableError) as caught:
            find_sources([str(text)])
        assert sentence in str(caught.value)


def test_names_that_are_no_valid_text_can_still_stand_in_a_table(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.jpg")
    path.write_bytes(b"x")
    (asset,) = find_sources([str(tmp_path)]).assets
    assert asset.asset_id.encode("utf-8") == b"caf\\xe9"
    assert asset.address == str(path)


def test_a_table_of_assets_gives_their_images() -> None:
    sources = sources_of_assets(pd.DataFrame({"asset_id": [12, 3], "location": ["/p/a.jpg", "s3://k/b.jpg"]}))
    assert [(a.asset_id, a.address) for a in sources.assets] == [("12", "/p/a.jpg"), ("3", "s3://k/b.jpg")]
    with pytest.raises(TableError, match="asset_id 'x' stands for more than one"):
        sources_of_assets(pd.DataFrame({"asset_id": ["x", "x"], "location": ["a", "b"]}))


def test_values_of_a_manifest_lose_the_spaces_around_them(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("asset_id,location\n 1, a.jpg \n2,b.jpg\n")
    assert [(a.asset_id, a.location) for a in find_sources([str(tmp_path / "m.csv")]).assets] == [
        ("1", "a.jpg"),
        ("2", "b.jpg"),
    ]
    (tmp_path / "m.csv").write_text("asset_id,location\n 1,a.jpg\n1,b.jpg\n")
    with pytest.raises(TableError, match="asset_id '1' stands for more than one image"):
        find_sources([str(tmp_path / "m.csv")])


def test_a_row_with_a_value_too_many_is_refused_and_moves_no_column(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("asset_id,location\n1,a.jpg\n2,b.jpg,more\n")
    with pytest.raises(TableError, match=r"m\.csv, line 3: found 3 values where the header names 2 columns"):
        find_sources([str(tmp_path / "m.csv")])


def test_manifests_can_be_named_by_a_pattern(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / f"{name}.csv").write_text(f"asset_id,location\n{name},{name}.jpg\n")
    assert _ids(find_sources([f"{tmp_path}/*.csv"])) == ["a", "b"]
    for text, sentence in (("*.parquet", "no file matches it"), ("gone.csv", "there is no such file")):
        with pytest.raises(TableError, match=sentence):
            find_sources([f"{tmp_path}/{text}"])
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(TableError, match="not a file; expected a manifest"):
        find_sources([str(tmp_path / "pipe.csv")])


@pytest.mark.parametrize("text", ["", "  "])
def test_empty_text_is_not_the_current_folder(in_folder: Path, text: str) -> None:
    _touch(in_folder, "a.jpg")
    with pytest.raises(TableError, match="one of the inputs is empty text; name a folder"):
        find_sources([text])


def _extraction(folder: Path) -> None:
    _touch(folder, "features/00000.parquet", "contact-sheet.jpg")
    (folder / "manifest.json").write_text('{"settings": {}, "inputs": 1, "inputs_sha256": "", "finished": false}')


def test_the_output_of_an_extraction_is_no_input(in_folder: Path) -> None:
    _touch(in_folder, "a.jpg", "other/b.jpg", "other/manifest.json")
    _extraction(in_folder / "feat")
    sources = find_sources(["."])
    assert [asset.location for asset in sources.assets] == ["a.jpg", "other/b.jpg", "other/manifest.json"]
    assert sources.notes == ("feat holds an extraction and was passed over.",)
    assert _ids(find_sources(["**/*.jpg"])) == ["a", "b"]
    with pytest.raises(TableError, match="feat: is the output of an extraction"):
        find_sources(["feat"])


def test_files_that_describe_an_image_beside_them_are_passed_over(tmp_path: Path) -> None:
    _touch(tmp_path, "0/1.jpg", "0/1.json", "0/1.txt", "0/2.txt", "0/3.JSON", "0/3.PNG", "1.json")
    sources = find_sources([str(tmp_path)])
    assert [asset.location.removeprefix(f"{tmp_path}/") for asset in sources.assets] == [
        "0/1.jpg", "0/2.txt", "0/3.PNG", "1.json",
    ]  # fmt: skip
    assert sources.notes[0].startswith("3 sidecar files (.json,")


def test_links_to_files_are_files_and_links_to_folders_are_searched_once(tmp_path: Path) -> None:
    home, away = tmp_path / "home", tmp_path / "away"
    _touch(home, "sub/a.jpg")
    _touch(away, "b.jpg")
    (home / "c.jpg").symlink_to(home / "sub" / "a.jpg")
    (home / "again").symlink_to(home / "sub")  # stands before the folder that it leads to
    (home / "circle").symlink_to(home)
    (home / "far").symlink_to(away)
    (away / "back").symlink_to(home)
    sources = find_sources([str(home)])
    assert [asset.location.removeprefix(f"{home}/") for asset in sources.assets] == ["c.jpg", "far/b.jpg", "sub/a.jpg"]
    assert sources.notes == ("3 links to folders that are searched anyway were passed over.",)
    twice = find_sources([str(away), str(home)])
    assert [asset.location.removeprefix(f"{away}/") for asset in twice.assets] == [
        "b.jpg",
        "back/again/a.jpg",
        "back/c.jpg",
    ]


def test_the_order_is_that_of_the_paths_as_an_object_store_sorts_them(tmp_path: Path) -> None:
    names = ["a-b.jpg", "a.jpg", "a/z.jpg", "a0.jpg", "B.jpg", "b/1.jpg", "b/1/2.jpg", "é.jpg"]
    names.remove("b/1.jpg")
    _touch(tmp_path, *names)
    found = [asset.location.removeprefix(f"{tmp_path}/") for asset in find_sources([str(tmp_path)]).assets]
    assert found == sorted(names)


@pytest.mark.parametrize(
    "pattern", ["*", "*.jpg", "p/*", "**", "**/*.jpg", "p/**", "*/[xy].???", "**/q/*", "p/**/x.*", "./p/*", "p?*/*/*/*"]
)
def test_patterns_mean_what_they_mean_to_the_standard_library(in_folder: Path, pattern: str) -> None:
    _touch(in_folder, "x.jpg", "p/x.jpg", "p/q/x.jpg", "p/q/y.png", "pp/q/r/x.jpg", ".h/x.jpg", "p/.x.jpg", "x.d/y.jpg")
    witness = sorted(match for match in glob.glob(pattern, recursive=True) if Path(match).is_file())  # noqa: PTH207
    found = [asset.address for asset in find_sources([pattern]).assets]
    assert found == [str(in_folder / match) for match in witness]


def test_folders_that_a_pattern_matches_are_counted(in_folder: Path) -> None:
    _touch(in_folder, "p/a.jpg", "p/q/b.jpg")
    assert find_sources(["p/*"]).notes == (
        "1 folder matched by a pattern (one that ends in /** searches them) was passed over.",
    )


def test_a_list_of_assets_is_a_sequence_of_sources(tmp_path: Path) -> None:
    _touch(tmp_path, *(f"{i}.jpg" for i in range(9)))
    assets = find_sources([str(tmp_path)]).assets
    everything = list(assets)
    assert len(assets) == 9 and [assets[i] for i in range(9)] == everything and assets[-1] == everything[-1]
    for part in (slice(2, 5), slice(None, None, -1), slice(7, 2), slice(-3, None), slice(0, 9, 4)):
        assert list(assets[part]) == everything[part]
    with pytest.raises(IndexError):
        assets[9]
