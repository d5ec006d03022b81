from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from doubleml import DoubleMLData, DoubleMLPLR
from sklearn.linear_model import LinearRegression

from artwork_insights.errors import NotIdentifiedError
from artwork_insights.sensitivity.observed_confounders import gains_of, measure_confounders
from artwork_insights.sensitivity.omitted_variables import bound_beside, scores_from_predictions
from artwork_insights.sensitivity.robustness import robustness_value


def make_cells(strength, n=3000):
    rng = np.random.default_rng(1)
    columns = rng.normal(size=(n, 4)) + 0.3 * rng.normal(size=(n, 1))
    treatment = columns @ [strength, 0.1, 0.2, 0.0] + rng.normal(size=n)
    outcome = 0.3 * treatment + columns @ [strength, 0.3, 0.0, 0.1] + rng.normal(size=n)
    return outcome, treatment, columns, rng.uniform(0.5, 2, n)


def test_a_block_has_the_partial_r2_of_two_regressions():
    outcome, treatment, columns, weights = make_cells(0.4)
    ours = {
        s.confounder: s
        for s in measure_confounders(outcome, treatment, columns, ["genre", "year", "style", "style"], weights=weights)
    }

    def left(target, design):
        return sm.WLS(target, sm.add_constant(design), weights).fit().ssr

    others = columns[:, :2]
    assert ours["style"].partial_r2_treatment == pytest.approx(1 - left(treatment, columns) / left(treatment, others))
    with_treatment = np.column_stack([treatment, columns])
    without = np.column_stack([treatment, others])
    assert ours["style"].partial_r2_outcome == pytest.approx(1 - left(outcome, with_treatment) / left(outcome, without))


def test_the_strongest_comes_first_whatever_its_unit():
    outcome, treatment, columns, _ = make_cells(0.4)
    names = ["genre", "year", "style", "size"]
    ours = measure_confounders(outcome, treatment, columns * [1e-6, 1, 1e6, 1] + [0, 2000, 0, 0], names)
    plain = measure_confounders(outcome, treatment, columns, names)
    assert ours[0].confounder == "genre"
    np.testing.assert_allclose([s.equal_strength for s in ours], [s.equal_strength for s in plain], rtol=1e-6)


def test_a_title_level_confounder_has_no_strength_once_titles_are_absorbed():
    rng = np.random.default_rng(0)
    title = np.repeat(np.arange(100), 5)
    genre = rng.normal(size=100)[title]
    treatment = genre + rng.normal(size=500)
    outcome = genre + rng.normal(size=500)
    assert measure_confounders(outcome, treatment, genre[:, None], ["genre"])[0].equal_strength > 0.2
    assert measure_confounders(outcome, treatment, genre[:, None], ["genre"], absorb=title)[0].equal_strength < 1e-9


@pytest.mark.parametrize(("effect", "survives"), [(0.0, False), (0.8, True)])
def test_a_hidden_twin_of_genre_cannot_make_an_effect_look_stronger_than_the_yardstick(effect, survives):
    """Genre has a hidden twin just as strong: what it fakes stays within the yardstick, a large effect beyond it."""
    rng = np.random.default_rng(4)
    genre, twin = rng.normal(size=20_000), rng.normal(size=20_000)
    treatment = 0.5 * genre + 0.5 * twin + rng.normal(size=20_000)
    outcome = effect * treatment + 0.5 * genre + 0.5 * twin + rng.normal(size=20_000)
    fit = sm.OLS(outcome, sm.add_constant(np.column_stack([treatment, genre]))).fit()
    robust = robustness_value(fit.params[1], fit.bse[1], fit.df_resid)
    yardstick = measure_confounders(outcome, treatment, genre[:, None], ["genre"])[0].equal_strength
    assert fit.pvalues[1] < 1e-6
    assert (robust.robustness_value > yardstick + 0.02) is survives  # 0.02: noise of 20,000 rows
    if not survives:
        assert robust.robustness_value > 0.4 * yardstick  # the yardstick is a bound, not a void one


def test_a_confounder_that_explains_most_of_the_treatment_is_stronger_than_any_estimate():
    rng = np.random.default_rng(0)
    genre = rng.normal(size=500)
    treatment = genre + 0.1 * rng.normal(size=500)
    assert (
        measure_confounders(treatment + rng.normal(size=500), treatment, genre[:, None], ["genre"])[0].equal_strength
        == 1.0
    )


def test_names_must_fit_the_columns():
    with pytest.raises(NotIdentifiedError, match="2 names do not fit 1 confounders"):
        measure_confounders(np.ones(3), np.ones(3), np.ones((3, 1)), ["a", "b"])
    with pytest.raises(NotIdentifiedError, match="1 names do not fit shape"):
        measure_confounders(np.ones(3), np.ones(3), np.ones(3), ["a"])


def fold_predictions(columns, target, folds):
    prediction = np.empty(len(target))
    for fold in np.unique(folds):
        inside = folds == fold
        prediction[inside] = LinearRegression().fit(columns[~inside], target[~inside]).predict(columns[inside])
    return prediction


