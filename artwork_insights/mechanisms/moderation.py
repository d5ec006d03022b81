"""Moderation: whether the effect differs between groups, by interaction terms and a joint cluster-robust Wald test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from artwork_insights.design.reading import check_share
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.mechanisms.regression import (
    ClusteredFit,
    FloatArray,
    WaldTest,
    fit_clustered_ols,
    sweep_group_means,
    wald_test,
)
from artwork_insights.mechanisms.rows import read_rows


@dataclass(frozen=True, slots=True)
class Moderation:
    """Interaction of a treatment with a grouping.

    Attributes
    ----------
    modifier : str
        E.g. ``"genre"``.
    groups : tuple of str
        Groups in the order of `slopes`.
    slopes, slope_std_errors : tuple of float
        Effect of the treatment in each group, in the outcome's unit, and cluster-robust standard errors.
    statistic : float
        Joint F statistic of equal slopes.
    numerator_df, denominator_df : int
        Its degrees of freedom; the denominator is the number of titles less one.
    p_value : float
        Of no moderation.
    sentence : str
        In words.
    left_out : tuple of str
        Groups without a slope: too few titles in which the treatment varies.
    level : float
        At which the groups count as different.
    """

    modifier: str
    groups: tuple[str, ...]
    slopes: tuple[float, ...]
    slope_std_errors: tuple[float, ...]
    statistic: float
    numerator_df: int
    denominator_df: int
    p_value: float
    sentence: str
    left_out: tuple[str, ...] = ()
    level: float = 0.95

    @property
    def is_clear(self) -> bool:
        """Whether the joint test tells the groups apart at `level`."""
        return self.p_value < 1 - self.level


def moderate(
    outcome: ArrayLike,
    treatment: ArrayLike,
    groups: ArrayLike,
    confounders: ArrayLike | None = None,
    clusters: ArrayLike | None = None,
    *,
    weights: ArrayLike | None = None,
    absorb: ArrayLike | None = None,
    modifier: str = "group",
    fewest_titles: int = 10,
    level: float = 0.95,
) -> Moderation:
    """Estimate one slope of the treatment per group and test jointly that they are equal.

    One regression: a constant and a slope per group, the confounders shared; cluster-robust Wald test with
    F(groups - 1, titles - 1). Groups without enough titles are left out with their rows and named, since the error of
    a slope that hangs on a handful of titles is far too small.

    Parameters
    ----------
    outcome, treatment : array of shape (n,)
        A boolean treatment counts as 0 and 1.
    groups : array of shape (n,)
        Labels, e.g. the genre of each row.
    confounders : array of shape (n, k), optional
        NaN is filled with the mean and marked, see `fill_missing`.
    clusters : array of shape (n,), optional
        title_id; without it rows are taken as independent.
    weights, absorb : array of shape (n,), optional
        Precision weights; labels of groups whose means are swept out, e.g. title and country.
    fewest_titles : int
        Clusters (or rows) in which the treatment must vary beside the other group means for a group to have a slope.
    level : float
        At which the sentence says that the groups differ (joint test), and that a group has an effect (its own).

    Raises
    ------
    NotIdentifiedError
        Fewer than two groups have a slope, or an input is no column of numbers or labels, one for each row.
    """
    check_share("level", level)
    read = read_rows(outcome, treatment, {}, confounders, clusters, weights, absorb)
    labels = np.asarray(groups).astype(str)
    if labels.shape != read.outcome.shape:
        raise NotIdentifiedError(
            f"{modifier}: groups have shape {labels.shape} and the outcome {len(read.outcome)} rows; give one label "
            "per row."
        )
    cells = labels
    if read.absorb is not None:
        cells = np.char.add(np.char.add(labels, "\x1f"), read.absorb.astype(str))
    names = [str(label) for label in np.unique(labels)]
    carrying = {name: _n_carrying(read.treatment, cells, read.units, labels == name) for name in names}
    used = [name for name in names if carrying[name] >= max(fewest_titles, 2)]
    left_out = tuple(name for name in names if name not in used)
    if len(used) < 2:
        raise NotIdentifiedError(
            f"{modifier}: {len(used)} of {len(names)} groups have {fewest_titles} titles in which the treatment "
            "varies, and a comparison needs 2; merge small groups or add artwork."
        )
    rows = np.isin(labels, used)
    fit = _fit_slopes(read.outcome[rows], read.treatment[rows], labels[rows], used, read.controls[rows],
                      _at(read.clusters, rows), read.weights[rows], _at(read.absorb, rows))  # fmt: skip
    places = np.arange(len(used)) + len(used)
    contrasts = np.zeros((len(used) - 1, len(fit.names)))
    contrasts[:, places[0]] = -1.0
    contrasts[np.arange(len(used) - 1), places[1:]] = 1.0
    joint = wald_test(fit, contrasts)
    slopes = tuple(float(fit.coefficients[place]) for place in places)
    errors = tuple(float(fit.std_errors[place]) for place in places)
    sentence = _sentence(modifier, used, slopes, errors, joint, left_out, 1 - level)
    return Moderation(modifier, tuple(used), slopes, errors, joint.statistic, joint.numerator_df,
                      joint.denominator_df, joint.p_value, sentence, left_out, level)  # fmt: skip


def _fit_slopes(
    outcome: FloatArray,
    treatment: FloatArray,
    labels: NDArray[np.str_],
    used: list[str],
    confounders: FloatArray,
    clusters: ArrayLike | None,
    weights: ArrayLike | None,
    absorb: ArrayLike | None,
) -> ClusteredFit:
    """Group constants, then group slopes, then confounders: what is collinear is dropped from the right."""
    member = (labels[:, None] == np.array(used)[None, :]).astype(np.float64)
    design = np.column_stack([member, member * treatment[:, None], confounders])
    names = [*(f"in {name}" for name in used), *used, *(f"confounder {i}" for i in range(confounders.shape[1]))]
    return fit_clustered_ols(outcome, design, clusters, weights=weights, absorb=absorb, names=names)


def _n_carrying(
    treatment: FloatArray, cells: NDArray[np.str_], units: NDArray[np.generic], rows: NDArray[np.bool_]
) -> int:
    """Clusters of a group that carry information on its slope: the treatment differs from the cell's mean there."""
    codes = np.unique(cells[rows], return_inverse=True)[1].reshape(-1)
    swept = sweep_group_means(treatment[rows][:, None], codes, np.ones(len(codes)))[:, 0]
    return len(np.unique(units[rows][np.abs(swept) > 1e-12 * max(1.0, float(np.abs(treatment).max()))]))


