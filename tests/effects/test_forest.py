"""The causal forest: effects that a simulator planted, titles that never speak for themselves."""

from __future__ import annotations

import numpy as np
import pytest

from artwork_insights.effects.forest import fit_causal_forest


@pytest.fixture(scope="module")
def residuals():
    rng = np.random.default_rng(0)
    title = np.repeat(np.arange(150), 6)
    modifiers = np.column_stack([rng.integers(0, 2, 150)[title], rng.normal(size=(900, 2))])
    t = rng.choice([-0.5, 0.5], 900)
    return (0.02 + 0.08 * modifiers[:, 0]) * t + 0.01 * rng.normal(size=900), t, modifiers, title


def test_planted_effects_are_found_and_credited_to_the_right_modifier(residuals):
    y, t, modifiers, title = residuals
    fit = fit_causal_forest(y, t, modifiers, title, bags=6, trees=24)
    effects, group = fit.conditional_effects, modifiers[:, 0] == 1
    assert np.nanmean(effects[~group]) == pytest.approx(0.02, abs=0.01)
    assert np.nanmean(effects[group]) == pytest.approx(0.10, abs=0.01)
    assert fit.importance.argmax() == 0
    assert fit.importance.sum() == pytest.approx(1)


def test_effects_follow_the_unit_of_the_outcome_and_the_seed(residuals):
    y, t, modifiers, title = residuals
    base, tiny, other = (
        fit_causal_forest(scale * y, t, modifiers, title, bags=4, trees=8, seed=seed).conditional_effects
        for scale, seed in ((1, 0), (1e-5, 0), (1, 1))
    )
    np.testing.assert_allclose(tiny, 1e-5 * base, rtol=1e-6)
    assert np.nanmax(np.abs(base - other)) > 1e-4


def test_a_titles_own_outcomes_do_not_move_its_own_effects(residuals):
    y, t, modifiers, title = residuals
    own = title == 17
    base = fit_causal_forest(y, t, modifiers, title, bags=4, trees=8).conditional_effects
    scrambled = np.where(own, y + 0.5 * t, y)
    scrambled *= y.std() / scrambled.std()  # the forest standardises by the SD of all
    moved = fit_causal_forest(scrambled, t, modifiers, title, bags=4, trees=8).conditional_effects
    scale = scrambled[0] / y[0]
    np.testing.assert_allclose(moved[own] / scale, base[own], rtol=1e-6)
    assert np.nanmax(np.abs(moved[~own] / scale - base[~own])) > 1e-4


def test_a_title_that_is_in_every_bag_has_no_effect(residuals):
    y, t, modifiers, title = residuals
    effects = fit_causal_forest(y, t, modifiers, title, bags=1, trees=8).conditional_effects
    missing = np.isnan(effects)
    assert 0.4 < missing.mean() < 0.6
    for one in np.unique(title):
        assert len(set(missing[title == one])) == 1
