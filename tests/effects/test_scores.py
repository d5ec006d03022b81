"""Scores and clustered averages on given nuisances; witnesses: DoubleML, statsmodels and closed forms."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from artwork_insights.design.assignment import make_assignment
from artwork_insights.design.confounders import Confounders
from artwork_insights.effects.nuisances import Nuisances
from artwork_insights.effects.sample import AnalysisSample
from artwork_insights.effects.scores import Scores, aipw_scores, average_scores, control_scores, plr_scores
from artwork_insights.errors import NotIdentifiedError

RTOL = 1e-10  # two implementations of the same algebra
DOUBLEML_ATOL = 1e-6  # asked for by the specification; far below any printed digit
N = 600


@pytest.fixture(scope="module")
def given():
    """Rows with fixed, deliberately imperfect nuisances: agreement must not rest on their being right."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=N)
    p = 1 / (1 + np.exp(-x))
    t = (rng.random(N) < p).astype(float)
    y = np.sin(x) + t * (0.5 + 0.3 * x) + rng.normal(size=N)
    p_hat = np.clip(p + 0.05 * rng.normal(size=N), 0.05, 0.95)
    g0, g1 = np.sin(x) + 0.1, np.sin(x) + 0.4 + 0.2 * x
    return x, t, y, Nuisances(p_hat, p_hat * g1 + (1 - p_hat) * g0, g0, g1)


def sample(t, y, title=None, weights=None):
    confounders = Confounders(np.zeros((len(y), 1)), ("x",), ("x",))
    return AnalysisSample(make_assignment(t, confounders, np.arange(len(y)) if title is None else title,
                                          weights=weights), np.asarray(y, dtype=float))  # fmt: skip


def average(scores, data):
    return average_scores(scores, data.assignment.weights, data.assignment.title)


def doubleml_fit(model, names, nuisances):
    predictions = {name: getattr(nuisances, field)[:, None] for name, field in names.items()}
    return model.fit(external_predictions={"t": predictions})


@pytest.fixture(scope="module")
def doubleml_data(given):
    import doubleml

    x, t, y, _ = given
    return doubleml.DoubleMLData(pd.DataFrame({"y": y, "t": t, "x": x}), "y", "t")


@pytest.mark.parametrize(("estimand", "score"), [("ATE", "ATE"), ("ATT", "ATTE")])
def test_aipw_agrees_with_doubleml_on_given_nuisances(given, doubleml_data, estimand, score):
    import doubleml
    from doubleml.utils import DMLDummyClassifier, DMLDummyRegressor

    _, t, y, nuisances = given
    witness = doubleml_fit(
        doubleml.DoubleMLIRM(doubleml_data, DMLDummyRegressor(), DMLDummyClassifier(), score=score),
        {"ml_g0": "outcome_control", "ml_g1": "outcome_treated", "ml_m": "treatment"},
        nuisances,
    )
    ours = average(aipw_scores(sample(t, y), [nuisances], estimand), sample(t, y))
    assert ours.effect == pytest.approx(witness.coef[0], abs=DOUBLEML_ATOL)
    carried = np.full(N, 1 / N) if estimand == "ATE" else t / t.sum()  # share of each row, the documented leverage
    correction = np.average(1 / (1 - carried), weights=witness.psi[:, 0, 0] ** 2)
    assert ours.std_error == pytest.approx(witness.se[0] * np.sqrt(correction), abs=DOUBLEML_ATOL)
    assert 1 < np.sqrt(correction) < 1.002


def test_the_partially_linear_score_agrees_with_doubleml_on_given_nuisances(given, doubleml_data):
    import doubleml
    from doubleml.utils import DMLDummyClassifier, DMLDummyRegressor

    _, t, y, nuisances = given
    witness = doubleml_fit(
        doubleml.DoubleMLPLR(doubleml_data, DMLDummyRegressor(), DMLDummyClassifier()),
        {"ml_l": "outcome", "ml_m": "treatment"},
        nuisances,
    )
    ours = average(plr_scores(sample(t, y), [nuisances], demean=False), sample(t, y))
    assert ours.effect == pytest.approx(witness.coef[0], abs=DOUBLEML_ATOL)
    square = (t - nuisances.treatment) ** 2
    correction = np.average(1 / (1 - square / square.sum()), weights=witness.psi[:, 0, 0] ** 2)
    assert ours.std_error == pytest.approx(witness.se[0] * np.sqrt(correction), abs=DOUBLEML_ATOL)


