r"""Where the component pays: a shallow rule learned on half of the titles, its worth measured on the other half.

With scores :math:`a, b` whose ratio of weighted sums is an average effect, and a cost c of the component in the
outcome's unit, the rule :math:`\pi` of at most two questions makes

.. math:: \sum_i w_i \, \pi(x_i) \, (a_i - c \, b_i)

as large as it can be on half of the titles. On the other half, its gains over giving the component to no cell and to
every cell are the ratios of sums

.. math::

    \frac{\sum_i w_i \, \pi(x_i) (a_i - c b_i)}{\sum_i w_i b_i}, \qquad
    \frac{\sum_i w_i \, (\pi(x_i) - 1) (a_i - c b_i)}{\sum_i w_i b_i},

with errors clustered by title. A rule judged on the titles that it was learned from would seem to pay where nothing
does.

Sources: Athey and Wager (2021), Policy learning with observational data, for the score that is maximised; Zhou, Athey
and Wager (2023), Offline multi-action policy learning, for the exact search of shallow trees.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from artwork_insights.design.assignment import BoolArray
from artwork_insights.design.confounders import FloatArray
from artwork_insights.design.folds import IntArray, assign_title_folds, encode_titles
from artwork_insights.effects.forest.held_out import HeldOutNumber
from artwork_insights.effects.forest.policy_search import PolicyModifier, Rule, bin_modifiers, search_rule
from artwork_insights.effects.forest.policy_words import rule_in_words
from artwork_insights.effects.scores import Scores, average_scores

WORTH_A_LEVEL = 1.0
"""Standard errors by which a deeper rule must beat a simpler one on the titles that it is learned from."""


@dataclass(frozen=True, slots=True)
class Policy:
    """A rule in words and what it is worth.

    Attributes
    ----------
    sentences : tuple of str
        The rule: where to give the component and where not.
    depth : int
        Splits between the root and a decision: 0, 1 or 2.
    cost : float
        What an effect must exceed to be worth having, in the outcome's unit.
    treated_share : float
        Share of the tested cells that the rule gives the component to, in [0, 1].
    gain_over_never, gain_over_always : HeldOutNumber
        Mean outcome under the rule less that of giving the component to no cell and to every cell, cost taken off; in
        the outcome's unit, on titles that the rule was not learned from.
    level : float
        At which the gains were judged.
    pays : bool
        Whether both gains are above zero beyond their intervals.
    n_titles : int
        Tested.
    """

    sentences: tuple[str, ...]
    depth: int
    cost: float
    treated_share: float
    gain_over_never: HeldOutNumber
    gain_over_always: HeldOutNumber
    level: float
    pays: bool
    n_titles: int


def learn_policy(
    numerator: FloatArray,
    denominator: FloatArray,
    modifiers: pd.DataFrame,
    title: IntArray,
    weights: FloatArray,
    *,
    component: str,
    is_binary: bool = True,
    cost: float = 0.0,
    level: float = 0.95,
    seed: int = 0,
) -> Policy | None:
    """Learn a rule of depth at most two and measure it.

    Parameters
    ----------
    numerator, denominator : arrays of shape (n,)
        Scores whose ratio of weighted sums is an average effect (`effects.scores`).
    modifiers : DataFrame of n rows
        What the rule may ask for.
    title, weights : arrays of shape (n,)
    component : str
        In words, for the sentences.
    cost : float
        In the outcome's unit, at least 0.

    Returns
    -------
    Policy, or None
        Where no modifier has two levels.
    """
    title = encode_titles(title)
    binned = bin_modifiers(modifiers, title)
    if not binned:
        return None
    learned = assign_title_folds(title, 2, np.random.default_rng(seed)) == 0
    reward = weights * (numerator - cost * denominator)
    depth, rule = _choose_depth(reward[learned], [_rows(m, learned) for m in binned], title[learned])
    tested = ~learned
    treats = rule.treats(binned, len(title))[tested].astype(np.float64)
    a, b, w = numerator[tested], denominator[tested], weights[tested]
    never = _mean(treats * (a - cost * b), b, w, title[tested])
    always = _mean((treats - 1) * (a - cost * b), b, w, title[tested])
    return Policy(
        sentences=rule_in_words(rule, binned, component, is_binary=is_binary),
        depth=depth,
        cost=cost,
        treated_share=float(np.average(treats, weights=w)),
        gain_over_never=never,
        gain_over_always=always,
        level=level,
        pays=min(never.interval(level)[0], always.interval(level)[0]) > 0,
        n_titles=len(np.unique(title[tested])),
    )


def _choose_depth(reward: FloatArray, modifiers: Sequence[PolicyModifier], title: IntArray) -> tuple[int, Rule]:
    """Go deeper only while it pays by more than a standard error, clustered by title."""
    depth, rule = 0, search_rule(reward, modifiers, 0)
    for deeper in (1, 2):
        candidate = search_rule(reward, modifiers, deeper)
        treats = [found.treats(modifiers, len(reward)).astype(np.float64) for found in (candidate, rule)]
        by_title = np.bincount(title, weights=reward * (treats[0] - treats[1]))
        error = np.sqrt((by_title**2).sum() - by_title.sum() ** 2 / max(len(by_title), 1))
        if by_title.sum() > WORTH_A_LEVEL * error and by_title.sum() > 0:
            depth, rule = deeper, candidate
    return depth, rule


def _rows(modifier: PolicyModifier, keep: BoolArray) -> PolicyModifier:
    return PolicyModifier(modifier.name, modifier.labels, modifier.is_ordered, modifier.code[keep], modifier.size)


def _mean(numerator: FloatArray, denominator: FloatArray, weights: FloatArray, title: IntArray) -> HeldOutNumber:
    mean = average_scores(Scores(numerator[None], denominator[None]), weights, encode_titles(title))
    return HeldOutNumber(mean.effect, mean.std_error, mean.degrees_of_freedom)
