"""401(k) eligibility and net financial assets: exact numbers on fixed folds.

They are DoubleML's, EconML's and those of plain R, stored in ``causal/pension401k/gold_computed.json`` and in
``gold_R.json`` or computed here on the same folds. The package has no instruments: the effects of participation are
ratios of two of its effects of eligibility, without an error. Flexible models: ``test_pension401k_flexible.py``.
"""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from artwork_insights import estimate_average_effect, estimate_group_effects
from artwork_insights.effects.arrays import sample_from_arrays
from artwork_insights.effects.average import fit_sample
from artwork_insights.effects.predictions import average_effect_from_predictions
from artwork_insights.sensitivity.omitted_variables import omitted_variable_bounds
from tests.reference.gold import agree, checks_in, hold
from tests.reference.pension401k import (
    CLIP,
    CONFOUNDERS,
    data_of,
    income_quartile,
    numbers,
    out_of_fold,
    tree_predictions,
    with_squares,
)

AGREEMENT_RTOL = 1e-6
SEARCHED_ATOL = 1e-5
"""DoubleML searches for the robustness value."""
EXACT_R_ATOL = 1e-6
"""Both maximise the same likelihood to the last digits; the file's own tolerance is made for dollars."""


@pytest.fixture(scope="module")
def computed(pension_folder):
    return checks_in(pension_folder / "gold_computed.json", pension_folder / "gold_R.json")


EXACT = {
    "irm_ate_ols_logit_fixedfolds": {"score": "aipw", "estimand": "ATE"},
    "irm_atte_ols_logit_fixedfolds": {"score": "aipw", "estimand": "ATT"},
}


@pytest.mark.parametrize("check", EXACT)
def test_linear_models_on_fixed_folds_give_the_exact_numbers(pension, folds, computed, check):
    estimate = estimate_average_effect(*data_of(pension), folds=folds, learner="linear", trim=0, **EXACT[check])
    hold(computed[check], numbers(estimate))
    other = estimate_average_effect(*data_of(pension), folds=np.sort(folds), learner="linear", trim=0, **EXACT[check])
    assert abs(other.effect - estimate.effect) > 10 * computed[check]["tol"], "other folds give other numbers"


def test_least_squares_for_both_models_gives_the_exact_partially_linear_effect(pension, folds, computed):
    found = least_squares_for_both(pension, folds)
    hold(computed["plr_ols_fixedfolds"], numbers(found))
    assert found.degrees_of_freedom == np.inf
    logit = estimate_average_effect(*data_of(pension), score="plr", learner="linear", folds=folds, trim=0)
    assert abs(logit.effect - found.effect) > 100, "a logit for the treatment is another model"


def least_squares_for_both(pension, folds):
    """A least-squares model of zeros and ones leaves the interval of a propensity, which the score does not mind."""
    outcome, treatment, confounders = data_of(pension)
    inputs = confounders.to_numpy(float)
    expected_treatment = out_of_fold(LinearRegression(), inputs, treatment, folds)
    assert expected_treatment.max() > 1
    return average_effect_from_predictions(
        outcome, treatment, score="plr", propensity=expected_treatment,
        outcome_prediction=out_of_fold(LinearRegression(), inputs, outcome, folds),
    )  # fmt: skip


def test_effects_by_income_quartile_are_the_exact_ones(pension, folds, computed):
    check = computed["irm_gate_income_quartile"]
    expected, tolerance = check["expected"], check["tol"]
    quartile = income_quartile(pension)
    effects = estimate_group_effects(
        *data_of(pension), groups={"income": quartile}, folds=folds, learner="linear", trim=0
    )
    found = {effect.group: effect.estimate for effect in effects}
    for group, values in expected.items():
        estimate = numbers(found[group])
        wanted = {"coef": values["est"], "lo": values["lo"], "hi": values["hi"]}
        assert {key: estimate[key] for key in wanted} == pytest.approx(wanted, abs=tolerance), group
    effects = [found[group].effect for group in expected]
    agree(check["id"], effects, [values["est"] for values in expected.values()], tolerance)