@pytest.fixture(scope="module")
def strata():
    """Saturated nuisances: stratum shares and stratum means, for which every estimand has a closed form."""
    rng = np.random.default_rng(1)
    s = rng.integers(4, size=500)
    t = (rng.random(500) < np.array([0.2, 0.4, 0.6, 0.8])[s]).astype(float)
    y = s + t * (s - 1.0) + rng.normal(size=500)
    table = pd.DataFrame({"s": s, "t": t, "y": y})
    p = table.groupby("s")["t"].transform("mean").to_numpy()
    means = table.pivot_table(index="s", columns="t", values="y")
    g0, g1 = (means[arm].loc[s].to_numpy() for arm in (0.0, 1.0))
    return table, Nuisances(p, p * g1 + (1 - p) * g0, g0, g1)


@pytest.mark.parametrize("estimand", ["ATE", "ATT", "ATO"])
def test_with_saturated_strata_every_estimand_is_a_weighted_mean_of_stratum_differences(strata, estimand):
    table, nuisances = strata
    per = table.groupby("s").agg(n=("t", "size"), p=("t", "mean"))
    means = table.pivot_table(index="s", columns="t", values="y")
    weight = {"ATE": per.n, "ATT": per.n * per.p, "ATO": per.n * per.p * (1 - per.p)}[estimand]
    data = sample(table.t, table.y)
    ours = average(aipw_scores(data, [nuisances], estimand), data)
    assert ours.effect == pytest.approx(np.average(means[1.0] - means[0.0], weights=weight), rel=RTOL)


def test_the_overlap_effect_is_the_regression_coefficient_with_stratum_dummies(strata):
    table, nuisances = strata
    dummies = (table.s.to_numpy()[:, None] == np.arange(4)).astype(float)
    witness = sm.OLS(table.y, np.column_stack([table.t, dummies])).fit()
    data = sample(table.t, table.y)
    plr = average(plr_scores(data, [nuisances], demean=False), data)
    ato = average(aipw_scores(data, [nuisances], "ATO"), data)
    assert plr.effect == pytest.approx(witness.params.iloc[0], rel=RTOL)
    assert ato.effect == pytest.approx(witness.params.iloc[0], rel=RTOL)


@pytest.mark.parametrize("wrong", ["propensity", "outcome"])
@pytest.mark.parametrize("estimand", ["ATE", "ATT"])
def test_the_augmented_score_survives_one_wrong_model(strata, estimand, wrong):
    table, right = strata
    half, zero = np.full(500, 0.5), np.zeros(500)
    spoilt = (
        Nuisances(half, right.outcome, right.outcome_control, right.outcome_treated)
        if wrong == "propensity"
        else Nuisances(right.treatment, zero, zero, zero)
    )
    data = sample(table.t, table.y)
    truth = average(aipw_scores(data, [right], estimand), data).effect
    assert average(aipw_scores(data, [spoilt], estimand), data).effect == pytest.approx(truth, rel=RTOL)
    both = average(aipw_scores(data, [Nuisances(half, zero, zero, zero)], estimand), data).effect
    assert abs(both - truth) > 0.3


def test_the_mean_without_the_component_averages_to_the_standardised_control_mean(strata):
    table, nuisances = strata
    data = sample(table.t, table.y)
    assert average(control_scores(data, [nuisances]), data).effect == pytest.approx(
        nuisances.outcome_control.mean(), rel=RTOL
    )


def test_demeaned_partially_linear_scores_are_title_dummies_regression():
    rng = np.random.default_rng(2)
    title = rng.integers(30, size=200)
    t, y, weights = rng.normal(size=200), rng.normal(size=200), rng.uniform(0.3, 3, 200)
    data = sample(t, y, title, weights)
    zero = np.zeros(200)
    ours = average(plr_scores(data, [Nuisances(zero, zero, zero, zero)], demean=True), data)
    dummies = (title[:, None] == np.unique(title)).astype(float)
    witness = sm.WLS(y, np.column_stack([t, dummies]), weights).fit()
    assert ours.effect == pytest.approx(witness.params[0], rel=1e-8)


