"""The causal forest: effects that a simulator planted, titles that never speak for themselves, errors that cover."""

from __future__ import annotations

import os

import numpy as np
import pandas as pd
import pytest

from artwork_insights.effects.forest import fit as forest_fit
from artwork_insights.effects.forest import predicting
from artwork_insights.effects.forest.bags import Residuals, Size, fill_leaves, grow_bags
from artwork_insights.effects.forest.fit import capped_rows, fit_causal_forest
from artwork_insights.effects.forest.predicting import positive_variance
from artwork_insights.errors import NotIdentifiedError, TableError

SMALL = Size(bags=8, splits=2, trees=2)


def draw_smooth(seed: int, n_titles: int = 250, shock: float = 0.03):
    """Residuals whose effect is smooth in `a` (by title) and `b` (by cell) and has a shock by title on top."""
    rng = np.random.default_rng(seed)
    title = np.repeat(np.arange(n_titles), rng.integers(4, 11, n_titles))
    n = len(title)
    a, b = rng.uniform(-1, 1, n_titles)[title], rng.uniform(-1, 1, n)
    effect = 0.05 + 0.05 * np.tanh(2 * a) + 0.02 * b
    t = rng.choice([-0.5, 0.5], n)
    y = (effect + shock * rng.normal(size=n_titles)[title]) * t + 0.03 * rng.normal(size=n)
    return y, t, np.column_stack([a, b, rng.normal(size=n)]), title, effect


@pytest.fixture(scope="module")
def residuals():
    rng = np.random.default_rng(0)
    title = np.repeat(np.arange(150), 6)
    modifiers = np.column_stack([rng.integers(0, 2, 150)[title], rng.normal(size=(900, 2))])
    t = rng.choice([-0.5, 0.5], 900)
    return (0.02 + 0.08 * modifiers[:, 0]) * t + 0.01 * rng.normal(size=900), t, modifiers, title


def test_planted_effects_are_found_and_credited_to_the_right_modifier(residuals):
    y, t, modifiers, title = residuals
    fit = fit_causal_forest(y, t, modifiers, title, size=Size(12, 2, 2))
    effects, group = fit.conditional_effects, modifiers[:, 0] == 1
    assert effects[~group].mean() == pytest.approx(0.02, abs=0.01)
    assert effects[group].mean() == pytest.approx(0.10, abs=0.01)
    assert next(iter(fit.importance)) == "modifier 0"
    assert sum(fit.importance.values()) == pytest.approx(1)


def test_effects_and_errors_follow_the_units_and_the_seed(residuals):
    y, t, modifiers, title = residuals
    base, tiny, other = (
        fit_causal_forest(scale * y, 10 * t, modifiers, title, size=SMALL, seed=seed)
        for scale, seed in ((1, 0), (1e-5, 0), (1, 1))
    )
    np.testing.assert_allclose(tiny.conditional_effects, 1e-5 * base.conditional_effects, rtol=1e-6)
    np.testing.assert_allclose(tiny.std_errors, 1e-5 * base.std_errors, rtol=1e-6)
    assert np.nanmax(np.abs(base.conditional_effects - other.conditional_effects)) > 1e-4


def test_the_number_of_processor_cores_changes_nothing(residuals, monkeypatch):
    y, t, modifiers, title = residuals
    several = fit_causal_forest(y, t, modifiers, title, size=SMALL)
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    one = fit_causal_forest(y, t, modifiers, title, size=SMALL)
    np.testing.assert_array_equal(one.conditional_effects, several.conditional_effects)
    np.testing.assert_array_equal(one.std_errors, several.std_errors)


def test_a_titles_own_outcomes_do_not_move_its_own_effects(residuals):
    y, t, modifiers, title = residuals
    own = title == 17
    base, moved = (
        fit_causal_forest(outcome, t, modifiers, title, size=SMALL).conditional_effects
        for outcome in (y, np.where(own, y + 0.5 * t, y))
    )
    np.testing.assert_array_equal(moved[own], base[own])
    assert np.abs(moved[~own] - base[~own]).max() > 1e-4


