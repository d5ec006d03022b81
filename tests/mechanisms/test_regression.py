"""Witness: statsmodels, with absorbed means written out as dummies."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from artwork_insights.errors import NotIdentifiedError
from artwork_insights.mechanisms.regression import fill_missing, fit_clustered_ols, wald_test
from artwork_insights.sensitivity.interference import estimate_sibling_slope

ATOL = 1e-8  # two implementations of the same algebra


@pytest.fixture
def table():
    rng = np.random.default_rng(3)
    n = 400
    titles = rng.integers(40, size=n)
    design = rng.normal(size=(n, 3)) + rng.normal(size=(40, 3))[titles]
    outcome = design @ [0.5, -1.0, 0.2] + rng.normal(size=40)[titles] + rng.normal(size=n)
    return outcome, design, titles, rng.uniform(0.2, 3.0, n), rng.integers(7, size=n)


def dummies(codes):
    return (codes[:, None] == np.unique(codes)[None, :]).astype(float)


def test_clustered_weighted_least_squares_equals_statsmodels(table):
    outcome, design, titles, weights, _ = table
    ours = fit_clustered_ols(outcome, design, np.char.add("title ", titles.astype(str)), weights=weights)
    witness = sm.WLS(outcome, sm.add_constant(design), weights).fit(
        cov_type="cluster", cov_kwds={"groups": titles}, use_t=True
    )
    np.testing.assert_allclose(ours.coefficients, witness.params[1:], atol=ATOL)
    np.testing.assert_allclose(ours.covariance, witness.cov_params()[1:, 1:], atol=ATOL)
    np.testing.assert_allclose(ours.p_values, witness.pvalues[1:], atol=ATOL)
    np.testing.assert_allclose(ours.residuals, witness.resid, atol=ATOL)
    assert ours.degrees_of_freedom == len(np.unique(titles)) - 1


def test_without_clusters_the_covariance_is_the_classical_one(table):
    outcome, design, _, weights, _ = table
    ours = fit_clustered_ols(outcome, design, weights=weights)
    witness = sm.WLS(outcome, sm.add_constant(design), weights).fit()
    np.testing.assert_allclose(ours.covariance, witness.cov_params()[1:, 1:], atol=ATOL)
    np.testing.assert_allclose(ours.p_values, witness.pvalues[1:], atol=ATOL)


def test_absorbed_groups_across_clusters_equal_dummies(table):
    outcome, design, titles, weights, countries = table
    ours = fit_clustered_ols(outcome, design, titles, weights=weights, absorb=countries)
    witness = sm.WLS(outcome, np.column_stack([design, dummies(countries)]), weights).fit(
        cov_type="cluster", cov_kwds={"groups": titles}
    )
    np.testing.assert_allclose(ours.coefficients, witness.params[:3], atol=ATOL)
    np.testing.assert_allclose(ours.covariance, witness.cov_params()[:3, :3], atol=ATOL)


def test_groups_inside_clusters_count_as_one_constant(table):
    outcome, design, titles, weights, _ = table
    ours = fit_clustered_ols(outcome, design, titles, weights=weights, absorb=titles)
    witness = sm.WLS(outcome, np.column_stack([design, dummies(titles)]), weights).fit(
        cov_type="cluster", cov_kwds={"groups": titles}
    )
    n, groups = len(outcome), len(np.unique(titles))
    fewer_parameters = (n - 3 - groups) / (n - 3 - 1)
    np.testing.assert_allclose(ours.coefficients, witness.params[:3], atol=ATOL)
    np.testing.assert_allclose(ours.covariance, witness.cov_params()[:3, :3] * fewer_parameters, atol=ATOL)


def test_the_joint_test_equals_statsmodels(table):
    outcome, design, titles, weights, _ = table
    contrasts = np.array([[1.0, -1.0, 0.0], [0.0, 1.0, 1.0]])
    ours = wald_test(fit_clustered_ols(outcome, design, titles, weights=weights), contrasts)
    fit = sm.WLS(outcome, sm.add_constant(design), weights).fit(
        cov_type="cluster", cov_kwds={"groups": titles}, use_t=True
    )
    witness = fit.wald_test(np.column_stack([np.zeros(2), contrasts]), use_f=True, scalar=True)
    assert ours.statistic == pytest.approx(float(witness.statistic), rel=1e-8)
    assert ours.p_value == pytest.approx(float(witness.pvalue), rel=1e-6)
    assert (ours.numerator_df, ours.denominator_df) == (2, len(np.unique(titles)) - 1)


def test_a_redundant_contrast_does_not_add_a_degree_of_freedom(table):
    outcome, design, titles, _, _ = table
    fit = fit_clustered_ols(outcome, design, titles)
    once = wald_test(fit, [[1.0, -1.0, 0.0]])
    twice = wald_test(fit, [[1.0, -1.0, 0.0], [2.0, -2.0, 0.0]])
    assert twice.numerator_df == 1
    assert twice.p_value == pytest.approx(once.p_value)


def test_a_collinear_column_is_dropped_from_the_right_and_named(table):
    outcome, design, titles, _, _ = table
    wide = np.column_stack([design, design @ [2.0, -1.0, 0.0] + 5.0, np.full(len(outcome), 7.0)])
    names = ["treatment", "genre", "year", "repeat", "constant"]
    ours = fit_clustered_ols(outcome, wide, titles, names=names)
    assert ours.dropped == ("repeat", "constant")
    np.testing.assert_allclose(
        ours.coefficients[:3], fit_clustered_ols(outcome, design, titles).coefficients, atol=ATOL
    )
    assert np.isnan(ours.coefficients[3:]).all()
    with pytest.raises(NotIdentifiedError, match="repeat"):
        wald_test(ours, [[0.0, 0.0, 0.0, 1.0, 0.0]])


def test_a_column_that_the_groups_explain_is_dropped_even_with_a_large_offset(table):
    outcome, design, titles, _, _ = table
    launch = 1.7e9 + 1e6 * np.random.default_rng(0).normal(size=40)[titles]
    ours = fit_clustered_ols(outcome, np.column_stack([design, launch]), titles, absorb=titles, names=list("abcd"))
    assert ours.dropped == ("d",)


def test_columns_of_very_different_units_are_all_kept(table):
    outcome, design, titles, _, _ = table
    scale = np.array([1e-9, 1.0, 1e9])
    ours = fit_clustered_ols(outcome, design * scale, titles)
    assert ours.dropped == ()
    np.testing.assert_allclose(
        ours.coefficients * scale, fit_clustered_ols(outcome, design, titles).coefficients, rtol=1e-7
    )


def test_weights_equal_repeated_rows(table):
    outcome, design, titles, _, _ = table
    times = np.random.default_rng(5).integers(1, 4, len(outcome))
    weighted = fit_clustered_ols(outcome, design, titles, weights=times)
    repeated = fit_clustered_ols(np.repeat(outcome, times), np.repeat(design, times, axis=0), np.repeat(titles, times))
    np.testing.assert_allclose(weighted.coefficients, repeated.coefficients, atol=ATOL)
    rows, more = len(outcome), int(times.sum())
    scale = ((more - 1) / (more - 4)) / ((rows - 1) / (rows - 4))  # only the small-sample factor counts rows
    np.testing.assert_allclose(weighted.covariance * scale, repeated.covariance, atol=ATOL)


def test_row_order_and_the_scale_of_weights_do_not_matter(table):
    outcome, design, titles, weights, countries = table
    order = np.random.default_rng(9).permutation(len(outcome))
    one = fit_clustered_ols(outcome, design, titles, weights=weights, absorb=countries)
    two = fit_clustered_ols(
        outcome[order], design[order], titles[order], weights=weights[order] * 1e6, absorb=countries[order]
    )
    np.testing.assert_allclose(one.covariance, two.covariance, atol=ATOL)


def test_rows_alone_in_their_group_change_nothing(table):
    outcome, design, titles, _, _ = table
    alone = np.random.default_rng(2).normal(size=(3, 3))
    plain = fit_clustered_ols(outcome, design, titles, absorb=titles)
    more = fit_clustered_ols(
        np.r_[outcome, 9.0, 9.0, -9.0],
        np.vstack([design, alone]),
        np.r_[titles, 50, 51, 52],
        absorb=np.r_[titles, 50, 51, 52],
    )
    np.testing.assert_allclose(more.covariance, plain.covariance, atol=ATOL)
    assert (more.n_rows, more.n_clusters) == (plain.n_rows, plain.n_clusters)


def test_one_title_is_refused(table):
    outcome, design, _, _, _ = table
    with pytest.raises(NotIdentifiedError, match="1 title"):
        fit_clustered_ols(outcome, design, np.zeros(len(outcome)))


def test_more_parameters_than_rows_are_refused():
    with pytest.raises(NotIdentifiedError, match="3 rows"):
        fit_clustered_ols([1.0, 2.0, 4.0], np.random.default_rng(0).normal(size=(3, 4)))


def test_a_weight_that_is_not_positive_is_refused(table):
    outcome, design, titles, weights, _ = table
    with pytest.raises(NotIdentifiedError, match="positive"):
        fit_clustered_ols(outcome, design, titles, weights=np.r_[0.0, weights[1:]])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"regressors": np.ones((3, 2))}, r"columns of shape \(3, 2\) do not fit 4 rows; give an array of shape"),
        ({"regressors": ["a", "b", "a", "b"]}, "the columns hold 'a'; they need numbers: turn each label into"),
        ({"regressors": [[1.0], [2.0, 3.0], [1.0], [4.0]]}, "no table of numbers; give an array of shape"),
        ({"weights": np.ones(3)}, "weights have 3 rows and the others 4; give one per row"),
        ({"weights": ["heavy"] * 4}, "the column of weights holds 'heavy'; it needs numbers"),
        ({"weights": np.ones((4, 1))}, r"the column of weights has shape \(4, 1\); give one number per row"),
        ({"weights": [1.0, 1.0, np.nan, 1.0]}, "weights must be positive numbers; leave rows without weight out"),
    ],
)
def test_columns_and_weights_that_do_not_fit_are_refused_in_a_sentence(change, said):
    given = {"outcome": [1.0, 2.0, 4.0, 3.0], "regressors": [1.0, 0.0, 1.0, 1.0]} | change
    with pytest.raises(NotIdentifiedError, match=said):
        fit_clustered_ols(**given)


def test_a_weight_of_a_sibling_slope_that_is_not_positive_is_refused_in_a_sentence():
    title, ones = np.repeat(np.arange(20), 3), np.ones(60)
    with pytest.raises(NotIdentifiedError, match="weights must be positive numbers"):
        estimate_sibling_slope(ones, np.tile([0.0, 1.0, 0.0], 20), np.arange(60), title, -ones)


def test_missing_confounders_are_filled_and_marked():
    filled = fill_missing([[1.0, 5.0], [np.nan, 6.0], [3.0, 7.0]], 3)
    np.testing.assert_array_equal(filled, [[1, 5, 0], [2, 6, 1], [3, 7, 0]])