def test_clustered_errors_of_a_weighted_mean_equal_statsmodels_where_titles_weigh_the_same():
    rng = np.random.default_rng(3)
    title = np.repeat(np.arange(40), 5)
    pattern = rng.uniform(0.5, 2, 5)
    weights = np.tile(pattern / pattern.mean(), 40)
    y = rng.normal(size=200) + rng.normal(size=40)[title]
    ours = average_scores(Scores(y[None], np.ones((1, 200))), weights, title)
    witness = sm.WLS(y, np.ones(200), weights).fit(
        cov_type="cluster", cov_kwds={"groups": title, "use_correction": False}
    )
    assert ours.effect == pytest.approx(witness.params[0], rel=RTOL)
    assert ours.std_error == pytest.approx(witness.bse[0] * np.sqrt(40 / 39), rel=RTOL)
    alone = average_scores(Scores(y[None], np.ones((1, 200))), weights, np.arange(200))
    assert alone.std_error < 0.7 * ours.std_error  # rows as independent would be far too sure


def test_unequal_titles_have_the_documented_leverage_correction():
    rng = np.random.default_rng(4)
    title = np.repeat(np.arange(12), rng.integers(1, 30, 12))
    y, weights = rng.normal(size=len(title)), rng.uniform(0.2, 4, len(title))
    ours = average_scores(Scores(y[None], np.ones((1, len(y)))), weights, title)
    frame = pd.DataFrame({"title": title, "w": weights, "wr": weights * (y - np.average(y, weights=weights))})
    sums = frame.groupby("title").sum()
    share = sums.w / sums.w.sum()
    expected = np.sqrt((sums.wr**2 / (1 - share)).sum()) / sums.w.sum()
    assert ours.std_error == pytest.approx(expected, rel=RTOL)
    assert (ours.influence**2).sum() == pytest.approx(ours.std_error**2, rel=RTOL)


@pytest.mark.parametrize("estimand", ["ATE", "ATT", "ATO"])
def test_a_weight_of_three_equals_the_row_three_times(given, estimand):
    _, t, y, nuisances = given
    times = np.random.default_rng(5).integers(1, 4, N)
    title = np.arange(N) // 6
    weighted = sample(t, y, title, times)
    rows = np.repeat(np.arange(N), times)
    repeated = sample(t[rows], y[rows], title[rows])
    copies = Nuisances(*(getattr(nuisances, field)[rows] for field in nuisances.__slots__))
    one = average(aipw_scores(weighted, [nuisances], estimand), weighted)
    two = average(aipw_scores(repeated, [copies], estimand), repeated)
    assert (one.effect, one.std_error) == pytest.approx((two.effect, two.std_error), rel=RTOL)


def test_row_order_does_not_matter(given):
    _, t, y, nuisances = given
    order = np.random.default_rng(6).permutation(N)
    shuffled = Nuisances(*(getattr(nuisances, field)[order] for field in nuisances.__slots__))
    title = np.arange(N) // 6
    one, two = sample(t, y, title), sample(t[order], y[order], title[order])
    first, second = (
        average(aipw_scores(one, [nuisances], "ATE"), one),
        average(aipw_scores(two, [shuffled], "ATE"), two),
    )
    assert (first.effect, first.std_error) == pytest.approx((second.effect, second.std_error), rel=RTOL)


def test_repetitions_are_combined_by_the_median_rule():
    y = np.array([[1.0, 2, 3, 4], [2, 3, 4, 9], [11, 12, 13, 14]])
    mean = average_scores(Scores(y, np.ones((3, 4))), np.ones(4), np.arange(4))
    effects, errors = y.mean(axis=1), y.std(axis=1, ddof=1) / 2
    assert mean.effect == np.median(effects)
    assert mean.std_error == pytest.approx(np.sqrt(np.median(errors**2 + (effects - mean.effect) ** 2)))


def test_one_title_alone_has_no_error_and_is_refused():
    with pytest.raises(NotIdentifiedError, match="1 titles hold comparable artwork; an effect needs at least 2"):
        average_scores(Scores(np.ones((1, 5)), np.ones((1, 5))), np.ones(5), np.zeros(5, dtype=np.int64))
    with pytest.raises(NotIdentifiedError, match="an effect needs at least 2"):
        average_scores(Scores(np.ones((1, 5)), np.zeros((1, 5))), np.ones(5), np.arange(5))
