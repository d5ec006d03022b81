from __future__ import annotations

import pytest

from artwork_insights.effects.estimates import EffectEstimate
from artwork_insights.sensitivity.stress.null_effects import NullEffect, null_effect_diagnostic


def found(ratio, kind="placebo_outcome", *, decides=True):
    estimate = EffectEstimate("ATE", "mundlak", "aipw", ratio * 0.001, 0.001, 400.0, 1000, 500, 401)
    return NullEffect(kind, "launch_year", estimate, decides, "" if decides else "Same for a title.")


@pytest.mark.parametrize(
    ("ratio", "passed", "blocking"), [(0.3, True, False), (-2.5, True, False), (2.7, False, False), (-4.2, False, True)]
)
def test_an_effect_on_what_cannot_have_changed_fails_at_one_in_a_hundred(ratio, passed, blocking):
    check = null_effect_diagnostic(found(ratio))
    assert (check.name, check.passed, check.blocking) == ("placebo_outcome", passed, blocking)
    assert check.limit == pytest.approx(2.588, abs=5e-3)  # 99.5 % point of t with 400 degrees of freedom, tables


def test_a_negative_control_never_blocks():
    check = null_effect_diagnostic(found(9.0, "negative_control"))
    assert (check.name, check.passed, check.blocking) == ("negative_control", False, False)


def test_what_is_the_same_for_a_title_is_told_and_decides_nothing():
    check = null_effect_diagnostic(found(9.0, decides=False))
    assert check.passed is None
    assert not check.blocking
    assert "titles with it differ" in check.sentence
    assert "does not go with" in null_effect_diagnostic(found(0.5, decides=False)).sentence


def test_what_is_not_identified_says_why():
    check = null_effect_diagnostic(NullEffect("negative_control", "hue", None, True, "'hue' does not vary."))
    assert check.passed is None
    assert check.sentence == "'hue' does not vary."
