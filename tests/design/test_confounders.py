"""Encoding and title means; witness: pandas."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from artwork_insights.design.confounders import (
    Confounders,
    add_title_means,
    encode_confounders,
    principal_components,
    title_means,
)
from artwork_insights.errors import TableError

ATOL = 1e-12


@pytest.fixture
def cells():
    rng = np.random.default_rng(1)
    title = rng.integers(12, size=90)
    values = rng.normal(size=(90, 3))
    values[rng.random((90, 3)) < 0.2] = np.nan
    values[title == 4, 1] = np.nan
    return np.unique(title, return_inverse=True)[1], values, rng.uniform(0.1, 4, 90)


def test_title_means_equal_those_of_pandas_with_weights_and_holes(cells):
    title, values, weights = cells
    frame = pd.DataFrame(values)
    total = frame.mul(weights, axis=0).groupby(title).sum(min_count=1)
    mass = frame.notna().mul(weights, axis=0).groupby(title).sum()
    np.testing.assert_allclose(title_means(values, title, weights), (total / mass).loc[title], atol=ATOL)
    assert np.isnan(title_means(values, title, weights)[title == 4, 1]).all()
    np.testing.assert_allclose(
        title_means(values[:, 0], title, weights), title_means(values, title, weights)[:, 0], atol=ATOL
    )


def test_weights_matter_to_title_means(cells):
    title, values, weights = cells
    assert np.nanmax(np.abs(title_means(values, title, weights) - title_means(values, title, np.ones(90)))) > 0.1


def test_columns_are_encoded_by_kind_and_blocks_remember_where_they_come_from():
    frame = pd.DataFrame(
        {
            "genre": ["Drama", "Comedy", None, "Drama"],
            "year": pd.array([2001, None, 2003, 2004], dtype="Int64"),
            "original": [True, False, True, True],
            "votes": [1.0, np.inf, 3.0, -np.inf],
            "one": ["x"] * 4,
            "two": ["l", "r", "r", "l"],
        }
    )
    encoded = encode_confounders(frame)
    assert encoded.names == (
        "genre=Comedy", "genre=Drama", "genre=missing", "year", "original", "votes", "two=r",
    )  # fmt: skip
    assert encoded.blocks == ("genre", "genre", "genre", "year", "original", "votes", "two")
    np.testing.assert_array_equal(encoded.values[:, 3], [2001, np.nan, 2003, 2004])
    np.testing.assert_array_equal(encoded.values[:, 4:7], [[1, 1, 0], [0, np.nan, 1], [1, 3, 1], [1, np.nan, 0]])
    np.testing.assert_array_equal(encoded.values[:, :3].sum(axis=1), 1)


def test_a_long_category_keeps_its_49_most_frequent_levels_and_the_rest_is_other():
    levels = [f"d{i:02d}" for i in range(70)]
    encoded = encode_confounders(pd.DataFrame({"director": [v for i, v in enumerate(levels) for _ in range(70 - i)]}))
    assert encoded.names == tuple(f"director={v}" for v in [*levels[:49], "other"])
    assert encoded.values[:, -1].sum() == sum(70 - i for i in range(49, 70))


def test_an_identifier_is_no_confounder():
    with pytest.raises(TableError, match=r"confounder 'imdb' has a different text in every row: it is an identifier"):
        encode_confounders(pd.DataFrame({"imdb": [f"tt{i}" for i in range(60)]}))


def test_principal_components_span_what_the_singular_value_decomposition_spans():
    rng = np.random.default_rng(2)
    embedding = rng.normal(size=(80, 6)) @ rng.normal(size=(6, 40))
    components = principal_components(embedding, 4)
    left, spread, _ = np.linalg.svd(embedding - embedding.mean(axis=0), full_matrices=False)
    np.testing.assert_allclose(np.abs(components), np.abs(left[:, :4] * spread[:4]), atol=1e-8)
    assert principal_components(embedding, 20).shape == (80, 6)  # only six directions vary
    np.testing.assert_allclose(principal_components(embedding[::-1], 4)[::-1], components, atol=1e-8)


def test_the_embedding_joins_as_one_block_of_at_most_20_columns():
    embedding = np.random.default_rng(0).normal(size=(50, 30))
    encoded = encode_confounders(pd.DataFrame({"year": range(50)}), embedding)
    assert encoded.values.shape == (50, 21)
    assert encoded.without(["embedding"]).names == ("year",)
    assert encoded.without(["year"]).blocks == ("embedding",) * 20


def test_holes_are_filled_by_means_and_marked():
    filled = Confounders(np.array([[1.0, 5], [np.nan, 6], [3.0, 7]]), ("a", "b"), ("a", "b")).filled()
    np.testing.assert_array_equal(filled, [[1, 5, 0], [2, 6, 1], [3, 7, 0]])


def test_title_means_are_added_only_for_what_varies_within_titles(cells):
    title, values, weights = cells
    per_title = np.arange(12.0)[title][:, None]
    confounders = Confounders(np.hstack([values[:, :1], per_title]), ("x", "budget"), ("x", "budget"))
    added = add_title_means(confounders, title, weights)
    assert added.names == ("x", "budget", "title mean of x", "x less title mean")
    assert added.blocks == ("x", "budget", "x", "x")
    np.testing.assert_allclose(added.values[:, 2] + added.values[:, 3], values[:, 0], atol=ATOL)
    np.testing.assert_allclose(added.values[:, 2], title_means(values[:, 0], title, weights), atol=ATOL)