def _at(values: ArrayLike | None, rows: NDArray[np.bool_]) -> ArrayLike | None:
    return None if values is None else np.asarray(values)[rows]


def _sentence(
    modifier: str,
    used: list[str],
    slopes: tuple[float, ...],
    errors: tuple[float, ...],
    joint: WaldTest,
    left_out: tuple[str, ...],
    alpha: float,
) -> str:
    named = modifier.replace("_", " ")
    if joint.p_value < alpha:
        text = f"The effect differs by {named}: {_extremes(used, np.array(slopes), np.array(errors), joint, alpha)}."
    else:
        text = f"There is no clear sign that the effect differs by {named}; small differences would go unseen."
    return f"{text} Too little artwork to say: {', '.join(left_out)}." if left_out else text


def _extremes(used: list[str], slopes: FloatArray, errors: FloatArray, joint: WaldTest, alpha: float) -> str:
    """Name the highest and the lowest group, and what each shows by its own interval."""
    reach = float(stats.t.ppf(1 - alpha / 2, joint.denominator_df)) * errors
    signs = np.where(slopes - reach > 0, 1, np.where(slopes + reach < 0, -1, 0))
    order = np.argsort(slopes, kind="stable")
    low, high = int(order[0]), int(order[-1])
    unclear = ", where no clear effect is seen"
    if signs[high] == signs[low] == 0:
        return (
            f"it is highest for {used[high]} and lowest for {used[low]}, though neither shows a clear effect by itself"
        )
    if signs[high] <= 0:
        return f"it is most negative for {used[low]} and least so for {used[high]}{unclear if signs[high] == 0 else ''}"
    turn = {1: "", 0: unclear, -1: ", where it points the other way"}[int(signs[low])]
    return f"it is highest for {used[high]} and lowest for {used[low]}{turn}"
