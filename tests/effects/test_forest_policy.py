"""Policy trees: brute force is the witness of the search; planted truths of what a rule is worth."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from artwork_insights.effects.forest.policy import learn_policy
from artwork_insights.effects.forest.policy_search import bin_modifiers, search_rule

GENRES = np.array(["Comedy", "Drama", "Horror", "Romance"])
COUNTRIES = np.array(["France", "Japan", "Peru"])


def draw_rewards(seed: int, n: int = 60):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {"genre": rng.choice(GENRES, n), "country": rng.choice(COUNTRIES, n), "year": rng.integers(2000, 2006, n)}
    )
    return rng.normal(size=n), frame


def subsets(modifier):
    """Every way to split the bins of a modifier in two, as 0 and 1 by bin."""
    if modifier.is_ordered:
        return [np.arange(modifier.size) <= k for k in range(modifier.size)]
    return [np.array(bits, dtype=bool) for bits in itertools.product([0, 1], repeat=modifier.size)]


def best_by_brute_force(reward, modifiers):
    def one_split(inside):
        best = max(reward[inside].sum(), 0.0)
        for m in modifiers:
            for left in subsets(m):
                goes = left[m.code]
                best = max(best, sum(max(reward[inside & side].sum(), 0.0) for side in (goes, ~goes)))
        return best

    return max(one_split(left[m.code]) + one_split(~left[m.code]) for m in modifiers for left in subsets(m))


@pytest.mark.parametrize("seed", range(6))
def test_no_tree_of_depth_two_beats_the_one_found(seed):
    reward, frame = draw_rewards(seed)
    modifiers = bin_modifiers(frame, np.arange(len(frame)))
    rule = search_rule(reward, modifiers, 2)
    assert reward[rule.treats(modifiers, len(reward))].sum() == pytest.approx(best_by_brute_force(reward, modifiers))


def test_a_deeper_rule_is_never_worse_and_a_constant_reward_needs_none():
    reward, frame = draw_rewards(9)
    modifiers = bin_modifiers(frame, np.arange(len(frame)))
    worth = [reward[search_rule(reward, modifiers, d).treats(modifiers, 60)].sum() for d in range(3)]
    assert worth[0] < worth[1] < worth[2]
    rule = search_rule(np.ones(60), modifiers, 2)
    assert rule.root == rule.left.modifier == -1
    assert rule.treats(modifiers, 60).all()
    assert not search_rule(-np.ones(60), modifiers, 2).treats(modifiers, 60).any()


def draw_scores(seed: int, effect_of):
    """Scores of 200 titles of 6 cells; `effect_of` maps genre and country to the effect; shocks by title."""
    rng = np.random.default_rng(seed)
    title = np.repeat(np.arange(200), 6)
    frame = pd.DataFrame({"genre": rng.choice(GENRES, 200)[title], "country": rng.choice(COUNTRIES, 1200)})
    effect = np.array([effect_of(g, c) for g, c in zip(frame["genre"], frame["country"], strict=True)])
    score = effect + 0.3 * rng.normal(size=200)[title] + rng.normal(size=1200)
    return score, frame, title, effect


def learn(score, frame, title, cost=0.0, seed=0):
    one = np.ones(len(score))
    return learn_policy(score, one, frame, title, one, component="a face", cost=cost, seed=seed)


def test_a_planted_rule_is_learned_said_in_words_and_pays():
    score, frame, title, _ = draw_scores(0, lambda genre, country: 1.0 if genre in ("Comedy", "Romance") else -1.0)
    policy = learn(score, frame, title)
    assert policy.sentences == (
        "Choose artwork with a face for Comedy and Romance.",
        "Choose artwork without a face for Drama and Horror.",
    )
    assert policy.pays
    for gain in (policy.gain_over_never, policy.gain_over_always):
        assert gain.value == pytest.approx(0.5, abs=3.5 * gain.std_error)


def test_a_rule_of_two_questions_is_said_in_words():
    score, frame, title, _ = draw_scores(1, lambda g, c: -2.0 if g == "Horror" and c == "Japan" else 1.0)
    policy = learn(score, frame, title)
    assert policy.depth == 2
    assert "Choose artwork without a face for Horror in Japan." in policy.sentences or (
        "Choose artwork without a face in Japan for Horror." in policy.sentences
    )


def test_what_the_component_costs_decides_where_it_pays():
    score, frame, title, _ = draw_scores(2, lambda genre, country: 1.0 if genre == "Drama" else 0.6)
    assert learn(score, frame, title).sentences == ("Choose artwork with a face everywhere.",)
    dear = learn(score, frame, title, cost=0.8)
    assert dear.sentences[0] == "Choose artwork with a face for Drama."
    assert learn(score, frame, title, cost=2.0).sentences == ("Choose artwork without a face everywhere.",)


def test_without_heterogeneity_rules_rarely_seem_to_pay_and_worth_on_their_own_titles_flatters():
    """Control: the worth on the very cells that rules were learned from is above zero in every draw."""
    pays, flattered = 0, 0
    for seed in range(20):
        score, frame, title, _ = draw_scores(100 + seed, lambda genre, country: 0.0)
        pays += learn(score, frame, title, seed=seed).pays
        modifiers = bin_modifiers(frame, title)
        flattered += score[search_rule(score, modifiers, 2).treats(modifiers, len(score))].mean() > 0
    assert pays <= 1
    assert flattered == 20


def test_limits_of_numbers_and_long_lists_of_levels_are_said_shortly():
    rng = np.random.default_rng(3)
    title = np.repeat(np.arange(200), 4)
    year = rng.integers(1990, 2020, 200)[title]
    score = np.where(year > 2005, 1.0, -1.0) + 0.2 * rng.normal(size=800)
    policy = learn(score, pd.DataFrame({"launch_year": year}), title)
    assert policy.sentences[0].startswith("Choose artwork with a face where the launch year is above 200")
    country = rng.choice(np.array(["Chile", *COUNTRIES]), 800)
    score = np.where(country == "Peru", -1.0, 1.0) + 0.2 * rng.normal(size=800)
    assert learn(score, pd.DataFrame({"country": country}), title).sentences[0] == (
        "Choose artwork with a face in countries other than Peru."
    )


def test_levels_of_few_titles_are_taken_together_and_a_constant_is_no_modifier():
    title = np.arange(40)
    text = np.array(["a"] * 30 + ["b"] * 4 + ["c"] * 4 + ["d"] * 2)
    modifiers = bin_modifiers(pd.DataFrame({"kind": text, "same": ["x"] * 40}), title)
    assert [m.name for m in modifiers] == ["kind"]
    assert modifiers[0].labels == ("a", "other")
    assert learn(np.ones(40), pd.DataFrame({"same": ["x"] * 40}), title) is None