def test_propensities_of_the_linear_learner_are_the_exact_ones(pension, folds, computed):
    outcome, treatment, confounders = data_of(pension)
    fit = fit_sample(sample_from_arrays(outcome, treatment, confounders, None), None, "linear", folds, 1, 0.0, 0)
    p = fit.propensity
    hold(computed["irm_ps_summary"], {"min": p.min(), "max": p.max(), "mean": p.mean()})
    hold(computed["basic_fixedfolds_R"], {"ps_min": p.min(), "ps_max": p.max()}, tolerance=EXACT_R_ATOL)


def test_the_linear_learner_gives_the_numbers_of_r(pension, folds, computed):
    check, given = computed["basic_fixedfolds_R"], {"folds": folds, "learner": "linear", "trim": 0}
    ate, att = (estimate_average_effect(*data_of(pension), estimand=name, **given) for name in ("ATE", "ATT"))
    ours = {"ate": ate.effect, "ate_se": ate.std_error, "att": att.effect, "att_se": att.std_error}
    hold(check, ours)
    groups = estimate_group_effects(*data_of(pension), groups={"income": income_quartile(pension)}, **given)
    assert_groups({effect.group: effect.estimate for effect in groups}, check)


def assert_groups(found, check):
    for part, key in (("effect", "gate"), ("std_error", "gate_se")):
        theirs = check["expected"][key]
        agree(f"{check['id']}: {key}", [getattr(found[g], part) for g in theirs], theirs.values(), check["tol"])


def unpenalised():
    return make_pipeline(StandardScaler(), LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-12))


@pytest.mark.parametrize(("check", "terms"), [("basic_fixedfolds_R", None), ("flex_fixedfolds_R", with_squares)])
def test_predictions_of_linear_and_of_quadratic_models_give_the_numbers_of_r(pension, folds, computed, check, terms):
    outcome, treatment, confounders = data_of(pension)
    inputs = (confounders if terms is None else terms(confounders)).to_numpy(float)
    slope = {
        "propensity": out_of_fold(LinearRegression(), inputs, treatment, folds),
        "outcome_prediction": out_of_fold(LinearRegression(), inputs, outcome, folds),
    }
    plr = average_effect_from_predictions(outcome, treatment, score="plr", **slope)
    p = np.clip(out_of_fold(unpenalised(), inputs, treatment, folds), *CLIP)
    arms = [out_of_fold(LinearRegression(), inputs, outcome, folds, treatment == arm) for arm in (0, 1)]

    def doubly_robust(rows, estimand="ATE"):
        return average_effect_from_predictions(
            outcome[rows], treatment[rows], propensity=p[rows], estimand=estimand,
            outcome_control=arms[0][rows], outcome_treated=arms[1][rows],
        )  # fmt: skip

    everyone = np.ones(len(outcome), dtype=bool)
    ate, att = (doubly_robust(everyone, estimand) for estimand in ("ATE", "ATT"))
    ours = {"plr": plr.effect, "plr_se": plr.std_error, "ate": ate.effect, "ate_se": ate.std_error,
            "att": att.effect, "att_se": att.std_error}  # fmt: skip
    hold(computed[check], ours)
    hold(computed[check], {"ps_min": p.min(), "ps_max": p.max()}, tolerance=EXACT_R_ATOL)
    quartile = income_quartile(pension).to_numpy()
    assert_groups({name: doubly_robust(quartile == name) for name in np.unique(quartile)}, computed[check])
    bounds = omitted_variable_bounds(
        outcome, treatment, treatment_prediction=slope["propensity"], outcome_prediction=slope["outcome_prediction"],
        strength_outcome=0.04, strength_treatment=0.03,
    )  # fmt: skip
    hold(computed[check], {"plr_bound_lo": bounds.effect_lower, "plr_bound_hi": bounds.effect_upper})
    hold(computed[check], {"plr_rv": bounds.robustness_value}, tolerance=EXACT_R_ATOL)
    largest = np.sqrt(computed[check]["expected"]["sigma2"] * computed[check]["expected"]["nu2"])
    assert bounds.largest_bias == pytest.approx(largest, abs=computed[check]["tol"])


