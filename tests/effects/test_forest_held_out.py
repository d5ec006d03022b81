"""Tests of heterogeneity on held-out titles: witnesses are statsmodels, formulas of the papers, and planted truths."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from artwork_insights.effects.forest.bags import Residuals, Size
from artwork_insights.effects.forest.calibration import calibrate, centre_within
from artwork_insights.effects.forest.held_out import HeldOut, HeldOutNumber, predict_held_out
from artwork_insights.effects.forest.targeting import rank_within, targeting_curve

QUICK = Size(bags=4, splits=2, trees=2)
N_TITLES = 80


def draw_scores(seed: int, spread: float = 0.05):
    """Residuals of 80 titles whose effect differs by `spread` between two kinds of titles, with a shock by title."""
    rng = np.random.default_rng(seed)
    title = np.repeat(np.arange(N_TITLES), 5)
    kind = rng.integers(0, 2, N_TITLES)[title]
    t = rng.choice([-0.5, 0.5], len(title))
    effect = 0.05 + spread * kind + 0.02 * rng.normal(size=N_TITLES)[title]
    y = effect * t + 0.03 * rng.normal(size=len(title))
    return Residuals(y, t, np.column_stack([kind, rng.normal(size=len(title))]), title, np.ones(len(title)))


def both_tests(data, seed):
    held_out = predict_held_out(data, seed, QUICK)
    a, b = data.treatment * data.outcome, data.treatment**2
    curve = targeting_curve(a, b, held_out, data.title, data.weights, seed=seed)
    return calibrate(a, b, held_out, data.title, data.weights), curve


def test_a_fold_is_predicted_from_earlier_folds_alone():
    data = draw_scores(0)
    held_out = predict_held_out(data, 0, QUICK)
    assert set(held_out.fold[held_out.tested]) == {2, 3, 4}
    last = held_out.fold == 4
    changed = Residuals(
        np.where(last, 9 * data.outcome, data.outcome), data.treatment, data.modifiers, data.title, data.weights
    )
    again = predict_held_out(changed, 0, QUICK)
    np.testing.assert_array_equal(again.predicted, held_out.predicted)
    first = Residuals(
        np.where(held_out.fold == 0, 9 * data.outcome, data.outcome),
        data.treatment, data.modifiers, data.title, data.weights,
    )  # fmt: skip
    assert not np.allclose(predict_held_out(first, 0, QUICK).predicted[last], held_out.predicted[last])


def test_planted_differences_are_found_and_rightly_sized():
    calibration, curve = both_tests(draw_scores(1, 0.1), 1)
    low, high = calibration.slope.interval(0.99)
    assert low < 1 < high
    assert calibration.slope.p_value < 1e-3
    assert calibration.mean_effect.value == pytest.approx(0.10, abs=0.02)
    assert curve.autoc.p_value < 1e-3
    assert curve.gains[-1] == pytest.approx(0, abs=1e-12)
    half = curve.gains[int(np.argmin(np.abs(np.array(curve.shares) - 0.5)))]
    assert half == pytest.approx(0.05, abs=0.02)  # the better half has 0.15, the average is 0.10


def test_no_differences_are_rarely_found():
    """40 draws without heterogeneity, tests at 5 %: 4 rejections or fewer have probability .95."""
    p_values = np.array(
        [
            [test.p_value for test in (c.slope, k.autoc)]
            for c, k in (both_tests(draw_scores(s, 0.0), s) for s in range(40))
        ]
    )
    assert ((p_values < 0.05).sum(axis=0) <= 4).all()
    assert ((p_values < 0.5).mean(axis=0) > 0.25).all()  # not by never rejecting
    assert ((p_values < 0.5).mean(axis=0) < 0.75).all()


def test_predictions_that_saw_the_titles_find_what_is_not_there():
    """Control: predictions from a title's own cells, without heterogeneity, reject every time."""
    found = 0
    for seed in range(10):
        data = draw_scores(seed, 0.0)
        a, b = data.treatment * data.outcome, data.treatment**2
        own = np.bincount(data.title, weights=a) / np.bincount(data.title, weights=b)
        seen = HeldOut(own[data.title], np.zeros(len(a), dtype=np.int64))
        found += calibrate(a, b, seen, data.title, data.weights).slope.p_value < 0.05
    assert found == 10


