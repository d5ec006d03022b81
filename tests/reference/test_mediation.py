"""Mediation and moderation against the gold numbers of `causal/mediation`."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from artwork_insights.mechanisms.mediation import mediate
from artwork_insights.mechanisms.moderation import moderate
from artwork_insights.mechanisms.regression import fit_clustered_ols, wald_test


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


def test_the_bootstrap_interval_equals_that_of_r(talor, gold):
    check = gold["talor_boot"]
    assert talor.indirect_interval == pytest.approx(
        (check["expected"]["lo"], check["expected"]["hi"]), abs=check["tol"]
    )


def test_a_total_that_is_not_there_is_nothing_to_carry(talor):
    assert talor.classification == "none"  # total: p = .077
    assert "no clear effect" in talor.sentence


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
    assert result.total.coefficient == pytest.approx(published["expected"]["total"], abs=published["tol"])


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
