"""The guard: an embedding that sees the face is caught and named, one that does not is not."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import r2_score

from artwork_insights.design import embedding_guard
from artwork_insights.design.assignment import make_assignment
from artwork_insights.design.confounders import Confounders
from artwork_insights.design.embedding_guard import explain_encoding, guard_treatment, judge_guard
from artwork_insights.design.projection import principal_components

N_TITLES, PER_TITLE = 150, 6


def catalogue(encodes, *, continuous=False, copies=1, seed=0):
    """Artwork whose 16-number embedding holds the colours and, if `encodes`, the component itself."""
    rng = np.random.default_rng(seed)
    title = np.repeat(np.arange(N_TITLES), PER_TITLE)
    n = len(title)
    colours = rng.normal(size=(n, 3))
    score = 0.8 * colours[:, 0] + rng.normal(size=N_TITLES)[title] + rng.normal(size=n)
    treatment = score if continuous else (score > 0).astype(float)
    seen = np.column_stack([colours, 2 * treatment]) if encodes else colours
    embedding = seen @ rng.normal(size=(seen.shape[1], 16)) + 0.02 * rng.normal(size=(n, 16))
    columns, names, blocks = [colours], [f"colour{k}" for k in range(3)], ["colour"] * 3
    for copy in range(copies):
        components = principal_components(embedding, 20)[:, :4]
        columns.append(components)
        names += [f"embedding{copy}[{k}]" for k in range(components.shape[1])]
        blocks += [f"embedding{copy}"] * components.shape[1]
    confounders = Confounders(np.hstack(columns), tuple(names), tuple(blocks))
    return make_assignment(treatment, confounders, title)


@pytest.mark.parametrize("design", ["pooled", "mundlak"])
def test_an_embedding_that_encodes_the_component_is_caught_and_named(design):
    guard = guard_treatment(catalogue(encodes=True), design)
    assert guard.encoding == ("embedding0",)
    colour, embedding = guard.blocks
    assert guard.together.variance_left < 0.05 < 0.3 < embedding.without.variance_left
    assert embedding.alone.score > 0.99
    assert colour.alone.score < 0.95
    check = judge_guard(guard)
    assert check.passed is False
    assert "it is encoded by embedding0 (predicts it alone with AUC " in check.sentence


@pytest.mark.parametrize("design", ["pooled", "mundlak"])
def test_one_that_sees_only_the_colours_is_not(design):
    guard = guard_treatment(catalogue(encodes=False), design)
    assert guard.encoding == ()
    assert judge_guard(guard).passed
    assert explain_encoding(guard) == ""
    assert guard.together.variance_left > 0.3


def test_a_continuous_component_is_judged_by_r2():
    guard = guard_treatment(catalogue(encodes=True, continuous=True))
    assert guard.score_name == "r2"
    assert guard.encoding == ("embedding0",)
    assert guard.together.score == pytest.approx(1 - guard.together.variance_left)
    assert guard_treatment(catalogue(encodes=False, continuous=True)).encoding == ()


def test_two_blocks_that_each_say_it_all_are_both_named():
    guard = guard_treatment(catalogue(encodes=True, copies=2))
    assert all(block.without.variance_left < 0.05 for block in guard.blocks)  # taking out one does not help
    assert guard.encoding == ("embedding0", "embedding1")


def test_noise_predicts_nothing_of_titles_held_out():
    assignment = catalogue(encodes=False, continuous=True)
    noise = Confounders(np.random.default_rng(1).normal(size=(len(assignment.treatment), 2)), ("a", "b"), ("a", "b"))
    guard = guard_treatment(make_assignment(assignment.treatment, noise, assignment.title))
    assert guard.together.variance_left == 1
    assert guard.together.score <= r2_score([0.0, 1], [0.5, 0.5])


def test_many_rows_are_thinned_to_whole_titles(monkeypatch):
    monkeypatch.setattr(embedding_guard, "MOST_ROWS", 600)
    guard = guard_treatment(catalogue(encodes=True))
    assert 590 <= guard.n_rows <= 600
    assert guard.n_rows % PER_TITLE == 0
    assert guard.encoding == ("embedding0",)


def test_the_same_seed_gives_the_same_answer():
    assignment = catalogue(encodes=True)
    assert guard_treatment(assignment, seed=3) == guard_treatment(assignment, seed=3)
