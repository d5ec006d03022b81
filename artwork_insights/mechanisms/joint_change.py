"""Changes of several features at once, between combinations that the catalogue holds.

In a frame of fixed size the number of faces cannot change while the size of each and all the rest stay as they are.
What can be asked is what happens on the way from one combination that designers make to another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from artwork_insights.design.reading import check_count, check_number, check_share
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.mechanisms.feature_surface import ClearedSurface, Surface, contrast_points, fit_surface
from artwork_insights.mechanisms.regression import ClusteredFit, FloatArray
from artwork_insights.mechanisms.rows import named_columns, read_rows

REACH_SD = 0.25
"""An artwork lies near a combination when each feature is within this many standard deviations of it."""
FEWEST = 5
"""Artworks near a combination below which nobody is said to have made it."""


@dataclass(frozen=True, slots=True)
class JointStop:
    """One combination on the way.

    Attributes
    ----------
    values : tuple of (feature, value)
    n_assets : int
        Artworks near it.
    effect, std_error, low, high : float
        Outcome there less outcome at the first stop; 0 at the first.
    """

    values: tuple[tuple[str, float], ...]
    n_assets: int
    effect: float
    std_error: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class OneFeature:
    """One feature changed alone from the first stop, the others held.

    Attributes
    ----------
    feature : str
    start, end : float
    effect, std_error : float
    n_assets : int
        Artworks near the end of the change.
    is_feasible : bool
        Whether there are enough of them.
    """

    feature: str
    start: float
    end: float
    effect: float
    std_error: float
    n_assets: int
    is_feasible: bool


@dataclass(frozen=True, slots=True)
class JointChange:
    """The effect of moving between combinations of features.

    Attributes
    ----------
    stops : tuple of JointStop
        From the first to the last.
    effect, std_error, low, high, p_value : float
        Last less first, cluster-robust by title.
    one_at_a_time : tuple of OneFeature
        Each feature that differs between the ends, changed alone.
    n_cells, n_assets, n_titles : int
        Used for the surface.
    level : float
    sentence : str
        In words, without a number in the outcome's unit.
    """

    stops: tuple[JointStop, ...]
    effect: float
    std_error: float
    low: float
    high: float
    p_value: float
    one_at_a_time: tuple[OneFeature, ...]
    n_cells: int
    n_assets: int
    n_titles: int
    level: float
    sentence: str


def joint_change(
    outcome: ArrayLike,
    features: pd.DataFrame | Mapping[str, ArrayLike],
    path: Sequence[Mapping[str, float]],
    confounders: pd.DataFrame | ArrayLike | None = None,
    clusters: ArrayLike | None = None,
    *,
    weights: ArrayLike | None = None,
    absorb: ArrayLike | None = None,
    cleared: ClearedSurface | None = None,
    assets: ArrayLike | None = None,
    reach_sd: float = REACH_SD,
    fewest: int = FEWEST,
    level: float = 0.95,
) -> JointChange:
    """Estimate the difference in outcome between combinations of features that the catalogue holds.

    A quadratic surface in the features, products included, is fitted beside the confounders with errors clustered by
    title; a difference between two of its points is a sum of coefficients. Every stop of the path needs artworks near
    it. Beside it stands each feature changed alone, and whether anybody has made that.

    Parameters
    ----------
    outcome : array of shape (n,)
    features : DataFrame of n rows, or mapping from name to array of shape (n,)
        Rows in which one is NaN are left out.
    path : sequence of mapping from feature to value
        Two stops or more; a feature that a stop does not name stays as at the stop before. The first names all.
    confounders : DataFrame of n rows or array of shape (n, k), optional
    clusters, weights, absorb : arrays of shape (n,), optional
        As for `mediate`.
    cleared : ClearedSurface, optional
        Residuals to regress in place of the columns; then without confounders. Rows without a feature are absent.
    assets : array of shape (n,), optional
        asset_id, so that an artwork in several countries counts once.
    reach_sd : float
        Half-width of "near", in standard deviations of each feature (half a unit for whole numbers, if that is more).
    fewest : int
        Artworks that make a combination feasible.

    Raises
    ------
    NotIdentifiedError
        A stop that nobody made, a feature that does not vary beside the others, or an input that is no column of
        numbers.
    """
    check_share("level", level)
    check_count("fewest", fewest, 1)
    columns = named_columns(features)
    stops = _read_path(path, tuple(columns))
    rows = read_rows(outcome, outcome, columns, confounders, clusters, weights, absorb)
    labels = np.arange(len(rows.outcome)) if assets is None else np.asarray(assets)[rows.kept]
    surface = Surface.over(tuple(columns), rows.carriers)
    reach = _reach(rows.carriers, reach_sd)

    def near(point: FloatArray) -> int:
        return len(np.unique(labels[(np.abs(rows.carriers - point) <= reach).all(axis=1)]))

    counts = [near(stop) for stop in stops]
    for stop, n_near in zip(stops, counts, strict=True):
        if n_near < fewest:
            raise NotIdentifiedError(
                f"only {n_near} artworks are near {_in_words(surface.names, stop)}, and {fewest} are needed: that "
                "combination is hardly ever made, so its effect cannot be learnt here; choose one that is."
            )
    fit = fit_surface(rows, surface, cleared)
    steps = [contrast_points(fit, surface, stops[0], stop, level) for stop in stops]
    last = steps[-1]
    singles = tuple(
        _one_feature(fit, surface, stops[0], stops[-1], place, near, fewest)
        for place in np.flatnonzero(stops[0] != stops[-1]).tolist()
    )
    return JointChange(
        tuple(JointStop(tuple(zip(surface.names, map(float, stop), strict=True)), n_near, *step[:4])
              for stop, n_near, step in zip(stops, counts, steps, strict=True)),
        *last, singles, len(rows.outcome), len(np.unique(labels)), rows.n_units, level,
        _sentence(surface.names, stops, counts, last, singles),
    )  # fmt: skip


def _read_path(path: Sequence[Mapping[str, float]], names: tuple[str, ...]) -> list[FloatArray]:
    if isinstance(path, Mapping) or len(path) < 2:
        raise NotIdentifiedError("a change needs two combinations at least, from and to.")
    stops, known = [], dict[str, float]()
    for stop in path:
        for name, value in stop.items():
            if name not in names:
                raise NotIdentifiedError(f"the change names {name!r}, and the features are {', '.join(names)}.")
            known[name] = check_number(name, value)
        missing = [name for name in names if name not in known]
        if missing:
            raise NotIdentifiedError(f"the first combination lacks {', '.join(missing)}; say where it starts.")
        stops.append(np.array([known[name] for name in names]))
    if all(np.array_equal(stops[0], stop) for stop in stops):
        raise NotIdentifiedError("from and to are the same combination; nothing changes.")
    return stops


def _reach(features: FloatArray, reach_sd: float) -> FloatArray:
    """Half-widths of "near"; outer hundredths do not widen them."""
    check_number("reach_sd", reach_sd)
    low, high = np.percentile(features, (1, 99), axis=0)
    whole = (features == np.round(features)).all(axis=0)
    reach = reach_sd * np.clip(features, low, high).std(axis=0)
    return np.asarray(np.where(whole, np.maximum(reach, 0.5), reach))


def _one_feature(
    fit: ClusteredFit,
    surface: Surface,
    start: FloatArray,
    end: FloatArray,
    place: int,
    near: Callable[[FloatArray], int],
    fewest: int,
) -> OneFeature:
    alone = start.copy()
    alone[place] = end[place]
    effect, error, *_ = contrast_points(fit, surface, start, alone, 0.95)
    n_near = near(alone)
    return OneFeature(
        surface.names[place], float(start[place]), float(end[place]), effect, error, n_near, n_near >= fewest
    )


def _in_words(names: Sequence[str], values: FloatArray) -> str:
    return " and ".join(f"{name.replace('_', ' ')} {value:.3g}" for name, value in zip(names, values, strict=True))


def _sentence(
    names: Sequence[str],
    stops: list[FloatArray],
    counts: list[int],
    last: tuple[float, float, float, float, float],
    singles: tuple[OneFeature, ...],
) -> str:
    way = f"Going from {_in_words(names, stops[0])} to {_in_words(names, stops[-1])}"
    low, high = last[2], last[3]
    does = "raises the outcome" if low > 0 else "lowers the outcome" if high < 0 else "makes no clear difference"
    text = f"{way} {does} ({counts[0]:,} and {counts[-1]:,} artworks are near the two ends)."
    never = [single.feature.replace("_", " ") for single in singles if not single.is_feasible]
    if never:
        text += f" Changing {' or '.join(never)} alone is no choice that anybody has: hardly any artwork is like that."
    return text