def test_bounds_on_the_predictions_of_doubleml_are_its_bounds(pension, folds, computed):
    """Its robustness values are searched for and right to 1e-5; the limits of its bounds are in `tests/sensitivity`."""
    outcome, treatment, confounders = data_of(pension)
    scaled = confounders.assign(inc=confounders["inc"] / 1e4, age=confounders["age"] / 10).to_numpy(float)
    least, logit = LinearRegression(), LogisticRegression(C=np.inf, max_iter=5000, tol=1e-8)
    given = {
        "plr_ols_fixedfolds_sens": {
            "treatment_prediction": out_of_fold(least, scaled, treatment, folds),
            "outcome_prediction": out_of_fold(least, scaled, outcome, folds),
        },
        "irm_ate_ols_logit_fixedfolds_sens": {
            "score": "ATE",
            "treatment_prediction": np.clip(out_of_fold(logit, scaled, treatment, folds), *CLIP),
            "outcome_control": out_of_fold(least, scaled, outcome, folds, treatment == 0),
            "outcome_treated": out_of_fold(least, scaled, outcome, folds, treatment == 1),
        },
    }
    for name, models in given.items():
        found = omitted_variable_bounds(outcome, treatment, strength_outcome=0.04, strength_treatment=0.03, **models)
        hold(computed[name], {"theta_lower": found.effect_lower, "theta_upper": found.effect_upper})
        hold(computed[name], {"rv": found.robustness_value}, tolerance=SEARCHED_ATOL)


def test_ratios_of_two_effects_of_eligibility_are_the_instrumental_estimates(pension, folds, computed):
    """On savings and on participation; nobody participates who is not eligible."""
    outcome, eligible, confounders = data_of(pension)
    inputs, joined = confounders.to_numpy(float), pension["p401"].to_numpy()
    of_eligible = out_of_fold(LinearRegression(), inputs, eligible, folds)
    slopes = [
        average_effect_from_predictions(
            target, eligible, score="plr", propensity=of_eligible,
            outcome_prediction=out_of_fold(LinearRegression(), inputs, target, folds),
        ).effect
        for target in (outcome, joined)
    ]  # fmt: skip
    hold(computed["pliv_ols_fixedfolds"], {"coef": slopes[0] / slopes[1]})
    p = np.clip(out_of_fold(unpenalised(), inputs, eligible, folds), *CLIP)
    on_savings = average_effect_from_predictions(
        outcome, eligible, propensity=p,
        outcome_control=out_of_fold(LinearRegression(), inputs, outcome, folds, eligible == 0),
        outcome_treated=out_of_fold(LinearRegression(), inputs, outcome, folds, eligible == 1),
    )  # fmt: skip
    on_joining = average_effect_from_predictions(
        joined, eligible, propensity=p, outcome_control=np.zeros(len(joined)),
        outcome_treated=out_of_fold(unpenalised(), inputs, joined, folds, eligible == 1),
    )  # fmt: skip
    hold(computed["iivm_late_fixedfolds"], {"coef": on_savings.effect / on_joining.effect})
    assert joined[eligible == 0].sum() == 0


# -- other packages on the same folds


def doubleml_data(pension):
    doubleml = pytest.importorskip("doubleml", reason="needs doubleml")
    return doubleml, doubleml.DoubleMLData(pension, y_col="net_tfa", d_cols="e401", x_cols=CONFOUNDERS)


def sample_splits(folds):
    return [(np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)) for fold in np.unique(folds)]


