"""Every number of the gold files is held by a test, or named in the docs with the reason why not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.reference.gold import checks_in

ROOT = Path(__file__).parents[2]
NOT_REPRODUCED = {
    "ldw_cps_nn5_biasadj": "five neighbours in ten covariates; pairs are matched on the propensity alone",
    "ldw_psid_nn5_biasadj": "the same",
    "le_L1": "the multivariate imbalance L1 is not measured",
    "le_auto": "sizes of strata that coarsened exact matching finds; the package coarsens nothing",
    "le_educut": "the same",
    "le_age10": "the same",
    "le_age6": "the same",
    "le_age3": "the same",
}


@pytest.fixture(scope="module")
def checks(reference_data):
    return checks_in(*sorted((reference_data / "causal").glob("*/gold*.json")))


def test_every_check_is_named_by_a_test_or_declined_with_a_reason(checks):
    tests = "".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py") if path != Path(__file__))
    assert {name for name in checks if f'"{name}"' not in tests} == set(NOT_REPRODUCED)
    assert len(checks) > 100


def test_every_declined_check_stands_in_the_docs():
    page = (ROOT / "docs" / "effects.md").read_text(encoding="utf-8")
    assert [name for name in NOT_REPRODUCED if f"`{name}`" not in page] == []
