from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from artwork_insights.effects.estimates import EffectEstimate
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.sensitivity.stress.specification import (
    Specification,
    draw_curve,
    specification_curve_diagnostic,
    specify,
)


def make(estimate, error=1.0, models="XGBoost", *, counted=True):
    limits = (estimate - 1.96 * error, estimate + 1.96 * error)
    return Specification("one", "score", (("models", models),), estimate, error, limits, None, "", counted)


def test_an_estimate_written_down_keeps_its_interval_and_p_value():
    estimate = EffectEstimate("ATE", "mundlak", "aipw", 0.4, 0.2, 12.0, 10, 10, 13)
    one = specify("x", "score", (), estimate, "", level=0.9)
    assert one.interval == estimate.interval(0.9)
    assert one.p_value == pytest.approx(estimate.p_value)
    normal = specify("x", "score", (), EffectEstimate("ATE", "pooled", "aipw", 0.4, 0.2, np.inf, 10, 10, 13), "")
    assert normal.degrees_of_freedom is None
    assert normal.p_value == pytest.approx(2 * stats.norm.sf(2))


def test_the_summary_counts_what_is_counted():
    curve = draw_curve([make(3), make(4), make(1), make(-1), make(-9, counted=False)])
    assert curve.n_counted == 4
    assert curve.share_same_sign == 0.75
    assert curve.share_excluding_zero == 0.5
    assert curve.share_agreeing == 0.5
    assert curve.share_against == 0
    assert (curve.median, curve.lowest, curve.highest) == (2, -1, 4)


def test_an_answer_that_half_of_the_ways_share_passes_and_one_that_fewer_share_does_not():
    assert specification_curve_diagnostic(draw_curve([make(3), make(4), make(1), make(1)])).passed
    check = specification_curve_diagnostic(draw_curve([make(3), make(1), make(1), make(1)]))
    assert check.passed is False
    assert not check.blocking
    assert check.sentence.startswith("1 of 4 ways")


def test_an_undecided_headline_that_most_other_ways_decide_fails_too():
    assert specification_curve_diagnostic(draw_curve([make(1), make(0), make(0.5), make(3)])).passed
    assert specification_curve_diagnostic(draw_curve([make(1), make(3), make(3), make(3)])).passed is False


def test_one_opposite_answer_in_ten_is_borne_and_two_are_not():
    assert specification_curve_diagnostic(draw_curve([*[make(3)] * 9, make(-3)])).passed
    assert specification_curve_diagnostic(draw_curve([*[make(3)] * 8, make(-3), make(-3)])).passed is False


def test_another_learner_must_agree_by_its_own_majority_but_straight_lines_need_not():
    headline = [make(3, models="linear")] * 10
    check = specification_curve_diagnostic(draw_curve([*headline, *[make(0, models="LightGBM")] * 4]))
    assert (check.passed, check.value) == (False, 0)
    headline = [make(3)] * 10
    assert specification_curve_diagnostic(draw_curve([*headline, *[make(0, models="linear")] * 4])).passed


def test_what_is_not_counted_decides_nothing():
    assert specification_curve_diagnostic(draw_curve([make(3), make(3), *[make(-9, counted=False)] * 5])).passed


def test_one_way_is_no_curve_and_none_is_refused():
    assert specification_curve_diagnostic(draw_curve([make(3)])).passed is None
    assert specification_curve_diagnostic(None).passed is None
    with pytest.raises(NotIdentifiedError, match="at least the headline"):
        draw_curve([])
    with pytest.raises(NotIdentifiedError, match="finite"):
        draw_curve([make(np.nan)])
