"""The gap between designs: what it is, and what it can mean."""

from __future__ import annotations

import numpy as np
from scipy import stats

from artwork_insights.design.confounders import FloatArray
from artwork_insights.design.folds import IntArray
from artwork_insights.diagnostic import Diagnostic
from artwork_insights.effects.design_fit import DesignFit

LARGEST_Z = 2.58
CAUSES = (
    "titles that differ in ways nobody recorded; errors of the detector, which weigh more inside titles; "
    "or effects that differ between titles"
)


def compare_designs(first: DesignFit, second: DesignFit, cluster: IntArray) -> tuple[float, float]:
    """Difference of two designs' overlap-weighted effects and its standard error, clustered by title.

    Parameters
    ----------
    first, second : DesignFit
        Fitted on cells of one sample.
    cluster : array of shape (m,)
        Codes of the independent blocks (``assignment.block``) of all cells of that sample.

    Returns
    -------
    difference, std_error : float
        First less second; the error accounts for the titles that both share.
    """
    effects, influences = [], []
    for fit in (first, second):
        mean = fit.average(fit.partially_linear_scores())
        spread: FloatArray = np.zeros(int(cluster.max()) + 1)
        spread[np.unique(cluster[fit.keep])] = mean.influence
        effects.append(mean.effect)
        influences.append(spread)
    return effects[0] - effects[1], float(np.sqrt(((influences[0] - influences[1]) ** 2).sum()))


def check_agreement(mundlak: DesignFit, within: DesignFit, cluster: IntArray) -> Diagnostic:
    """Whether the two designs that meet title confounding agree.

    Both take the titles' levels out, so agreement is no evidence for either: it informs. A gap speaks against both.
    """
    difference, std_error = compare_designs(mundlak, within, cluster)
    z = abs(difference) / std_error if std_error > 0 else 0.0
    agree = z <= LARGEST_Z
    sentence = (
        "The two ways of comparing artworks of the same title agree, as they should: both take each title's level out."
        if agree
        else f"The two ways of comparing artworks of a title differ by {z:.1f} standard errors. Possible: {CAUSES}."
    )
    return Diagnostic("design_gap", z, LARGEST_Z, None if agree else False, sentence)


def describe_title_confounding(pooled: DesignFit, mundlak: DesignFit, cluster: IntArray) -> Diagnostic:
    """How far the comparison across titles is from that inside titles (information, not a failure of the latter)."""
    difference, std_error = compare_designs(pooled, mundlak, cluster)
    p_value = float(2 * stats.norm.sf(abs(difference) / std_error)) if std_error > 0 else 1.0
    sentence = (
        f"Comparing across titles gives an effect that differs from the comparison inside titles. Possible: {CAUSES}."
        if p_value < 0.05
        else "Comparing across titles and inside titles gives about the same effect."
    )
    return Diagnostic("title_confounding", difference, None, None, sentence)
