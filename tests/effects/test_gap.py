"""The gap between designs: its error, and which catalogue opens it."""

from __future__ import annotations

import numpy as np
import pytest

from artwork_insights.design.assignment import make_assignment
from artwork_insights.design.confounders import Confounders
from artwork_insights.effects.design_fit import fit_design
from artwork_insights.effects.gap import check_agreement, compare_designs, describe_title_confounding
from artwork_insights.effects.nuisances import fold_labels
from artwork_insights.effects.sample import AnalysisSample

pytestmark = pytest.mark.usefixtures("quick_grid")


@pytest.fixture
def fits(catalogue):
    outcome, treatment, x, title, _ = catalogue
    data = AnalysisSample(make_assignment(treatment, Confounders(x, ("a", "b"), ("a", "b")), title), outcome)
    folds = fold_labels(data, 5, 1, np.random.default_rng(0))
    designs = ("pooled", "mundlak", "within")
    return {d: fit_design(data, d, folds, trim=0.05, seed=0) for d in designs}, data.assignment.title


def test_a_design_has_no_gap_to_itself(fits):
    designs, title = fits
    assert compare_designs(designs["mundlak"], designs["mundlak"], title) == (0, 0)
    assert check_agreement(designs["mundlak"], designs["mundlak"], title).passed is None  # agreement only informs


def test_the_gaps_error_counts_that_both_designs_share_titles(fits):
    designs, title = fits
    mundlak, within = designs["mundlak"], designs["within"]
    difference, std_error = compare_designs(mundlak, within, title)
    one, two = mundlak.estimate("ATO", plr=True), within.estimate("ATO")
    assert difference == pytest.approx(one.effect - two.effect)
    independent = np.hypot(one.std_error, two.std_error)
    assert 0 < std_error < 0.5 * independent
    assert compare_designs(within, mundlak, title) == pytest.approx((-difference, std_error))


def test_confounding_by_titles_opens_the_gap_to_pooled_and_not_between_the_two_inner_designs(fits):
    designs, title = fits
    agreement = check_agreement(designs["mundlak"], designs["within"], title)
    assert (agreement.name, agreement.passed, agreement.limit) == ("design_gap", None, 2.58)
    confounding = describe_title_confounding(designs["pooled"], designs["mundlak"], title)
    assert confounding.value > 0.2
    assert confounding.passed is None
    for cause in ("titles that differ", "errors of the detector", "effects that differ"):
        assert cause in confounding.sentence
    disagreement = check_agreement(designs["pooled"], designs["mundlak"], title)
    assert disagreement.passed is False
    assert "differ by" in disagreement.sentence
    assert "errors of the detector" in disagreement.sentence


def test_the_within_design_drops_no_overlap_and_mundlak_keeps_only_titles_that_vary(fits):
    designs, _ = fits
    within, mundlak, pooled = designs["within"], designs["mundlak"], designs["pooled"]
    np.testing.assert_array_equal(within.keep, within.eligible)
    np.testing.assert_array_equal(within.eligible, mundlak.eligible)
    assert pooled.eligible.all()
    assert np.isnan(mundlak.propensity[~mundlak.eligible]).all()
    kept = mundlak.propensity[mundlak.keep]
    assert kept.min() >= 0.05
    assert kept.max() <= 0.95
    outside = mundlak.eligible & ~mundlak.keep
    assert ((mundlak.propensity[outside] < 0.05) | (mundlak.propensity[outside] > 0.95)).all()


def test_the_error_of_a_gap_knows_of_countries_where_there_are_enough():
    rng = np.random.default_rng(6)
    title, country = np.repeat(np.arange(60), 40), np.tile(np.arange(40), 60)
    quality = rng.normal(size=60)[title]
    treatment = (rng.random(2400) < 1 / (1 + np.exp(-quality))).astype(float)
    outcome = quality * (1 + 2 * rng.normal(size=40)[country]) + 0.5 * treatment + rng.normal(size=2400)
    columns = Confounders(rng.normal(size=(2400, 1)), ("a",), ("a",))
    gaps = []
    for second in (country, country // 2):  # 20 countries are too few to cluster by
        sample = AnalysisSample(make_assignment(treatment, columns, title, country=second), outcome)
        folds = fold_labels(sample, 2, 1, np.random.default_rng(0))
        one, two = (fit_design(sample, d, folds, trim=0.05, seed=0, learner="linear") for d in ("pooled", "mundlak"))
        gaps.append(compare_designs(one, two, sample.assignment.block))
        assert compare_designs(one, one, sample.assignment.block) == (0, 0)
    assert gaps[0][0] == pytest.approx(gaps[1][0])
    assert gaps[0][1] > 1.3 * gaps[1][1]


def test_titles_joined_by_near_identical_artwork_share_a_fold_and_count_as_one(catalogue):
    outcome, treatment, x, title, _ = catalogue
    confounders, block = Confounders(x, ("a", "b"), ("a", "b")), title // 3
    joined = AnalysisSample(make_assignment(treatment, confounders, title, block=block), outcome)
    folds = fold_labels(joined, 5, 1, np.random.default_rng(0))
    assert all(len(set(folds[0][block == b])) == 1 for b in range(20))
    fits = {d: fit_design(joined, d, folds, trim=0.05, seed=0) for d in ("pooled", "mundlak")}
    found = fits["pooled"].estimate("ATE")
    assert found.degrees_of_freedom <= 19
    assert found.n_titles == 60
    assert 18 < found.n_effective_titles <= 20
    alone = fit_design(AnalysisSample(make_assignment(treatment, confounders, title), outcome), "pooled", folds,
                       trim=0.05, seed=0).estimate("ATE")  # fmt: skip
    assert alone.effect == pytest.approx(found.effect)
    assert alone.degrees_of_freedom > 40
    difference, std_error = compare_designs(fits["pooled"], fits["mundlak"], joined.assignment.block)
    assert difference > 2 * std_error > 0
