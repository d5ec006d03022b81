"""From arrays: a planted difference between genres is found on titles not seen, and none where none is planted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from artwork_insights import estimate_group_effects, summarise_heterogeneity
from artwork_insights.errors import NotIdentifiedError

EFFECTS = {"Comedy": 0.0, "Drama": 1.0}


def draw(effects, seed=0, n_titles=120):
    rng = np.random.default_rng(seed)
    title = np.repeat(np.arange(n_titles), 6)
    x, quality = rng.normal(size=(len(title), 2)), rng.normal(size=n_titles)[title]
    genre = np.array(list(effects))[rng.integers(0, 2, n_titles)][title]
    treatment = rng.random(len(title)) < 1 / (1 + np.exp(-x[:, 0] - quality))
    effect = np.array([effects[g] for g in genre])
    outcome = x[:, 0] + quality + effect * treatment + 0.3 * rng.normal(size=len(title))
    return outcome, treatment, x, title, genre


@pytest.fixture(scope="module")
def different():
    return draw(EFFECTS)


def summarise(drawn, **named):
    outcome, treatment, x, title, genre = drawn
    modifiers = pd.DataFrame({"genre": genre, "noise": x[:, 1]}, index=title * 7)  # any index
    return summarise_heterogeneity(outcome, treatment, x, modifiers, title, learner="linear", **named)


def test_a_planted_difference_is_found_held_against_the_groups_and_made_a_rule(different):
    found = summarise(different, cost=0.5, component="a face")
    outcome, treatment, x, title, genre = different
    means = {group: mean for modifier, group, mean in found.group_means if modifier == "genre"}
    groups = estimate_group_effects(outcome, treatment, x, title, groups={"genre": genre}, learner="linear")
    for group in groups:
        assert abs(means[group.group] - group.estimate.effect) < 4 * group.estimate.std_error
    assert means["Drama"] - means["Comedy"] > 0.7
    assert found.importance[0][0] == "genre"
    assert found.calibration.slope.p_value < 0.01
    assert found.targeting.autoc.interval()[0] > 0
    assert found.policy.pays
    assert "Drama" in " ".join(found.policy.sentences)


def test_no_difference_is_not_found():
    found = summarise(draw({"Comedy": 0.5, "Drama": 0.5}, seed=1), cost=0.5)
    assert found.calibration is None or found.calibration.slope.p_value > 0.01
    assert not found.policy.pays


def test_rows_may_come_in_any_order(different):
    order = np.random.default_rng(3).permutation(len(different[0]))
    moved = summarise(tuple(column[order] for column in different), cost=0.5)
    assert moved.policy == summarise(different, cost=0.5).policy
    assert moved.mean_effect == pytest.approx(summarise(different, cost=0.5).mean_effect)


@pytest.mark.parametrize(
    ("named", "sentence"),
    [
        ({"cost": -1.0}, "cost=-1.0 is below zero"),
        ({"level": 95}, "level"),
        ({"learner": "magic"}, "learner 'magic' is not known"),
    ],
)
def test_what_cannot_be_asked_is_one_sentence(different, named, sentence):
    outcome, treatment, x, title, genre = different
    given = {"learner": "linear", **named}
    with pytest.raises(NotIdentifiedError, match=sentence):
        summarise_heterogeneity(outcome, treatment, x, pd.DataFrame({"genre": genre}), title, **given)


def test_modifiers_of_another_length_and_too_few_titles_are_refused(different):
    outcome, treatment, x, title, genre = different
    modifiers = pd.DataFrame({"genre": genre})
    with pytest.raises(NotIdentifiedError, match=r"modifiers have 719 rows and the outcome 720\."):
        summarise_heterogeneity(outcome, treatment, x, modifiers[1:], title, learner="linear")
    few = title < 30
    with pytest.raises(NotIdentifiedError, match="a forest needs 40 titles"):
        summarise_heterogeneity(
            outcome[few], treatment[few], x[few], modifiers[few], title[few], learner="linear", folds=3
        )
