from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

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
    manifest = {"settings": {}, "inputs": 1, "inputs_sha256": "", "finished": True}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(OutputError, match=r"has no features/\*\.parquet"):
        read_feature_table(tmp_path)
    (tmp_path / "features").mkdir()
    (tmp_path / "features" / "00000.parquet").write_bytes(b"no parquet")
    with pytest.raises(OutputError, match="cannot be read"):
        read_feature_table(tmp_path)
