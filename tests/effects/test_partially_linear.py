"""Several treatments in one partially linear model; witnesses: statsmodels, explicit CR2 matrices, the scalar case."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import linalg

from artwork_insights.effects.inference import clustered_means
from artwork_insights.effects.partially_linear import combine_slopes, solve_slopes
from artwork_insights.errors import NotIdentifiedError

RTOL = 1e-8


@pytest.fixture(scope="module")
def residuals():
    rng = np.random.default_rng(0)
    title = np.repeat(np.arange(9), rng.integers(2, 9, 9))
    n = len(title)
    treatments = rng.normal(size=(n, 2)) @ np.array([[1.0, 0.5], [0, 1]])
    outcome = treatments @ [1.0, -2.0] + rng.normal(size=9)[title] * treatments[:, 0] + rng.normal(size=n)
    return treatments, outcome, rng.uniform(0.3, 3, n), title


def explicit(treatments, outcome, weights, title):
    """CR2 covariance, and Satterthwaite's degrees of freedom of each coefficient, by n x n matrices."""
    x = np.sqrt(weights)[:, None] * treatments
    bread = np.linalg.inv(x.T @ x)
    annihilator = np.eye(len(x)) - x @ bread @ x.T
    residual = annihilator @ (np.sqrt(weights) * outcome)
    scores, gram = [], []
    for g in np.unique(title):
        inside = title == g
        adjust = linalg.fractional_matrix_power(annihilator[np.ix_(inside, inside)], -0.5).real
        row = bread @ x[inside].T @ adjust
        scores.append(row @ residual[inside])
        gram.append(row @ annihilator[inside])
    covariance = np.array(scores).T @ np.array(scores)
    freedom = []
    for k in range(treatments.shape[1]):
        p = np.array([row[k] for row in gram])
        freedom.append(np.trace(p @ p.T) ** 2 / ((p @ p.T) ** 2).sum())
    return covariance, freedom


def test_coefficients_errors_and_degrees_of_freedom_are_those_of_explicit_matrices(residuals):
    slopes = solve_slopes(*residuals)
    found = combine_slopes([slopes], np.eye(2))
    witness = sm.WLS(residuals[1], residuals[0], residuals[2]).fit()
    covariance, freedom = explicit(*residuals)
    np.testing.assert_allclose(found.effect, witness.params, rtol=RTOL)
    np.testing.assert_allclose(found.covariance, covariance, rtol=RTOL)
    np.testing.assert_allclose(found.std_error, np.sqrt(np.diag(covariance)), rtol=RTOL)
    np.testing.assert_allclose(found.degrees_of_freedom, freedom, rtol=RTOL)


def test_one_treatment_is_the_ratio_of_sums(residuals):
    treatments, outcome, weights, title = residuals
    one = treatments[:, :1]
    ours = combine_slopes([solve_slopes(one, outcome, weights, title)], np.eye(1))
    group = np.zeros(len(title), dtype=np.int64)
    ratio = clustered_means(one[:, 0] * outcome, one[:, 0] ** 2, weights, title, group)
    for field in ("effect", "std_error", "degrees_of_freedom"):
        assert getattr(ours, field)[0] == pytest.approx(getattr(ratio, field)[0], rel=RTOL)


def test_with_enough_countries_errors_are_the_two_way_ones_of_the_ratio_of_sums():
    rng = np.random.default_rng(3)
    title, country = np.repeat(np.arange(50), 40), np.tile(np.arange(40), 50)
    treatments, weights = rng.normal(size=(2000, 2)), rng.uniform(0.3, 3, 2000)
    outcome = treatments[:, 0] * rng.normal(1, 1, 40)[country] + rng.normal(size=2000)
    one = treatments[:, :1]
    ours = combine_slopes([solve_slopes(one, outcome, weights, title, crossed=country)], np.eye(1))
    ratio = clustered_means(
        one[:, 0] * outcome, one[:, 0] ** 2, weights, title, np.zeros(2000, dtype=np.int64), crossed=country
    )
    assert ours.std_error[0] == pytest.approx(ratio.std_error[0], rel=RTOL)
    assert ours.degrees_of_freedom[0] == ratio.degrees_of_freedom[0] == 39
    alone = combine_slopes([solve_slopes(one, outcome, weights, title)], np.eye(1))
    assert alone.std_error[0] < 0.3 * ours.std_error[0]
    both = combine_slopes([solve_slopes(treatments, outcome, weights, title, crossed=country)], np.eye(2))
    assert both.std_error == pytest.approx(np.sqrt(np.diag(both.covariance)))
    assert both.degrees_of_freedom.max() == 39
    few = combine_slopes([solve_slopes(one, outcome, weights, title, crossed=country // 2)], np.eye(1))
    assert few.std_error[0] == alone.std_error[0]  # 20 countries are too few to cluster by


def test_without_clusters_errors_are_those_of_white_and_normal(residuals):
    treatments, outcome, weights, title = residuals
    slopes = solve_slopes(treatments, outcome, weights, np.arange(len(title)), clustered=False)
    found = combine_slopes([slopes], np.eye(2))
    witness = sm.WLS(outcome, treatments, weights).fit(cov_type="HC0")
    np.testing.assert_allclose(found.std_error, witness.bse, rtol=RTOL)
    assert np.isinf(found.degrees_of_freedom).all()


def test_combinations_follow_a_change_of_basis(residuals):
    treatments, outcome, weights, title = residuals
    turn = np.array([[2.0, 1.0], [0.5, -1.0]])
    one = combine_slopes([solve_slopes(treatments, outcome, weights, title)], np.array([[1.0, 3.0]]))
    turned = solve_slopes(treatments @ turn, outcome, weights, title)
    two = combine_slopes([turned], np.array([[1.0, 3.0]]) @ turn)
    for field in ("effect", "std_error", "degrees_of_freedom"):
        np.testing.assert_allclose(getattr(one, field), getattr(two, field), rtol=1e-6)


def test_repetitions_are_combined_by_the_median_rule(residuals):
    treatments, outcome, weights, title = residuals
    parts = [solve_slopes(treatments, outcome + shift * treatments[:, 0], weights, title) for shift in (0, 1, 5)]
    found = combine_slopes(parts, np.eye(2))
    alone = combine_slopes(parts[1:2], np.eye(2))
    assert found.effect == pytest.approx(alone.effect)
    assert found.std_error[0] == pytest.approx(np.sqrt(alone.std_error[0] ** 2 + 1.0))  # the middle of 0, 1 and 16


def test_treatments_that_say_the_same_are_refused(residuals):
    treatments, outcome, weights, title = residuals
    with pytest.raises(NotIdentifiedError, match="too little variation of its own"):
        solve_slopes(np.column_stack([treatments[:, 0], 2 * treatments[:, 0]]), outcome, weights, title)
