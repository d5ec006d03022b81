"""Dose-response of a continuous treatment: the effect of each dose against a reference, as a curve with a band."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from artwork_insights.design.confounders import FloatArray
from artwork_insights.design.folds import IntArray
from artwork_insights.design.learners import Learner
from artwork_insights.design.reading import as_numbers, check_count, check_share
from artwork_insights.effects.arrays import in_own_order, sample_from_arrays
from artwork_insights.effects.average import check_choices, default_design
from artwork_insights.effects.design_fit import eligible_cells
from artwork_insights.effects.nuisances import Settings, fold_labels
from artwork_insights.effects.partially_linear import combine_slopes, fit_slopes
from artwork_insights.effects.sample import AnalysisSample
from artwork_insights.effects.simultaneous import JointTest, bands, level_of_few, wald_test
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.study import DesignName

NUMBER_OF_DOSES = 25
FEWEST_KNOTS = 3


@dataclass(frozen=True, slots=True)
class DoseResponse:
    """Effect of every dose of a continuous treatment relative to a reference dose.

    Attributes
    ----------
    design : {"pooled", "mundlak", "within"}
    dose : tuple of float, length m
        In the unit of the treatment.
    effect, std_error : tuple of float, length m
        Change in the outcome from the reference dose to this one; 0 at the reference itself.
    low, high : tuple of float, length m
        Band that holds the whole curve with probability `level`.
    level : float
        Of the band, e.g. 0.95.
    reference : float
        Dose that the others are held against.
    knots : tuple of float
        Of the natural cubic spline; it is straight outside the first and the last.
    linearity : JointTest or None
        Whether a straight line would do: a small p-value says that it bends. None where there are too few titles.
    no_effect : JointTest or None
        Whether the curve is flat.
    n_cells, n_assets, n_titles : int
    """

    design: DesignName
    dose: tuple[float, ...]
    effect: tuple[float, ...]
    std_error: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    level: float
    reference: float
    knots: tuple[float, ...]
    linearity: JointTest | None
    no_effect: JointTest | None
    n_cells: int
    n_assets: int
    n_titles: int


def estimate_dose_response(
    outcome: npt.ArrayLike,
    treatment: npt.ArrayLike,
    confounders: pd.DataFrame | npt.ArrayLike,
    clusters: npt.ArrayLike | None = None,
    *,
    at: npt.ArrayLike | None = None,
    knots: int | Sequence[float] = 4,
    reference: float | None = None,
    design: DesignName | None = None,
    weights: npt.ArrayLike | None = None,
    learner: Learner = "xgboost",
    folds: int | npt.ArrayLike = 5,
    repeats: int = 1,
    level: float = 0.95,
    seed: int = 0,
) -> DoseResponse:
    """Estimate the curve by a partially linear model in a natural cubic spline of the treatment.

    Every spline function has its confounders (and title means, or titles, under the design) taken out of fold; errors
    are clustered by title (and by a second cluster, as those of `estimate_average_effect`), and the band is
    simultaneous (sup-t). The effect of a dose is an average over cells as the
    partially linear model weights them, and the same for all of them.

    Parameters
    ----------
    treatment : array of shape (n,)
        Numbers with more than two values.
    at : array of shape (m,), optional
        Doses to report; 25 between the 1 % and 99 % quantiles by default.
    knots : int or sequence of float
        Number of knots, at least 3, placed at quantiles; or the knots themselves. k knots make k - 1 functions.
    reference : float, optional
        The median dose by default.
    level : float
        Of the band.

    The other parameters are those of `estimate_average_effect`.

    Raises
    ------
    NotIdentifiedError
        For a treatment of two values, doses or knots outside those seen, or where titles and confounders leave the
        treatment no variation.

    References
    ----------
    Semenova and Chernozhukov (2021), Debiased machine learning of conditional average treatment effects and other
    causal functions. Harrell (2015), Regression modeling strategies, section 2.4.5, for the spline.
    """
    check_choices(design=design, learner=learner, seed=seed)
    whole, folds, _ = in_own_order(
        sample_from_arrays(outcome, treatment, confounders, clusters, weights=weights), folds
    )
    if whole.assignment.is_binary or len(np.unique(whole.assignment.treatment)) < FEWEST_KNOTS:
        raise NotIdentifiedError("a treatment of two values has no dose-response; use estimate_average_effect.")
    chosen = design or default_design(whole.assignment)
    _check_doses(whole.assignment.treatment, at, knots, reference)
    check_share("level", level)
    return dose_response_of(
        whole, chosen, fold_labels(whole, folds, repeats, np.random.default_rng(seed)),
        at=at, knots=knots, reference=reference, level=level, seed=seed, clustered=clusters is not None,
        learner=learner,
    )  # fmt: skip


def dose_response_of(
    sample: AnalysisSample,
    design: DesignName,
    folds: Sequence[IntArray],
    *,
    at: npt.ArrayLike | None = None,
    knots: int | Sequence[float] = 4,
    reference: float | None = None,
    level: float = 0.95,
    seed: int,
    clustered: bool = True,
    learner: Learner = "xgboost",
    settings: Settings | None = None,
) -> DoseResponse:
    """`estimate_dose_response` of a sample of n cells.

    Parameters
    ----------
    folds : sequence of arrays of shape (n,)
        Fold labels of each repetition.
    settings : Settings, optional
        Of the models, as tuned for the slope; tuned anew where not given.
    """
    eligible = eligible_cells(sample, design)
    dense = [np.unique(labels[eligible], return_inverse=True)[1].astype(np.int64) for labels in folds]
    sample = sample.rows(eligible)
    places = place_knots(sample.assignment.treatment, knots)
    slopes = fit_slopes(
        sample,
        natural_spline(sample.assignment.treatment, places),
        design,
        dense,
        seed=seed,
        clustered=clustered,
        learner=learner,
        settings=settings,
    )
    doses = _doses(sample.assignment.treatment, at)
    base = float(np.median(sample.assignment.treatment)) if reference is None else float(reference)
    contrast = natural_spline(doses, places) - natural_spline(np.array([base]), places)
    found = combine_slopes(slopes, contrast)
    every = combine_slopes(slopes, np.eye(contrast.shape[1]))
    fewest = float(every.degrees_of_freedom.min())
    each = level_of_few(found.covariance, level=level, rng=np.random.default_rng(seed))
    low, high = bands(found.effect, found.std_error, found.degrees_of_freedom, each)
    return DoseResponse(
        design=design,
        dose=_floats(doses),
        effect=_floats(found.effect),
        std_error=_floats(found.std_error),
        low=_floats(low),
        high=_floats(high),
        level=level,
        reference=base,
        knots=_floats(places),
        linearity=wald_test(every.effect[1:], every.covariance[1:, 1:], fewest),
        no_effect=wald_test(every.effect, every.covariance, fewest),
        n_cells=len(sample.outcome),
        n_assets=sample.assignment.n_assets,
        n_titles=sample.assignment.n_titles,
    )


def _check_doses(
    treatment: FloatArray, at: npt.ArrayLike | None, knots: int | Sequence[float], reference: float | None
) -> None:
    """Refuse doses, knots and a reference that are no numbers or lie outside the doses seen: nothing is known there."""
    low, high = float(treatment.min()), float(treatment.max())
    given = {"at": at, "reference": reference}
    if np.ndim(knots):  # else a number of knots
        given["knots"] = knots
    else:
        check_count("knots", knots, FEWEST_KNOTS)  # type: ignore[arg-type]
    for name, values in given.items():
        if values is None:
            continue
        found = as_numbers(name, np.atleast_1d(np.asarray(values)))
        if not len(found) or not ((found >= low) & (found <= high)).all():
            raise NotIdentifiedError(f"{name} must be doses among those seen, from {low:g} to {high:g}.")


def place_knots(treatment: FloatArray, knots: int | Sequence[float]) -> FloatArray:
    """Knots as given, or at equally spaced quantiles from 5 to 95 %; of its different values where those coincide."""
    if not isinstance(knots, (int, np.integer)):
        places = np.unique(np.asarray(knots, dtype=np.float64))
    else:
        levels = np.linspace(0.05, 0.95, int(knots))
        places = np.unique(np.quantile(treatment, levels))
        if len(places) < len(levels):
            places = np.unique(np.quantile(np.unique(treatment), levels))
    if len(places) < FEWEST_KNOTS:
        raise NotIdentifiedError(
            f"a curve needs at least {FEWEST_KNOTS} different knots, found {len(places)}; "
            "estimate a slope, or cut the treatment into arms."
        )
    return places


def natural_spline(values: FloatArray, knots: FloatArray) -> FloatArray:
    """Natural cubic spline functions in Harrell's form; shape (n,) in, (n, number of knots - 1) out.

    The first is linear, the others bend; all are straight outside the outer knots. Knots are put on [0, 1].
    """
    x = (values - knots[0]) / (knots[-1] - knots[0])
    t = (knots - knots[0]) / (knots[-1] - knots[0])

    def cube(knot: float) -> FloatArray:
        return np.asarray(np.maximum(x - knot, 0.0) ** 3)

    last, before = cube(t[-1]), cube(t[-2])
    width = t[-1] - t[-2]
    curved = [cube(k) - before * (t[-1] - k) / width + last * (t[-2] - k) / width for k in t[:-2]]
    return np.column_stack([x, *curved])


def _doses(treatment: FloatArray, at: npt.ArrayLike | None) -> FloatArray:
    if at is not None:
        return np.atleast_1d(np.asarray(at, dtype=np.float64))
    low, high = np.quantile(treatment, [0.01, 0.99])
    return np.linspace(low, high, NUMBER_OF_DOSES)


def _floats(values: FloatArray) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
