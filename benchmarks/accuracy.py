"""How well faces are found, each mode beside facenet-pytorch on the same files: ``python benchmarks/accuracy.py DATA``.

Prints the tables of ``docs/extraction.md``; ``--figure FILE`` draws its precision-recall curves, ``--parity`` compares
boxes, of every Nth file with ``--every N``. Our modes run in torch and OpenCV; with ``--runtime openvino`` in OpenVINO,
but for `exact`. Photographs are every second file of ``faces/photos`` and all of ``faces/no_face``; posters are those
with faces counted, a face from 3.5 % of the height on. Differences from the peer are paired, with a bootstrap over
files.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from matplotlib.axes import Axes
from sklearn.metrics import average_precision_score, roc_auc_score

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "reference"))

from detection import (  # noqa: E402
    Detect,
    annotated_photos,
    matched,
    our_detector,
    peer_detector,
)
from thresholds import Scored, print_thresholds  # noqa: E402

from artwork_insights.features.faces.detector import CENTRE_FACE_SCORE  # noqa: E402
from artwork_insights.features.faces.second_look import overlaps  # noqa: E402

Array = npt.NDArray[np.float64]
SMALLEST_COUNTED = 0.035  # of the poster's height, the rule of gold_faces.csv
DRAWS = 2000
PEER = "facenet-pytorch 2.5.3"
CASCADE_SCORE, CASCADE_PRECISE_SCORE = 0.7, 0.9  # of the cascades, for presence and count, and for single faces
LOOKS = {PEER: ("black", "."), "ours, fast": ("#e08214", ""), "ours, default": ("#2166ac", "")}


@dataclass(frozen=True)
class Found:
    """What one detector found: scores and matches by photograph, scores by poster."""

    photo_scores: list[Array]
    photo_matches: list[npt.NDArray[np.bool_]]
    no_face_scores: list[Array]
    poster_scores: list[Array]
    milliseconds: float
    count_at: float
    precise_at: float


@dataclass(frozen=True)
class Files:
    """What all of them look at."""

    photos: dict[Path, Array]
    no_face: list[Path]
    posters: pd.DataFrame

    @staticmethod
    def under(data: Path) -> Files:
        every = annotated_photos(data)
        photos = [path for path in every if path.parent.name == "photos"][::2]
        posters = pd.read_csv(data / "posters" / "gold_faces.csv")
        posters["path"] = [data / "posters" / "images" / name for name in posters["file"]]
        return Files({p: every[p] for p in photos}, [p for p in every if p.parent.name == "no_face"], posters)


def look(detect: Detect, files: Files, count_at: float, precise_at: float) -> Found:
    """Run a detector over all files."""
    started = time.process_time()
    photos = {path: detect(path) for path in files.photos}
    no_face = [detect(path)[1] for path in files.no_face]
    posters = [detect(path) for path in files.posters["path"]]
    seconds = time.process_time() - started
    scores = []
    for path, (boxes, found) in zip(files.posters["path"], posters, strict=True):
        height = cv2.imread(str(path)).shape[0]
        scores.append(found[boxes[:, 3] - boxes[:, 1] >= SMALLEST_COUNTED * height])
    return Found(
        [found for _, found in photos.values()],
        [matched(boxes, found, files.photos[path]) for path, (boxes, found) in photos.items()],
        no_face, scores, 1000 * seconds / (len(photos) + len(no_face) + len(posters)), count_at, precise_at,
    )  # fmt: skip


def figures(
    found: Found, files: Files, photo: npt.NDArray[np.int64], poster: npt.NDArray[np.int64]
) -> dict[str, float]:
    """All figures over a choice of files, each by its position."""
    annotated = np.array([len(boxes) for boxes in files.photos.values()])
    scores = np.concatenate([found.photo_scores[i] for i in photo])
    right = np.concatenate([found.photo_matches[i] for i in photo])
    counted = scores >= found.precise_at
    precision, recall = curve(scores, right, annotated[photo].sum())
    best = np.array([max(found.poster_scores[i], default=0.0) for i in poster])
    counts = np.array([(found.poster_scores[i] >= found.count_at).sum() for i in poster])
    truth = files.posters["n_faces"].to_numpy()[poster]
    photo_counts = np.array([(found.photo_scores[i] >= found.precise_at).sum() for i in photo])
    return {
        "precision": right[counted].mean(),
        "recall": right[counted].sum() / annotated[photo].sum(),
        "recall at precision .925": recall[precision >= 0.925].max(initial=0),
        "exact count, photos": (photo_counts == annotated[photo]).mean(),
        "presence AUC": roc_auc_score(truth > 0, best),
        "presence AP": average_precision_score(truth > 0, best),
        "presence agreement": ((best >= found.count_at) == (truth > 0)).mean(),
        "exact count, posters": (counts == truth).mean(),
    }


def curve(scores: Array, right: npt.NDArray[np.bool_], n: int) -> tuple[Array, Array]:
    """Precision and recall over falling thresholds."""
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(right[order])
    return hits / np.arange(1, len(hits) + 1), hits / n


def differences(found: Found, peer: Found, files: Files) -> dict[str, tuple[float, float]]:
    """Difference from the peer and its one-sided 90 % lower bound, both resampling the same files."""
    rng = np.random.default_rng(0)
    photo, poster = np.arange(len(files.photos)), np.arange(len(files.posters))
    whole = {
        key: figures(found, files, photo, poster)[key] - value
        for key, value in figures(peer, files, photo, poster).items()
    }
    draws: dict[str, list[float]] = {key: [] for key in whole}
    for _ in range(DRAWS):
        some, others = rng.choice(photo, len(photo)), rng.choice(poster, len(poster))
        mine, theirs = figures(found, files, some, others), figures(peer, files, some, others)
        for key in draws:
            draws[key].append(mine[key] - theirs[key])
    return {key: (whole[key], float(np.quantile(draws[key], 0.1))) for key in whole}


def parity(data: Path, runtime: str, every: int) -> None:
    """Print how far the cascades give the peer's own boxes, over the reference files."""
    paths = [*annotated_photos(data), *Files.under(data).posters["path"]][::every]
    peer = peer_detector()
    peers = [peer(path) for path in paths]
    for mode in ("fast", "exact"):
        used = runtime_of(mode, runtime)
        detect = our_detector(mode, used)
        best: list[float] = []
        same_count = 0
        for path, (boxes, scores) in zip(paths, peers, strict=True):
            ours = detect(path)[0]
            same_count += len(ours) == len(boxes)
            shared = overlaps(boxes[scores >= 0.95], ours)
            best += shared.max(axis=1, initial=0).tolist()
        found = np.array(best)
        print(
            f"{mode}, {used}: {len(found):,} faces of the peer that score .95 or more, {np.mean(found >= 0.7):.2%} "
            f"found with an IoU of .7, {np.mean(found > 0.9):.2%} of more than .9; equal counts on "
            f"{same_count / len(paths):.2%} of {len(paths)} files"
        )