def test_leaves_hold_the_sums_of_the_cells_that_fill_them(residuals):
    """Witness: a loop over the leaves."""
    y, t, modifiers, title = residuals
    weights = np.linspace(0.5, 1.5, len(y))
    data = Residuals(y, t, modifiers, title, weights)
    bag = grow_bags(data, Size(2, 2, 1), seed=3)[0]
    outside = ~bag.in_bag[title]
    tree = bag.splits[0][0].tree
    filled = fill_leaves(tree, data, np.flatnonzero(outside))
    leaf = tree.apply(modifiers, check_input=False)
    for node in np.unique(leaf[outside]):
        cells = outside & (leaf == node)
        expected = [np.average(v[cells], weights=weights[cells]) for v in (t * y, t * t)]
        np.testing.assert_allclose([filled.numerator[node], filled.denominator[node]], expected, rtol=1e-12)
    assert bag.in_bag.sum() == 75


def test_an_effect_and_its_error_are_those_of_the_bags_that_leave_the_title_out(residuals):
    """Witness: loops over bags, splits and trees for one cell, from the formulas of the docstrings."""
    y, t, modifiers, title = residuals
    fit = fit_causal_forest(y, t, modifiers, title, size=Size(10, 3, 2))
    cell = 200
    sums = []
    for bag in fit.bags:
        if not bag.in_bag[title[cell]]:
            means = []
            for split in bag.splits:
                leaves = [(f, f.tree.apply(modifiers[cell : cell + 1], check_input=False)[0]) for f in split]
                means.append(np.mean([(f.numerator[node], f.denominator[node]) for f, node in leaves], axis=0))
            sums.append(means)
    sums = np.array(sums)  # bags, splits, (numerator, denominator)
    effect = sums[..., 0].sum() / sums[..., 1].sum()
    score = sums[..., 0] - effect * sums[..., 1]
    between = np.array([score.mean(axis=1).var(ddof=1)])
    noise = np.array([score.var(axis=1, ddof=1).mean() / 3])
    variance = positive_variance(between, noise, np.array([len(sums)]))[0] + between[0] / len(sums)
    assert fit.conditional_effects[cell] == pytest.approx(effect)
    assert fit.std_errors[cell] == pytest.approx(np.sqrt(variance) / sums[..., 1].mean())
    assert 2 < len(sums) < 10


def test_an_outcome_moves_the_splits_of_some_trees_and_the_leaves_of_others_and_nothing_outside_its_bags(residuals):
    y, t, modifiers, title = residuals
    changed = np.where(title == 40, y + t, y)
    before, after = (grow_bags(Residuals(o, t, modifiers, title, np.ones_like(t)), SMALL, 5) for o in (y, changed))
    inside, outside = set(), set()
    for old_bag, new_bag in zip(before, after, strict=True):
        for old_split, new_split in zip(old_bag.splits, new_bag.splits, strict=True):
            pairs = list(zip(old_split, new_split, strict=True))
            same_splits = all(np.array_equal(o.tree.tree_.threshold, n.tree.tree_.threshold) for o, n in pairs)
            same_leaves = all(np.array_equal(o.numerator, n.numerator) for o, n in pairs)
            (inside if old_bag.in_bag[40] else outside).add((same_splits, same_leaves))
    assert outside == {(True, True)}
    assert inside >= {(True, False), (False, False)}


def test_effects_follow_those_of_econmls_own_forest():
    from econml.grf import CausalForest

    y, t, modifiers, title, effect = draw_smooth(1, 150)
    ours = fit_causal_forest(y, t, modifiers, title, size=Size(20, 2, 2)).conditional_effects
    theirs = CausalForest(n_estimators=80, min_samples_leaf=10, inference=False, n_jobs=1, random_state=0)
    theirs.fit(modifiers, t[:, None], y[:, None] / y.std())
    assert np.corrcoef(ours, theirs.predict(modifiers).ravel())[0, 1] > 0.9
    assert np.corrcoef(ours, effect)[0, 1] > 0.9


