"""How well faces are found, each mode beside facenet-pytorch on the same files: ``python benchmarks/accuracy.py DATA``.

Prints the tables of ``docs/extraction.md``; ``--figure FILE`` draws its precision-recall curves, ``--parity`` compares
boxes. Photographs are every
second file of ``faces/photos`` and all of ``faces/no_face``; posters are those with counted faces, a face from 3.5 % of
the height on. Differences from the peer are paired, with a bootstrap over files.
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
from scipy.stats import beta
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

from artwork_insights.features.faces.detector import CENTRE_FACE_SCORE  # noqa: E402
from artwork_insights.features.faces.second_look import overlaps  # noqa: E402

Array = npt.NDArray[np.float64]
SMALLEST_COUNTED = 0.035  # of the poster's height, the rule of gold_faces.csv
DRAWS = 2000
PEER = "facenet-pytorch 2.5.3"


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


def calibration(found: Found, files: Files) -> None:
    """Sensitivity and specificity of presence and count at the threshold in use, with exact 95 % intervals."""
    print(f"\n| use, at a score of {found.count_at} | style | n | sensitivity (95 %) | specificity (95 %) |")
    print("|---|---|---|---|---|")
    best = np.array([max(scores, default=0.0) for scores in found.poster_scores])
    counts = np.array([(scores >= found.count_at).sum() for scores in found.poster_scores])
    truth, style = files.posters["n_faces"].to_numpy(), files.posters["style"].to_numpy()
    uses: dict[str, tuple[Array, Array]] = {
        "a face is present": (best >= found.count_at, truth > 0),
        "more than one face": (counts > 1, truth > 1),
        "more than three faces": (counts > 3, truth > 3),
    }
    for use, (said, true) in uses.items():
        for name in ("all", "photo", "painting", "cartoon", "mixed"):
            chosen = np.ones(len(style), bool) if name == "all" else style == name
            cells = [_rate(said[chosen & true]), _rate(~said[chosen & ~true])]
            print(f"| {use} | {name} | {chosen.sum()} | {cells[0]} | {cells[1]} |")
    print(
        "\n| threshold | presence sensitivity | specificity | agreement | exact count, posters |\n|---|---|---|---|---|"
    )
    for threshold in np.arange(0.25, 0.71, 0.05):
        said = best >= threshold
        exact = np.mean([(scores >= threshold).sum() for scores in found.poster_scores] == truth)
        yes, no = said[truth > 0].mean(), (~said[truth == 0]).mean()
        print(f"| {threshold:.2f} | {yes:.3f} | {no:.3f} | {(said == (truth > 0)).mean():.3f} | {exact:.3f} |")


def _rate(hits: npt.NDArray[np.bool_]) -> str:
    """Share and Clopper-Pearson interval."""
    k, n = int(hits.sum()), len(hits)
    if not n:
        return "none"
    low = beta.ppf(0.025, k, n - k + 1) if k else 0.0
    high = beta.ppf(0.975, k + 1, n - k) if k < n else 1.0
    return f"{k / n:.2f} ({low:.2f} to {high:.2f}, n={n})"


def parity(data: Path) -> None:
    """Print how far the cascades give the peer's own boxes, over every reference file."""
    paths = [*annotated_photos(data), *Files.under(data).posters["path"]]
    peer = peer_detector()
    peers = [peer(path) for path in paths]
    for mode in ("fast", "exact"):
        detect = our_detector(mode)
        best: list[float] = []
        same_count = 0
        for path, (boxes, scores) in zip(paths, peers, strict=True):
            ours = detect(path)[0]
            same_count += len(ours) == len(boxes)
            shared = overlaps(boxes[scores >= 0.95], ours)
            best += shared.max(axis=1, initial=0).tolist()
        found = np.array(best)
        print(
            f"{mode}: {len(found):,} faces of the peer that score .95 or more, {np.mean(found >= 0.7):.2%} found with "
            f"an IoU of .7, {np.mean(found > 0.9):.2%} of more than .9; equal counts on "
            f"{same_count / len(paths):.2%} of {len(paths)} files"
        )


def draw(results: dict[str, Found], files: Files, path: Path) -> None:
    """Precision-recall curves over the photographs."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    axes = figure.subplots()
    n = sum(len(boxes) for boxes in files.photos.values())
    for name, found in results.items():
        precision, recall = curve(np.concatenate(found.photo_scores), np.concatenate(found.photo_matches), n)
        looks = {"color": "black", "linestyle": ":", "zorder": 3} if name == PEER else {}
        axes.plot(recall, precision, label=name, linewidth=2, **looks)
    axes.set(xlabel="recall of annotated faces", ylabel="precision", xlim=(0.5, 1), ylim=(0.6, 1.01))
    axes.legend(frameon=False)
    figure.savefig(path, dpi=110)


def main(data: Path, figure: Path | None) -> None:
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    files = Files.under(data)
    detectors: dict[str, Callable[[], Found]] = {
        PEER: lambda: look(peer_detector(), files, 0.7, 0.9),
        "ours, fast": lambda: look(our_detector("fast"), files, 0.7, 0.9),
        "ours, exact": lambda: look(our_detector("exact"), files, 0.7, 0.9),
        "ours, default": lambda: look(our_detector("default"), files, CENTRE_FACE_SCORE, CENTRE_FACE_SCORE),
    }
    results = {name: run() for name, run in detectors.items()}
    everything = np.arange(len(files.photos)), np.arange(len(files.posters))
    heads = list(figures(results[PEER], files, *everything))
    print(
        "| | " + " | ".join(heads) + " | animals with a face | CPU ms per image |\n" + "|---" * (len(heads) + 3) + "|"
    )
    for name, found in results.items():
        cells = [f"{value:.3f}" for value in figures(found, files, *everything).values()]
        false = sum(bool((scores >= found.precise_at).any()) for scores in found.no_face_scores)
        print(f"| {name} | " + " | ".join(cells) + f" | {false} of {len(files.no_face)} | {found.milliseconds:.0f} |")
    for name in ("ours, fast", "ours, default"):
        gained = differences(results[name], results[PEER], files)
        cells = [f"{difference:+.3f} (> {bound:+.3f})" for difference, bound in gained.values()]
        print(f"| {name}, less the peer (one-sided 90 %) | " + " | ".join(cells) + " | | |")
    calibration(results["ours, default"], files)
    if figure:
        draw({name: found for name, found in results.items() if name != "ours, exact"}, files, figure)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--figure", type=Path)
    parser.add_argument("--parity", action="store_true", help="compare boxes with the peer's instead")
    given = parser.parse_args()
    if given.parity:
        torch.set_num_threads(1)
        parity(given.data)
    else:
        main(given.data, given.figure)
