r"""The gap between designs: what it is, and what it can mean.

Two designs that both met all confounding would differ by chance alone (the idea of Hausman 1978). With
:math:`u_{1g}, u_{2g}` what title g adds to each estimate less its expectation,

.. math:: z = \frac{\hat\theta_1 - \hat\theta_2}{\sqrt{\hat V}}, \qquad \hat V = \sum_g (u_{1g} - u_{2g})^2,

where titles and countries are many, clustered by both (`effects/two_way.py`). Hausman's own variance, the difference of
the two, holds only where one of the estimates is efficient, and can be negative; neither is efficient here.

Sources: Hausman (1978), Specification tests in econometrics; Arellano (1993), On the testing of correlated effects with
panel data, for the variance that allows for clusters.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import stats

from artwork_insights.design.folds import IntArray
from artwork_insights.diagnostic import Diagnostic
from artwork_insights.effects.design_fit import DesignFit
from artwork_insights.effects.scores import Scores, row_influence
from artwork_insights.effects.two_way import clustered_influence, clusterings, joint_covariance

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
        First less second; the error accounts for the titles, and the countries where there are enough, that both
        share.
    """
    return compare_scores([(fit, fit.partially_linear_scores()) for fit in (first, second)], cluster)


def compare_scores(pair: Sequence[tuple[DesignFit, Scores]], cluster: IntArray) -> tuple[float, float]:
    """Difference of two averages of scores and its standard error; as `compare_designs` for any estimand."""
    effects: list[float] = []
    moved, share = np.zeros((len(cluster), 2)), np.zeros((len(cluster), 2))
    for k, (fit, scores) in enumerate(pair):
        effects.append(fit.average(scores).effect)
        moved[fit.keep, k], share[fit.keep, k] = row_influence(scores, fit.sample.assignment.weights, effects[k])
    first = pair[0][0]
    sides = clusterings(cluster, first.country if first.clustered else None)
    influences = [clustered_influence(moved, share, side, clustered=first.clustered) for side in sides]
    gap = np.array([[1.0], [-1.0]])
    return effects[0] - effects[1], float(np.sqrt(joint_covariance([part @ gap for part in influences])[0, 0]))


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
