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
    assert grouped[:6] == ["outcome", "treatment", "confounders", "clusters", "groups", "crossings"]


def test_the_default_design_follows_whether_clusters_repeat(catalogue):
    outcome, treatment, x, title, _ = catalogue
    assert estimate_average_effect(outcome, treatment, x, title).design == "mundlak"
    assert estimate_average_effect(outcome, treatment, x).design == "pooled"


def test_one_artwork_a_title_in_several_countries_is_compared_across_titles():
    rng = np.random.default_rng(2)
    title, country = np.repeat(np.arange(100), 3), np.tile(np.arange(3), 100)
    treatment, x = rng.integers(2, size=100)[title], rng.normal(size=(300, 1))
    outcome = 0.5 * treatment + rng.normal(size=100)[title] + rng.normal(size=300)
    for clusters in (title, np.column_stack([title, country])):
        found = estimate_average_effect(outcome, treatment, x, clusters, learner="linear")
        assert (found.design, found.n_titles) == ("pooled", 100)
        assert abs(found.effect - 0.5) < 3 * found.std_error
        with pytest.raises(NotIdentifiedError, match="'mundlak' is not identified: 0 of 100 titles have artwork that"):
            estimate_average_effect(outcome, treatment, x, clusters, design="mundlak")


def test_an_estimate_says_what_it_is_and_what_it_rests_on(catalogue):
    outcome, treatment, x, title, _ = catalogue
    plain = estimate_average_effect(outcome, treatment, x, title, design="pooled", trim=0.0)
    assert (plain.estimand, plain.score, plain.n_cells, plain.n_titles) == ("ATE", "aipw", len(outcome), 60)
    assert plain.degrees_of_freedom == 59
    varying = pd.Series(treatment).groupby(title).transform("nunique") == 2
    mundlak = estimate_average_effect(outcome, treatment, x, title, trim=0.0)
    assert mundlak.n_cells == varying.sum()
    assert mundlak.n_titles == len(set(title[varying]))
    partial = estimate_average_effect(outcome, treatment, x, title, score="plr")
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


def test_an_estimate_carries_what_it_rests_on_as_diagnostics(catalogue):
    outcome, treatment, x, title, _ = catalogue
    found = estimate_average_effect(outcome, treatment, x, title)
    values = {diagnostic.name: diagnostic.value for diagnostic in found.diagnostics}
    assert list(values)[:8] == [
        "smallest_propensity", "share_trimmed", "treatment_auc", "treatment_variance_left", "identification",
        "outcome_r2", "effective_assets", "effective_titles",
    ]  # fmt: skip
    assert 0.05 <= values["smallest_propensity"] < 0.5
    assert 0 < values["share_trimmed"] < 0.3
    assert 0.5 < values["treatment_auc"] < 1
    assert 0.2 < values["outcome_r2"] < 1
    assert values["effective_titles"] == found.n_effective_titles < found.n_titles
    assert all(diagnostic.sentence.endswith(".") for diagnostic in found.diagnostics)
    judged = [diagnostic.name for diagnostic in found.diagnostics if diagnostic.passed is not None]
    assert judged == ["treatment_variance_left"]
    varying = len(set(title[pd.Series(treatment).groupby(title).transform("nunique") == 2]))
    assert values["identification"] == varying / 60
    assert (
        f"{varying} of 60 titles vary in the treatment"
        in {d.name: d.sentence for d in found.diagnostics}["identification"]
    )
    slope = estimate_average_effect(outcome, x[:, 0], x[:, 1], title)
    assert [diagnostic.name for diagnostic in slope.diagnostics][:4] == [
        "treatment_r2", "treatment_variance_left", "identification", "outcome_r2",
    ]  # fmt: skip
    across = estimate_average_effect(outcome, treatment, x, title, design="pooled")
    assert "identification" not in {diagnostic.name for diagnostic in across.diagnostics}


def test_a_confounder_that_encodes_the_treatment_is_named_in_the_refusal_and_in_the_diagnostics(catalogue):
    outcome, treatment, x, title, _ = catalogue
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"noise": x[:, 0], "seen": treatment + 0.05 * rng.normal(size=len(title))})
    with pytest.raises(NotIdentifiedError) as refusal:
        estimate_average_effect(outcome, treatment, frame, title, design="pooled", trim=0.3)
    assert "of the component's variation is left after adjusting, which no other `trim` gives back" in str(
        refusal.value
    )
    assert "In particular, it is encoded by seen (predicts it alone with AUC 1.00;" in str(refusal.value)
    dose = np.digitize(x[:, 1], [-0.5, 0.5]).astype(float)
    frame["seen"] = dose + 0.05 * rng.normal(size=len(title))
    slope = estimate_average_effect(outcome, dose, frame, title, design="pooled")
    (left,) = [found for found in slope.diagnostics if found.name == "treatment_variance_left"]
    assert (left.passed, left.limit) == (False, 0.05)
    assert left.value < 0.05
    assert "is left after adjusting; it is encoded by seen (predicts it alone with R2" in left.sentence
    sound = estimate_average_effect(outcome, dose, x[:, 0], title, design="pooled")
    assert [found.passed for found in sound.diagnostics if found.name == "treatment_variance_left"] == [True]


