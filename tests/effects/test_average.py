"""The public estimators: signature, refusals, invariances, reproducibility."""

from __future__ import annotations

import inspect

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

import artwork_insights
from artwork_insights.design.assignment import make_assignment
from artwork_insights.design.confounders import Confounders
from artwork_insights.effects.average import (
    choose_design,
    difference_in_means,
    estimate_average_effect,
    estimate_group_effects,
)
from artwork_insights.errors import NotIdentifiedError

pytestmark = pytest.mark.usefixtures("quick_grid")
NUMERIC_RTOL = 1e-4  # trees are grown in single precision
SIGNATURE = (
    "(outcome, treatment, confounders, clusters=None, *, estimand='ATE', score='aipw', design=None, weights=None, "
    "learner='xgboost', folds=5, repeats=1, trim=None, seed=0)"
)


def both(estimate):
    return estimate.effect, estimate.std_error


def test_the_signature_is_the_promised_one_and_importable_from_the_root():
    assert artwork_insights.estimate_average_effect is estimate_average_effect
    bare = inspect.signature(estimate_average_effect)
    parameters = [p.replace(annotation=inspect.Parameter.empty) for p in bare.parameters.values()]
    plain = bare.replace(parameters=parameters, return_annotation=inspect.Signature.empty)
    assert str(plain) == SIGNATURE
    grouped = list(inspect.signature(estimate_group_effects).parameters)
    assert grouped[:5] == ["outcome", "treatment", "confounders", "clusters", "groups"]


def test_the_default_design_follows_whether_clusters_repeat(catalogue):
    outcome, treatment, x, title, _ = catalogue
    assert estimate_average_effect(outcome, treatment, x, title).design == "mundlak"
    assert estimate_average_effect(outcome, treatment, x).design == "pooled"


def test_an_estimate_says_what_it_is_and_what_it_rests_on(catalogue):
    outcome, treatment, x, title, _ = catalogue
    plain = estimate_average_effect(outcome, treatment, x, title, design="pooled", trim=0.0)
    assert (plain.estimand, plain.score, plain.n_cells, plain.n_titles) == ("ATE", "aipw", len(outcome), 60)
    assert plain.degrees_of_freedom == 59
    varying = pd.Series(treatment).groupby(title).transform("nunique") == 2
    mundlak = estimate_average_effect(outcome, treatment, x, title, trim=0.0)
    assert mundlak.n_cells == varying.sum()
    assert mundlak.n_titles == len(set(title[varying]))
    partial = estimate_average_effect(outcome, treatment, x, title, score="plr", estimand="ATT")
    assert (partial.estimand, partial.score) == ("ATO", "plr")
    slope = estimate_average_effect(outcome, x[:, 0], x[:, 1], title, estimand="ATT")
    assert (slope.estimand, slope.score) == ("slope", "plr")


def test_titles_that_confound_are_met_by_mundlak_and_within_and_not_by_pooled(catalogue):
    outcome, treatment, x, title, _ = catalogue
    for options in ({}, {"design": "within", "estimand": "ATO"}, {"score": "plr"}):
        estimate = estimate_average_effect(outcome, treatment, x, title, **options)
        assert abs(estimate.effect - 0.5) < 3 * estimate.std_error, options
        assert estimate.std_error < 0.1
    pooled = estimate_average_effect(outcome, treatment, x, title, design="pooled")
    assert pooled.effect - 0.5 > 0.2


@pytest.mark.parametrize("design", ["pooled", "mundlak"])
def test_effects_follow_the_unit_of_the_outcome(catalogue, design):
    outcome, treatment, x, title, _ = catalogue
    base = estimate_average_effect(outcome, treatment, x, title, design=design)
    tiny = estimate_average_effect(1e-4 * outcome, treatment, x, title, design=design)
    moved = estimate_average_effect(outcome + 100, treatment, x, title, design=design)
    turned = estimate_average_effect(-outcome, treatment, x, title, design=design)
    assert both(tiny) == pytest.approx(tuple(1e-4 * v for v in both(base)), rel=NUMERIC_RTOL)
    assert both(moved) == pytest.approx(both(base), rel=NUMERIC_RTOL)
    assert turned.effect == pytest.approx(-base.effect, rel=NUMERIC_RTOL)


