from __future__ import annotations

import numpy as np
import pytest

from artwork_insights.errors import NotIdentifiedError
from artwork_insights.mechanisms.mediation import mediate
from artwork_insights.mechanisms.paths import PathEstimate, classify_paths

PATH_A, PATH_B, DIRECT = 0.8, 0.5, 0.3


def make_cells(seed, *, path_b=PATH_B, direct=DIRECT, n_titles=80, countries=3):
    """Non-linear confounding by titles; artworks of unequal numbers per title, their traits shared by all countries."""
    rng = np.random.default_rng(seed)
    per_title = rng.integers(4, 11, n_titles)
    owner = np.repeat(np.arange(n_titles), per_title)
    quality, taste = rng.normal(size=n_titles), rng.normal(size=len(owner))
    treated = (rng.random(len(owner)) < 1 / (1 + np.exp(-(quality**2) + 1)[owner])).astype(float)
    mediator = PATH_A * treated + np.sin(2 * quality)[owner] + rng.normal(size=len(owner))
    mean = direct * treated + path_b * mediator + 2 * quality[owner] ** 2 + 0.5 * taste
    asset = np.repeat(np.arange(len(owner)), countries)
    outcome = mean[asset] + 0.5 * rng.normal(size=len(asset))
    return outcome, treated[asset], mediator[asset], owner[asset], rng.uniform(0.3, 3, len(asset))


def test_indirect_is_total_less_direct_exactly():
    outcome, treated, mediator, title, weights = make_cells(0)
    ours = mediate(outcome, treated, mediator, np.sin(outcome * 3), title, weights=weights, absorb=title)
    assert ours.indirect == pytest.approx(ours.total.coefficient - ours.direct.coefficient, abs=1e-12)


def test_planted_paths_are_found_beside_confounding_titles():
    outcome, treated, mediator, title, weights = make_cells(1, n_titles=200)
    ours = mediate(outcome, treated, mediator, None, title, weights=weights, absorb=title)
    for path, truth in (
        (ours.treatment_to_mediator, PATH_A), (ours.mediator_to_outcome, PATH_B),
        (ours.direct, DIRECT), (ours.total, DIRECT + PATH_A * PATH_B),
    ):  # fmt: skip
        assert abs(path.coefficient - truth) < 3 * path.std_error
    assert ours.classification == "partial"
    assert ours.proportion_mediated == pytest.approx(PATH_A * PATH_B / (DIRECT + PATH_A * PATH_B), abs=0.15)
    assert ours.indirect_interval[0] < PATH_A * PATH_B < ours.indirect_interval[1]
    assert ours.proportion_warning == ""


def test_a_shuffled_mediator_carries_nothing():
    outcome, treated, mediator, title, weights = make_cells(2)
    shuffled = np.random.default_rng(0).permutation(mediator)
    ours = mediate(outcome, treated, shuffled, None, title, weights=weights, absorb=title)
    assert ours.classification == "none"
    assert ours.sobel_p_value > 0.05
    assert "Nothing shows" in ours.sentence


def test_without_a_direct_path_the_mediator_carries_all():
    outcome, treated, mediator, title, _ = make_cells(3, direct=0.0, n_titles=150)
    ours = mediate(
        outcome, treated, mediator, None, title, absorb=title, treatment_name="face_count", mediator_name="face_size"
    )
    assert ours.classification == "full"
    assert ours.sentence.startswith("The effect of face count runs through face size")


def test_opposite_paths_are_called_inconsistent_and_have_no_proportion():
    outcome, treated, mediator, title, _ = make_cells(4, path_b=-0.5, direct=1.2)
    ours = mediate(outcome, treated, mediator, None, title, absorb=title)
    assert ours.classification == "inconsistent"
    assert ours.proportion_mediated is None
    assert ours.proportion_interval is None
    assert "opposite directions" in ours.sentence
    assert "opposite directions" in ours.proportion_warning


def test_a_total_near_zero_has_no_proportion():
    outcome, treated, mediator, title, _ = make_cells(5, path_b=0.5, direct=-0.4)
    ours = mediate(outcome, treated, mediator, None, title, absorb=title)
    assert abs(ours.total.coefficient) < 2 * ours.total.std_error
    assert ours.proportion_mediated is None
    assert "zero" in ours.proportion_warning


def test_rows_without_a_mediator_are_left_out_and_counted():
    outcome, treated, mediator, title, weights = make_cells(6)
    absent = np.random.default_rng(1).random(len(outcome)) < 0.3
    ours = mediate(
        outcome, treated, np.where(absent, np.nan, mediator), None, title, weights=weights, rule="with a face"
    )
    there = mediate(*(v[~absent] for v in (outcome, treated, mediator)), None, title[~absent], weights=weights[~absent])
    assert (ours.n_undefined, ours.n_cells, ours.rule) == (absent.sum(), (~absent).sum(), "with a face")
    assert ours.indirect == pytest.approx(there.indirect)


def test_the_same_seed_gives_the_same_interval_and_another_a_near_one():
    outcome, treated, mediator, title, weights = make_cells(7)
    one, two, three = (
        mediate(outcome, treated, mediator, None, title, weights=weights, seed=s).indirect_interval for s in (1, 1, 2)
    )
    assert one == two
    assert one != three
    np.testing.assert_allclose(one, three, atol=0.25 * (one[1] - one[0]))