def test_text_and_missing_numbers_are_modifiers_and_new_rows_are_predicted_alike(residuals):
    y, t, modifiers, title = residuals
    frame = pd.DataFrame({"genre": np.where(modifiers[:, 0] == 1, "Drama", "Horror"), "age": modifiers[:, 1]})
    frame.loc[::10, "age"] = np.nan
    fit = fit_causal_forest(y, t, frame, title, size=SMALL)
    assert list(fit.importance) == ["genre", "age"]
    new = fit.predict(pd.DataFrame({"age": [0.1, np.nan, 0.1], "genre": ["Drama", "Drama", "Horror"]}))
    np.testing.assert_allclose(new.effects, [0.10, 0.10, 0.02], atol=0.015)
    assert (new.std_errors > 0).all()
    with pytest.raises(TableError, match="'genre'"):
        fit.predict(frame[["age"]])


def test_too_few_titles_and_modifiers_that_do_not_vary_are_refused_in_a_sentence(residuals):
    y, t, modifiers, title = residuals
    with pytest.raises(NotIdentifiedError, match="39 titles; a causal forest needs at least 40"):
        few = title < 39
        fit_causal_forest(y[few], t[few], modifiers[few], title[few])
    with pytest.raises(NotIdentifiedError, match="no modifier varies"):
        fit_causal_forest(y, t, np.ones((len(y), 1)), title)
    with pytest.raises(NotIdentifiedError, match="one row per cell"):
        fit_causal_forest(y[1:], t, modifiers, title)


def test_a_variance_between_bags_is_the_mean_of_a_normal_cut_off_at_zero():
    """Witness: numerical integration of the cut-off normal."""
    between, noise = np.array([2.0, 0.5, 1.0]), np.array([0.5, 1.0, 1.0])
    estimate, spread = between - noise, np.maximum(between, noise) * np.sqrt(2 / 25)
    grid = np.linspace(0, 10, 200_001)
    density = np.exp(-((grid - estimate[:, None]) ** 2) / (2 * spread[:, None] ** 2))
    expected = (density * grid).sum(axis=1) / density.sum(axis=1)
    np.testing.assert_allclose(positive_variance(between, noise, np.full(3, 25)), expected, rtol=1e-3)


@pytest.mark.slow
def test_intervals_by_cell_cover_and_those_of_a_forest_over_rows_do_not():
    """95 % intervals by cell over 6 draws: near nine in ten, smoothing bias included; EconML's, over rows, far below.

    Over seeds 0 to 19 ours covered .913 (Monte Carlo error .011) and those over rows .694 (.017); what ours lack to .95
    is smoothing bias (the errors' mean is .99 of the root mean squared error).
    """
    from econml.grf import CausalForest

    ours, rows = [], []
    for seed in range(6):
        y, t, modifiers, title, effect = draw_smooth(seed, shock=0.08)
        low, high = fit_causal_forest(y, t, modifiers, title, seed=seed).interval().T
        ours.append(np.mean((low <= effect) & (effect <= high)))
        forest = CausalForest(n_estimators=400, min_samples_leaf=5, n_jobs=1, random_state=seed, fit_intercept=False)
        forest.fit(modifiers, t[:, None], y[:, None] / y.std())
        _, low, high = (y.std() * v.ravel() for v in forest.predict(modifiers, interval=True, alpha=0.05))
        rows.append(np.mean((low <= effect) & (effect <= high)))
    assert np.mean(ours) > 0.86
    assert np.mean(rows) < 0.80