def test_names_of_titles_and_the_scale_of_weights_do_not_matter(catalogue):
    outcome, treatment, x, title, _ = catalogue
    weights = np.random.default_rng(1).uniform(0.5, 2, len(title))
    base = estimate_average_effect(outcome, treatment, x, title, weights=weights)
    named = estimate_average_effect(
        outcome, treatment, x, np.char.add("tt", np.char.zfill(title.astype(str), 3)), weights=1e5 * weights
    )
    assert both(named) == pytest.approx(both(base), rel=1e-9)
    unweighted = estimate_average_effect(outcome, treatment, x, title)
    assert base.effect != pytest.approx(unweighted.effect, rel=1e-3)


def test_the_same_seed_gives_the_same_numbers_and_another_seed_others(catalogue):
    outcome, treatment, x, title, _ = catalogue
    first, again, other = (estimate_average_effect(outcome, treatment, x, title, seed=s) for s in (3, 3, 4))
    assert first == again
    assert first.effect != other.effect


def test_repeats_are_medians_near_the_single_runs(catalogue):
    outcome, treatment, x, title, _ = catalogue
    one = estimate_average_effect(outcome, treatment, x, title)
    three = estimate_average_effect(outcome, treatment, x, title, repeats=3)
    assert three.effect != one.effect
    assert abs(three.effect - one.effect) < one.std_error


def test_given_folds_are_used_and_may_not_split_a_title(catalogue):
    outcome, treatment, x, title, _ = catalogue
    labels = np.array(["a", "b", "c"])[title % 3]
    first = estimate_average_effect(outcome, treatment, x, title, folds=labels)
    second = estimate_average_effect(outcome, treatment, x, title, folds=title % 3)
    assert both(first) == both(second)
    assert first.effect != estimate_average_effect(outcome, treatment, x, title, folds=3).effect
    with pytest.raises(NotIdentifiedError, match="the fold labels split a title over folds; give all artworks of a "):
        estimate_average_effect(outcome, treatment, x, title, folds=np.arange(len(title)) % 3)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"design": "within"}, "design 'within' compares artworks inside titles and estimates no ATE; use 'mundlak' "),
        ({"design": "within", "estimand": "ATT"}, "design 'within' compares artworks inside titles and estimates no A"),
        ({"estimand": "LATE"}, "estimand 'LATE' has no doubly robust score; use ATE, ATT or ATO."),
        ({"score": "ipw"}, "score 'ipw' is not known; use 'aipw' or 'plr'."),
        ({"design": "nested"}, "design 'nested' is not known; use None or 'pooled' or 'mundlak' or 'within'."),
        ({"learner": "magic"}, "learner 'magic' is not known; use 'xgboost'."),
        ({"folds": 1}, "design 'mundlak': all usable titles lie in one fold; use at least 2 folds."),
        ({"folds": 99}, "60 titles cannot be split into 99 folds; use at most 60 folds or more titles."),
        ({"folds": [0, 1]}, "fold labels need one label per row and repeats=1."),
        ({"repeats": 0}, "repeats=0: fit at least once."),
        ({"trim": 0.5}, "design 'mundlak': no artworks with and without the component are comparable (propensities "),
    ],
)
def test_what_cannot_be_estimated_is_refused_in_one_sentence(catalogue, options, sentence):
    outcome, treatment, x, title, _ = catalogue
    with pytest.raises(NotIdentifiedError) as refusal:
        estimate_average_effect(outcome, treatment, x, title, **options)
    assert str(refusal.value).startswith(sentence)


def test_an_outcome_that_is_missing_constant_or_short_is_refused(catalogue):
    outcome, treatment, x, title, _ = catalogue
    with pytest.raises(NotIdentifiedError, match=r"the outcome is missing in 1 of \d+ rows; leave them out"):
        estimate_average_effect(np.r_[np.nan, outcome[1:]], treatment, x, title)
    with pytest.raises(NotIdentifiedError, match=r"the outcome does not vary \(it is always 0\)"):
        estimate_average_effect(np.zeros_like(outcome), treatment, x, title)
    with pytest.raises(NotIdentifiedError, match=r"the outcome has 3 rows and the treatment \d+; give one row per"):
        estimate_average_effect(outcome[:3], treatment, x, title)