def test_with_few_titles_the_bootstrap_stands_beside_the_interval(catalogue):
    outcome, treatment, x, title, _ = catalogue
    few = title < 30
    found = estimate_average_effect(outcome[few], treatment[few], x[few], title[few])
    bootstrap = found.diagnostics[-1]
    assert bootstrap.name == "wild_cluster_bootstrap"
    assert "Rademacher" in bootstrap.sentence
    assert (bootstrap.value < 0.05) == (found.p_value < 0.05)
    assert found.degrees_of_freedom < found.n_titles - 1


def test_without_clusters_errors_are_those_published_for_double_machine_learning(catalogue):
    outcome, treatment, x, title, _ = catalogue
    alone = estimate_average_effect(outcome, treatment, x)
    assert np.isinf(alone.degrees_of_freedom)
    assert np.ptp(alone.interval()) == pytest.approx(2 * 1.959964 * alone.std_error, rel=1e-6)
    assert estimate_average_effect(outcome, treatment, x, title, design="pooled").std_error > 1.05 * alone.std_error


def test_a_second_cluster_joins_the_confounders_and_the_errors_where_there_are_enough(catalogue):
    outcome, treatment, x, title, _ = catalogue
    rng = np.random.default_rng(5)
    many, few = rng.integers(35, size=len(title)), rng.integers(4, size=len(title))
    shifted = outcome + 3 * few
    options = {"design": "pooled", "learner": "linear"}
    one = estimate_average_effect(shifted, treatment, x, title, **options)
    two = estimate_average_effect(shifted, treatment, x, np.column_stack([title, few]), **options)
    assert two.std_error < 0.6 * one.std_error  # the country's level is held fixed
    crossed = estimate_average_effect(outcome, treatment, x, np.column_stack([title, many]), **options)
    assert crossed.degrees_of_freedom <= 34
    assert two.degrees_of_freedom > 34


def test_treatments_confounders_and_indices_of_any_kind_give_the_same_estimate(catalogue):
    outcome, treatment, x, title, genre = catalogue
    frame = pd.DataFrame({"x": x[:, 0], "genre": genre})
    base = estimate_average_effect(outcome, treatment, frame, title)
    odd = pd.Index(np.arange(len(title))[::-1] * 2 + 5)
    assert base == estimate_average_effect(
        pd.Series(outcome, index=odd), pd.Series(treatment == 1, index=odd), frame.set_index(odd),
        pd.Series(title, index=odd),
    )  # fmt: skip
    assert base == estimate_average_effect(list(outcome), treatment.astype(int).astype(object), frame, list(title))
    mixed = np.column_stack([x[:, 0].astype(object), genre])
    assert both(base) == both(estimate_average_effect(outcome, treatment, mixed, title))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"treatment": ["yes", "no"]}, "the treatment holds 'yes'; it needs numbers or truth values."),
        ({"treatment": np.zeros((2, 2))}, "the treatment has shape (2, 2); give one number per row."),
        ({"confounders": np.zeros((3, 1))}, "confounders has 3 rows and the treatment 2; give one row per cell."),
        ({"confounders": np.zeros((2, 1, 1))}, "the confounders have shape (2, 1, 1); give a data frame or (n, k)"),
        ({"clusters": np.zeros((2, 3))}, "clusters have shape (2, 3); give one column of titles, or two of titles and"),
        ({"weights": [1, 0]}, "weights must be positive numbers; leave rows without weight out."),
    ],
)
def test_wrong_shapes_and_values_are_refused_in_one_sentence(changes, sentence):
    right = {"outcome": [0.0, 1.0], "treatment": [0, 1], "confounders": np.zeros((2, 1)), "clusters": [1, 2]}
    with pytest.raises(NotIdentifiedError) as refusal:
        estimate_average_effect(**right | changes)
    assert str(refusal.value).startswith(sentence)


def test_codes_other_than_zero_and_one_are_refused_since_they_would_get_a_slope(catalogue):
    outcome, treatment, x, title, _ = catalogue
    with pytest.raises(NotIdentifiedError, match="two values -1 and 1; code without as 0 and with as 1"):
        estimate_average_effect(outcome, 2 * treatment - 1, x, title, learner="linear")


def test_a_confounder_that_is_the_treatment_in_other_units_is_refused(catalogue):
    outcome, treatment, x, title, _ = catalogue
    frame = pd.DataFrame(x).assign(shown=np.where(np.asarray(treatment) == 1, "yes", "no"))
    with pytest.raises(NotIdentifiedError, match="confounder 'shown=yes' is the treatment itself"):
        estimate_average_effect(outcome, treatment, frame, title, learner="linear")
    nearly = frame.assign(shown=np.where((np.asarray(treatment) == 1) ^ (np.arange(len(frame)) == 0), "yes", "no"))
    estimate_average_effect(outcome, treatment, nearly, title, learner="linear")  # one cell off is no copy