@pytest.fixture(scope="module")
def predictions(pension, folds):
    return tree_predictions(pension, folds)


def fitted_by_doubleml(model, folds, given):
    """Fit a DoubleML model on given folds with given predictions."""
    columns = {"e401": {name: values[:, None] for name, values in given.items()}}
    return model.set_sample_splitting([sample_splits(folds)]).fit(external_predictions=columns)


def test_doubleml_agrees_on_the_same_predictions_for_the_partially_linear_model(pension, folds, predictions):
    doubleml, data = doubleml_data(pension)
    idle = doubleml.utils.DMLDummyRegressor(), doubleml.utils.DMLDummyClassifier()
    theirs = fitted_by_doubleml(
        doubleml.DoubleMLPLR(data, *idle, n_folds=5), folds,
        {"ml_l": predictions["outcome_prediction"], "ml_m": predictions["propensity"]},
    )  # fmt: skip
    ours = average_effect_from_predictions(*data_of(pension)[:2], score="plr", **predictions)
    assert numbers(ours) == pytest.approx(numbers_of(theirs), rel=AGREEMENT_RTOL)
    assert abs(ours.effect - 5939) > 500, "not the numbers of linear models"


@pytest.mark.parametrize(("estimand", "name"), [("ATE", "ATE"), ("ATT", "ATTE")])
def test_doubleml_agrees_on_the_same_predictions_for_the_interactive_model(pension, folds, predictions, estimand, name):
    doubleml, data = doubleml_data(pension)
    idle = doubleml.utils.DMLDummyRegressor(), doubleml.utils.DMLDummyClassifier()
    given = {
        "ml_g0": predictions["outcome_control"],
        "ml_g1": predictions["outcome_treated"],
        "ml_m": predictions["propensity"],
    }
    theirs = fitted_by_doubleml(doubleml.DoubleMLIRM(data, *idle, n_folds=5, score=name), folds, given)
    ours = average_effect_from_predictions(*data_of(pension)[:2], estimand=estimand, **predictions)
    assert numbers(ours) == pytest.approx(numbers_of(theirs), rel=AGREEMENT_RTOL)


def numbers_of(theirs):
    low, high = theirs.confint().to_numpy()[0]
    return {"coef": theirs.coef[0], "se": theirs.se[0], "lo": low, "hi": high}


def test_doubleml_agrees_with_our_own_linear_models(pension, folds):
    """Least squares for the outcome, an unpenalised logit for the treatment."""
    doubleml, data = doubleml_data(pension)
    logit = make_pipeline(StandardScaler(), LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-10))
    theirs = doubleml.DoubleMLPLR(data, LinearRegression(), logit, n_folds=5)
    theirs.set_sample_splitting([sample_splits(folds)]).fit()
    ours = estimate_average_effect(*data_of(pension), score="plr", learner="linear", folds=folds, trim=0)
    assert numbers(ours) == pytest.approx(numbers_of(theirs), rel=AGREEMENT_RTOL)


def test_econml_agrees_on_the_same_folds(pension, folds):
    """Its HC1 error of one coefficient is larger than the published one by n / (n - 1), under the root."""
    dml = pytest.importorskip("econml.dml", reason="needs econml")
    outcome, treatment, confounders = data_of(pension)
    theirs = dml.LinearDML(model_y=LinearRegression(), model_t=LinearRegression(), cv=sample_splits(folds))
    inference = theirs.fit(
        outcome, treatment.astype(float), W=confounders.to_numpy(float)
    ).const_marginal_ate_inference()
    ours = least_squares_for_both(pension, folds)
    factor = np.sqrt(len(outcome) / (len(outcome) - 1))
    assert (ours.effect, ours.std_error * factor) == pytest.approx(
        (np.ravel(inference.mean_point)[0], np.ravel(inference.stderr_mean)[0]), rel=AGREEMENT_RTOL
    )
