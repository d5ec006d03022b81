"""Rosenbaum bounds against the gold numbers of `causal/rosenbaum` (rbounds, exact R computations, the book)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from artwork_insights.sensitivity.rosenbaum import mcnemar_bounds, rosenbaum_bounds
from tests.reference.gold import agree, checks_in


@pytest.fixture(scope="module")
def folder(reference_data):
    return reference_data / "causal" / "rosenbaum"


@pytest.fixture(scope="module")
def gold(folder):
    return checks_in(folder / "gold.json")


@pytest.fixture(scope="module")
def lead(folder):
    """Lead in the blood of children of exposed fathers and of their controls (Rosenbaum 2002, section 4.3)."""
    return pd.read_csv(folder / "lead_pairs.csv")


def test_the_normal_p_values_equal_psens(lead, gold):
    check = gold["lead_psens"]
    ours = rosenbaum_bounds(lead.trt, lead.ctrl, check["expected"]["Gamma"])
    for side in ("p_lower", "p_upper"):
        agree(f"{check['id']}: {side}", [getattr(b, side) for b in ours.bounds], check["expected"][side], check["tol"])


def test_the_statistic_and_the_critical_gamma_equal_the_gold(lead, gold):
    ours = rosenbaum_bounds(lead.trt, lead.ctrl)
    assert ours.statistic == gold["lead_T"]["expected"]["T"]
    assert ours.n_informative == gold["lead_T"]["expected"]["n_nonzero"]
    check = gold["lead_critical_gamma"]
    agree(check["id"], [ours.critical_gamma], [check["expected"]], check["tol"])


def test_the_exact_p_values_equal_the_gold(lead, gold):
    check = gold["lead_exact_upper"]
    gammas = [float(name.removeprefix("Gamma")) for name in check["expected"]]
    ours = rosenbaum_bounds(lead.trt, lead.ctrl, gammas, variant="exact")
    agree(check["id"], [b.p_upper for b in ours.bounds], list(check["expected"].values()), check["tol"])


def test_the_hodges_lehmann_bounds_equal_hlsens(lead, gold):
    check = gold["lead_hlsens"]
    ours = rosenbaum_bounds(lead.trt, lead.ctrl, check["expected"]["Gamma"])
    for side in ("lower", "upper"):
        found = [getattr(b, f"effect_{side}") for b in ours.bounds]
        agree(f"{check['id']}: {side}", found, check["expected"][side], check["tol"])


def test_the_p_values_of_the_lalonde_pairs_equal_psens(reference_data):
    """Earnings of the 185 pairs that MatchIt made: not significant even without hidden bias, so Gamma is 1."""
    folder = reference_data / "causal" / "lalonde"
    check = checks_in(folder / "gold.json")["matchit_nearest_psens"]
    frame = pd.read_csv(folder / "matchit_lalonde.csv", index_col=0)["re78"]
    pairs = pd.read_csv(folder / "matchit_nearest_pairs.csv")
    ours = rosenbaum_bounds(
        frame[pairs["treated"]], frame[pairs["control"]], check["expected"]["gamma"], alternative="greater"
    )
    for side in ("p_lower", "p_upper"):
        agree(f"{check['id']}: {side}", [getattr(b, side) for b in ours.bounds], check["expected"][side], check["tol"])
    assert ours.critical_gamma == 1


@pytest.mark.parametrize(
    ("check", "variant"), [("smoking_binary_correct", "exact"), ("smoking_book_cc_normal", "normal_corrected")]
)
def test_mcnemar_bounds_equal_the_gold(gold, check, variant):
    expected, tolerance = gold[check]["expected"], gold[check]["tol"]
    ours = mcnemar_bounds(110, 12, expected["Gamma"], variant=variant)
    agree(check, [b.p_upper for b in ours.bounds], expected["p_upper"], tolerance)


def test_control_binarysens_is_one_pair_off(gold):
    """The R function prints P(X > 110); ours is P(X >= 110), and the two must differ by more than its tolerance."""
    printed = np.array(gold["smoking_binary_rbounds"]["expected"]["p_upper"])
    strict = mcnemar_bounds(111, 11, gold["smoking_binary_rbounds"]["expected"]["Gamma"])
    agree("P(X > 110)", [b.p_upper for b in strict.bounds], printed, gold["smoking_binary_rbounds"]["tol"])
    ours = mcnemar_bounds(110, 12, gold["smoking_binary_rbounds"]["expected"]["Gamma"])
    assert abs(ours.bounds[-1].p_upper - printed[-1]) > 0.01
