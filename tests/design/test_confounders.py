"""Encoding and title means; witness: pandas."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from artwork_insights.design.confounders import (
    Confounders,
    add_title_means,
    as_confounders,
    encode_confounders,
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


def test_the_embedding_joins_as_one_block_of_at_most_20_columns():
    rng = np.random.default_rng(0)
    embedding = rng.normal(size=(300, 30)) @ rng.normal(size=(30, 40))
    encoded = encode_confounders(pd.DataFrame({"year": range(300)}), embedding)
    assert encoded.values.shape == (300, 21)
    assert encoded.without(["embedding"]).names == ("year",)
    assert encoded.without(["year"]).blocks == ("embedding",) * 20
    noise_around_two = embedding[:, :2] @ rng.normal(size=(2, 40)) + rng.normal(size=(300, 40))
    assert encode_confounders(pd.DataFrame({"year": range(300)}), noise_around_two).values.shape == (300, 3)


def test_what_an_analyst_has_becomes_confounders():
    assert as_confounders(np.arange(6).reshape(3, 2)).names == ("confounder 0", "confounder 1")
    assert as_confounders(np.arange(3)).values.shape == (3, 1)
    encoded = as_confounders(pd.DataFrame({"genre": ["a", "b", "c"]}))
    assert encoded.blocks == ("genre",) * 3
    assert as_confounders(encoded) is encoded


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


def test_dates_count_in_days_and_numbers_among_objects_stay_numbers():
    frame = pd.DataFrame({
        "date": pd.to_datetime(["1970-01-02 00:00", "1970-01-03 12:00", None]),
        "zoned": pd.to_datetime(["1970-01-02 00:00", "1970-01-03 12:00", None], utc=True),
        "length": pd.to_timedelta(["1D", "60h", None]),
        "object": np.array([1, 2.5, None], dtype=object),
    })  # fmt: skip
    encoded = encode_confounders(frame)
    assert encoded.names == ("date", "zoned", "length", "object")
    assert np.array_equal(encoded.values, np.array([[1.0] * 4, [2.5] * 4, [np.nan] * 4]), equal_nan=True)


def test_two_columns_of_one_name_are_refused():
    with pytest.raises(TableError, match="two columns are called 'a'"):
        encode_confounders(pd.DataFrame([[1.0, 2.0], [2.0, 1.0]], columns=["a", "a"]))
