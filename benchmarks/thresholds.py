"""From which score a detection counts as a face: what each threshold costs, and whether two uses need two of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import beta

Array = npt.NDArray[np.float64]
FOLDS, SPLITS = 5, 100
STYLES = ("all", "photo", "painting", "cartoon", "mixed")


@dataclass(frozen=True)
class Scored:
    """Scores of one mode by poster, the threshold in use, and those worth a look."""

    mode: str
    scores: list[Array]
    in_use: float
    thresholds: Array


def print_thresholds(modes: list[Scored], posters: pd.DataFrame) -> None:
    """Print the tables of the section on what the detector gets wrong."""
    for scored in modes:
        print_errors(scored, posters)
    truth = posters["n_faces"].to_numpy()
    for scored in modes:
        print_sweep(scored, truth)
    print(
        "\n| 5-fold over the posters | in use | own threshold, by fold | own, held out | one for both, held out | "
        "own less one (standard error) |\n|---|---|---|---|---|---|"
    )
    for scored in modes:
        print_choice(scored, truth)


def print_errors(scored: Scored, posters: pd.DataFrame) -> None:
    """Sensitivity and specificity of presence and count at the threshold in use, with exact 95 % intervals."""
    print(f"\n| `{scored.mode}`, at a score of {scored.in_use} | style | n | sensitivity (95 %) | specificity (95 %) |")
    print("|---|---|---|---|---|")
    counts = np.array([(scores >= scored.in_use).sum() for scores in scored.scores])
    truth, style = posters["n_faces"].to_numpy(), posters["style"].to_numpy()
    for use, least in (("a face is present", 0), ("more than one face", 1), ("more than three faces", 3)):
        said, true = counts > least, truth > least
        for name in STYLES:
            chosen = np.ones(len(style), bool) if name == "all" else style == name
            cells = [_rate(said[chosen & true]), _rate(~said[chosen & ~true])]
            print(f"| {use} | {name} | {chosen.sum()} | {cells[0]} | {cells[1]} |")


def _rate(hits: npt.NDArray[np.bool_]) -> str:
    """Share and Clopper-Pearson interval."""
    k, n = int(hits.sum()), len(hits)
    if not n:
        return "none"
    low = beta.ppf(0.025, k, n - k + 1) if k else 0.0
    high = beta.ppf(0.975, k + 1, n - k) if k < n else 1.0
    return f"{k / n:.2f} ({low:.2f} to {high:.2f}, n={n})"


def print_sweep(scored: Scored, truth: npt.NDArray[np.int64]) -> None:
    """Presence and count over the thresholds."""
    presence, count = _right(scored, truth)
    print(f"\n| `{scored.mode}`, threshold | presence sensitivity | specificity | agreement | exact count, posters |")
    print("|---|---|---|---|---|")
    for threshold, present, exact in zip(scored.thresholds, presence, count, strict=True):
        cells = (present[truth > 0].mean(), present[truth == 0].mean(), present.mean(), exact.mean())
        print(f"| {threshold:.2f} | " + " | ".join(f"{cell:.3f}" for cell in cells) + " |")


def _right(scored: Scored, truth: npt.NDArray[np.int64]) -> tuple[Array, Array]:
    """Whether presence, and whether the count, is right: by threshold and poster."""
    counts = np.array([[(scores >= t).sum() for scores in scored.scores] for t in scored.thresholds])
    return ((counts > 0) == (truth > 0)).astype(np.float64), (counts == truth).astype(np.float64)


def print_choice(scored: Scored, truth: npt.NDArray[np.int64]) -> None:
    """Whether each use should have its own threshold: both rules learn on four fifths and are judged on the rest."""
    presence, count = _right(scored, truth)
    used = int(np.flatnonzero(np.isclose(scored.thresholds, scored.in_use))[0])
    for use, right in (("presence agreement", presence), ("exact count", count)):
        chosen, own = _held_out(right, right)
        _, shared = _held_out(presence + count, right)
        gain = own - shared
        error = gain.std(ddof=1) / np.sqrt(len(gain))
        words = ", ".join(f"{scored.thresholds[i]:.2f}" for i in chosen)
        print(
            f"| `{scored.mode}`, {use} | {right[used].mean():.3f} at {scored.in_use:.2f} | {words} | "
            f"{own.mean():.3f} | {shared.mean():.3f} | {gain.mean():+.3f} ({error:.3f}) |"
        )


def _held_out(aim: Array, right: Array) -> tuple[list[int], Array]:
    """What is right on posters left out when `aim` chooses the threshold on the others; both by threshold and poster.

    Means over 100 random splits, so that they hang on none; the thresholds chosen are those of the first.
    """
    folds = [np.random.default_rng(seed).permutation(right.shape[1]) % FOLDS for seed in range(SPLITS)]
    best = [[int(aim[:, fold != k].mean(axis=1).argmax()) for k in range(FOLDS)] for fold in folds]
    posters = np.arange(right.shape[1])
    held = [right[np.array(chosen)[fold], posters] for chosen, fold in zip(best, folds, strict=True)]
    return best[0], np.mean(held, axis=0)
