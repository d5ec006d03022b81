from __future__ import annotations

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
        ("asset,location\n1,a.jpg\n", r"m\.csv lacks 'asset_id' \(did you mean 'asset'\?\); found: asset, location\."),
        ("asset_id,location\n1,a.jpg\n1,b.jpg\n", r"m\.csv: asset_id '1' stands for more than one image"),
        ("asset_id,location\n1,a.jpg\n2,\n", r"m\.csv: row 2 has no location"),
        ("asset_id,location\n", r"m\.csv has no row"),
        ("", r"m\.csv: cannot be read as a manifest"),
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


def test_the_fingerprint_follows_names_order_and_sizes(tmp_path: Path) -> None:
    _touch(tmp_path, "a.jpg", "b.jpg")
    sources = find_sources([str(tmp_path)])
    first = sources.fingerprint()
    assert find_sources([str(tmp_path)]).fingerprint() == first
    assert Sources(sources.assets[::-1]).fingerprint() != first
    (tmp_path / "a.jpg").write_bytes(b"longer than before")
    assert sources.fingerprint() != first
