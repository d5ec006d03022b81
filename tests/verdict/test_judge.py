from __future__ import annotations

from itertools import product

import pytest

from artwork_insights.diagnostic import Diagnostic
from artwork_insights.effects.estimates import EffectEstimate
from artwork_insights.verdict.answer import answer_question
from artwork_insights.verdict.judge import choose_word, judge

ANSWERS = ["positive", "negative", "practically_zero", "undecided"]
LARGE = 1_000_000  # degrees of freedom at which a 95 % interval is 1.96 standard errors


def estimate(low, high):
    return EffectEstimate("ATE", "mundlak", "aipw", (low + high) / 2, (high - low) / 2 / 1.959964, LARGE, 900, 300, 60)


def check(passed, blocking=False, sentence="A check.", name="a_check"):
    return Diagnostic(name, 0.1, 0.2, passed, sentence, blocking)


@pytest.mark.parametrize(
    ("interval", "any_effect_matters", "half_matters"),
    [
        ((1.0, 2.0), "positive", "positive"),
        ((0.1, 2.0), "positive", "positive"),
        ((0.1, 0.4), "positive", "practically_zero"),
        ((-0.4, -0.1), "negative", "practically_zero"),
        ((-0.4, 0.4), "undecided", "practically_zero"),
        ((-0.5, 0.5), "undecided", "practically_zero"),
        ((-0.6, 0.4), "undecided", "undecided"),
        ((-0.4, 0.6), "undecided", "undecided"),
        ((-2.0, 2.0), "undecided", "undecided"),
        ((0.0, 2.0), "undecided", "undecided"),
        ((-2.0, 0.0), "undecided", "undecided"),
        ((-2.0, -0.1), "negative", "negative"),
        ((-2.0, -1.0), "negative", "negative"),
        ((float("nan"), float("nan")), "undecided", "undecided"),
    ],
)
def test_the_answer_follows_its_table(interval, any_effect_matters, half_matters):
    assert answer_question(interval, None) == any_effect_matters
    assert answer_question(interval, 0.0) == any_effect_matters
    assert answer_question(interval, 0.5) == half_matters


@pytest.mark.parametrize(("answer", "credible", "caveats"), list(product(ANSWERS, (True, False), (True, False))))
def test_the_word_follows_the_two_axes(answer, credible, caveats):
    word = choose_word(answer, credible=credible, caveats=caveats)
    if not credible:
        assert word == "not_supported"
    elif answer == "undecided":
        assert word == "inconclusive"
    elif caveats:
        assert word == "supported_with_caveats"
    else:
        assert word == "supported"


STATES = {
    "passed": check(True, sentence="P."), "failed": check(False, sentence="F."), "unknown": check(None, sentence="U."),
    "blocking passed": check(True, True, "BP."), "blocking failed": check(False, True, "BF."),
    "blocking unknown": check(None, True, "BU."),
}  # fmt: skip


@pytest.mark.parametrize("present", list(product((True, False), repeat=len(STATES))))
@pytest.mark.parametrize("interval", [(1.0, 2.0), (-2.0, -1.0), (-0.1, 0.1), (-2.0, 2.0)])
def test_every_combination_of_checks_gives_the_stated_verdict(present, interval):
    checks = [diagnostic for diagnostic, there in zip(STATES.values(), present, strict=True) if there]
    verdict = judge(estimate(*interval), 0.5, checks)
    sentences = {diagnostic.sentence for diagnostic in checks}
    assert (
        verdict.answer
        == dict(zip([(1.0, 2.0), (-2.0, -1.0), (-0.1, 0.1), (-2.0, 2.0)], ANSWERS, strict=True))[interval]
    )
    assert verdict.credible is ("BF." not in sentences)
    assert verdict.word == choose_word(verdict.answer, credible="BF." not in sentences, caveats="F." in sentences)
    assert {"BF.", "F."} & sentences <= set(verdict.reasons)
    assert not {"P.", "U.", "BP.", "BU."} & set(verdict.reasons)
    assert verdict == judge(estimate(*interval), 0.5, checks)


def test_reasons_run_from_what_blocks_to_what_was_passed():
    checks = [
        check(True),
        check(False, sentence="Caveat."),
        check(None, name="measurement"),
        check(False, True, "Blocks."),
    ]
    reasons = judge(estimate(1, 2), None, checks).reasons
    assert reasons[0] == "Blocks."
    assert "says nothing about the component" in reasons[1]
    assert reasons[2:] == (
        "Caveat.",
        "Not settled by these data: how exactly the component is measured.",
        "1 of 3 checks were passed.",
    )


def test_a_verdict_that_is_not_supported_never_repeats_the_number_as_an_answer():
    reasons = " ".join(judge(estimate(1, 2), None, [check(False, True)]).reasons)
    assert "The component helps" not in reasons


def test_an_effect_that_may_be_too_small_to_matter_is_said_so():
    assert any("smaller than the smallest" in reason for reason in judge(estimate(0.1, 2.0), 0.5, []).reasons)
    assert not any("smaller than the smallest" in reason for reason in judge(estimate(0.6, 2.0), 0.5, []).reasons)
    assert any("smaller than the smallest" in reason for reason in judge(estimate(-2.0, -0.1), 0.5, []).reasons)


def test_a_wider_level_can_turn_an_answer_into_none():
    one = estimate(0.1, 2.0)
    assert judge(one, None, [], level=0.95).answer == "positive"
    assert judge(one, None, [], level=0.99).answer == "undecided"
    assert "More titles" in " ".join(judge(one, None, [], level=0.99).reasons)


def test_the_interval_uses_few_titles_as_they_are():
    """Two standard errors from zero answer with a million titles and not with five."""
    near = EffectEstimate("ATE", "mundlak", "aipw", 2.0, 1.0, LARGE, 900, 300, 60)
    few = EffectEstimate("ATE", "mundlak", "aipw", 2.0, 1.0, 4, 900, 300, 5)
    assert (judge(near, None, []).answer, judge(few, None, []).answer) == ("positive", "undecided")


def open_points(*checks):
    found = [r for r in judge(estimate(1, 2), None, checks).reasons if r.startswith("Not settled by these data")]
    return found[0].removeprefix("Not settled by these data: ").removesuffix(".").split(", ") if found else []


def test_information_is_not_called_unsettled():
    agreeing = Diagnostic("design_gap", 0.4, 2.58, None, "They agree.")
    assert open_points(check(None, name="title_confounding"), check(None, name="treatment_variance_left")) == []
    assert open_points(agreeing) == []


def test_what_could_not_be_checked_is_listed_once():
    unknown = Diagnostic("design_gap", None, None, None, "Only one design.")
    names = ("interference", "no_interference", "unconfoundedness", "placebo_treatment", "overlap", "measurement")
    points = open_points(unknown, *(check(None, name=name) for name in names))
    assert len(points) == len(set(points)) == 6
    assert "whether another comparison agrees" in points