def test_intervals_cover_with_clusters_and_under_cover_without():
    """The truth is PATH_A * PATH_B; every artwork stands in three countries that share its mediator."""
    draws, share = 100, PATH_A * PATH_B / (DIRECT + PATH_A * PATH_B)
    covered = {name: [] for name in ("percentile", "corrected", "proportion", "rowwise")}
    for seed in range(draws):
        outcome, treated, mediator, title, _ = make_cells(1000 + seed, n_titles=60)
        ours, rows = (
            mediate(outcome, treated, mediator, None, units, absorb=title, bootstrap_draws=150)
            for units in (title, None)
        )
        for name, interval, truth in (
            ("percentile", ours.indirect_interval, PATH_A * PATH_B),
            ("corrected", ours.bias_corrected_interval, PATH_A * PATH_B),
            ("proportion", ours.proportion_interval, share),
            ("rowwise", rows.indirect_interval, PATH_A * PATH_B),
        ):
            covered[name].append(interval[0] < truth < interval[1])
    least = 0.95 - 3 * np.sqrt(0.95 * 0.05 / draws)
    assert min(np.mean(covered[name]) for name in ("percentile", "corrected", "proportion")) > least
    assert np.mean(covered["rowwise"]) < 0.85


def test_a_mediator_that_repeats_the_treatment_is_refused():
    outcome, treated, _, title, _ = make_cells(8)
    with pytest.raises(NotIdentifiedError, match="face_size does not vary"):
        mediate(outcome, treated, 3 * treated + 1, None, title, mediator_name="face_size")


def test_a_treatment_without_variation_is_refused():
    outcome, _, mediator, title, _ = make_cells(9)
    with pytest.raises(NotIdentifiedError, match="treatment does not vary"):
        mediate(outcome, np.ones(len(outcome)), mediator, None, title)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"outcome": ["a", "b"]}, "holds 'a'"),
        ({"outcome": []}, "no row"),
        ({"treatment": np.ones(5)}, "treatment has 5 rows"),
        ({"treatment": np.full(30, np.nan)}, "missing or infinite in 30 rows"),
        ({"mediator": np.full(30, np.nan)}, "no row in which it is defined"),
        ({"clusters": np.zeros(4)}, "clusters has 4 rows"),
        ({"weights": np.zeros(30)}, "must be positive"),
        ({"confounders": np.ones((4, 2))}, "confounders has 4 rows"),
        ({"bootstrap_draws": 3}, "at least 50"),
        ({"level": 95}, "level=95 is not a share"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(change, said):
    rng = np.random.default_rng(0)
    given = {name: rng.normal(size=30) for name in ("outcome", "treatment", "mediator")} | change
    if len(given["outcome"]) == 0:
        given = {name: [] for name in given}
    with pytest.raises(NotIdentifiedError, match=said):
        mediate(**given)


YES, NO = 0.01, 0.5


@pytest.mark.parametrize(
    ("total", "path_a", "path_b", "direct", "expected"),
    [
        ((1, YES), (1, NO), (1, YES), (1, YES), "none"),
        ((1, YES), (1, YES), (1, NO), (1, YES), "none"),
        ((1, NO), (1, YES), (1, YES), (1, NO), "none"),
        ((1, YES), (1, YES), (1, YES), (0, NO), "full"),
        ((2, YES), (1, YES), (1, YES), (1, YES), "partial"),
        ((-2, YES), (-1, YES), (1, YES), (-1, YES), "partial"),
        ((0, NO), (1, YES), (1, YES), (-1, YES), "inconsistent"),
        ((1, YES), (1, YES), (-1, YES), (2, YES), "inconsistent"),
        ((1, YES), (1, YES), (-1, YES), (2, NO), "inconsistent"),
    ],
)
def test_the_classification_follows_its_table(total, path_a, path_b, direct, expected):
    paths = (PathEstimate(float(value), 1.0, p) for value, p in (total, path_a, path_b, direct))
    assert classify_paths(*paths) == expected


@pytest.mark.parametrize(("level", "expected"), [(0.9, "partial"), (0.95, "full"), (0.99, "none")])
def test_a_path_is_there_at_the_level_of_the_intervals(level, expected):
    """p of .02 and .07: clear at 90 %, the one at 95 % alone, neither at 99 %."""
    paths = (PathEstimate(1.0, 1.0, p) for p in (0.02, 0.02, 0.02, 0.07))
    assert classify_paths(*paths, level=level) == expected


def test_the_whole_answer_follows_the_level_that_was_asked_for():
    outcome, treated, mediator, title, _ = make_cells(4)
    for level in (0.5, 0.95, 1 - 1e-12):
        ours = mediate(outcome, treated, mediator, None, title, absorb=title, level=level)
        there = max(ours.treatment_to_mediator.p_value, ours.mediator_to_outcome.p_value) < 1 - level
        assert (ours.classification != "none") is there
    assert ours.classification == "none"


def test_a_path_that_runs_through_says_on_what_it_depends_and_one_that_does_not_says_nothing():
    outcome, treated, mediator, title, _ = make_cells(3, direct=0.0, n_titles=150)
    ours = mediate(outcome, treated, mediator, None, title, absorb=title, mediator_name="face_size")
    assert ours.sentence.endswith("That holds only if nothing unseen drives both face size and the outcome.")
    shuffled = np.random.default_rng(0).permutation(mediator)
    assert "unseen" not in mediate(outcome, treated, shuffled, None, title, absorb=title).sentence


def test_the_interval_has_the_level_that_was_asked_for():
    outcome, treated, mediator, title, _ = make_cells(4)
    usual, narrow = (mediate(outcome, treated, mediator, None, title, absorb=title, level=p) for p in (0.95, 0.5))
    assert usual.indirect_interval[0] < narrow.indirect_interval[0] < narrow.indirect_interval[1]
    assert narrow.indirect_interval[1] < usual.indirect_interval[1]
    assert (usual.level, narrow.level) == (0.95, 0.5)
