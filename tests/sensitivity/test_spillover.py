"""Spillover between neighbours in communities: planted, absent, and only looking so because neighbours are alike."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import sparse

from artwork_insights.errors import NotIdentifiedError
from artwork_insights.sensitivity.spillover import NeighbourShare, estimate_spillover, neighbour_share

COMMUNITIES, SIZE = 80, 25
OWN = 0.5


def make_network(seed, spillover=0.0, alike=0.0):
    """Neighbours by chance, or by how near their trait is; the trait also drives treatment and outcome."""
    rng = np.random.default_rng(seed)
    n = COMMUNITIES * SIZE
    community = np.repeat(np.arange(COMMUNITIES), SIZE)
    trait = rng.normal(size=n)
    edges = []
    for c in range(COMMUNITIES):
        members = np.flatnonzero(community == c)
        nearness = -np.abs(trait[members][:, None] - trait[members]) * (1 if alike else 0)
        chance = np.triu(np.exp(nearness), 1)
        picked = np.argwhere(rng.random(chance.shape) < chance / chance.sum() * 3 * SIZE)
        edges += [(members[i], members[j]) for i, j in picked]
    edges = np.array(edges)
    treated = (rng.random(n) < 1 / (1 + np.exp(-alike * trait))).astype(float)
    neighbours = neighbour_share(treated, edges=edges)
    outcome = (
        OWN * treated + spillover * np.nan_to_num(neighbours.mean) + alike * 0.5 * trait + rng.normal(size=n) * 0.5
    )
    # those one knows do well together, whoever is treated
    outcome += alike * 1.5 * np.nan_to_num(neighbour_share(trait, edges=edges).mean)
    return outcome, treated, neighbours, community, trait, neighbour_share(trait, edges=edges)


def test_planted_spillover_and_own_effect_are_found():
    draws = 12
    for alike in (0.0, 1.0):
        found = [estimate_spillover(*make_network(seed, spillover=0.4, alike=alike)) for seed in range(draws)]
        error = np.mean([one.spillover_std_error for one in found]) / np.sqrt(draws)
        assert abs(np.mean([one.spillover for one in found]) - 0.4) < 3 * error
        error = np.mean([one.own_std_error for one in found]) / np.sqrt(draws)
        assert abs(np.mean([one.own_effect for one in found]) - OWN) < 3 * error
        assert all("raises the outcome" in one.sentence for one in found)


def test_neighbours_that_are_only_alike_show_none_where_the_naive_slope_does():
    found = estimate_spillover(*make_network(2, alike=1.0))
    assert found.naive_spillover > 5 * found.naive_std_error  # the control
    assert found.without_neighbours > 3 * found.without_neighbours_std_error  # and own confounders do not mend it
    assert abs(found.spillover) < 3 * found.spillover_std_error
    assert found.treatment_likeness > 0.1
    assert found.confounder_likeness > 0.3
    assert found.sentence.startswith("What looked like influence between neighbours goes away")


def test_homophily_is_warned_of_where_the_neighbours_confounders_are_not_given():
    outcome, treated, neighbours, community, trait, _ = make_network(2, alike=1.0)
    found = estimate_spillover(outcome, treated, neighbours, community, trait)
    assert "may be likeness and not influence" in found.sentence
    assert found.spillover == found.without_neighbours


def test_intervals_cover_no_spillover_and_the_naive_ones_do_not():
    draws = 60
    covered, naive = 0, 0
    for seed in range(draws):
        found = estimate_spillover(*make_network(100 + seed, alike=1.0))
        covered += abs(found.spillover) < 1.99 * found.spillover_std_error
        naive += abs(found.naive_spillover) < 1.99 * found.naive_std_error
    assert covered / draws >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / draws)
    assert naive / draws < 0.1


def test_the_slopes_are_those_of_a_clustered_regression():
    outcome, treated, neighbours, community, trait, theirs = make_network(3, spillover=0.3, alike=0.5)
    found = estimate_spillover(outcome, treated, neighbours, community, trait, theirs)
    rows = neighbours.count > 0
    design = sm.add_constant(np.column_stack([neighbours.mean, treated, trait, theirs.mean])[rows])
    fit = sm.OLS(outcome[rows], design).fit(cov_type="cluster", cov_kwds={"groups": community[rows]}, use_t=True)
    assert [found.spillover, found.own_effect] == pytest.approx(list(fit.params[1:3]), rel=1e-8)
    assert [found.spillover_std_error, found.own_std_error] == pytest.approx(list(fit.bse[1:3]), rel=1e-8)
    assert found.n_units == rows.sum()


def test_shares_are_means_over_neighbours():
    treated = [1.0, 0.0, 1.0, 1.0]
    edges = [(0, 1), (1, 2), (2, 1), (1, 1)]  # one pair twice, and one unit with itself
    found = neighbour_share(treated, edges=edges)
    np.testing.assert_array_equal(found.mean, [0, 1, 0, np.nan])
    np.testing.assert_array_equal(found.count, [1, 2, 1, 0])
    matrix = np.array([[0, 1, 0, 0], [1, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 5.0]])
    for adjacency in (matrix, sparse.coo_matrix(matrix)):
        np.testing.assert_array_equal(neighbour_share(treated, adjacency=adjacency).mean, found.mean)
    weighted = neighbour_share(np.eye(3), adjacency=np.array([[0, 1, 3], [0, 0, 0], [0, 0, 0]]))
    np.testing.assert_array_equal(weighted.mean[0], [0, 0.25, 0.75])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: neighbour_share([1, 0]), "either edges or an adjacency"),
        (lambda: neighbour_share([1, 0], edges=[(0, 2)]), "names position 2; the 2 units are 0 to 1"),
        (lambda: neighbour_share([1, 0], edges=[0, 1]), "give pairs of positions"),
        (lambda: neighbour_share([1, 0], adjacency=np.ones((3, 3))), "2 units need 2 x 2"),
        (lambda: neighbour_share([1, np.nan], edges=[(0, 1)]), "a value is missing"),
        (lambda: estimate_spillover([1, 2], [1, 0], NeighbourShare(np.ones(2), np.ones(2)), [0, 1]), "2 communities"),
        (lambda: estimate_spillover([1, 2], [1], NeighbourShare(np.ones(2), np.ones(2)), [0, 1]), "2 outcomes"),
        (
            lambda: estimate_spillover([1, 2], [1, 0], NeighbourShare(np.ones(2), np.ones(2)), [0, 1], [["a"], ["b"]]),
            "confounders hold text",
        ),
    ],
)
def test_bad_input_is_one_sentence(call, words):
    with pytest.raises(NotIdentifiedError, match=words):
        call()