def runtime_of(mode: str, runtime: str) -> str:
    """Mode "exact" runs in torch."""
    return "torch" if mode == "exact" else runtime


def draw(results: dict[str, Found], files: Files, path: Path) -> None:
    """Precision-recall curves: faces on the photographs, and whether a poster has one."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.6, 4.0), layout="constrained")
    faces, presence = figure.subplots(1, 2)
    n_faces = sum(len(boxes) for boxes in files.photos.values())
    has_face = files.posters["n_faces"].to_numpy() > 0
    for (name, found), (colour, marker) in zip(results.items(), LOOKS.values(), strict=True):
        scores, right = np.concatenate(found.photo_scores), np.concatenate(found.photo_matches)
        best = np.array([max(scores, default=0.0) for scores in found.poster_scores])
        for axes, curves, at in (
            (faces, (scores, right, n_faces), found.precise_at),
            (presence, (best, has_face, has_face.sum()), found.count_at),
        ):
            plot_curve(axes, curves, at, name, colour, marker)
    faces.set(title="faces on photographs", xlabel="recall of annotated faces", ylabel="precision")
    presence.set(title="posters with a face", xlabel="recall of posters with a face", ylabel="precision")
    for axes in (faces, presence):
        axes.set(xlim=(0.6, 1.005), ylim=(0.7, 1.008))
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    presence.legend(frameon=False, loc="lower left", title="large dot: threshold in use")
    figure.savefig(path, dpi=130)


def plot_curve(
    axes: Axes, curves: tuple[Array, npt.NDArray[np.bool_], int], at: float, name: str, colour: str, marker: str
) -> Axes:
    """One curve over the scores at which something was found, the peer as dots, with the threshold in use."""
    scores, right, n = curves
    precision, recall = curve(scores, right, n)
    falling = -np.sort(-scores)
    last = np.append(falling[1:] != falling[:-1], True) & (falling > 0)  # equal scores are one step
    precision, recall, falling = precision[last], recall[last], falling[last]
    if marker:
        dots = {"linestyle": "none", "markevery": 0.035, "markersize": 4.5, "zorder": 5}
        axes.plot(recall, precision, marker=marker, label=name, color=colour, **dots)
    else:
        axes.plot(recall, precision, label=name, color=colour, linewidth=2.2)
        used = np.flatnonzero(falling >= at)[-1]
        axes.plot(recall[used], precision[used], "o", color=colour, markersize=9, zorder=4)
    return axes


def main(data: Path, figure: Path | None, runtime: str) -> None:
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    files = Files.under(data)
    detectors: dict[str, Callable[[], Found]] = {
        PEER: lambda: look(peer_detector(), files, CASCADE_SCORE, CASCADE_PRECISE_SCORE),
        "ours, fast": lambda: look(our_detector("fast", runtime), files, CASCADE_SCORE, CASCADE_PRECISE_SCORE),
        "ours, exact": lambda: look(our_detector("exact"), files, CASCADE_SCORE, CASCADE_PRECISE_SCORE),
        "ours, default": lambda: look(our_detector("default", runtime), files, CENTRE_FACE_SCORE, CENTRE_FACE_SCORE),
    }
    results = {name: run() for name, run in detectors.items()}
    everything = np.arange(len(files.photos)), np.arange(len(files.posters))
    heads = list(figures(results[PEER], files, *everything))
    ran_in = {PEER: "torch"} | {f"ours, {mode}": runtime_of(mode, runtime) for mode in ("fast", "exact", "default")}
    if runtime == "torch":
        ran_in["ours, default"] = "OpenCV"
    print(
        "| | " + " | ".join(heads) + " | animals with a face | CPU ms per image |\n" + "|---" * (len(heads) + 3) + "|"
    )
    for name, found in results.items():
        cells = [f"{value:.3f}" for value in figures(found, files, *everything).values()]
        false = sum(bool((scores >= found.precise_at).any()) for scores in found.no_face_scores)
        cells += [f"{false} of {len(files.no_face)}", f"{found.milliseconds:.0f}, {ran_in[name]}"]
        print(f"| {name} | " + " | ".join(cells) + " |")
    for name in ("ours, fast", "ours, default"):
        gained = differences(results[name], results[PEER], files)
        cells = [f"{difference:+.3f} (> {bound:+.3f})" for difference, bound in gained.values()]
        print(f"| {name}, less the peer (one-sided 90 %) | " + " | ".join(cells) + " | | |")
    modes = [
        Scored("default", results["ours, default"].poster_scores, CENTRE_FACE_SCORE, np.arange(0.25, 0.71, 0.05)),
        Scored("fast", results["ours, fast"].poster_scores, CASCADE_SCORE, np.arange(0.7, 0.96, 0.05)),
    ]
    print_thresholds(modes, files.posters)
    if figure:
        draw({name: found for name, found in results.items() if name != "ours, exact"}, files, figure)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--figure", type=Path)
    parser.add_argument("--parity", action="store_true", help="compare boxes with the peer's instead")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="of --parity: every Nth file")
    parser.add_argument("--runtime", choices=("torch", "openvino"), default="torch", help="of fast and default")
    given = parser.parse_args()
    if given.parity:
        torch.set_num_threads(1)
        parity(given.data, given.runtime, given.every)
    else:
        main(given.data, given.figure, given.runtime)
