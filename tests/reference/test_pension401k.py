"""401(k) eligibility and net financial assets: exact numbers on fixed folds, published ranges with flexible models.

Exact numbers are DoubleML's and EconML's, stored in ``causal/pension401k/gold_computed.json`` or computed here on the
same folds; published ones are those of the DoubleML documentation and of dml.sensemakr (Chernozhukov, Cinelli, Newey,
Sharma and Syrgkanis 2022), ``gold_published.json``.
"""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

from artwork_insights import estimate_average_effect, estimate_group_effects
from artwork_insights.effects.predictions import average_effect_from_predictions

CONFOUNDERS = ["age", "inc", "educ", "fsize", "marr", "twoearn", "db", "pira", "hown"]
AGREEMENT_RTOL = 1e-6


@pytest.fixture(scope="module")
def folder(reference_data):
    return reference_data / "causal" / "pension401k"


@pytest.fixture(scope="module")
def pension(folder):
    return pd.read_csv(folder / "pension.csv")


@pytest.fixture(scope="module")
def folds(folder):
    return pd.read_csv(folder / "folds.csv")["fold"].to_numpy()


@pytest.fixture(scope="module")
def computed(folder):
    checks = json.loads((folder / "gold_computed.json").read_text())["checks"]
    return {check["id"]: (check["expected"], check["tol"]) for check in checks}


@pytest.fixture(scope="module")
def published(folder):
    checks = json.loads((folder / "gold_published.json").read_text())["checks"]
    return {check["id"]: check["expected"] for check in checks}


def data_of(pension, names=CONFOUNDERS):
    return pension["net_tfa"].to_numpy(float), pension["e401"].to_numpy(), pension[names]


def numbers(estimate):
    low, high = estimate.interval()
    return {"coef": estimate.effect, "se": estimate.std_error, "lo": low, "hi": high}


EXACT = {
    "irm_ate_ols_logit_fixedfolds": {"score": "aipw", "estimand": "ATE"},
    "irm_atte_ols_logit_fixedfolds": {"score": "aipw", "estimand": "ATT"},
}


@pytest.mark.parametrize("check", EXACT)
def test_linear_models_on_fixed_folds_give_the_exact_numbers(pension, folds, computed, check):
    expected, tolerance = computed[check]
    estimate = estimate_average_effect(*data_of(pension), folds=folds, learner="linear", trim=0, **EXACT[check])
    assert numbers(estimate) == pytest.approx(expected, abs=tolerance)
    other = estimate_average_effect(*data_of(pension), folds=np.sort(folds), learner="linear", trim=0, **EXACT[check])
    assert abs(other.effect - expected["coef"]) > 10 * tolerance, "other folds give other numbers"


def test_least_squares_for_both_models_gives_the_exact_partially_linear_effect(pension, folds, computed):
    expected, tolerance = computed["plr_ols_fixedfolds"]
    found = least_squares_for_both(pension, folds)
    assert numbers(found) == pytest.approx(expected, abs=tolerance)
    assert found.degrees_of_freedom == np.inf
    logit = estimate_average_effect(*data_of(pension), score="plr", learner="linear", folds=folds, trim=0)
    assert abs(logit.effect - expected["coef"]) > 100, "a logit for the treatment is another model"


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


def out_of_fold(model, inputs, target, folds, only=None):
    """Predictions of each fold from the others, or from those of their rows that are `only` meant."""
    found = np.empty(len(target))
    for fold in np.unique(folds):
        learn = (folds != fold) & (True if only is None else only)
        fitted = model.fit(inputs[learn], target[learn])
        held = inputs[folds == fold]
        found[folds == fold] = fitted.predict_proba(held)[:, 1] if hasattr(fitted, "predict_proba") else (
            fitted.predict(held)
        )  # fmt: skip
    return found


