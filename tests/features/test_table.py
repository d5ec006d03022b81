from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from artwork_insights.catalog.columns import FEATURE_COLUMNS, SCALAR_FEATURES
from artwork_insights.errors import OutputError
from artwork_insights.features.table import read_feature_table


def test_reading_the_table_imports_no_network() -> None:
    code = (
        "import sys; import artwork_insights.features.table; "
        "print([m for m in ('torch', 'cv2', 'PIL', 'facenet_pytorch', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_folder_that_is_no_extraction_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"is no extraction \(no manifest.json\); run artwork-insights extract\."):
        read_feature_table(tmp_path)


@pytest.mark.parametrize("text", ["{", "[]", '{"finished": true}'])
def test_a_manifest_that_is_not_ours_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(OutputError, match=r"manifest\.json"):
        read_feature_table(tmp_path)


def test_a_manifest_without_tables_is_refused(tmp_path: Path) -> None:
    manifest = {"settings": {"file": {}}, "inputs": 1, "inputs_sha256": "", "finished": True}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(OutputError, match=r"has no features/\*\.parquet"):
        read_feature_table(tmp_path)
    (tmp_path / "features").mkdir()
    (tmp_path / "features" / "00000.parquet").write_bytes(b"no parquet")
    with pytest.raises(OutputError, match="cannot be read"):
        read_feature_table(tmp_path)


def write_extraction(folder: Path, columns: dict[str, list[object]], settings: dict[str, object]) -> Path:
    """A finished extraction of the given columns in two shards of one row each."""
    (folder / "features").mkdir(parents=True)
    rows = pd.DataFrame({"asset_id": ["a", "b"], "location": ["a.jpg", "b.jpg"], **columns})
    for i in range(2):
        rows.iloc[[i]].to_parquet(folder / "features" / f"{i:05d}.parquet", index=False)
    manifest = {"settings": settings, "inputs": 2, "inputs_sha256": "", "finished": True}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def columns_of(*groups: str) -> dict[str, list[object]]:
    values: dict[str, list[object]] = {
        "bool": [True, False], "int64": [1, 2], "float64": [0.5, None], "str": ["0" * 32, "f" * 32]
    }  # fmt: skip
    return {
        name: values[FEATURE_COLUMNS[name].dtype] for name in SCALAR_FEATURES if FEATURE_COLUMNS[name].group in groups
    }


def test_only_the_groups_that_were_measured_are_columns(tmp_path: Path) -> None:
    settings: dict[str, object] = {"file": {"method": "2"}, "colour": {"method": "3", "working_side_px": "256"}}
    table = read_feature_table(write_extraction(tmp_path, columns_of("file", "colour"), settings))
    assert "lightness_mean" in table.frame and "face_count" not in table.frame and table.embedding is None
    assert table.settings == {"file.method": "2", "colour.method": "3", "colour.working_side_px": "256"}


def test_a_column_of_a_measured_group_that_is_missing_is_refused(tmp_path: Path) -> None:
    columns = columns_of("file", "colour")
    del columns["lightness_mean"]
    folder = write_extraction(tmp_path, columns, {"file": {}, "colour": {}})
    with pytest.raises(OutputError, match="has no column 'lightness_mean'"):
        read_feature_table(folder)


def test_settings_that_are_not_by_group_are_refused(tmp_path: Path) -> None:
    folder = write_extraction(tmp_path, columns_of("file"), {"detector": "MTCNN"})
    with pytest.raises(OutputError, match="does not say by group"):
        read_feature_table(folder)


def test_near_identical_pictures_have_a_group_which_is_a_label_and_no_number(tmp_path: Path) -> None:
    columns = columns_of("file", "duplicates")
    apart = read_feature_table(write_extraction(tmp_path / "apart", columns, {"file": {}, "duplicates": {}}))
    assert apart.frame["duplicate_group"].tolist() == [0, 1]
    near = columns | {"picture_hash": ["0" * 31 + "1", "0" * 32]}
    frame = read_feature_table(write_extraction(tmp_path / "near", near, {"file": {}, "duplicates": {}})).frame
    assert frame["duplicate_group"].tolist() == [0, 0]
    assert not pd.api.types.is_numeric_dtype(frame["duplicate_group"])


def test_shards_are_read_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    """Also beyond 99,999, where the names get longer."""
    write_extraction(tmp_path, columns_of("file"), {"file": {}})
    (tmp_path / "features" / "00000.parquet").rename(tmp_path / "features" / "100000.parquet")
    assert read_feature_table(tmp_path).frame["asset_id"].tolist() == ["b", "a"]
