"""The answer to one question from its interval, and the level of that interval where several were asked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import stats

from artwork_insights.effects.estimates import EffectEstimate
from artwork_insights.verdict.verdict import Answer


def answer_question(interval: tuple[float, float], smallest_effect_of_interest: float | None) -> Answer:
    """Answer from an interval alone; an interval that only touches zero is undecided."""
    low, high = interval
    threshold = smallest_effect_of_interest or 0.0
    if threshold > 0 and -threshold <= low and high <= threshold:
        return "practically_zero"
    if low > 0:
        return "positive"
    return "negative" if high < 0 else "undecided"


def error_of_answer(estimate: EffectEstimate, smallest_effect_of_interest: float | None) -> float:
    """The smallest error in [0, 1] at which an interval still answers: the p-value of having an answer.

    Of no effect, or of an effect as large as the smallest one of interest (two one-sided tests, doubled), whichever is
    smaller; an interval at one less it touches zero or the threshold.
    """
    threshold = smallest_effect_of_interest or 0.0
    p_zero = estimate.p_value
    inside = threshold - abs(estimate.effect)
    if inside <= 0:
        return p_zero
    if estimate.std_error == 0:
        return 0.0
    p_large = 2 * float(stats.t.sf(inside / estimate.std_error, estimate.degrees_of_freedom))
    return float(np.nanmin([p_zero, p_large]))


def false_coverage_levels(errors: Sequence[float], level: float) -> tuple[tuple[float, bool], ...]:
    """Level of each finding's interval and whether the finding is selected, so that selection costs no coverage.

    Benjamini and Hochberg's procedure at ``1 - level`` selects R of m findings; an interval at
    ``1 - R (1 - level) / m`` around each of them keeps the false coverage rate, the expected share of selected
    intervals that miss, at ``1 - level``, and each of them still answers (Benjamini and Yekutieli 2005, False discovery
    rate-adjusted multiple confidence intervals for selected parameters). The others keep `level` and answer nothing.

    Parameters
    ----------
    errors : sequence of float
        From `error_of_answer`, one per finding of the study; NaN is never selected.
    level : float
        In (0, 1).
    """
    values = np.nan_to_num(np.asarray(errors, dtype=np.float64), nan=1.0)
    m = len(values)
    if m == 0:
        return ()
    ranks = np.arange(1, m + 1)
    below = np.flatnonzero(np.sort(values) <= ranks * (1 - level) / m)
    n_selected = int(below[-1]) + 1 if len(below) else 0
    limit = n_selected * (1 - level) / m
    return tuple((1 - limit, True) if n_selected and value <= limit else (level, False) for value in values)


def level_of_look(level: float, look: int | None) -> float:
    """Level of the intervals at one of any number of looks at growing data, the first being 1; None for a single look.

    Look k spends ``6 / (pi k)^2`` of the error, which sums to the whole over all looks ever, so that the chance that
    any of them misses is at most ``1 - level`` however the looks depend on each other (Bonferroni).
    """
    return level if look is None else 1 - (1 - level) * 6 / (np.pi * look) ** 2
