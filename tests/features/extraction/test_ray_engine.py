from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from artwork_insights.errors import OutputError
from artwork_insights.features.extraction import extract as extract_module
from artwork_insights.features.extraction import manifest as manifest_module
from artwork_insights.features.extraction import ray_engine
from artwork_insights.features.extraction.choices import choose_plan
from artwork_insights.features.extraction.engine import ShardTask
from artwork_insights.features.extraction.ray_engine import measure_on_ray
from artwork_insights.features.inputs.sources import find_sources
from artwork_insights.features.table import read_table

POISON = '''
"""A plan that makes any process that takes it die of images named poison, as a fault inside a decoder would."""
import os, signal
from dataclasses import fields
from artwork_insights.features.extraction import measure
from artwork_insights.features.extraction.plan import MeasurePlan

decode = measure.decode_image

def deadly(data, location, **options):
    if "poison" in location:
        os.kill(os.getpid(), signal.SIGSEGV)
    return decode(data, location, **options)

class PoisonedPlan(MeasurePlan):
    def __reduce__(self):
        return arm, tuple(getattr(self, field.name) for field in fields(self))

def arm(*values):
    measure.decode_image = deadly
    return PoisonedPlan(*values)
'''


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A Ray of two cores on this machine, whose processes know the module ``poison``."""
    ray = pytest.importorskip("ray", reason="needs ray")
    folder = tmp_path_factory.mktemp("poison")
    (folder / "poison.py").write_text(POISON)
    sys.path.insert(0, str(folder))
    ray.init(
        address="local",
        num_cpus=2,
        include_dashboard=False,
        log_to_driver=False,
        logging_level="ERROR",
        runtime_env={"env_vars": {"PYTHONPATH": str(folder)}},
    )
    yield ray
    ray.shutdown()
    sys.path.remove(str(folder))


def _tables(out: Path) -> dict[str, bytes]:
    return {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*.parquet"))}


@pytest.mark.long
def test_a_cluster_writes_the_same_bytes_and_a_poisoned_image_costs_itself_alone(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from poison import PoisonedPlan

    monkeypatch.setattr(manifest_module, "SHARD_SIZE", 4)

    def poisoned(groups: Any, **options: Any) -> Any:
        plan = choose_plan(groups, **options)
        return PoisonedPlan(*(getattr(plan, field.name) for field in fields(plan)))

    monkeypatch.setattr(extract_module, "choose_plan", poisoned)
    folder = tmp_path / "in"
    folder.mkdir()
    rng = np.random.default_rng(5)
    for i in range(9):
        Image.fromarray(rng.integers(0, 256, (40, 30, 3), dtype=np.uint8)).save(folder / f"{i}.png")
    (folder / "4.png").rename(folder / "poison.png")
    (folder / "7.png").write_bytes(b"no picture")
    sources = find_sources([str(folder)])
    for engine in ("local", "ray"):
        extract_module.extract_features(
            sources, tmp_path / engine, features=["colour"], embedding="none", device="cpu", workers=2, engine=engine
        )
    failures = read_table(tmp_path / "ray", "failures").to_pandas()
    assert failures[["asset_id", "error"]].to_numpy().tolist() == [["7", "ImageError"], ["poison", "ProcessDied"]]
    assert read_table(tmp_path / "ray", "features")["asset_id"].to_pylist() == ["0", "1", "2", "3", "5", "6", "8"]
    assert _tables(tmp_path / "ray") == _tables(tmp_path / "local")
    assert len(_tables(tmp_path / "ray")) == 3 * 3 + 1  # three tables of three shards, and the roster


def test_what_a_cluster_lacks_is_refused_with_a_sentence(cluster: Any, tmp_path: Path) -> None:
    plan = choose_plan(("file",), device="cpu", embedding="none")
    object.__setattr__(plan, "device", "cuda")
    with pytest.raises(OutputError, match="the cluster has no GPU; use --device cpu"):
        next(measure_on_ray([ShardTask(0, ("a.jpg",))], plan))


def test_images_that_only_this_machine_sees_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a stand-in for a cluster of three machines."""

    class Remote:
        def __init__(self, look: object) -> None:
            self.node = ""

        def options(self, scheduling_strategy: Any) -> Remote:
            self.node = scheduling_strategy.node_id
            return self

        def remote(self, path: str) -> bool:
            return self.node == "0" * 55 + "1"

    class Cluster:
        def remote(self, num_cpus: int) -> type[Remote]:
            return Remote

        def nodes(self) -> list[dict[str, Any]]:
            return [
                {"NodeID": "0" * 55 + str(i + 1), "NodeManagerHostname": f"host{i}", "Alive": True} for i in range(3)
            ]

        def get(self, answers: list[bool]) -> list[bool]:
            return answers

    pytest.importorskip("ray", reason="needs ray")
    with pytest.raises(OutputError, match=r"is not there on host1 and 1 other machines; put the images on storage"):
        ray_engine._refuse_unseen(Cluster(), __file__)
    ray_engine._refuse_unseen(Cluster(), "s3://bucket/a.jpg")


def test_without_ray_the_package_to_install_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> None:
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr(ray_engine.importlib, "import_module", absent)
    with pytest.raises(OutputError, match=r"No module named 'ray'\); pip install 'artwork-insights\[ray\]'"):
        next(measure_on_ray([], choose_plan(("file",), device="cpu", embedding="none")))


def test_tasks_travel_in_groups_of_bounded_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_engine, "IMAGES_PER_DATASET", 10)
    asked: list[int] = []

    def tasks() -> Iterator[ShardTask]:
        for i in range(7):
            asked.append(i)
            yield ShardTask(i, ("a",) * 4)

    groups = ray_engine._groups(tasks())
    assert [task.index for task in next(groups)] == [0, 1, 2]
    assert asked == [0, 1, 2]
    assert [[task.index for task in group] for group in groups] == [[3, 4, 5], [6]]