@pytest.mark.parametrize("design", ["mundlak", "within"])
def test_titles_that_hardly_vary_do_not_identify_a_design_that_compares_inside_titles(catalogue, design):
    outcome, _, x, title, _ = catalogue
    treatment = (title % 2).astype(float)
    treatment[np.flatnonzero(title < 9)[np.unique(title[title < 9], return_index=True)[1]]] = 0.0
    varying = int((pd.Series(treatment).groupby(title).nunique() == 2).sum())
    with pytest.raises(NotIdentifiedError) as refusal:
        estimate_average_effect(outcome, treatment, x, title, design=design, estimand="ATO")
    assert str(refusal.value) == (
        f"design {design!r} is not identified: {varying} of 60 titles have artwork that differ in the component, "
        "at least 10 are needed."
    )


def test_without_confounders_titles_alone_are_held_fixed(catalogue):
    outcome, treatment, _, title, _ = catalogue
    nothing = pd.DataFrame(index=range(len(title)))
    ours = estimate_average_effect(outcome, treatment, nothing, title, design="within", estimand="ATO")
    dummies = (title[:, None] == np.arange(60)).astype(float)
    witness = sm.OLS(outcome, np.column_stack([treatment, dummies])).fit()
    assert ours.effect == pytest.approx(witness.params[0], rel=1e-4)


def test_group_effects_are_averages_over_the_groups_cells(catalogue):
    outcome, treatment, x, title, genre = catalogue
    labels = pd.DataFrame({"genre": genre, "half": np.where(x[:, 1] > 0, "up", "down")})
    whole = estimate_average_effect(outcome, treatment, x, title)
    groups = estimate_group_effects(outcome, treatment, x, title, groups=labels)
    assert [(g.modifier, g.group) for g in groups] == [
        ("genre", "Comedy"), ("genre", "Drama"), ("genre", "Horror"), ("half", "down"), ("half", "up"),
    ]  # fmt: skip
    for modifier in ("genre", "half"):
        mine = [g.estimate for g in groups if g.modifier == modifier]
        assert sum(e.n_cells for e in mine) == whole.n_cells
        assert np.average([e.effect for e in mine], weights=[e.n_cells for e in mine]) == pytest.approx(whole.effect)
    by_mapping = estimate_group_effects(outcome, treatment, x, title, groups={"genre": genre})
    assert [g.estimate for g in by_mapping] == [g.estimate for g in groups[:3]]
    assert all(g.q_value >= g.estimate.p_value for g in groups)


def test_a_group_of_fewer_than_five_titles_has_no_effect_of_its_own(catalogue):
    outcome, treatment, x, title, _ = catalogue
    labels = np.where(title < 4, "few", "many")
    assert [g.group for g in estimate_group_effects(outcome, treatment, x, title, groups={"g": labels})] == ["many"]


def test_the_naive_contrast_is_the_weighted_difference_in_means(catalogue):
    outcome, treatment, x, title, _ = catalogue
    weights = np.random.default_rng(2).uniform(0.5, 2, len(title))
    assignment = make_assignment(treatment, Confounders(x, ("a", "b"), ("a", "b")), title, weights=weights)
    one, zero = (np.average(outcome[treatment == t], weights=weights[treatment == t]) for t in (1, 0))
    naive = difference_in_means(assignment, outcome)
    assert naive.effect == pytest.approx(one - zero, rel=1e-10)
    witness = sm.WLS(outcome, sm.add_constant(treatment), weights).fit(
        cov_type="cluster", cov_kwds={"groups": title, "use_correction": False}
    )
    assert naive.std_error == pytest.approx(witness.bse[1], rel=0.02)  # ours adds the leverage of 60 titles
    assert naive.std_error > witness.bse[1]
    assert choose_design(assignment) == "mundlak"