def scores_from(columns, outcome, treatment, folds):
    return scores_from_predictions(
        outcome,
        treatment,
        treatment_prediction=np.stack([fold_predictions(columns, treatment, one) for one in folds]),
        outcome_prediction=np.stack([fold_predictions(columns, outcome, one) for one in folds]),
    )


def test_gains_equal_the_benchmark_of_doubleml():
    """The same folds and learners, two repetitions: its `sensitivity_benchmark` leaves the confounder out likewise."""
    outcome, treatment, columns, _ = make_cells(0.4, n=1200)
    rng = np.random.default_rng(0)
    folds = [rng.integers(0, 3, 1200) for _ in range(2)]
    frame = pd.DataFrame(columns, columns=["genre", "year", "style", "size"]).assign(y=outcome, d=treatment)
    splits = [[(np.flatnonzero(one != k), np.flatnonzero(one == k)) for k in range(3)] for one in folds]
    model = DoubleMLPLR(
        DoubleMLData(frame, "y", "d"), LinearRegression(), LinearRegression(), n_folds=3, n_rep=2,
        draw_sample_splitting=False,
    )  # fmt: skip
    model.set_sample_splitting(splits).fit()
    expected = model.sensitivity_benchmark(["genre"]).iloc[0]
    full = scores_from(columns, outcome, treatment, folds)
    ours = gains_of(full, scores_from(columns[:, 1:], outcome, treatment, folds))
    assert ours.strength_outcome == pytest.approx(expected["cf_y"], rel=1e-6)
    assert ours.strength_treatment == pytest.approx(expected["cf_d"], rel=1e-6)
    assert ours.rho == pytest.approx(expected["rho"], rel=1e-4)
    assert full.moved(0.0).effect == pytest.approx(model.coef[0], rel=1e-9)


def test_a_confounder_that_adds_nothing_gains_next_to_nothing_and_the_real_one_its_planted_shares():
    outcome, treatment, columns, _ = make_cells(0.4, n=20_000)
    rng = np.random.default_rng(0)
    wider = np.column_stack([columns, rng.normal(size=20_000)])
    folds = [rng.integers(0, 3, 20_000)]
    full = scores_from(wider, outcome, treatment, folds)
    noise = gains_of(full, scores_from(columns, outcome, treatment, folds))
    genre = gains_of(full, scores_from(wider[:, 1:], outcome, treatment, folds))
    left = sm.OLS(columns[:, 0], sm.add_constant(columns[:, 1:])).fit().ssr / 20_000  # of genre beside the others
    assert max(noise.strength_outcome, noise.strength_treatment) < 0.002
    assert genre.strength_treatment == pytest.approx(0.4**2 * left, abs=0.01)  # over what the others leave
    assert genre.strength_outcome == pytest.approx(0.4**2 * left / (0.4**2 * left + 1), abs=0.015)
    assert genre.rho == pytest.approx(1, abs=0.03)  # it biases as much as its strength allows


def test_an_effect_beside_a_twin_of_an_observed_confounder_is_bounded_near_the_truth():
    """Genre has a hidden twin. The benchmark is a yardstick and no guarantee: the outcome's gain is measured beside
    the twin, so that the bound stops .03 short of the truth here; without it the estimate is off by .2."""
    rng = np.random.default_rng(7)
    genre, twin = rng.normal(size=(2, 20_000))
    treatment = 0.5 * genre + 0.5 * twin + rng.normal(size=20_000)
    outcome = 0.8 * treatment + 0.5 * genre + 0.5 * twin + rng.normal(size=20_000)
    folds = [rng.integers(0, 3, 20_000)]
    full = scores_from(genre[:, None], outcome, treatment, folds)
    gains = gains_of(full, scores_from(np.zeros((20_000, 1)), outcome, treatment, folds))
    bound, limit = bound_beside(full, gains.strength_outcome, gains.strength_treatment, 0.975)
    assert full.moved(0.0).effect > 0.95  # control: confounded by .2
    assert limit < bound == pytest.approx(0.8, abs=0.05)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"confounders": [["a"]] * 40}, "the columns hold 'a'; they need numbers"),
        ({"treatment": ["yes"] * 40}, "the treatment holds 'yes'; it needs numbers"),
        ({"treatment": np.ones(39)}, "the treatment has 39 rows, the outcome 40, .* give one of each per row"),
        ({"absorb": ["t"] * 39}, "the groups 39 and the confounders 40; give one of each per row"),
        ({"weights": np.full(40, -1.0)}, "weights must be positive numbers"),
        ({"weights": np.ones(39)}, "weights have 39 rows and the others 40"),
    ],
)
def test_input_that_does_not_fit_is_refused_in_a_sentence(change, said):
    rng = np.random.default_rng(0)
    given = {"outcome": rng.normal(size=40), "treatment": rng.normal(size=40), "confounders": rng.normal(size=(40, 1))}
    with pytest.raises(NotIdentifiedError, match=said):
        measure_confounders(**(given | change), names=["year"])