def test_crossings_are_a_list_of_crossings(catalogue):
    outcome, treatment, x, title, _ = catalogue
    groups = {"side": np.arange(len(title)) % 2, "third": np.arange(len(title)) % 3}
    for wrong in ("side x third", ["tihrd"]):
        with pytest.raises(NotIdentifiedError, match="must be a list of crossings"):
            estimate_group_effects(outcome, treatment, x, title, groups=groups, crossings=wrong, learner="linear")
    with pytest.raises(NotIdentifiedError, match="groups need names"):
        estimate_group_effects(outcome, treatment, x, title, groups=groups["side"], learner="linear")


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
        ({"estimand": "LATE"}, "estimand 'LATE' is not known; use 'ATE' or 'ATT' or 'ATO'."),
        ({"score": "ipw"}, "score 'ipw' is not known; use 'aipw' or 'plr'."),
        ({"design": "nested"}, "design 'nested' is not known; use None or 'pooled' or 'mundlak' or 'within'."),
        ({"learner": "magic"}, "learner 'magic' is not known; use 'xgboost' or 'linear' or 'lasso'"),
        ({"folds": 1}, "folds=1 is not a whole number of at least 2."),
        ({"folds": 99}, "60 titles cannot be split into 99 folds; use at most 60 folds or more titles."),
        ({"folds": [0, 1]}, "fold labels need one label per row and repeats=1."),
        ({"repeats": 0}, "repeats=0 is not a whole number of at least 1."),
        ({"folds": -1}, "folds=-1 is not a whole number of at least 2."),
        ({"folds": "5"}, "folds='5' is not a whole number of at least 2."),
        ({"seed": "a"}, "seed='a' is not a whole number of at least 0."),
        ({"trim": -1}, "trim=-1 is no rule; use a number from 0 to below 0.5, or 'crump'."),
        ({"design": "within", "estimand": "LATE"}, "estimand 'LATE' is not known"),
        ({"score": "plr", "estimand": "LATE"}, "estimand 'LATE' is not known"),
        (
            {"score": "plr", "estimand": "ATT"},
            "the partially linear model estimates the overlap-weighted ATO, not the ATT",
        ),
        ({"trim": 0.5}, "trim=0.5 is no rule; use a number from 0 to below 0.5, or 'crump'."),
    ],
)
def test_what_cannot_be_estimated_is_refused_in_one_sentence(catalogue, options, sentence):
    outcome, treatment, x, title, _ = catalogue
    with pytest.raises(NotIdentifiedError) as refusal:
        estimate_average_effect(outcome, treatment, x, title, **options)
    assert str(refusal.value).startswith(sentence)


def test_text_that_reads_like_numbers_is_refused(catalogue):
    outcome, treatment, x, title, _ = catalogue
    with pytest.raises(NotIdentifiedError, match=r"the outcome holds '.*'; it needs numbers or truth values."):
        estimate_average_effect(outcome.astype(str), treatment, x, title)
    with pytest.raises(NotIdentifiedError, match=r"the treatment holds '[01]'; it needs numbers or truth values."):
        estimate_average_effect(outcome, treatment.astype(int).astype(str).astype(object), x, title)


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
    crossed = estimate_group_effects(outcome, treatment, x, title, groups=labels, crossings=("genre x half",))
    assert crossed[:5] != groups  # q-values are over all groups now
    assert [g.group for g in crossed[5:]][:2] == ["Comedy x down", "Comedy x up"]
    with pytest.raises(NotIdentifiedError, match="crossing 'genre x age': 'age' is not a modifier"):
        estimate_group_effects(outcome, treatment, x, title, groups=labels, crossings=("genre x age",))


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


@pytest.mark.parametrize("options", [{}, {"score": "plr", "design": "pooled"}, {"learner": "random_forest"}])
def test_neither_the_order_of_the_rows_nor_the_names_of_the_titles_move_an_estimate(catalogue, options):
    outcome, treatment, x, title, _ = catalogue
    rng = np.random.default_rng(5)
    order, renamed = rng.permutation(len(outcome)), rng.permutation(int(title.max()) + 1)
    first = estimate_average_effect(outcome, treatment, x, title, **options)
    moved = estimate_average_effect(outcome[order], treatment[order], x[order], renamed[title[order]], **options)
    other = estimate_average_effect(outcome, treatment, x, title, seed=1, **options)  # the control
    assert moved.effect == pytest.approx(first.effect, abs=1e-9 * first.std_error)
    assert moved.std_error == pytest.approx(first.std_error, rel=1e-9)
    assert abs(other.effect - first.effect) > 1e-4 * first.std_error


def test_fold_labels_go_with_their_rows(catalogue):
    outcome, treatment, x, title, _ = catalogue
    order, folds = np.random.default_rng(6).permutation(len(outcome)), title % 4
    first = estimate_average_effect(outcome, treatment, x, title, folds=folds)
    moved = estimate_average_effect(outcome[order], treatment[order], x[order], title[order], folds=folds[order])
    assert moved.effect == pytest.approx(first.effect, abs=1e-9 * first.std_error)
