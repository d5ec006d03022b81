"""The analysis table: joins made by hand on a catalogue small enough to read."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from artwork_insights.catalog.catalog import Catalog
from artwork_insights.effects.cells import join_tables
from artwork_insights.errors import TableError
from artwork_insights.features.table import FeatureTable
from artwork_insights.outcomes.precision import precision_weights


def make_catalog(**changes):
    tables = {
        "assets": pd.DataFrame(
            {
                "asset_id": ["a2", "a1", "a3", "a4"],
                "title_id": ["t1", "t1", "t2", "t2"],
                "location": ["2.jpg", "1.jpg", "3.jpg", "4.jpg"],
                "clutter": ["much", "none", "much", "none"],
            }
        ),
        "titles": pd.DataFrame({"title_id": ["t1", "t2"], "genre": ["Drama", "Comedy"], "country": ["US", "FR"],
                                "score": [7.0, np.nan]}),
        "impressions": pd.DataFrame(
            {
                "asset_id": ["a1", "a1", "a2", "a3"],
                "country": ["SE", "BR", "SE", "SE"],
                "impressions": [100, 50, 200, 400],
                "takes": [10, 2, 30, 20],
            }
        ),
        "popularity": pd.DataFrame({"title_id": ["t1", "t2"], "country": ["SE", "SE"], "popularity": [0.3, 0.1]}),
        "notes": (),
    }  # fmt: skip
    return Catalog(**(tables | changes))


def make_features(assets=("a1", "a2", "a3", "a4"), embedding=True):
    frame = pd.DataFrame(
        {"asset_id": list(assets), "location": ["x"] * len(assets), "face_count": range(len(assets)), "clutter": 0.5}
    )
    vectors = np.arange(2.0 * len(assets)).reshape(-1, 2).astype(np.float32)
    return FeatureTable(frame, vectors if embedding else None, {})


def test_every_shown_cell_has_its_rate_features_and_covariates():
    cells = join_tables(make_catalog(), make_features(), None)
    keys = list(zip(cells.frame["asset_id"], cells.frame["country"], strict=True))
    assert keys == [("a1", "BR"), ("a1", "SE"), ("a2", "SE"), ("a3", "SE")]
    np.testing.assert_allclose(cells.outcome, [0.04, 0.10, 0.15, 0.05])
    np.testing.assert_array_equal(cells.impressions, [50, 100, 200, 400])
    np.testing.assert_array_equal(cells.frame["face_count"], [0, 0, 1, 2])
    np.testing.assert_array_equal(cells.frame["genre"], ["Drama", "Drama", "Drama", "Comedy"])
    np.testing.assert_array_equal(cells.frame["popularity"], [np.nan, 0.3, 0.3, 0.1])
    np.testing.assert_array_equal(cells.embedding, [[0, 1], [0, 1], [2, 3], [4, 5]])
    assert cells.notes == ("1 artworks with features were never shown and are left out.",)


def test_no_outcome_is_left_among_the_columns_that_confounders_are_taken_from():
    columns = set(join_tables(make_catalog(), make_features(), None).frame.columns)
    assert not columns & {"takes", "impressions", "take_rate", "adjusted_take_rate", "shrunken_take_rate"}
    assert "score" not in join_tables(make_catalog(), make_features(), "score").frame


def test_weights_are_the_precision_weights_of_the_joined_cells():
    cells = join_tables(make_catalog(), make_features(), None)
    expected = precision_weights([2, 10, 30, 20], [50, 100, 200, 400], ["t1", "t1", "t1", "t2"], ["BR", *["SE"] * 3])
    np.testing.assert_allclose(cells.weights, expected)


def test_columns_of_one_name_are_told_apart():
    frame = join_tables(make_catalog(), make_features(), None).frame
    np.testing.assert_array_equal(frame["clutter"], [0.5] * 4)
    np.testing.assert_array_equal(frame["asset_clutter"], ["none", "none", "much", "much"])
    np.testing.assert_array_equal(frame["title_country"], ["US", "US", "US", "FR"])


def test_a_title_outcome_gives_one_row_per_artwork_of_titles_that_have_it():
    cells = join_tables(make_catalog(impressions=None, popularity=None), make_features(embedding=False), "score")
    assert list(cells.frame["asset_id"]) == ["a1", "a2"]
    np.testing.assert_array_equal(cells.outcome, [7, 7])
    np.testing.assert_array_equal(cells.weights, [1, 1])
    assert cells.impressions is None
    assert cells.embedding is None
    assert "country" in cells.frame  # the title's own column keeps its name where no log has one


def test_near_identical_artworks_of_a_title_are_one_observation():
    features = make_features()
    features.frame["duplicate_group"] = pd.Categorical([0, 0, 1, 1])  # a1 = a2 of t1, a3 = a4 of t2
    cells = join_tables(make_catalog(), features, None)
    keys = list(zip(cells.frame["asset_id"], cells.frame["country"], strict=True))
    assert keys == [("a1", "BR"), ("a1", "SE"), ("a3", "SE")]
    np.testing.assert_array_equal(cells.impressions, [50, 300, 400])
    np.testing.assert_allclose(cells.outcome, [2 / 50, 40 / 300, 20 / 400])
    np.testing.assert_array_equal(cells.frame["face_count"], [0, 0, 2])
    np.testing.assert_array_equal(cells.frame["asset_clutter"], ["none", "none", "much"])
    np.testing.assert_array_equal(cells.embedding, [[0, 1], [0, 1], [4, 5]])
    assert cells.notes == ("2 artworks are near-identical to another of their title and count as one with it.",)


def test_an_artwork_never_shown_stands_for_its_copy_that_was():
    features = make_features()
    features.frame["duplicate_group"] = [0, 1, 2, 2]
    shown = pd.DataFrame({"asset_id": ["a4"], "country": ["SE"], "impressions": [10], "takes": [1]})
    cells = join_tables(make_catalog(impressions=shown), features, None)
    assert list(cells.frame["asset_id"]) == ["a3"]
    assert cells.outcome == pytest.approx([0.1])


def test_copies_across_titles_and_artworks_of_no_group_stay_apart():
    features = make_features()
    features.frame["duplicate_group"] = pd.Categorical([None, 5, 5, None])
    assert len(join_tables(make_catalog(), features, None).frame) == 4
    catalog = make_catalog(impressions=None, popularity=None)
    by_title = join_tables(catalog, make_features(embedding=False), "score")
    features.frame["duplicate_group"] = [0, 0, 1, 1]
    merged = join_tables(catalog, features, "score")
    assert (len(by_title.frame), len(merged.frame)) == (2, 1)


def test_artworks_without_features_are_counted_and_none_at_all_is_refused():
    cells = join_tables(make_catalog(), make_features(("a2", "a3")), None)
    assert cells.notes[0] == "2 of 4 artworks have no features and are left out."
    np.testing.assert_array_equal(cells.embedding, [[0, 1], [2, 3]])
    with pytest.raises(TableError, match=r"no artwork has both features and an outcome .* check that asset_id"):
        join_tables(make_catalog(), make_features(("z1", "z2")), None)
