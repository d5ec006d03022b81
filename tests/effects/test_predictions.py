"""Average effects from given predictions; witnesses: DoubleML and statsmodels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from artwork_insights.effects.predictions import average_effect_from_predictions
from artwork_insights.errors import NotIdentifiedError

DOUBLEML_ATOL = 1e-6  # asked for by the specification; far below any printed digit
N = 500


@pytest.fixture(scope="module")
def given():
    rng = np.random.default_rng(0)
    x = rng.normal(size=N)
    p = 1 / (1 + np.exp(-x))
    t = rng.random(N) < p
    y = np.sin(x) + t * (0.5 + 0.3 * x) + rng.normal(size=N)
    p_hat = np.clip(p + 0.05 * rng.normal(size=N), 0.05, 0.95)
    g0, g1 = np.sin(x) + 0.1, np.sin(x) + 0.4 + 0.2 * x
    return x, t, y, {"propensity": p_hat, "outcome_control": g0, "outcome_treated": g1}


def doubleml_of(model, x, t, y, names, *, treatment="t", **options):
    import doubleml
    from doubleml.utils import DMLDummyClassifier, DMLDummyRegressor

    data = doubleml.DoubleMLData(pd.DataFrame({"y": y, "t": t, "x": x}), "y", "t")
    learners = (
        DMLDummyRegressor(),
        (DMLDummyRegressor if model == "DoubleMLPLR" and len(set(t)) > 2 else DMLDummyClassifier)(),
    )
    fitted = getattr(doubleml, model)(data, *learners, **options)
    return fitted.fit(external_predictions={"t": {name: values[:, None] for name, values in names.items()}})


def agree(ours, witness):
    assert ours.effect == pytest.approx(witness.coef[0], abs=DOUBLEML_ATOL)
    assert ours.std_error == pytest.approx(witness.se[0], abs=DOUBLEML_ATOL)
    assert ours.interval() == pytest.approx(tuple(witness.confint().to_numpy()[0]), abs=DOUBLEML_ATOL)
    assert ours.p_value == pytest.approx(witness.pval[0], abs=DOUBLEML_ATOL)


@pytest.mark.parametrize(("estimand", "score"), [("ATE", "ATE"), ("ATT", "ATTE")])
def test_doubly_robust_estimates_errors_intervals_and_p_values_are_those_of_doubleml(given, estimand, score):
    x, t, y, predictions = given
    names = dict(zip(("ml_m", "ml_g0", "ml_g1"), predictions.values(), strict=True))
    witness = doubleml_of("DoubleMLIRM", x, t.astype(float), y, names, score=score)
    agree(average_effect_from_predictions(y, t, **predictions, estimand=estimand), witness)


def test_the_partially_linear_model_is_that_of_doubleml_for_conditions_and_for_numbers(given):
    x, t, y, predictions = given
    p, expected = predictions["propensity"], predictions["outcome_control"] + 0.2
    witness = doubleml_of("DoubleMLPLR", x, t.astype(float), y, {"ml_l": expected, "ml_m": p})
    ours = average_effect_from_predictions(y, t, propensity=p, outcome_prediction=expected, score="plr")
    agree(ours, witness)
    assert (ours.estimand, ours.score) == ("ATO", "plr")
    dose = x + np.cos(7 * x)
    witness = doubleml_of("DoubleMLPLR", x, dose, y, {"ml_l": expected, "ml_m": x})
    ours = average_effect_from_predictions(y, dose, propensity=x, outcome_prediction=expected)
    agree(ours, witness)
    assert (ours.estimand, ours.score) == ("slope", "plr")


def test_clusters_make_the_errors_those_of_titles(given):
    _, t, y, predictions = given
    title = np.arange(N) // 20
    noise = np.random.default_rng(1).normal(size=N // 20)[title] * (2 * t - 1.0)
    alone = average_effect_from_predictions(y + noise, t, **predictions)
    together = average_effect_from_predictions(y + noise, t, **predictions, clusters=title)
    assert together.effect == pytest.approx(alone.effect)
    assert together.std_error > 1.3 * alone.std_error
    assert together.degrees_of_freedom == pytest.approx(24)
    assert np.isinf(alone.degrees_of_freedom)
    assert (together.n_titles, alone.n_titles) == (25, N)


@pytest.mark.parametrize(("estimand", "score"), [("ATE", "aipw"), ("ATT", "aipw"), ("ATO", "aipw"), ("ATO", "plr")])
def test_effective_numbers_are_kishs_of_the_weights_that_outcomes_get(estimand, score):
    rng = np.random.default_rng(3)
    p, title = np.repeat([0.5, 0.02], 360), np.repeat(np.arange(72), 10)
    t = (rng.random(720) < p).astype(float)
    y, w = rng.normal(size=720), rng.uniform(0.5, 2, 720)
    given = {"propensity": p, "outcome_control": np.zeros(720), "outcome_treated": np.zeros(720)}
    found = average_effect_from_predictions(y, t, **given, clusters=title, weights=w, estimand=estimand, score=score)
    got = {"ATE": np.where(t == 1, 1 / p, 1 / (1 - p)), "ATT": np.where(t == 1, 1, p / (1 - p)), "ATO": np.abs(t - p)}
    carried = w * got[estimand]
    by_title = np.bincount(title, weights=carried)
    assert found.n_effective_assets == pytest.approx(carried.sum() ** 2 / (carried**2).sum())
    assert found.n_effective_titles == pytest.approx(by_title.sum() ** 2 / (by_title**2).sum())
    if estimand == "ATE":
        assert found.n_effective_assets < 0.25 * 720  # a handful of the rarely treated weigh 50 times as much
        assert "wild_cluster_bootstrap" in {diagnostic.name for diagnostic in found.diagnostics}


def test_series_of_any_index_truth_values_and_lists_are_taken_by_position(given):
    _, t, y, predictions = given
    base = average_effect_from_predictions(y, t, **predictions)
    odd = pd.Index(np.random.default_rng(2).permutation(N) * 3 + 7)
    series = {name: pd.Series(values, index=odd) for name, values in predictions.items()}
    assert average_effect_from_predictions(pd.Series(y, index=odd), pd.Series(t, index=odd), **series) == base
    assert average_effect_from_predictions(list(y), t.astype(object), **predictions) == base
    assert average_effect_from_predictions(y, pd.array(t, dtype="boolean"), **predictions) == base


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"outcome_treated": None}, "score 'aipw' needs both outcome_control and outcome_treated."),
        ({"score": "plr", "outcome_control": None}, "score 'plr' needs outcome_prediction."),
        ({"score": "ipw"}, "score 'ipw' is not known; use 'aipw' or 'plr'."),
        ({"estimand": "LATE"}, "estimand 'LATE' is not known; use 'ATE' or 'ATT' or 'ATO'."),
        (
            {"propensity": np.r_[1.0, np.full(N - 1, 0.5)]},
            "propensities must lie inside 0 and 1; leave out or clip those",
        ),
        ({"propensity": np.full(3, 0.5)}, "propensity has 3 rows and the outcome 500; give one prediction per row."),
        ({"outcome_control": np.full(N, np.nan)}, "outcome_control is missing in 500 of 500 rows."),
        ({"outcome_control": np.zeros((N, 2))}, "the outcome_control has shape (500, 2); give one number per row."),
        ({"weights": np.r_[-1.0, np.ones(N - 1)]}, "weights must be positive numbers; leave rows without weight out."),
    ],
)
def test_predictions_that_do_not_fit_are_refused_in_one_sentence(given, changes, sentence):
    _, t, y, predictions = given
    with pytest.raises(NotIdentifiedError) as refusal:
        average_effect_from_predictions(y, t, **predictions | changes)
    assert str(refusal.value).startswith(sentence)
