"""Measure on the machines of a Ray cluster: the same tasks, the same processes, the same rows as on one machine.

Ray Data spreads the tasks over actors, one per core or GPU. Each actor keeps a `Crew` of one measuring process, or of
as many as there are cores to a GPU, so an image that crashes a decoder ends that process and is a failure, while the
actor and the job go on. What is measured comes back to the process that asked, which alone writes the output: that
folder need not be shared. The images must be: every machine opens them under the same address, and the package and
the weights must be there too.
"""

from __future__ import annotations

import importlib
import logging
import os
import pickle
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from typing import Any

import numpy as np

from artwork_insights.errors import MeasuringError, OutputError
from artwork_insights.features.extraction.crew import SECONDS_PER_IMAGE
from artwork_insights.features.extraction.engine import Measured, ShardTask, measure_shard, open_measurer
from artwork_insights.features.extraction.plan import MeasurePlan
from artwork_insights.features.inputs.location import file_behind, is_remote

IMAGES_PER_DATASET = 500_000
"""Tasks travel to the cluster by so many images, so that the addresses of a large input are never all in memory."""


def measure_on_ray(
    tasks: Iterable[ShardTask], plan: MeasurePlan, *, workers: int = 0, seconds_per_image: float = SECONDS_PER_IMAGE
) -> Iterator[Measured]:
    """Measure on a Ray cluster; shards come as they are done, the images of one together and in their order.

    The cluster is the one that Ray finds: that of ``RAY_ADDRESS``, one started here with ``ray start``, or else a new
    one on this machine.

    Parameters
    ----------
    tasks : iterable of ShardTask
        Asked for 500,000 images at a time.
    plan : MeasurePlan
    workers : int
        Actors, each with one core, or one GPU where the plan's device is ``"cuda"``; 0 for all that the cluster has.
    seconds_per_image : float
        See `Crew`.

    Raises
    ------
    OutputError
        When Ray is not installed, has no such device, or a machine does not see the images.
    MeasuringError
        When measuring processes cannot start, or the cluster fails.
    """
    ray = _connect()
    resource = "GPU" if plan.device == "cuda" else "CPU"
    n_actors = min(workers, _count(ray, resource)) if workers else _count(ray, resource)
    if n_actors == 0:
        raise OutputError(f"engine ray: the cluster has no {resource}; use --device cpu, or add such a machine.")
    processes = max(_count(ray, "CPU") // _count(ray, "GPU"), 1) if resource == "GPU" else 1
    for number, group in enumerate(_groups(tasks)):
        if number == 0:
            _refuse_unseen(ray, group[0].addresses[0])
        measurer = (plan, processes, seconds_per_image)
        yield from _measure_group(ray, group, measurer, resource, min(n_actors, len(group)))


class ShardMeasurer:
    """What each actor holds: one measuring process, or several around its GPU.

    Parameters
    ----------
    plan : MeasurePlan
    n_processes : int
    seconds_per_image : float
    """

    def __init__(self, plan: MeasurePlan, n_processes: int, seconds_per_image: float) -> None:
        self._open = ExitStack()  # ends with this actor; let go of, it would end the measuring process
        self._measure = self._open.enter_context(open_measurer(plan, n_processes, seconds_per_image))

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Measure tasks; results and tasks travel pickled, an error of ours in the place of results."""
        done = []
        for travelled in batch["task"]:
            task: ShardTask = pickle.loads(travelled)
            outcome: object
            try:
                outcome = measure_shard(task, self._measure)
            except (MeasuringError, RuntimeError) as error:
                outcome = error
            done.append(pickle.dumps((task, outcome)))
        return {"done": np.array(done, dtype=object)}


def _connect() -> Any:
    try:
        ray = importlib.import_module("ray")
        data = importlib.import_module("ray.data")
    except ImportError as error:
        raise OutputError(
            f"engine ray needs another package ({error}); pip install 'artwork-insights[ray]', or use --engine local."
        ) from error
    if not ray.is_initialized():
        os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
        ray.init(include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    data.DataContext.get_current().enable_progress_bars = False
    logging.getLogger("ray.data").setLevel("ERROR")  # progress is told by whoever takes what is measured
    return ray


def _count(ray: Any, resource: str) -> int:
    return int(ray.cluster_resources().get(resource, 0))


def _groups(tasks: Iterable[ShardTask]) -> Iterator[list[ShardTask]]:
    group: list[ShardTask] = []
    n_images = 0
    for task in tasks:
        group.append(task)
        n_images += len(task.addresses)
        if n_images >= IMAGES_PER_DATASET:
            yield group
            group, n_images = [], 0
    if group:
        yield group


def _measure_group(
    ray: Any, group: list[ShardTask], measurer: tuple[MeasurePlan, int, float], resource: str, n_actors: int
) -> Iterator[Measured]:
    rows = ray.data.from_items(
        [{"task": pickle.dumps(task)} for task in group], override_num_blocks=len(group)
    ).map_batches(
        ShardMeasurer,
        fn_constructor_args=measurer,
        batch_size=1,
        compute=ray.data.ActorPoolStrategy(size=n_actors),
        **{f"num_{resource.lower()}s": 1},
    )
    try:
        for row in rows.iter_rows():
            task, outcome = pickle.loads(row["done"])
            if isinstance(outcome, BaseException):
                raise outcome
            for result in outcome:
                yield Measured(task, result)
    except ray.exceptions.RayError as error:
        first = str(error).strip().splitlines()[-1]
        raise MeasuringError(f"engine ray: the cluster failed ({type(error).__name__}: {first}); run again.") from error


def _refuse_unseen(ray: Any, address: str) -> None:
    """Refuse to begin where a machine does not see an image that this one does: all its images would be failures."""
    path = "" if is_remote(address) else file_behind(address)
    if not os.path.exists(path):  # noqa: PTH110
        return
    affinity = importlib.import_module("ray.util.scheduling_strategies").NodeAffinitySchedulingStrategy
    look = ray.remote(num_cpus=0)(os.path.exists)
    nodes = {node["NodeID"]: node["NodeManagerHostname"] for node in ray.nodes() if node["Alive"]}
    asked = [look.options(scheduling_strategy=affinity(node, soft=False)).remote(path) for node in nodes]
    blind = [host for host, sees in zip(nodes.values(), ray.get(asked), strict=True) if not sees]
    if blind:
        raise OutputError(
            f"engine ray: {path} is not there on {blind[0]}"
            f"{f' and {len(blind) - 1} other machines' if len(blind) > 1 else ''}; "
            "put the images on storage that all machines share, or name them by s3:// or gs:// addresses."
        )
