"""Witnesses: simulated truth with an interaction, statsmodels, and Monte Carlo over the mediator."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats
from scipy.special import expit

from artwork_insights.design.learners import BoostingSettings
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.mechanisms.mediation import mediate
from artwork_insights.mechanisms.natural_dml import natural_effects_dml
from artwork_insights.mechanisms.natural_effects import Cleared, natural_effects
from artwork_insights.mechanisms.natural_probit import fit_probit
from artwork_insights.mechanisms.natural_results import NAMES

PATH_A, PATH_B, PRODUCT, DIRECT = 0.8, 0.5, 0.6, 0.3
LARGEST_Z = 3.5
BOOSTING = BoostingSettings(max_depth=3, learning_rate=0.1, min_child_weight=20.0, rounds=100)


def make_rows(seed, n_titles=400):
    """Non-linear confounding, titles with a level of their own, unequal numbers of artworks, and the five truths."""
    rng = np.random.default_rng(seed)
    title = np.repeat(np.arange(n_titles), rng.integers(2, 9, n_titles))
    known = np.column_stack([rng.normal(size=n_titles)[title], rng.normal(size=(len(title), 2))])
    treated = (rng.random(len(title)) < expit(np.sin(2 * known[:, 0]) + 0.5 * known[:, 1] ** 2 - 0.5)).astype(float)
    base = np.cos(known[:, 0]) + 0.5 * np.abs(known[:, 1])
    mediator = PATH_A * treated + base + rng.normal(size=len(title))
    outcome = (
        DIRECT * treated + PATH_B * mediator + PRODUCT * treated * mediator + known[:, 0] ** 2 + np.abs(known[:, 1])
        + 0.5 * rng.normal(size=n_titles)[title] + rng.normal(size=len(title))
    )  # fmt: skip
    truth = {
        "acme_control": PATH_A * PATH_B,
        "acme_treated": PATH_A * (PATH_B + PRODUCT),
        "ade_control": DIRECT + PRODUCT * base.mean(),
        "ade_treated": DIRECT + PRODUCT * (base.mean() + PATH_A),
    }
    return outcome, treated, mediator, known, title, truth | {"total": truth["acme_control"] + truth["ade_treated"]}


def z_values(effects, truth):
    return {name: (getattr(effects, name).effect - truth[name]) / getattr(effects, name).std_error for name in NAMES}


def test_double_machine_learning_finds_all_effects_and_regression_without_interaction_misses_them():
    for seed in (0, 1):
        outcome, treated, mediator, known, title, truth = make_rows(seed)
        ours = natural_effects_dml(outcome, treated, mediator, known, title, settings=BOOSTING, seed=seed)
        assert max(map(abs, z_values(ours, truth).values())) < LARGEST_Z
        plain = z_values(natural_effects(outcome, treated, mediator, known, title, interaction=False), truth)
        assert abs(plain["acme_treated"]) > 4
        assert abs(plain["ade_control"]) > 4


def test_the_linear_form_finds_all_effects_where_its_controls_are_right():
    estimates = []
    for seed in range(40):
        outcome, treated, mediator, known, title, truth = make_rows(seed, 150)
        right = np.column_stack([np.cos(known[:, 0]), known[:, 0] ** 2, np.abs(known[:, 1])])
        ours = natural_effects(outcome, treated, mediator, right, title, draws=50)
        estimates.append([getattr(ours, name).effect - truth[name] for name in NAMES])
    errors = np.std(estimates, axis=0) / np.sqrt(len(estimates))
    assert np.all(np.abs(np.mean(estimates, axis=0)) < 3 * errors)


@pytest.mark.slow
def test_the_intervals_of_double_machine_learning_are_as_wide_as_its_estimates_scatter():
    found = []
    for seed in range(12):
        outcome, treated, mediator, known, title, truth = make_rows(seed, 150)
        ours = natural_effects_dml(outcome, treated, mediator, known, title, settings=BOOSTING, folds=3, seed=seed)
        found.append(list(z_values(ours, truth).values()))
    assert 0.5 < np.sqrt(np.mean(np.square(found))) < 1.6  # 12 draws of five related effects


def test_total_is_the_sum_of_either_pair():
    outcome, treated, mediator, known, title, _ = make_rows(2, 100)
    for ours in (
        natural_effects(outcome, treated, mediator, known, title, levels=(-1, 2.5)),
        natural_effects_dml(outcome, treated, mediator, known, title, settings=BOOSTING, folds=2),
    ):
        assert ours.total.effect == pytest.approx(ours.acme_treated.effect + ours.ade_control.effect, abs=1e-10)
        assert ours.total.effect == pytest.approx(ours.acme_control.effect + ours.ade_treated.effect, abs=1e-10)
        assert ours.acme.effect == pytest.approx((ours.acme_control.effect + ours.acme_treated.effect) / 2, abs=1e-10)


def test_without_interaction_the_linear_form_is_baron_and_kenny():
    outcome, treated, mediator, known, title, _ = make_rows(3, 100)
    ours = natural_effects(outcome, treated, mediator, known, title, absorb=title, interaction=False, seed=4)
    paths = mediate(outcome, treated, mediator, known, title, absorb=title, seed=4)
    assert ours.acme.effect == pytest.approx(paths.indirect, abs=1e-12)
    assert ours.ade.effect == pytest.approx(paths.direct.coefficient, abs=1e-12)
    assert (ours.acme.low, ours.acme.high) == pytest.approx(paths.indirect_interval, abs=1e-10)
    assert ours.interaction is None


def test_the_linear_form_equals_the_regressions_of_statsmodels():
    outcome, treated, mediator, known, _, _ = make_rows(4, 100)
    ours = natural_effects(outcome, treated, mediator, known)
    first = sm.OLS(mediator, sm.add_constant(np.column_stack([treated, known]))).fit()
    wide = np.column_stack([treated, mediator, treated * mediator, known])
    second = sm.OLS(outcome, sm.add_constant(wide)).fit()
    under = [first.predict(sm.add_constant(np.column_stack([np.full_like(treated, t), known]), has_constant="add"))
             for t in (0.0, 1.0)]  # fmt: skip
    mean = {
        (t, s): second.predict(
            sm.add_constant(
                np.column_stack([np.full_like(treated, t), under[s], t * under[s], known]), has_constant="add"
            )
        ).mean()
        for t in (0, 1)
        for s in (0, 1)
    }
    assert ours.acme_control.effect == pytest.approx(mean[0, 1] - mean[0, 0], abs=1e-9)
    assert ours.acme_treated.effect == pytest.approx(mean[1, 1] - mean[1, 0], abs=1e-9)
    assert ours.ade_control.effect == pytest.approx(mean[1, 0] - mean[0, 0], abs=1e-9)
    assert ours.ade_treated.effect == pytest.approx(mean[1, 1] - mean[0, 1], abs=1e-9)


def test_residuals_with_the_cleared_product_equal_the_regression_and_the_product_of_residuals_does_not():
    outcome, treated, mediator, known, title, _ = make_rows(5, 100)
    design = sm.add_constant(known)

    def left(values):
        return values - design @ np.linalg.lstsq(design, values, rcond=None)[0]

    whole = natural_effects(outcome, treated, mediator, known, title)
    columns = [left(values) for values in (outcome, treated, mediator, treated * mediator)]
    cleared = natural_effects(outcome, treated, mediator, None, title, cleared=Cleared(*columns))
    wrong = Cleared(*columns[:3], columns[1] * columns[2])
    wrong = natural_effects(outcome, treated, mediator, None, title, cleared=wrong)
    for name in NAMES:
        assert getattr(cleared, name).effect == pytest.approx(getattr(whole, name).effect, abs=1e-9)
    assert abs(wrong.acme_treated.effect - whole.acme_treated.effect) > 0.05


def test_the_probit_equals_statsmodels():
    outcome, treated, mediator, known, title, _ = make_rows(6, 80)
    design = sm.add_constant(np.column_stack([treated, mediator, known]))
    chosen = (outcome > np.median(outcome)).astype(float)
    ours = fit_probit(chosen, design)
    witness = sm.Probit(chosen, design).fit(disp=0)
    np.testing.assert_allclose(ours.coefficients, witness.params, atol=1e-6)
    expected = sm.GLM(chosen, design, sm.families.Binomial(sm.families.links.Probit())).fit(tol=1e-14)
    np.testing.assert_allclose(ours.covariance, expected.cov_params(), atol=1e-9)
    # one row per cluster: HC3 of the last step of weighted least squares
    index = design @ ours.coefficients
    density, chance = stats.norm.pdf(index), stats.norm.cdf(index)
    root = density / np.sqrt(chance * (1 - chance))
    step = sm.OLS(root * (chosen - chance) / density, design * root[:, None]).fit(cov_type="HC3")
    np.testing.assert_allclose(fit_probit(chosen, design, np.arange(len(title))).covariance, step.cov_params())


def test_the_closed_form_of_the_probit_equals_drawing_the_mediator():
    rng = np.random.default_rng(0)
    slope, mean, spread = 0.7, 0.4, 1.3
    closed = stats.norm.cdf((0.2 + slope * mean) / np.sqrt(1 + slope**2 * spread**2))
    drawn = stats.norm.cdf(0.2 + slope * (mean + spread * rng.normal(size=400_000))).mean()
    assert closed == pytest.approx(drawn, abs=2e-3)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"levels": (1.0, 1.0)}, "are one value"),
        ({"levels": (0.0, np.nan)}, "not a number"),
        ({"outcome_model": "probit"}, "0 or 1"),
        ({"mediator": np.arange(60) % 2}, "does not vary"),
        ({"draws": 2}, "at least 50"),
        ({"cleared": Cleared(*[np.zeros(3)] * 4)}, "3 rows"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_a_sentence(change, said):
    rng = np.random.default_rng(1)
    given = {"outcome": rng.normal(size=60), "treatment": np.arange(60) % 2, "mediator": rng.normal(size=60)}
    with pytest.raises(NotIdentifiedError, match=said):
        natural_effects(**given | change)


def test_double_machine_learning_refuses_a_dose_and_a_mediator_that_tells_the_treatment():
    rng = np.random.default_rng(2)
    outcome, treated = rng.normal(size=300), (rng.random(300) < 0.5).astype(float)
    with pytest.raises(NotIdentifiedError, match="not 0 in some rows"):
        natural_effects_dml(outcome, 2 * treated, outcome, settings=BOOSTING)
    sharp = BoostingSettings(max_depth=3, learning_rate=0.3, min_child_weight=0.1, rounds=100)
    with pytest.raises(NotIdentifiedError, match="almost without fail"):
        natural_effects_dml(outcome, treated, treated, rng.normal(size=300), settings=sharp, trim=0.1)
