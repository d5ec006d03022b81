"""Matched artworks: assets and not cells, inside titles, near in propensity; and the most alike of them to look at."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from artwork_insights.design.assignment import make_assignment
from artwork_insights.design.confounders import Confounders
from artwork_insights.design.matching import match_pairs
from artwork_insights.design.pairs import ArtworkPairs, average_by_asset, most_alike, pair_artworks
from artwork_insights.errors import NotIdentifiedError


def make_cells(seed, n_titles=30, per_title=6, countries=3):
    """Assets in countries; title, treatment and propensity by asset, weights by cell."""
    rng = np.random.default_rng(seed)
    n_assets = n_titles * per_title
    title = np.repeat(np.arange(n_titles), per_title)
    chance = rng.uniform(0.1, 0.9, n_assets)
    treated = (rng.random(n_assets) < chance).astype(float)
    asset = np.repeat(np.arange(n_assets), countries)
    n = len(asset)
    none = Confounders(np.empty((n, 0)), (), ())
    assignment = make_assignment(treated[asset], none, title[asset], asset=asset, weights=rng.uniform(0.5, 2, n))
    return assignment, chance, chance[asset]


@given(st.integers(0, 500))
@settings(max_examples=30, deadline=None)
def test_pairs_are_of_one_title_near_and_use_no_artwork_twice_however_many_countries_it_has(seed):
    assignment, chance, by_cell = make_cells(seed)
    pairs = pair_artworks(assignment, by_cell)
    first = np.unique(assignment.asset, return_index=True)[1]
    treated, title = assignment.treatment[first], assignment.title[first]
    both = np.r_[pairs.treated, pairs.control]
    assert len(set(both.tolist())) == len(both)
    assert (treated[pairs.treated] == 1).all()
    assert (treated[pairs.control] == 0).all()
    assert (title[pairs.treated] == title[pairs.control]).all()
    assert (title[pairs.treated] == pairs.title).all()
    direct = match_pairs(chance, treated, strata=title)
    assert (pairs.treated.tolist(), pairs.control.tolist()) == (direct.treated.tolist(), direct.control.tolist())
    assert len(pairs.treated) + pairs.n_unmatched == treated.sum()


def test_the_propensity_of_an_artwork_is_that_of_its_weighted_mean_logit():
    assignment, _, by_cell = make_cells(0, n_titles=4)
    rng = np.random.default_rng(0)
    values = rng.normal(size=len(by_cell))
    ours = average_by_asset(values, assignment)
    for asset in (0, 7, 23):
        rows = assignment.asset == asset
        assert ours[asset] == pytest.approx(np.average(values[rows], weights=assignment.weights[rows]))
    moved = 1 / (1 + np.exp(-(np.log(by_cell / (1 - by_cell)) + values - ours[assignment.asset])))
    one, other = pair_artworks(assignment, by_cell), pair_artworks(assignment, moved)
    assert one.control.tolist() == other.control.tolist()
    assert one.treated.tolist() == other.treated.tolist()


def test_other_strata_pair_across_titles_and_never_across_strata():
    assignment, _, by_cell = make_cells(1)
    genre = np.where(assignment.title % 2 == 0, "Drama", "Comedy")
    pairs = pair_artworks(assignment, by_cell, strata=genre)
    first = np.unique(assignment.asset, return_index=True)[1]
    title = assignment.title[first]
    assert (title[pairs.treated] % 2 == title[pairs.control] % 2).all()
    assert (title[pairs.treated] != title[pairs.control]).any()
    assert len(pairs.treated) > len(pair_artworks(assignment, by_cell).treated)


X = np.array([[0.0], [4], [1], [0], [2], [0], [5.1]])
PAIRS = ArtworkPairs(np.array([0, 1, 3]), np.array([2, 6, 4]), np.array([7, 7, 2]), 0)


def test_of_each_title_the_most_alike_pair_is_shown_the_closest_first():
    assert most_alike(PAIRS, X, 9).tolist() == [0, 2]  # of title 7: 1 from 0 is nearer than 5.1 from 4
    far = X.copy()
    far[2] = 3.0
    assert most_alike(PAIRS, far, 9).tolist() == [1, 2]
    assert most_alike(PAIRS, X, 1).tolist() == [0]


def test_units_do_not_matter_a_missing_value_counts_as_the_mean_and_no_covariates_as_alike():
    two = np.column_stack([X, X[::-1]])
    assert most_alike(PAIRS, two * [1, 1e6] + [0, -5], 9).tolist() == most_alike(PAIRS, two, 9).tolist()
    holed = X.copy()
    holed[2] = np.nan  # the mean, 1.85, is farther from 0 than 5.1 is from 4
    assert most_alike(PAIRS, holed, 9).tolist() == [1, 2]
    assert most_alike(PAIRS, np.empty((7, 0)), 9).tolist() == [2, 0]
    assert most_alike(ArtworkPairs(*[np.empty(0, dtype=np.int64)] * 3, 0), X, 9).tolist() == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"propensity": [0.5]}, "one value for each cell"),
        ({"strata": ["a"]}, "one value for each cell"),
        ({"propensity": [1.0] * 72}, "strictly between 0 and 1"),
        ({"propensity": ["a"] * 72}, "propensity holds 'a'"),
    ],
)
def test_what_cannot_be_paired_is_refused_in_a_sentence(change, words):
    assignment, _, by_cell = make_cells(0, n_titles=4)
    with pytest.raises(NotIdentifiedError, match=words):
        pair_artworks(assignment, **{"propensity": by_cell} | change)


def test_an_amount_has_no_pairs():
    none = Confounders(np.empty((4, 0)), (), ())
    assignment = make_assignment([0.0, 1, 2, 3], none, [0, 0, 1, 1])
    with pytest.raises(NotIdentifiedError, match="zeros and ones"):
        pair_artworks(assignment, [0.5] * 4)
