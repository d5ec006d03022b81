from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import torch
import torchvision
from PIL import Image

from artwork_insights.catalog.columns import DEFAULT_GROUPS, FEATURE_COLUMNS
from artwork_insights.errors import OutputError, WeightsError
from artwork_insights.features.extraction import manifest as manifest_module
from artwork_insights.features.extraction.engine import Measured
from artwork_insights.features.extraction.extract import ExtractionSummary, extract_features, find_sources
from artwork_insights.features.extraction.progress import Stream
from artwork_insights.features.table import read_feature_table, read_table
from tests.features.extraction.in_process import measure_in_process

TABLES = ("features", "faces", "failures")


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Measure in this process, which is quicker for a few pictures; returns the addresses measured."""
    return measure_in_process(monkeypatch)


@pytest.fixture(scope="module")
def extracted(picture_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ExtractionSummary]:
    """The four files measured by two real processes."""
    out = tmp_path_factory.mktemp("extraction") / "out"
    sources = find_sources([str(picture_folder)])
    return out, extract_features(sources, out, device="cpu", workers=2, embedding="layout")


def _bytes(out: Path) -> dict[str, bytes]:
    return {f"{name}/{path.name}": path.read_bytes() for name in TABLES for path in sorted((out / name).iterdir())}


def test_every_input_is_in_features_or_failures_exactly_once(extracted: tuple[Path, ExtractionSummary]) -> None:
    out, summary = extracted
    features, failures = read_table(out, "features").to_pandas(), read_table(out, "failures").to_pandas()
    assert features["asset_id"].tolist() == ["coffee", "face", "tiny"]
    assert failures["asset_id"].tolist() == ["notes"]
    assert failures.columns.tolist() == ["location", "asset_id", "stage", "error", "message"]
    assert failures["stage"].tolist() == ["decode"]
    assert "not a readable" in failures["message"][0] and failures["location"][0].endswith("notes.txt")
    assert (summary.n_features, summary.n_failures, summary.device) == (3, 1, "cpu")
    assert summary.sentence.startswith(f"{out}: 3 of 4 images measured, 1 failed, {summary.n_faces} faces found")


def test_the_tables_have_the_columns_of_the_dictionary_within_their_ranges(
    extracted: tuple[Path, ExtractionSummary],
) -> None:
    table = pq.read_table(extracted[0] / "features")
    columns = {name: column for name, column in FEATURE_COLUMNS.items() if column.group in DEFAULT_GROUPS}
    assert table.column_names == ["asset_id", "location", *columns]
    for name, column in columns.items():
        values = np.array(table.column(name).combine_chunks().to_pylist(), dtype=object)
        for value in np.hstack([np.ravel(v) for v in values]):
            if value is None or isinstance(value, str) or np.isnan(value):
                continue
            assert column.low is None or value >= column.low, name
            assert column.high is None or value <= column.high, name


def test_faces_are_rows_with_boxes_and_landmarks_of_the_asset(extracted: tuple[Path, ExtractionSummary]) -> None:
    out, summary = extracted
    faces = read_table(out, "faces").to_pandas()
    counts = read_feature_table(out).frame.set_index("asset_id")["face_count"]
    assert len(faces) == summary.n_faces == counts.sum()
    assert counts["tiny"] == 0 and counts["coffee"] == 0
    face = faces[faces["asset_id"] == "face"].iloc[0]
    assert face["face"] == 0
    assert 150 < face["xmin"] < face["nose_x"] < face["xmax"] < 300
    assert face["ymin"] < face["left_eye_y"] < face["nose_y"] < face["mouth_left_y"] < face["ymax"]


def test_the_manifest_says_what_made_the_numbers(extracted: tuple[Path, ExtractionSummary]) -> None:
    manifest = json.loads((extracted[0] / "manifest.json").read_text())
    assert manifest["finished"] and manifest["inputs"] == 4 and manifest["device"] == "cpu"
    assert manifest["counts"] == {"features": 3, "failures": 1, "faces": extracted[1].n_faces}
    assert manifest["settings"]["embedding"]["embedding"] == "layout"
    assert manifest["settings"]["faces"]["runtime"] in ("torch", "openvino")
    assert manifest["versions"]["pillow"] == [version("pillow")] and manifest["versions"]["torch"]
    stored = pq.read_schema(extracted[0] / "features" / "00000.parquet").metadata[b"artwork_insights"]
    assert json.loads(stored) == manifest["settings"]


def test_one_process_more_or_less_changes_no_byte(
    extracted: tuple[Path, ExtractionSummary], picture_folder: Path, tmp_path: Path
) -> None:
    extract_features(find_sources([str(picture_folder)]), tmp_path / "out", workers=1, device="cpu", embedding="layout")
    assert _bytes(tmp_path / "out") == _bytes(extracted[0])


def test_a_finished_extraction_is_left_as_it_is(
    extracted: tuple[Path, ExtractionSummary], picture_folder: Path, in_process: list[str]
) -> None:
    out, first = extracted
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    again = extract_features(find_sources([str(picture_folder)]), out, embedding="layout")
    assert in_process == []
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*")} == before
    assert (again.n_features, again.n_failures, again.n_faces) == (first.n_features, first.n_failures, first.n_faces)
    assert "nothing measured again" in again.sentence


def test_other_settings_are_refused_and_the_difference_is_named(
    extracted: tuple[Path, ExtractionSummary], picture_folder: Path
) -> None:
    with pytest.raises(OutputError, match=r"measured with --embedding layout, this .* give --embedding layout"):
        extract_features(find_sources([str(picture_folder)]), extracted[0], embedding="none")


def test_other_inputs_are_refused(extracted: tuple[Path, ExtractionSummary], picture_folder: Path) -> None:
    with pytest.raises(
        OutputError, match=r"notes.txt, which was measured|and 1 others|not among the inputs of this run"
    ):
        extract_features(find_sources([str(picture_folder / "*.png")]), extracted[0], embedding="layout")


def test_an_interrupted_run_goes_on_where_it_stopped(
    astronaut: np.ndarray, tmp_path: Path, in_process: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manifest_module, "SHARD_SIZE", 2)
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    for i in range(5):
        Image.fromarray(astronaut[i * 20 : i * 20 + 60, :80]).save(folder / f"{i}.png")
    sources = find_sources([str(folder)])

    def interrupted(stream: Stream) -> Iterator[Measured]:
        for position, measured in enumerate(stream):
            if position == 3:
                raise KeyboardInterrupt
            yield measured

    with pytest.raises(KeyboardInterrupt):
        extract_features(sources, out, device="cpu", embedding="none", progress=interrupted)
    assert [path.name for path in (out / "features").iterdir()] == ["00000.parquet"]  # no half shard, no remains
    with pytest.raises(OutputError, match="was interrupted; run the same extract again"):
        read_feature_table(out)
    (out / "features" / "00000.parquet").touch()
    in_process.clear()
    summary = extract_features(sources, out, device="cpu", embedding="none")
    assert [Path(address).name for address in in_process] == ["2.png", "3.png", "4.png"]
    assert summary.n_features == 5
    assert read_feature_table(out).frame["asset_id"].tolist() == ["0", "1", "2", "3", "4"]
    straight = extract_features(sources, tmp_path / "straight", device="cpu", embedding="none")
    assert straight.n_faces == summary.n_faces
    assert _bytes(tmp_path / "straight") == _bytes(out)


def test_all_failures_are_a_result_too(tmp_path: Path, in_process: list[str]) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jpg").write_bytes(b"no picture")
    summary = extract_features(find_sources([str(tmp_path / "in")]), tmp_path / "out", device="cpu", embedding="layout")
    assert (summary.n_features, summary.n_failures) == (0, 1)
    table = read_feature_table(tmp_path / "out")
    assert len(table.frame) == 0 and table.embedding is not None and table.embedding.shape == (0, 722)


def test_a_missing_file_of_a_manifest_is_a_failure(picture_folder: Path, tmp_path: Path, in_process: list[str]) -> None:
    frame = pd.DataFrame({"asset_id": ["b", "a"], "location": ["gone.jpg", str(picture_folder / "tiny.png")]})
    frame.to_csv(tmp_path / "assets.csv", index=False)
    extract_features(find_sources([str(tmp_path / "assets.csv")]), tmp_path / "out", device="cpu", embedding="none")
    failures = read_table(tmp_path / "out", "failures").to_pandas()
    assert failures[["asset_id", "location", "stage"]].to_numpy().tolist() == [["b", "gone.jpg", "read"]]


def test_unusable_weights_are_refused_before_anything_is_written(picture_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "squeezenet1_0.pth").write_bytes(b"garbage")
    with pytest.raises(WeightsError, match="not a state dict"):
        extract_features(
            find_sources([str(picture_folder)]), tmp_path / "out", weights=tmp_path / "squeezenet1_0.pth", device="cpu"
        )
    assert not (tmp_path / "out").exists()


def test_weights_of_ones_own_stand_in_the_settings_and_never_mix(
    picture_folder: Path, tmp_path: Path, in_process: list[str]
) -> None:
    paths = []
    for seed in (0, 1):
        torch.manual_seed(seed)
        paths.append(tmp_path / f"squeezenet1_0-{seed}.pth")
        torch.save(torchvision.models.squeezenet1_0(weights=None).state_dict(), paths[-1])
    sources, out = find_sources([str(picture_folder / "face.jpg")]), tmp_path / "out"
    summary = extract_features(sources, out, device="cpu", weights=paths[0])
    assert summary.embedding == "squeezenet1_0"
    assert summary.sentence.endswith("squeezenet1_0-0.pth are not listed in the manifest; used as given.")
    with pytest.raises(OutputError, match="measured with --weights of the checksum"):
        extract_features(sources, out, device="cpu", weights=paths[1])


def test_tables_without_a_manifest_are_not_overwritten(
    extracted: tuple[Path, ExtractionSummary], picture_folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(extracted[0], tmp_path / "out")
    (tmp_path / "out" / "manifest.json").unlink()
    with pytest.raises(OutputError, match=r"without manifest\.json"):
        extract_features(find_sources([str(picture_folder)]), tmp_path / "out", embedding="layout")


def test_a_gpu_that_is_not_there_is_refused(
    picture_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(OutputError, match="no CUDA device"):
        extract_features(find_sources([str(picture_folder)]), tmp_path / "out", device="cuda")
