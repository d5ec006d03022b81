"""The forest of a fitted design: agreement with the groups, tests on other titles, the cap on cells."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pydantic import TypeAdapter

from artwork_insights.design.assignment import make_assignment
from artwork_insights.design.confounders import Confounders
from artwork_insights.effects.design_fit import fit_design
from artwork_insights.effects.forest import fit as forest_fit
from artwork_insights.effects.forest import summary
from artwork_insights.effects.forest.bags import Size
from artwork_insights.effects.forest.fit import capped_rows
from artwork_insights.effects.forest.summary import ForestSummary, summarise_forest
from artwork_insights.effects.groups import group_effects_of
from artwork_insights.effects.nuisances import fold_labels
from artwork_insights.effects.sample import AnalysisSample

EFFECTS = {"Comedy": 0.0, "Drama": 1.0}


@pytest.fixture
def fit(monkeypatch, quick_grid):
    """Pooled fit of 90 titles of 6 artworks whose effect differs by genre; a forest of few trees."""
    monkeypatch.setattr(summary, "fit_causal_forest", _quick(summary.fit_causal_forest))
    rng = np.random.default_rng(0)
    title = np.repeat(np.arange(90), 6)
    x = rng.normal(size=(540, 2))
    genre = np.array(list(EFFECTS))[rng.integers(0, 2, 90)][title]
    treatment = (rng.random(540) < 1 / (1 + np.exp(-x[:, 0]))).astype(float)
    effect = np.array([EFFECTS[g] for g in genre])
    outcome = x[:, 0] + effect * treatment + 0.3 * rng.normal(size=540)
    assignment = make_assignment(
        treatment, Confounders(x, ("a", "b"), ("a", "b")), title, groups={"genre": genre, "country": title % 3}
    )
    sample = AnalysisSample(assignment, outcome)
    return fit_design(sample, "pooled", fold_labels(sample, 3, 1, rng), trim=0.05, seed=0)


def _quick(function):
    def fewer_trees(*arguments, **named):
        return function(*arguments, size=Size(12, 2, 2), **named)

    return fewer_trees


def labels_of(fit):
    return pd.DataFrame({name: list(column) for name, column in fit.sample.assignment.groups.items()})


def test_the_forest_finds_the_planted_genre_and_agrees_with_the_group_effects(fit):
    groups = group_effects_of(fit, "ATE", ("genre", "country"))
    found = summarise_forest(fit, groups, labels_of(fit), 1, component="a face", smallest_effect=0.5)
    means = {group: mean for modifier, group, mean in found.group_means if modifier == "genre"}
    assert means["Drama"] - means["Comedy"] == pytest.approx(1.0, abs=0.35)
    y, t = summary._residuals(fit)
    for genre, mean in means.items():  # witness: residual on residual in the genre alone
        inside = fit.sample.assignment.groups["genre"] == genre
        assert mean == pytest.approx((t * y)[inside].sum() / (t * t)[inside].sum(), abs=0.15)
    assert found.importance[0][0] == "genre"
    assert found.largest_gap < summary.LARGEST_GAP
    assert found.sentence == "The causal forest agrees with the group effects."
    assert found.calibration.slope.p_value < 0.001
    assert found.targeting.autoc.p_value < 0.001
    assert found.policy.sentences[0] == "Choose artwork with a face for Drama."
    assert found.policy.pays
    assert 0 < found.typical_std_error < 0.3


def test_a_summary_survives_json(fit):
    found = summarise_forest(fit, (), labels_of(fit), 1)
    adapter = TypeAdapter(ForestSummary)
    text = adapter.dump_json(found)
    assert adapter.validate_json(text) == found
    assert "NaN" not in text.decode()
    assert json.loads(text)["targeting"]["level"] == 0.95


def test_a_gap_to_a_group_effect_is_said(fit):
    groups = group_effects_of(fit, "ATE", ("genre",))
    wrong = summary._largest_gap(
        (("genre", "Drama", groups[1].estimate.effect + 4 * groups[1].estimate.std_error),), groups
    )
    assert wrong == pytest.approx(4)
    assert summary._largest_gap((("genre", "Opera", 9.0),), groups) == 0


def test_no_modifier_and_few_titles_give_no_forest(fit):
    labels = labels_of(fit)
    assert summarise_forest(fit, (), labels.assign(genre="one", country="one"), 1) is None
    few = fit.sample.assignment.title < 30
    narrow = fit_design(fit.sample.rows(few), "pooled", [fit.sample.rows(few).assignment.title % 3], trim=0.05, seed=0,
                        settings=fit.settings)  # fmt: skip
    assert summarise_forest(narrow, (), labels_of(narrow), 1) is None


def test_whole_titles_are_drawn_above_the_cap_and_it_is_said(fit, monkeypatch):
    monkeypatch.setattr(forest_fit, "LARGEST_NUMBER_OF_CELLS", 300)
    title = fit.sample.assignment.title
    rows = capped_rows(title, 3)
    assert 290 < len(rows) <= 300
    assert not set(title[rows]) & set(np.delete(title, rows))
    found = summarise_forest(fit, (), labels_of(fit), 3)
    assert found.n_cells == len(rows)
    assert found.sentence.endswith(f"It was fitted on {len(rows)} of {len(title)} cells.")


def test_within_titles_and_for_slopes_the_tests_use_partially_linear_scores(fit):
    within = fit_design(
        fit.sample, "within", [fit.sample.assignment.title % 3], trim=0.05, seed=0, settings=fit.settings
    )
    found = summarise_forest(within, (), labels_of(within), 1, component="a face")
    assert found.calibration.slope.p_value < 0.01
    assert found.calibration.mean_effect.value == pytest.approx(within.estimate("ATO").effect, abs=0.2)


def test_titles_that_share_a_picture_are_drawn_learned_from_and_tested_together(fit, monkeypatch):
    seen = {}
    for name in ("fit_causal_forest", "predict_held_out", "learn_policy"):
        monkeypatch.setattr(summary, name, _spy(getattr(summary, name), name, seen))
    assignment = fit.sample.assignment
    joined = replace(fit, sample=replace(fit.sample, assignment=replace(assignment, block=assignment.title // 2)))
    found = summarise_forest(joined, (), labels_of(fit), 1)
    assert len(np.unique(seen["fit_causal_forest"][3])) == 45
    assert seen["predict_held_out"][0].n_titles == 45
    assert len(np.unique(seen["learn_policy"][3])) == 45
    assert found.calibration.n_titles <= 27  # three of five folds of 45 blocks


def _spy(function, name, seen):
    def remember(*arguments, **named):
        seen[name] = arguments
        return function(*arguments, **named)

    return remember