def test_calibration_is_a_clustered_regression_of_scores_on_predictions():
    """Witness: statsmodels' weighted least squares with cluster-robust errors."""
    rng = np.random.default_rng(4)
    title = np.repeat(np.arange(50), 4)
    fold = (title % 3).astype(np.int64)
    a, w = rng.normal(size=200), rng.uniform(0.5, 2, 200)
    predicted = rng.normal(size=200) + 0.5 * a
    predicted[title < 5] = np.nan
    ours = calibrate(a, np.ones(200), HeldOut(predicted, fold), title, w)
    used = title >= 5
    z = sm.add_constant(centre_within(predicted[used], fold[used], w[used]))
    theirs = sm.WLS(a[used], z, weights=w[used]).fit(
        cov_type="cluster", cov_kwds={"groups": title[used], "df_correction": False, "use_correction": False}
    )
    assert (ours.mean_effect.value, ours.slope.value) == pytest.approx(tuple(theirs.params))
    assert (ours.mean_effect.std_error, ours.slope.std_error) == pytest.approx(tuple(theirs.bse * np.sqrt(45 / 44)))


def test_calibration_of_partially_linear_scores_is_a_regression_of_residual_on_residual():
    data = draw_scores(2)
    rng = np.random.default_rng(0)
    held_out = HeldOut(rng.normal(size=len(data.title)), np.zeros(len(data.title), dtype=np.int64))
    t, y = data.treatment * rng.uniform(0.2, 2, len(data.title)), data.outcome
    ours = calibrate(t * y, t * t, held_out, data.title, data.weights)
    centred = centre_within(held_out.predicted, held_out.fold, t * t)
    theirs = sm.OLS(y, np.column_stack([t, t * centred])).fit()
    assert (ours.mean_effect.value, ours.slope.value) == pytest.approx(tuple(theirs.params))


def test_the_curve_is_the_mean_score_on_top_less_the_mean_score():
    """Witness: sorting by hand; AUTOC and Qini are the averages of the curve and of share times curve."""
    rng = np.random.default_rng(5)
    title = np.arange(100)
    score, predicted = rng.normal(size=100), rng.normal(size=100)
    held_out = HeldOut(predicted, np.zeros(100, dtype=np.int64))
    curve = targeting_curve(score, np.ones(100), held_out, title, np.ones(100), seed=0)
    ordered = score[np.argsort(-predicted)]
    toc = np.array([ordered[: 2 * k].mean() - score.mean() for k in range(1, 51)])
    for share, gain in zip(curve.shares, curve.gains, strict=True):
        assert gain == pytest.approx(toc[round(50 * share) - 1])
    assert curve.autoc.value == pytest.approx(toc.mean())
    assert curve.qini.value == pytest.approx((toc * np.arange(1, 51) / 50).mean())


def test_the_error_of_autoc_is_its_spread_over_samples():
    """Witness: the standard deviation over 200 fresh samples with shocks by title."""
    values, errors = [], []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        title = np.repeat(np.arange(60), 4)
        score = rng.normal(size=60)[title] + rng.normal(size=240)
        held_out = HeldOut(rng.normal(size=60)[title], np.zeros(240, dtype=np.int64))
        if seed < 20:
            curve = targeting_curve(score, np.ones(240), held_out, title, np.ones(240), seed=seed)
            errors.append(curve.autoc.std_error)
            values.append(curve.autoc.value)
        else:
            order = np.argsort(-held_out.predicted)
            top = np.cumsum(score[order]) / np.arange(1, 241)
            values.append(np.interp(np.arange(1, 51) / 50, np.arange(1, 241) / 240, top).mean() - score.mean())
    assert np.mean(errors) == pytest.approx(np.std(values), rel=0.2)


def test_tied_predictions_share_their_place():
    place = rank_within(np.array([1.0, 3.0, 1.0, 2.0]), np.zeros(4, dtype=np.int64), np.ones(4))
    np.testing.assert_allclose(place, [0.75, 0.125, 0.75, 0.375])


def test_one_prediction_for_all_is_nothing_to_test():
    held_out = HeldOut(np.full(100, 0.3), np.zeros(100, dtype=np.int64))
    title, one = np.arange(100), np.ones(100)
    assert calibrate(title * 1.0, one, held_out, title, one) is None
    assert targeting_curve(title * 1.0, one, held_out, title, one, seed=0) is None


def test_a_one_sided_p_value_is_half_the_two_sided_one():
    number = HeldOutNumber(2.0, 1.0, 30)
    assert number.p_value == pytest.approx(0.02731, abs=1e-5)  # t table, 30 degrees of freedom
    assert number.interval(0.95) == pytest.approx((2 - 2.0423, 2 + 2.0423), abs=1e-4)
