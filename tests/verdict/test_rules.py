from __future__ import annotations

import re
from pathlib import Path

import pytest

from artwork_insights.design.balance import LARGEST_SMD
from artwork_insights.design.calibration import LARGEST_EXPECTED_ERROR
from artwork_insights.design.embedding_guard import SMALLEST_VARIANCE_LEFT
from artwork_insights.effects.gap import LARGEST_Z
from artwork_insights.errors import StudyFileError
from artwork_insights.inquiry.comparison import BLOCKING_SMD
from artwork_insights.sensitivity.assumptions import SMALLEST_DETECTOR_SKILL, SMALLEST_SHARE_KEPT
from artwork_insights.sensitivity.interference import CLEAR
from artwork_insights.sensitivity.placebo import Placebo, placebo_diagnostic
from artwork_insights.sensitivity.stress.movement import LARGEST_MOVE
from artwork_insights.sensitivity.stress.specification import SMALLEST_SHARE_AGREEING
from artwork_insights.study import read_study
from artwork_insights.study.limits import VerdictLimits
from artwork_insights.verdict.rules import NEEDS, RULE_OF, RULES, rule_of
from artwork_insights.verdict.tables import needs_table, rules_table

ROOT = Path(__file__).parents[2]
STUDY = """
[study]
name = "faces"
[data]
assets = "a.csv"
titles = "t.csv"
impressions = "i.csv"
[[hypothesis]]
name = "face"
treatment = "face_present"
[verdict]
"""


def test_every_limit_of_a_study_belongs_to_a_rule_and_every_rule_is_named_once():
    assert len(RULE_OF) == len(RULES)
    assert set(VerdictLimits.model_fields) == {rule.diagnostic for rule in RULES if rule.limit is not None}


def test_a_rule_gives_its_reason_and_a_failure_that_counts_its_remedy():
    for rule in RULES:
        assert rule.reason.endswith(".")
        if rule.axis == "credibility" and rule.effect_when_failed != "informs":
            assert rule.remedy.endswith("."), rule.diagnostic


def test_needs_name_rules_that_count():
    for need in NEEDS:
        for name in need.checks:
            assert RULE_OF[name].effect_when_failed != "informs"


def test_a_check_without_a_rule_is_a_caveat():
    assert rule_of("made_up").effect_when_failed == "caveat"
    assert rule_of("made_up").limit is None


@pytest.mark.parametrize(
    ("diagnostic", "limit"),
    [
        ("balance", LARGEST_SMD), ("calibration", LARGEST_EXPECTED_ERROR), ("design_gap", LARGEST_Z),
        ("treatment_variance_left", SMALLEST_VARIANCE_LEFT), ("measurement", SMALLEST_DETECTOR_SKILL),
        ("overlap", SMALLEST_SHARE_KEPT), ("random_common_cause", LARGEST_MOVE), ("zero_confounder", LARGEST_MOVE),
        ("specification_curve", SMALLEST_SHARE_AGREEING), ("interference", CLEAR),
    ],
)  # fmt: skip
def test_a_default_limit_is_the_one_that_the_check_itself_uses(diagnostic, limit):
    assert RULE_OF[diagnostic].limit == limit


def test_a_limit_that_comes_from_the_data_is_taken_as_it_is_by_default():
    for rule in RULES:
        if rule.is_relative:
            assert rule.limit == 1.0, rule.diagnostic


def test_a_check_that_marks_itself_severe_does_so_where_its_rule_does():
    assert RULE_OF["balance"].severe_at == BLOCKING_SMD
    severe_at = RULE_OF["placebo_treatment"].severe_at
    for share in (severe_at - 0.005, severe_at + 0.005):
        assert placebo_diagnostic(Placebo((0.0,) * 200, share, 0.5, 0.0)).blocking is (share > severe_at)


def test_what_is_severe_lies_beyond_the_limit_on_the_same_side():
    for rule in RULES:
        assert rule.severe_at is None or rule.severe_times is None
        assert rule.severe_beyond(None) is None or rule.side is not None
        assert rule.severe_times is None or (rule.is_relative and rule.severe_times > 1)
        if rule.severe_at is not None and not rule.is_relative:
            assert not rule.holds(rule.severe_at, rule.limit), rule.diagnostic


def test_the_documentation_holds_the_rules_as_they_are():
    page = (ROOT / "docs" / "verdict.md").read_text(encoding="utf-8")
    assert rules_table() in page, "artwork_insights.verdict.tables.rules_table(), into docs/verdict.md"
    assert needs_table() in page, "artwork_insights.verdict.tables.needs_table(), into docs/verdict.md"
    assert re.search(r"\| `balance` \| caveat \| at most 0\.1", page)


def write(tmp_path, line):
    path = tmp_path / "study.toml"
    path.write_text(STUDY + line, encoding="utf-8")
    return path


def test_a_study_file_sets_limits(tmp_path):
    study = read_study(write(tmp_path, "balance = 0.2\nunconfoundedness = 2"))
    assert (study.verdict.balance, study.verdict.unconfoundedness) == (0.2, 2.0)
    assert study.verdict.calibration == VerdictLimits().calibration


@pytest.mark.parametrize("name", sorted(VerdictLimits.model_fields))
def test_every_limit_can_be_set_by_its_name(tmp_path, name):
    default = RULE_OF[name].limit
    study = read_study(write(tmp_path, f"{name} = {default}"))
    assert getattr(study.verdict, name) == default
    assert study.verdict.model_fields_set == {name}


def test_the_page_says_which_check_has_no_limit_to_set_and_why():
    page = (ROOT / "docs" / "verdict.md").read_text(encoding="utf-8")
    assert "`serving_policy` has no key" in page
    assert RULE_OF["serving_policy"].limit is None


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("balanse = 0.2", "verdict: unknown key 'balanse'; did you mean 'balance'?"),
        ("balance = -1", "verdict.balance"),
        ('balance = "low"', "verdict.balance"),
        ("overlap = 1.5", "verdict.overlap"),
        ("split_halves = 0", "verdict.split_halves"),
        ("serving_policy = 1", "verdict: unknown key 'serving_policy'"),
    ],
)
def test_a_limit_that_is_none_is_refused_in_one_sentence(tmp_path, line, told):
    with pytest.raises(StudyFileError, match=re.escape(told)):
        read_study(write(tmp_path, line))
