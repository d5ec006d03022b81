"""Intervals and p-values of an estimate; witness: statsmodels' t interval of a mean."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.weightstats import DescrStatsW

from artwork_insights.effects.estimates import EffectEstimate
from artwork_insights.effects.forest.held_out import HeldOutNumber
from artwork_insights.effects.forest.predicting import ConditionalEffects
from artwork_insights.errors import NotIdentifiedError


def estimate(effect, std_error, titles):
    return EffectEstimate("ATE", "pooled", "aipw", effect, std_error, titles - 1, titles, titles, titles)


@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_the_interval_and_the_p_value_are_those_of_students_t(level):
    values = np.random.default_rng(0).normal(0.4, 1, 12)
    witness = DescrStatsW(values)
    ours = estimate(values.mean(), values.std(ddof=1) / np.sqrt(12), 12)
    assert ours.interval(level) == pytest.approx(witness.tconfint_mean(1 - level))
    assert ours.p_value == pytest.approx(witness.ttest_mean(0)[1])


def test_few_titles_make_wider_intervals():
    low, high = estimate(1.0, 0.1, 5).interval()
    assert high - low > 1.3 * np.ptp(estimate(1.0, 0.1, 500).interval())


def test_an_estimate_cannot_be_changed():
    with pytest.raises(AttributeError):
        estimate(1.0, 0.1, 5).effect = 2.0


@pytest.mark.parametrize("level", [95, 0, 1, -0.5, np.nan, "0.95"])
def test_a_level_that_is_no_share_is_refused(level):
    conditional = ConditionalEffects(np.ones(2), np.ones(2), np.ones(2))
    for found in (estimate(0.1, 0.1, 30), HeldOutNumber(0.1, 0.1, 30), conditional):
        with pytest.raises(NotIdentifiedError, match="is not a share; it lies between 0 and 1"):
            found.interval(level)
