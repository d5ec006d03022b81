from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from artwork_insights.sensitivity.observed_confounders import measure_confounders
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
    with pytest.raises(ValueError, match="2 names do not fit 1 confounders"):
        measure_confounders(np.ones(3), np.ones(3), np.ones((3, 1)), ["a", "b"])
