"""Mediation and moderation against the gold numbers of `causal/mediation`."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy.optimize import brentq

from artwork_insights.mechanisms.continuous_moderation import moderate_continuous
from artwork_insights.mechanisms.mediation import mediate
from artwork_insights.mechanisms.mediation_sensitivity import indirect_by_rho
from artwork_insights.mechanisms.moderation import moderate
from artwork_insights.mechanisms.natural_effects import natural_effects
from artwork_insights.mechanisms.natural_probit import fit_probit
from artwork_insights.mechanisms.regression import fit_clustered_ols, wald_test

MEDIAN_ATOL = 0.03
"""The median of the ratio of two noisy draws: over seeds, 5,000 of them (as in R) scatter by .01."""
ROOT_ATOL = 1e-8
"""A quadratic formula against root finding on the interval of another implementation."""


@pytest.fixture(scope="module")
def folder(reference_data):
    return reference_data / "causal" / "mediation"


@pytest.fixture(scope="module")
def gold(folder):
    return {check["id"]: check for check in json.loads((folder / "gold.json").read_text())["checks"]}


def as_dummies(table):
    return pd.get_dummies(table, drop_first=True, dtype=float).to_numpy()


def assert_baron_kenny(result, check):
    expected, tolerance = check["expected"], check["tol"]
    paths = {
        "a": result.treatment_to_mediator,
        "b": result.mediator_to_outcome,
        "c_total": result.total,
        "c_prime": result.direct,
    }
    short = {"a": "a", "b": "b", "c_total": "c", "c_prime": "cprime"}
    for name, path in paths.items():
        assert path.coefficient == pytest.approx(expected[name], abs=tolerance)
        assert path.std_error == pytest.approx(expected[f"se_{short[name]}"], abs=tolerance)
        p_name = f"p_{short[name]}"
        assert path.p_value == pytest.approx(expected[p_name], abs=tolerance, rel=tolerance)
    assert result.n_cells == expected["n"]
    assert result.indirect == pytest.approx(expected["ab"], abs=tolerance)
    assert result.sobel_std_error == pytest.approx(expected["sobel_se"], abs=tolerance)
    assert result.sobel_z == pytest.approx(expected["sobel_z"], abs=tolerance)
    assert result.sobel_p_value == pytest.approx(expected["sobel_p"], abs=tolerance)
    assert result.aroian_z == pytest.approx(expected["aroian_z"], abs=tolerance)
    assert result.goodman_z == pytest.approx(expected["goodman_z"], abs=tolerance)
    assert result.proportion_mediated == pytest.approx(expected["prop_mediated"], abs=tolerance)


@pytest.fixture(scope="module")
def talor(folder):
    table = pd.read_csv(folder / "tal_or.csv")
    return mediate(table["reaction"], table["cond"], table["pmi"], bootstrap_draws=5000, seed=1)


def test_media_influence_equals_hayes_2013(talor, gold):
    assert_baron_kenny(talor, gold["talor_bk"])
    sobel = gold["talor_multilevel_sobel"]
    assert talor.sobel_z == pytest.approx(sobel["expected"]["z"], abs=sobel["tol"])
    assert talor.sobel_std_error == pytest.approx(sobel["expected"]["se"], abs=sobel["tol"])
    assert talor.indirect == pytest.approx(sobel["expected"]["ie"], abs=sobel["tol"])
    assert talor.n_cells == sobel["expected"]["n"]


def test_the_bootstrap_interval_equals_that_of_r(talor, gold):
    check = gold["talor_boot"]
    assert talor.indirect_interval == pytest.approx(
        (check["expected"]["lo"], check["expected"]["hi"]), abs=check["tol"]
    )


def test_a_total_that_is_not_there_is_nothing_to_carry(talor):
    assert talor.classification == "none"  # total: p = .077
    assert "no clear effect" in talor.sentence
    assert "not told apart from zero" in talor.proportion_warning
    assert talor.proportion_interval[0] < 0 and talor.proportion_interval[1] > 1  # a share that means little


def test_job_search_with_few_confounders_equals_the_gold(folder, gold):
    table = pd.read_csv(folder / "jobs.csv")
    result = mediate(table["depress2"], table["treat"], table["job_seek"], table[["econ_hard", "sex", "age"]])
    assert_baron_kenny(result, gold["jobs_bk_simple"])


def test_job_search_bootstrap_equals_the_mediation_package(folder, gold):
    table = pd.read_csv(folder / "jobs.csv")
    result = mediate(
        table["depress2"], table["treat"], table["job_seek"], table[["econ_hard", "sex", "age"]], bootstrap_draws=2000
    )
    check = gold["jobs_boot_2000"]
    assert result.indirect == pytest.approx(check["expected"]["acme_avg"], abs=check["tol"])
    assert result.direct.coefficient == pytest.approx(check["expected"]["ade_avg"], abs=check["tol"])
    assert result.indirect_interval == pytest.approx(tuple(check["expected"]["acme0_ci"]), abs=check["tol"])


def test_job_search_with_all_confounders_equals_the_gold(folder, gold):
    table = pd.read_csv(folder / "jobs.csv")
    columns = ["econ_hard", "depress1", "sex", "age", "occp", "marital", "nonwhite", "educ", "income"]
    result = mediate(table["depress2"], table["treat"], table["job_seek"], as_dummies(table[columns]))
    assert_baron_kenny(result, gold["jobs_bk_full"])
    published = gold["jobs_published_2010"]
    assert result.indirect == pytest.approx(published["expected"]["acme"], abs=published["tol"])
    assert result.direct.coefficient == pytest.approx(published["expected"]["ade"], abs=published["tol"])
    assert result.total.coefficient == pytest.approx(published["expected"]["total"], abs=published["tol"])
    limits = (published["expected"]["acme_lo"], published["expected"]["acme_hi"])
    assert result.indirect_interval == pytest.approx(limits, abs=published["tol"])


def test_the_first_stage_of_framing_equals_the_gold(folder, gold):
    table = pd.read_csv(folder / "framing.csv")
    design = np.column_stack([table["treat"], table[["age", "income"]], as_dummies(table[["educ", "gender"]])])
    fit = fit_clustered_ols(table["emo"], design)
    check = gold["framing_stage_coefs"]
    assert fit.coefficients[0] == pytest.approx(check["expected"]["a"], abs=check["tol"])
    assert fit.std_errors[0] == pytest.approx(check["expected"]["se_a"], abs=check["tol"])


def test_the_protest_interaction_equals_hayes_2018(folder, gold):
    table = pd.read_csv(folder / "garcia_protest.csv")
    check = gold["garcia_moderation"]
    expected, tolerance = check["expected"], check["tol"]
    names = ["sexism", "prot2", "sexism:prot2"]
    design = np.column_stack([table["sexism"], table["prot2"], table["sexism"] * table["prot2"]])
    fit = fit_clustered_ols(table["liking"], design, names=names)
    for place, name in enumerate(names):
        assert fit.coefficients[place] == pytest.approx(expected["coef"][name], abs=tolerance)
        assert fit.std_errors[place] == pytest.approx(expected["se"][name], abs=tolerance)
        assert fit.p_values[place] == pytest.approx(expected["p"][name], abs=tolerance)
    assert wald_test(fit, np.eye(3)).statistic == pytest.approx(expected["F"], abs=tolerance)
    total = np.sum((table["liking"] - table["liking"].mean()) ** 2)
    assert 1 - np.sum(fit.residuals**2) / total == pytest.approx(expected["r2"], abs=tolerance)

    moderation = moderate(table["liking"], table["sexism"], table["prot2"], modifier="protest")
    slope, interaction = expected["coef"]["sexism"], expected["coef"]["sexism:prot2"]
    assert moderation.slopes == pytest.approx((slope, slope + interaction), abs=tolerance)
    assert moderation.statistic == pytest.approx(expected["t"]["sexism:prot2"] ** 2, abs=10 * tolerance)
    assert moderation.p_value == pytest.approx(expected["p"]["sexism:prot2"], abs=tolerance)


EFFECTS = {"acme_control": "acme0", "acme_treated": "acme1", "ade_control": "ade0", "ade_treated": "ade1"}


@pytest.fixture(scope="module")
def framing(folder):
    table = pd.read_csv(folder / "framing.csv")
    controls = np.column_stack([table[["age", "income"]], as_dummies(table[["educ", "gender"]])])
    return table, controls


def test_the_second_stage_of_framing_equals_the_gold(framing, gold):
    table, controls = framing
    fit = fit_probit(
        table["cong_mesg"].to_numpy(float), np.column_stack([np.ones(len(table)), table[["emo", "treat"]], controls])
    )
    check = gold["framing_stage_coefs"]
    assert fit.coefficients[1] == pytest.approx(check["expected"]["b_probit"], abs=check["tol"])
    assert np.sqrt(fit.covariance[1, 1]) == pytest.approx(check["expected"]["se_b"], abs=check["tol"])


@pytest.mark.parametrize(
    ("name", "interaction"), [("framing_quasibayes_5000", False), ("framing_quasibayes_int_3000", True)]
)
def test_framing_equals_the_mediation_package(framing, gold, name, interaction):
    table, controls = framing
    ours = natural_effects(
        table["cong_mesg"], table["treat"], table["emo"], controls, np.arange(len(table)),
        outcome_model="probit", interaction=interaction, draws=40_000,
    )  # fmt: skip
    check = gold[name]
    expected, tolerance = check["expected"], check["tol"]
    for effect, theirs in {**EFFECTS, "total": "total", "acme": "acme_avg", "ade": "ade_avg"}.items():
        found = getattr(ours, effect)
        assert found.effect == pytest.approx(expected[theirs], abs=tolerance)
        if f"{theirs}_ci" in expected:
            assert (found.low, found.high) == pytest.approx(tuple(expected[f"{theirs}_ci"]), abs=tolerance)
    assert ours.proportion_mediated == pytest.approx(expected["prop_avg"], abs=MEDIAN_ATOL)


def test_framing_agrees_with_the_vignette_and_with_statsmodels(framing, gold):
    table, controls = framing
    columns = (table["cong_mesg"], table["treat"], table["emo"], controls)
    plain, crossed = (natural_effects(*columns, outcome_model="probit", interaction=on, draws=2000) for on in (0, 1))
    for name, ours in (("framing_published_vignette", plain), ("framing_published_interaction", crossed)):
        expected, tolerance = gold[name]["expected"], gold[name]["tol"]
        for effect, theirs in (("acme_control", "acme_c"), ("acme_treated", "acme_t"), ("ade_control", "ade_c"),
                               ("ade_treated", "ade_t"), ("total", "total")):  # fmt: skip
            assert getattr(ours, effect).effect == pytest.approx(expected[theirs], abs=tolerance)
    vignette = gold["framing_published_vignette"]
    for effect, theirs in (("acme", "acme_avg"), ("ade", "ade_avg")):
        assert getattr(plain, effect).effect == pytest.approx(vignette["expected"][theirs], abs=vignette["tol"])
    limits = (plain.acme_control.low, plain.acme_control.high)
    assert limits == pytest.approx(tuple(vignette["expected"]["acme_c_ci"]), abs=vignette["tol"])
    of_hundred, of_5000 = vignette["expected"]["total_ci"], gold["framing_quasibayes_5000"]["expected"]["total_ci"]
    assert abs(of_hundred[0] - of_5000[0]) > vignette["tol"], "R's limits of the total from 100 draws miss its own"
    interaction = gold["framing_published_interaction"]
    assert crossed.interaction.effect == pytest.approx(interaction["expected"]["TMint_diff"], abs=interaction["tol"])
    check = gold["framing_statsmodels"]
    for run in ("para", "boot"):
        expected = check["expected"][run]
        for effect, theirs in (("acme_control", "acme_c"), ("acme_treated", "acme_t"), ("total", "total"),
                               ("ade_control", "ade_c"), ("acme", "acme_avg")):  # fmt: skip
            assert getattr(plain, effect).effect == pytest.approx(expected[theirs], abs=check["tol"])


def test_job_search_natural_effects_equal_the_mediation_package(folder, gold):
    table = pd.read_csv(folder / "jobs.csv")
    controls = table[["econ_hard", "sex", "age"]]
    ours = natural_effects(
        table["depress2"], table["treat"], table["job_seek"], controls, interaction=False, draws=20_000
    )
    expected, tolerance = gold["jobs_boot_2000"]["expected"], gold["jobs_boot_2000"]["tol"]
    for effect, theirs in {**EFFECTS, "total": "total", "acme": "acme_avg", "ade": "ade_avg"}.items():
        found = getattr(ours, effect)
        assert found.effect == pytest.approx(expected[theirs], abs=1e-9)  # both are closed forms
        if f"{theirs}_ci" in expected:
            assert (found.low, found.high) == pytest.approx(tuple(expected[f"{theirs}_ci"]), abs=tolerance)
    assert ours.proportion_mediated == pytest.approx(expected["prop_avg"], abs=1e-9)


def test_job_search_sensitivity_equals_medsens(folder, gold):
    table = pd.read_csv(folder / "jobs.csv")
    controls = table[["econ_hard", "sex", "age"]]
    curve = indirect_by_rho(table["depress2"], table["treat"], table["job_seek"], controls)
    check = gold["jobs_medsens"]
    nearest = curve.rho[int(np.argmin(np.abs(curve.acme)))]  # medsens reports the nearest point of its grid of .05
    assert nearest == check["expected"]["rho_at_zero"][0]
    assert curve.rho_at_zero == pytest.approx(check["expected"]["rho_at_zero"][0], abs=check["tol"])
    assert nearest**2 == pytest.approx(check["expected"]["r2star_prod"][0], abs=1e-12)
    of_all = curve.r2_total / curve.r2_residual
    assert nearest**2 * of_all == pytest.approx(check["expected"]["r2tilde_prod"][0], abs=1e-9)


def test_the_protest_data_moderated_by_sexism_equal_hayes_2018(folder, gold):
    table = pd.read_csv(folder / "garcia_protest.csv")
    check = gold["garcia_moderation"]
    expected, tolerance = check["expected"], check["tol"]
    ours = moderate_continuous(table["liking"], table["prot2"], table["sexism"], values=[0.0], modifier="sexism")
    for path, name in ((ours.treatment, "prot2"), (ours.moderator, "sexism"), (ours.interaction, "sexism:prot2")):
        assert path.coefficient == pytest.approx(expected["coef"][name], abs=tolerance)
        assert path.std_error == pytest.approx(expected["se"][name], abs=tolerance)
        assert path.p_value == pytest.approx(expected["p"][name], abs=tolerance)
    assert ours.slopes[0].effect == pytest.approx(expected["coef"]["prot2"], abs=tolerance)


def test_the_johnson_neyman_points_of_the_protest_data_equal_root_finding_on_statsmodels(folder):
    table = pd.read_csv(folder / "garcia_protest.csv")
    ours = moderate_continuous(table["liking"], table["prot2"], table["sexism"], modifier="sexism")
    fit = smf.ols("liking ~ prot2 * sexism", table).fit()

    def nearest_limit(value):
        effect = fit.t_test(f"prot2 + {value!r} * prot2:sexism = 0")
        low, high = np.squeeze(effect.conf_int())
        return low if float(np.squeeze(effect.effect)) > 0 else -high

    turn = -fit.params["prot2"] / fit.params["prot2:sexism"]
    ends = (brentq(nearest_limit, 3.0, turn - 1e-6), brentq(nearest_limit, turn + 1e-6, 7.0))
    assert ours.boundaries == pytest.approx(ends, abs=ROOT_ATOL)
    low, high = ends
    assert ours.share_inside == pytest.approx(((table["sexism"] < low) | (table["sexism"] > high)).mean(), abs=1e-12)
