r"""Which artworks to label next, and how much narrower the corrected interval gets.

Labelling decides nothing about artworks that the detector sees right, so what a label is worth is how far the estimate
would move if the detector were wrong there, times the chance that it is. The variance that the drawing of labels adds
to a corrected estimate is the sum over artworks of (1/pi - 1) e c^2, with pi the probability of being labelled, e the
chance that the detector is wrong and c the change of the estimate if it is. It is least for pi proportional to
c sqrt(e) (Neyman allocation); a uniform floor keeps every probability above zero, which honest weights need.

Sources: Neyman (1934), J. R. Stat. Soc. 97; Zrnic and Candes (2024), Active statistical inference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from artwork_insights.errors import NotIdentifiedError
from artwork_insights.sensitivity.detector.label_waves import EarlierLabels
from artwork_insights.sensitivity.detector.labelled import LabelledCells, Moments, sum_moments

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
UNIFORM_SHARE = 0.25
"""Share of the labels that is spread evenly over all artworks."""
LEAST_DOUBT = 0.01
"""Smallest chance that the detector is wrong which a plan reckons with."""


@dataclass(frozen=True, slots=True)
class Stake:
    """What each of n artworks would tell about one effect.

    Attributes
    ----------
    change : array of shape (n,)
        Of the estimate, if the detector is wrong about the artwork; in the outcome's unit, with its sign.
    doubt : array of shape (n,)
        Chance that it is wrong, in (0, 1).
    pull : array of shape (n,)
        What the artwork, as detected, adds to the estimate less its expectation.
    std_error : float
        Of the effect if every artwork were labelled.
    """

    change: FloatArray
    doubt: FloatArray
    pull: FloatArray
    std_error: float


def find_stakes(
    cells: LabelledCells, effect: float, std_error: float, attenuation: float, se: FloatArray, sp: FloatArray
) -> Stake:
    """Work out what each asset would tell, before any is labelled.

    Parameters
    ----------
    cells : LabelledCells
        `label` and `carries` are not read; `expected` is the propensity of the detected component.
    effect, std_error, attenuation : float
        The uncorrected slope, and what the detector's errors leave of it.
    se, sp : arrays of shape (n,)
        Sensitivity and specificity of every cell, assumed or known.

    Raises
    ------
    NotIdentifiedError
        For a component that is no condition.
    """
    if not np.isin(cells.detected, (0.0, 1.0)).all():
        raise NotIdentifiedError("labels are planned for components that an artwork has or has not.")
    skill = se + sp - 1
    chance = np.clip((cells.expected - (1 - sp)) / skill, 0.01, 0.99)
    moments = sum_moments(replace(cells, label=1 - cells.detected), chance)
    bottom = _denominators(moments, cells.by_title)
    truth = effect / attenuation
    first = np.unique(cells.asset, return_index=True)[1]
    j, p = skill[first], chance[first]
    spread = float(np.sum(cells.weights * _residual(cells) ** 2)) * attenuation / float(skill.mean())
    score = moments.product[:, 0] - truth * bottom[:, 0]
    flipped = moments.product[:, 1] - truth * bottom[:, 1]
    s, c, seen = se[first], sp[first], cells.detected[first] == 1
    found = s * p + (1 - c) * (1 - p)
    doubt = np.where(seen, (1 - c) * (1 - p) / found, (1 - s) * p / (1 - found))
    return Stake(
        (flipped - score) / spread,
        np.clip(doubt, LEAST_DOUBT, 0.5),
        score / spread,
        std_error / attenuation * float(np.sqrt(min(attenuation * float(j.mean()), 1.0))),
    )


def _residual(cells: LabelledCells) -> FloatArray:
    left = cells.detected - cells.expected
    if not cells.by_title:
        return left
    weight = np.bincount(cells.title, cells.weights)
    return np.asarray(left - (np.bincount(cells.title, cells.weights * left) / weight)[cells.title])


def _denominators(moments: Moments, by_title: bool) -> FloatArray:
    """What each asset adds to the denominator as detected, and if it alone were the other way; shape (n, 2)."""
    bottom = moments.square.copy()
    if by_title:
        weight = np.bincount(moments.title, moments.weight)[moments.title]
        others = np.bincount(moments.title, moments.total[:, 0])[moments.title] - moments.total[:, 0]
        bottom -= (moments.total**2 + 2 * others[:, None] * moments.total) / weight[:, None]
    return bottom


def label_probabilities(
    stakes: Sequence[Stake], n_labels: float, *, uniform_share: float = UNIFORM_SHARE
) -> FloatArray:
    """Probability of labelling each artwork; sums to `n_labels`, never zero nor above 1; shape (n,).

    Several effects share one sample: what an artwork is worth is added up over them, each in units of its own variance.

    Raises
    ------
    NotIdentifiedError
        Without an effect, or for a number of labels that is not above zero.
    """
    if not stakes or not n_labels > 0:
        raise NotIdentifiedError("a plan needs at least one effect and at least one label.")
    n = len(stakes[0].change)
    worth = np.sqrt(sum(stake.doubt * (stake.change / stake.std_error) ** 2 for stake in stakes))
    if n_labels >= n:
        return np.ones(n)
    even = uniform_share * n_labels / n
    rest = n_labels - uniform_share * n_labels
    share = worth / worth.sum() if worth.sum() > 0 else np.full(n, 1 / n)
    certain = np.zeros(n, dtype=bool)
    while True:  # whatever would be drawn for certain hands its surplus to the others
        open_share = np.where(certain, 0.0, share)
        left = rest - float(certain.sum()) * (1 - even)
        probability = np.where(certain, 1.0, even + left * open_share / max(float(open_share.sum()), 1e-300))
        above = (probability > 1) & ~certain
        if not above.any():
            return np.asarray(np.clip(probability, 1e-9, 1.0))
        certain |= above


def promised_error(stake: Stake, probability: FloatArray, earlier: EarlierLabels | None = None) -> float:
    """Standard error of the corrected effect if artworks are labelled with these probabilities, power tuned.

    With `earlier` labels the new ones are a wave beside theirs.
    """
    return _error_at(stake, 1 / probability - 1 if earlier is None else earlier.and_more(probability))


def error_so_far(stake: Stake, earlier: EarlierLabels) -> float:
    """Standard error of the corrected effect with the labels made so far alone, power tuned."""
    return _error_at(stake, earlier.gap)


def _error_at(stake: Stake, gap: FloatArray) -> float:
    """Standard error where the drawing leaves `gap` (n,) to chance: the variance of what each artwork stands for."""
    quadratic = float((gap * stake.pull**2).sum())
    linear = float((gap * stake.doubt * stake.change * stake.pull).sum())
    constant = float((gap * stake.doubt * stake.change**2).sum())
    unused = float(np.clip(-linear / quadratic, 0.0, 1.0)) if quadratic > 0 else 0.0  # 1 - power
    added = unused**2 * quadratic + 2 * unused * linear + constant
    return float(np.sqrt(stake.std_error**2 + max(added, 0.0)))


def draw_artworks(probability: FloatArray, rng: np.random.Generator) -> BoolArray:
    """Draw artworks with exactly these probabilities: systematic sampling in random order; shape (n,)."""
    order = rng.permutation(len(probability))
    steps = np.floor(np.cumsum(probability[order]) + rng.random() + 1e-9)
    drawn = np.zeros(len(probability), dtype=bool)
    drawn[order] = np.diff(steps, prepend=0.0) > 0
    return drawn
