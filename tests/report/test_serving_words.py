"""The serving policy in words: rows that are there, and rows that are not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from artwork_insights.report.findings import OutcomeUnit
from artwork_insights.report.numbers import scale_of
from artwork_insights.report.serving_words import serving_in_words, serving_rows
from artwork_insights.sensitivity.serving.policy import ServingPolicy

SCALE = scale_of(OutcomeUnit("take rate", True), 0.0004)
UNKNOWN = ServingPolicy(
    None, (), None, None, None, None, None, None, None, None, None, None, None, None, None, 1.66, 1.4, 1.29, None
)  # fmt: skip
KNOWN = replace(
    UNKNOWN, method="doubly_robust", audiences=(), effect=-0.0098, std_error=0.0004, low=-0.0106, high=-0.009,
    raw_effect=-0.0100, raw_std_error=0.0004, raw_low=-0.0108, raw_high=-0.0092, gap=0.0002, gap_std_error=0.00005,
    covered_share=0.93, information_share=0.41, clipped_share=0.014, gamma_seen=1.02,
)  # fmt: skip


def values(policy):
    return {row.what: row.value for row in serving_rows(policy, SCALE)}


def test_without_audiences_only_odds_are_shown():
    assert values(UNKNOWN) == {
        "Odds that would explain it": "1.66 times",
        "Odds that would blur it": "1.40 times",
        "Odds both ways": "1.29 times",
    }
    assert "The log does not say to whom" in serving_in_words(UNKNOWN)


def test_with_them_the_effect_and_what_it_rests_on_stand_first():
    shown = values(KNOWN)
    assert list(shown)[:2] == ["Effect with one audience for all", "Effect as shown"]
    assert shown["Effect with one audience for all"] == "\N{MINUS SIGN}9.80"
    assert shown["Audience met"] == "93\N{NARROW NO-BREAK SPACE}%"
    assert shown["Impressions count as"] == "41\N{NARROW NO-BREAK SPACE}%"
    assert shown["Cut weights"] == "1.4\N{NARROW NO-BREAK SPACE}%"
    assert shown["Odds seen in the log"] == "1.02 times"


@pytest.mark.parametrize(
    ("changes", "absent"),
    [
        ({"clipped_share": 0.0}, "Cut weights"),
        ({"gamma_limit": 1.0}, "Odds that would blur it"),
        ({"gamma_any_policy": None}, "Odds both ways"),
        ({"gamma_seen": None}, "Odds seen in the log"),
    ],
)
def test_what_is_not_there_has_no_row(changes, absent):
    assert absent in values(KNOWN)
    assert absent not in values(replace(KNOWN, **changes))


def test_odds_that_nothing_reaches_are_said():
    assert values(replace(UNKNOWN, gamma=None))["Odds that would explain it"] == "none"
