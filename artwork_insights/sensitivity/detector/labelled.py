r"""The effect of the true component, from a labelled sample of artworks: errors may depend on anything, outcome too.

The slope of the partially linear model solves E[g(D)] = 0 with g(D) = (Y - l - theta (D - m))(D - m). The true
component D is known where a person looked (R = 1, with known probability pi), the detected one D* everywhere, and

.. math:: \tilde g = \frac{R}{\pi}\,g(D) + \omega\,\Big(1 - \frac{R}{\pi}\Big)\,g(D^*)

has the expectation of g(D) whatever the detector does, since only the drawing of labels is random in it. With omega = 1
this is design-based supervised learning; omega is tuned to the smallest error, as prediction-powered inference does: 0
leaves the detector out. Where title means are taken out, the square of a title's sum holds products of two artworks,
which stay unbiased because artworks are drawn independently of each other.

Sources: Egami, Hinck, Stewart and Wei (2023), Using imperfect surrogates for downstream inference (design-based
supervised learning); Angelopoulos, Duchi and Zrnic (2023), PPI++: efficient prediction-powered inference.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import optimize, stats

from artwork_insights.design.confounders import title_means
from artwork_insights.effects.inference import ClusteredMeans, clustered_means
from artwork_insights.errors import NotIdentifiedError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
FEWEST_LABELS = 30
N_FOLDS = 5


@dataclass(frozen=True, slots=True)
class LabelledCells:
    """Cells with the detected component, and the true one where a person looked.

    Attributes
    ----------
    outcome : array of shape (n,)
        Less its prediction from the confounders.
    detected, expected : array of shape (n,)
        Component as detected, and its prediction from the confounders.
    label : array of shape (n,)
        The true component; NaN where nobody looked.
    carries : array of shape (n,)
        Artworks that a labelled one stands for, 1 / probability; 0 where nobody looked.
    weights : array of shape (n,)
    asset, title : arrays of shape (n,), int
    by_title : bool
        Whether title means are taken out.
    block : array of shape (n,), int, or None
        Independent blocks of titles, which errors are clustered by; titles where not given.
    """

    outcome: FloatArray
    detected: FloatArray
    expected: FloatArray
    label: FloatArray
    carries: FloatArray
    weights: FloatArray
    asset: IntArray
    title: IntArray
    by_title: bool
    block: IntArray | None = None


@dataclass(frozen=True, slots=True)
class LabelledEffect:
    """An effect corrected by labelled artworks, whatever the detector's errors depend on.

    Attributes
    ----------
    effect, std_error : float
        Slope of the true component, clustered by title; for a condition the overlap-weighted average.
    lower, upper, level : float
    n_labelled, n_assets : int
        Labelled artworks, and all.
    power : float
        How far the detector is used, in [0, 1]; 0 means that the labelled artworks stand alone.
    sensitivity, specificity : float or None
        Of the detector over all artworks, as the labels tell; None for a component that is no condition, or where
        no labelled artwork has it (lacks it).
    """

    effect: float
    std_error: float
    lower: float
    upper: float
    level: float
    n_labelled: int
    n_assets: int
    power: float
    sensitivity: float | None
    specificity: float | None


@dataclass(frozen=True, slots=True)
class DetectedSlope:
    """Slope of the detected component with its error and interval, clustered by title."""

    effect: float
    std_error: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class Moments:
    """Sums over the cells of each of n assets, for the detected and for the true component (columns 0 and 1).

    Attributes
    ----------
    product : array of shape (n, 2)
        Of outcome and component, both less their predictions.
    square, total : arrays of shape (n, 2)
        Of the component less its prediction.
    weight : array of shape (n,)
    title : array of shape (n,), int
    block : array of shape (number of titles,), int
        Of each title.
    """

    product: FloatArray
    square: FloatArray
    total: FloatArray
    weight: FloatArray
    title: IntArray
    block: IntArray


def correct_with_labels(cells: LabelledCells, *, covariates: FloatArray | None = None, level: float = 0.95,
                        power: float | None = None, seed: int = 0) -> LabelledEffect:  # fmt: skip
    """Estimate the slope of the true component.

    Parameters
    ----------
    cells : LabelledCells
        Of all titles; leaving out titles whose *detected* component does not vary would select on the detector.
    covariates : array of shape (n, k), optional
        What the detector's errors may depend on (poster style), to sharpen the prediction of the true component.
    level : float
    power : float, optional
        Use of the detector; tuned where not given.
    seed : int
        Of the folds of titles by which labels sharpen the prediction.

    Raises
    ------
    NotIdentifiedError
        For fewer than 30 labelled artworks, or labels that do not vary.
    """
    first = np.unique(cells.asset, return_index=True)[1]
    looked = cells.carries[first] > 0
    labels = cells.label[first][looked]
    if len(labels) < FEWEST_LABELS or labels.min() == labels.max():
        found = "all alike" if len(labels) >= FEWEST_LABELS else f"{len(labels)}"
        raise NotIdentifiedError(
            f"the labelled artworks are {found}; at least {FEWEST_LABELS} that differ in the component are needed."
        )
    carries = cells.carries[first] * len(first) / cells.carries[first].sum()
    moments = sum_moments(cells, calibrate(cells, carries, covariates, np.random.default_rng(seed)))

    def spread(share: float) -> float:
        error = float(solve(moments, carries, share, cells.by_title).std_error[0])
        return error if np.isfinite(error) else np.inf

    if power is None:
        grid = np.linspace(0, 1, 6)
        near = float(grid[int(np.argmin([spread(share) for share in grid]))])
        low, high = max(near - 0.2, 0.0), min(near + 0.2, 1.0)
        power = float(optimize.minimize_scalar(spread, bounds=(low, high), method="bounded").x)
    means = solve(moments, carries, power, cells.by_title)
    effect, error = float(means.effect[0]), float(means.std_error[0])
    if not (np.isfinite(effect) and np.isfinite(error)):
        raise NotIdentifiedError("the labelled artworks leave the component no variation of its own; label more.")
    freedom = min(float(means.degrees_of_freedom[0]), len(np.unique(moments.title[looked])) - 1.0)
    half = float(stats.t.ppf(0.5 + level / 2, freedom)) * error
    rates = _rates(labels, cells.detected[first][looked], carries[looked])
    return LabelledEffect(effect, error, effect - half, effect + half, level, len(labels), len(first), power, *rates)


def detected_slope(cells: LabelledCells, level: float = 0.95) -> DetectedSlope:
    """Slope of the detected component over the same cells, errors and all."""
    moments = sum_moments(cells, cells.expected)
    means = solve(moments, np.zeros(len(moments.weight)), 1.0, cells.by_title, exact=True)
    effect, error = float(means.effect[0]), float(means.std_error[0])
    half = float(stats.t.ppf(0.5 + level / 2, float(means.degrees_of_freedom[0]))) * error
    return DetectedSlope(effect, error, effect - half, effect + half)


def calibrate(
    cells: LabelledCells, carries: FloatArray, covariates: FloatArray | None, rng: np.random.Generator
) -> FloatArray:
    """Prediction of the true component: that of the detected one and what the labels of other titles add; (n,)."""
    first = np.unique(cells.asset, return_index=True)[1]
    rows = first[carries > 0]
    columns = [np.ones(len(cells.expected)), cells.expected]
    x = np.column_stack([*columns, covariates] if covariates is not None else columns)
    gap, weight = cells.label[rows] - cells.detected[rows], carries[carries > 0]
    fold = rng.permutation(int(cells.title.max()) + 1)[cells.title] % N_FOLDS
    expected = cells.expected.copy()
    for k in range(N_FOLDS):
        train = fold[rows] != k
        design = x[rows][train] * np.sqrt(weight[train])[:, None]
        gram = design.T @ design + 1e-3 * np.eye(x.shape[1]) * weight.mean()
        slope = np.linalg.solve(gram, design.T @ (np.sqrt(weight[train]) * gap[train]))
        expected[fold == k] += x[fold == k] @ slope
    return expected


def sum_moments(cells: LabelledCells, expected: FloatArray) -> Moments:
    """Sum over the cells of every asset what the estimate needs, for the detected and for the true component."""
    w, code = cells.weights, cells.asset
    outcome = cells.outcome
    if cells.by_title:
        outcome = outcome - title_means(outcome, cells.title, w)
    first = np.unique(code, return_index=True)[1]

    def over(values: FloatArray) -> FloatArray:
        return np.bincount(code, weights=values).astype(np.float64)[:, None]

    label = np.where(np.isfinite(cells.label), cells.label, cells.detected)
    value = np.column_stack([cells.detected, label])[first]
    weight, mean, square = over(w), over(w * expected), over(w * expected**2)
    return Moments(
        value * over(w * outcome) - over(w * outcome * expected),
        value**2 * weight - 2 * value * mean + square,
        value * weight - mean,
        weight[:, 0],
        cells.title[first],
        _block_of_title(cells),
    )


def _block_of_title(cells: LabelledCells) -> IntArray:
    blocks = cells.title if cells.block is None else cells.block
    found = np.arange(int(cells.title.max()) + 1)
    found[cells.title] = blocks
    return found


def solve(
    moments: Moments, carries: FloatArray, power: float, by_title: bool, *, exact: bool = False
) -> ClusteredMeans:
    """Ratio of the corrected moments, clustered by title; one group. `exact` says that no component is drawn."""

    def corrected(columns: FloatArray) -> FloatArray:
        return np.asarray(carries * columns[:, 1] + power * (1 - carries) * columns[:, 0])

    title, size = moments.title, int(moments.title.max()) + 1
    top = np.bincount(title, weights=corrected(moments.product), minlength=size)
    bottom = np.bincount(title, weights=corrected(moments.square), minlength=size)
    if by_title:
        total = corrected(moments.total)
        own = np.bincount(title, weights=corrected(moments.total**2) - total**2, minlength=size) * (not exact)
        weight = np.bincount(title, weights=moments.weight, minlength=size)
        sums = np.bincount(title, weights=total, minlength=size)
        bottom -= np.divide(own + sums**2, weight, out=np.zeros(size), where=weight > 0)
    # the corrected sum of a title may be negative, so that titles have no leverage: errors as for a moment estimate
    ratio = top.sum() / bottom.sum() if bottom.sum() > 0 else np.nan
    influence = (top - ratio * bottom) / bottom.sum()
    shifted = ratio + influence * size
    ones = np.ones(size)
    return clustered_means(shifted, ones, ones, moments.block, np.zeros(size, dtype=np.int64))


def _rates(label: FloatArray, detected: FloatArray, carries: FloatArray) -> tuple[float | None, float | None]:
    if not (np.isin(label, (0.0, 1.0)).all() and np.isin(detected, (0.0, 1.0)).all()):
        return None, None
    positive, negative = carries[label == 1].sum(), carries[label == 0].sum()
    sensitivity = float(carries[(label == 1) & (detected == 1)].sum() / positive) if positive else None
    specificity = float(carries[(label == 0) & (detected == 0)].sum() / negative) if negative else None
    return sensitivity, specificity