def test_effects_by_income_quartile_are_the_exact_ones(pension, folds, computed):
    expected, tolerance = computed["irm_gate_income_quartile"]
    quartile = pd.qcut(pension["inc"], 4, labels=["q1", "q2", "q3", "q4"]).astype(str)
    effects = estimate_group_effects(
        *data_of(pension), groups={"income": quartile}, folds=folds, learner="linear", trim=0
    )
    found = {effect.group: effect.estimate for effect in effects}
    for group, values in expected.items():
        estimate = numbers(found[group])
        wanted = {"coef": values["est"], "lo": values["lo"], "hi": values["hi"]}
        assert {key: estimate[key] for key in wanted} == pytest.approx(wanted, abs=tolerance), group


# -- flexible models


FLEXIBLE = [
    ("PLR", "xgboost", {"score": "plr"}),
    ("IRM", "xgboost", {"score": "aipw", "trim": 0.01}),
    pytest.param("PLR", "ranger", {"score": "plr"}, marks=pytest.mark.long),
    pytest.param("IRM", "ranger", {"score": "aipw", "trim": 0.01}, marks=pytest.mark.long),
]


@pytest.mark.parametrize(("model", "published_learner", "options"), FLEXIBLE)
def test_flexible_models_lie_within_one_published_standard_error(pension, published, model, published_learner, options):
    effect, error = published["doubleml_R_docs"][model][published_learner]
    learner = {"ranger": "random_forest"}.get(published_learner, published_learner)
    estimate = estimate_average_effect(*data_of(pension), learner=learner, folds=3, **options)
    assert estimate.effect == pytest.approx(effect, abs=error)
    assert estimate.std_error == pytest.approx(error, rel=0.2)


def test_main_effects_alone_are_no_model_of_savings(pension, folds, published):
    """The control: the same score with linear models lies outside every published range."""
    effect, error = published["doubleml_R_docs"]["IRM"]["rpart"]
    estimate = estimate_average_effect(*data_of(pension), learner="linear", folds=folds, trim=0.01)
    assert estimate.effect < effect - 3 * error


@pytest.mark.long
def test_flexible_effects_by_income_are_those_published(pension, published):
    expected = published["long_story_short_dml_sensemakr"]["npm"]
    without_db = [name for name in CONFOUNDERS if name != "db"]
    quartile = pd.qcut(pension["inc"], 4, labels=False)
    effects = estimate_group_effects(
        *data_of(pension, without_db), groups={"income": quartile}, folds=5, learner="random_forest", trim=0.01
    )
    found = {effect.group: effect.estimate.effect for effect in effects}
    assert len(found) == len(expected["gate_q"])
    for group, (effect, error) in enumerate(expected["gate_q"]):
        assert found[str(group)] == pytest.approx(effect, abs=error), group
    assert found["3"] > 2 * found["0"], "those who earn most gain most"


# -- other packages on the same folds


def doubleml_data(pension):
    doubleml = pytest.importorskip("doubleml", reason="needs doubleml")
    return doubleml, doubleml.DoubleMLData(pension, y_col="net_tfa", d_cols="e401", x_cols=CONFOUNDERS)


def sample_splits(folds):
    return [(np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)) for fold in np.unique(folds)]


@pytest.fixture(scope="module")
def predictions(pension, folds):
    """Of models that are flexible and of no package's own; the same for everybody."""
    outcome, treatment, confounders = data_of(pension)
    inputs = confounders.to_numpy(float)
    tree = DecisionTreeRegressor(max_depth=5, min_samples_leaf=50, random_state=0)
    return {
        "propensity": np.clip(out_of_fold(tree, inputs, treatment, folds), 0.02, 0.98),
        "outcome_control": out_of_fold(tree, inputs, outcome, folds, treatment == 0),
        "outcome_treated": out_of_fold(tree, inputs, outcome, folds, treatment == 1),
        "outcome_prediction": out_of_fold(tree, inputs, outcome, folds),
    }


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