def test_columns_called_by_numbers_are_the_columns_of_an_array_and_two_of_one_name_are_refused():
    y, t, x, title, _ = draw_smooth(3, n_titles=60)
    plain = fit_causal_forest(y, t, x, title, size=SMALL).conditional_effects
    assert np.array_equal(plain, fit_causal_forest(y, t, pd.DataFrame(x), title, size=SMALL).conditional_effects)
    with pytest.raises(TableError, match="two columns are called 'a'"):
        fit_causal_forest(y, t, pd.DataFrame(x[:, :2], columns=["a", "a"]), title, size=SMALL)


def test_above_the_cap_whole_titles_are_drawn_it_is_said_and_every_cell_has_an_effect(monkeypatch):
    y, t, x, title, effect = draw_smooth(5, n_titles=300)
    whole = fit_causal_forest(y, t, x, title, size=SMALL)
    assert (whole.n_cells, whole.note) == (len(y), "")
    monkeypatch.setattr(forest_fit, "LARGEST_NUMBER_OF_CELLS", 1000)
    found = fit_causal_forest(y, t, x, title, size=SMALL)
    assert 980 < found.n_cells <= 1000
    assert found.note == f"The forest was grown on {found.n_cells:,} of {len(y):,} cells, a random draw of titles."
    drawn = np.unique(title[capped_rows(title, 0)])
    for bag in found.bags:
        assert bag.in_bag.shape == (300,)
        assert bag.in_bag.sum() == len(drawn) // 2
        assert set(np.flatnonzero(bag.in_bag)) <= set(drawn)
    unseen = ~np.isin(title, drawn)
    assert np.isfinite(found.conditional_effects[unseen]).all()
    assert np.corrcoef(found.conditional_effects[unseen], effect[unseen])[0, 1] > 0.5
    np.testing.assert_allclose(found.predict(x[unseen]).effects, found.conditional_effects[unseen])
    monkeypatch.setattr(forest_fit, "LARGEST_NUMBER_OF_CELLS", 10)
    assert len(np.unique(title[capped_rows(title, 0)])) == 40  # titles of so many cells that few would be left


def test_predictions_are_the_same_in_one_part_and_in_many(monkeypatch):
    y, t, x, title, _ = draw_smooth(6, n_titles=60)
    fit = fit_causal_forest(y, t, x, title, size=SMALL)
    parts = predicting.predict_out_of_sample(fit.bags, x)
    monkeypatch.setattr(predicting, "MOST_AT_ONCE", 7)
    again = fit_causal_forest(y, t, x, title, size=SMALL)
    for field in ("effects", "std_errors", "degrees_of_freedom"):
        np.testing.assert_array_equal(getattr(fit.conditional, field), getattr(again.conditional, field))
    np.testing.assert_array_equal(predicting.predict_out_of_sample(fit.bags, x), parts)


@pytest.mark.parametrize(
    ("size", "sentence"),
    [
        (3, r"size=3 is no size of a forest; use Size\(bags=60, splits=4, trees=3\)"),
        (Size(2.5, 2, 1), "bags=2.5 is not a whole number of at least 1."),
        (Size(1, 2, 1), "errors need at least 2 bags of at least 2 splits of a tree."),
    ],
)
def test_a_size_that_is_none_is_refused(size, sentence):
    y, t, x, title, _ = draw_smooth(3, n_titles=60)
    with pytest.raises(NotIdentifiedError, match=sentence):
        fit_causal_forest(y, t, x, title, size=size)


def test_residuals_and_weights_that_say_nothing_are_refused():
    y, t, x, title, _ = draw_smooth(3, n_titles=60)
    with pytest.raises(NotIdentifiedError, match="treatment's residuals are all zero"):
        fit_causal_forest(y, 0 * t, x, title, size=SMALL)
    with pytest.raises(NotIdentifiedError, match="weights must be positive numbers"):
        fit_causal_forest(y, t, x, title, size=SMALL, weights=-np.ones(len(y)))
