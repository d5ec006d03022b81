"""Principal components: span by the singular value decomposition, number by scikit-learn and by a planted rank."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA

from artwork_insights.design.projection import N_FOLDS, choose_components, principal_components


def planted(rank, n=400, d=30, noise=0.3, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, rank)) @ rng.normal(size=(rank, d)) + noise * rng.normal(size=(n, d))


def test_principal_components_span_what_the_singular_value_decomposition_spans():
    embedding = np.random.default_rng(0).normal(size=(80, 6)) @ np.random.default_rng(1).normal(size=(6, 10))
    centred = embedding - embedding.mean(axis=0)
    components = principal_components(embedding, 4)
    left, singular, _ = np.linalg.svd(centred, full_matrices=False)
    np.testing.assert_allclose(np.abs(components), np.abs(left[:, :4] * singular[:4]), atol=1e-8)
    assert principal_components(embedding, 20).shape == (80, 6)  # only six directions vary
    np.testing.assert_allclose(principal_components(embedding[::-1], 4)[::-1], components, atol=1e-8)


@pytest.mark.parametrize("rank", [1, 4, 9])
def test_the_number_is_the_rank_that_was_planted(rank):
    assert choose_components(planted(rank), largest=20) == rank
    assert choose_components(planted(rank), largest=3) == min(rank, 3)


def test_the_number_is_that_of_scikit_learns_held_out_likelihood():
    embedding = planted(5, n=120, d=12, noise=1.5, seed=3)
    fold = np.arange(120) % N_FOLDS
    totals = []
    for k in range(1, 11):
        fits = [(PCA(k, svd_solver="full").fit(embedding[fold != f]), embedding[fold == f]) for f in range(N_FOLDS)]
        totals.append(sum(model.score_samples(test).sum() for model, test in fits))
    assert choose_components(embedding, largest=10) == int(np.argmax(totals)) + 1


def test_copies_of_a_title_are_held_out_together_or_they_would_vouch_for_each_other():
    embedding = np.random.default_rng(5).normal(size=(60, 30))  # nothing to find
    copies, title = np.repeat(embedding, 4, axis=0), np.repeat(np.arange(60), 4)
    assert choose_components(copies, title, largest=20) == 1
    assert choose_components(copies, largest=20) > 5


def test_an_embedding_of_few_numbers_is_kept_whole_and_so_is_one_of_too_few_titles():
    assert choose_components(np.random.default_rng(6).normal(size=(200, 5)), largest=20) == 5
    assert choose_components(planted(2, n=8), np.arange(8) // 4, largest=5) == 5
