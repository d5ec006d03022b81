from __future__ import annotations

import re
from pathlib import Path

import pytest

from artwork_insights.design.balance import LARGEST_SMD
from artwork_insights.design.calibration import LARGEST_EXPECTED_ERROR
from artwork_insights.design.embedding_guard import SMALLEST_VARIANCE_LEFT
from artwork_insights.effects.gap import LARGEST_Z
from artwork_insights.errors import StudyFileError
from artwork_insights.sensitivity.assumptions import SMALLEST_DETECTOR_SKILL, SMALLEST_SHARE_KEPT
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
        ("overlap", SMALLEST_SHARE_KEPT),
    ],
)  # fmt: skip
def test_a_default_limit_is_the_one_that_the_check_itself_uses(diagnostic, limit):
    assert RULE_OF[diagnostic].limit == limit


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


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("balanse = 0.2", "verdict: unknown key 'balanse'; did you mean 'balance'?"),
        ("balance = -1", "verdict.balance"),
        ('balance = "low"', "verdict.balance"),
        ("overlap = 1.5", "verdict.overlap"),
    ],
)
def test_a_limit_that_is_none_is_refused_in_one_sentence(tmp_path, line, told):
    with pytest.raises(StudyFileError, match=re.escape(told)):
        read_study(write(tmp_path, line))
