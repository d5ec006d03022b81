from __future__ import annotations

import numpy as np
import pytest
import statsmodels.formula.api as smf
from pandas import DataFrame
from scipy import stats

from artwork_insights.errors import NotIdentifiedError
from artwork_insights.mechanisms.moderation import _sentence, moderate
from artwork_insights.mechanisms.regression import WaldTest

GENRES = np.array(["Comedy", "Drama", "Horror"])
COUNTRIES = 3


def make_cells(seed, slopes=(0.3, 0.3, 0.3), n_titles=90):
    """Titles of one genre, 6 artworks each, 3 countries; artworks have effects of their own, shared by countries."""
    rng = np.random.default_rng(seed)
    title = np.repeat(np.arange(n_titles), 6 * COUNTRIES)
    asset = np.repeat(np.arange(n_titles * 6), COUNTRIES)
    quality, taste = rng.normal(size=n_titles), rng.normal(size=n_titles * 6)
    treated = (rng.random(n_titles * 6) < 1 / (1 + np.exp(-quality[np.arange(n_titles * 6) // 6]))).astype(float)[asset]
    genre = GENRES[title % 3]
    effect = np.array(slopes)[title % 3]
    outcome = quality[title] + effect * treated + 0.7 * taste[asset] + 0.4 * rng.normal(size=len(title))
    return outcome, treated, genre, title


def test_slopes_and_joint_test_equal_statsmodels():
    outcome, treated, genre, title = make_cells(1, (0.1, 0.5, 0.3))
    rng = np.random.default_rng(0)
    weights, other = rng.uniform(0.5, 2, len(outcome)), rng.normal(size=len(outcome))
    ours = moderate(outcome, treated, genre, other, title, weights=weights, modifier="genre")
    frame = DataFrame({"y": outcome, "t": treated, "g": genre, "x": other})
    fit = smf.wls("y ~ C(g) + C(g):t + x", frame, weights=weights).fit(
        cov_type="cluster", cov_kwds={"groups": title}, use_t=True
    )
    names = [f"C(g)[{name}]:t" for name in GENRES]
    np.testing.assert_allclose(ours.slopes, fit.params[names], atol=1e-8)
    np.testing.assert_allclose(ours.slope_std_errors, fit.bse[names], atol=1e-8)
    witness = fit.wald_test(f"{names[0]} = {names[1]}, {names[0]} = {names[2]}", use_f=True, scalar=True)
    assert ours.statistic == pytest.approx(float(witness.statistic), rel=1e-8)
    assert ours.p_value == pytest.approx(float(witness.pvalue), rel=1e-6)
    assert (ours.numerator_df, ours.denominator_df) == (2, 89)


def test_planted_differences_are_found_beside_confounding_titles():
    planted = (0.0, 0.6, 1.2)
    outcome, treated, genre, title = make_cells(2, planted)
    ours = moderate(outcome, treated, genre, None, title, absorb=title, modifier="genre")
    for slope, error, truth in zip(ours.slopes, ours.slope_std_errors, planted, strict=True):
        assert abs(slope - truth) < 3 * error
    assert ours.p_value < 0.001
    assert "highest for Horror and lowest for Comedy" in ours.sentence


def test_equal_effects_are_called_different_one_time_in_twenty_and_far_too_often_without_clusters():
    draws = 300
    clustered, rowwise = [], []
    for seed in range(draws):
        outcome, treated, genre, title = make_cells(100 + seed, n_titles=90)
        clustered.append(moderate(outcome, treated, genre, None, title, absorb=title).p_value < 0.05)
        rowwise.append(moderate(outcome, treated, genre, None, None, absorb=title).p_value < 0.05)
    noise = 3 * np.sqrt(0.05 * 0.95 / draws)
    assert np.mean(clustered) < 0.05 + noise + 0.02  # CR1 over 30 titles per genre rejects a little too often
    assert np.mean(rowwise) > 0.15


def test_no_difference_is_said_so():
    outcome, treated, genre, title = make_cells(4)
    ours = moderate(outcome, treated, genre, None, title, absorb=title, modifier="genre")
    assert "no clear sign" in ours.sentence


def test_the_level_decides_what_counts_as_a_difference():
    outcome, treated, genre, title = make_cells(4)
    given = {"clusters": title, "absorb": title, "modifier": "genre"}
    strict = moderate(outcome, treated, genre, None, **given)
    lenient = moderate(outcome, treated, genre, None, **given, level=1 - strict.p_value - 1e-9)
    assert "no clear sign" in strict.sentence
    assert "The effect differs by genre" in lenient.sentence
    assert strict.slopes == lenient.slopes
    with pytest.raises(NotIdentifiedError, match="level"):
        moderate(outcome, treated, genre, None, **given, level=95)


def test_a_group_whose_slope_would_hang_on_few_titles_is_left_out_and_named():
    outcome, treated, genre, title = make_cells(5)
    genre = np.where(title < 4, "Musical", genre)
    ours = moderate(outcome, treated, genre, None, title, absorb=title, modifier="genre")
    assert ours.left_out == ("Musical",)
    assert "Musical" not in ours.groups
    assert "Too little artwork to say: Musical." in ours.sentence
    rest = title >= 4
    alone = moderate(outcome[rest], treated[rest], genre[rest], None, title[rest], absorb=title[rest])
    np.testing.assert_allclose(ours.slopes, alone.slopes)


def test_a_group_without_variation_in_the_treatment_has_no_slope():
    outcome, treated, genre, title = make_cells(6)
    treated = np.where(genre == "Drama", 1.0, treated)
    assert moderate(outcome, treated, genre, None, title).left_out == ("Drama",)


def test_one_group_is_refused_with_its_name():
    outcome, treated, genre, title = make_cells(7)
    with pytest.raises(NotIdentifiedError, match="genre: 1 of 1 groups"):
        moderate(outcome, treated, np.full(len(genre), "Drama"), None, title, modifier="genre")


CLEAR_NULL = (0.0, 1.2, 1.2)  # Comedy has none


def test_a_group_points_the_other_way_only_where_its_own_interval_says_so():
    """The lowest estimate lies below zero in both catalogues, but only one of them is told apart from zero."""
    outcome, treated, genre, title = make_cells(2, CLEAR_NULL)
    null = moderate(outcome, treated, genre, None, title, absorb=title, modifier="genre")
    reach = stats.t.ppf(0.975, null.denominator_df) * np.array(null.slope_std_errors)
    shift = null.slopes[0] + 0.3 * reach[0]  # lowers every slope: the estimate for Comedy is now just below zero
    below = moderate(outcome - shift * treated, treated, genre, None, title, absorb=title, modifier="genre")
    assert -reach[0] < below.slopes[0] < 0 < below.slopes[1]
    assert below.sentence.endswith("lowest for Comedy, where no clear effect is seen.")
    shift = null.slopes[0] + 1.5 * reach[0]
    opposite = moderate(outcome - shift * treated, treated, genre, None, title, absorb=title, modifier="genre")
    assert opposite.sentence.endswith("lowest for Comedy, where it points the other way.")


@pytest.mark.parametrize(
    ("slopes", "ending"),
    [
        ((1.0, 2.0, 3.0), "it is highest for Horror and lowest for Comedy."),
        ((-3.0, -2.0, -1.0), "it is most negative for Comedy and least so for Horror."),
        ((-3.0, -2.0, 0.1), "it is most negative for Comedy and least so for Horror, where no clear effect is seen."),
        ((-0.1, 0.0, 0.1), "highest for Horror and lowest for Comedy, though neither shows a clear effect by itself."),
    ],
)
def test_the_sentence_says_what_the_highest_and_the_lowest_group_show_by_themselves(slopes, ending):
    joint = WaldTest(9.0, 2, 89, 0.001)
    assert _sentence("genre", list(GENRES), slopes, (0.2, 0.2, 0.2), joint, (), 0.05).endswith(ending)


def test_the_degrees_of_freedom_of_the_titles_decide_what_is_clear():
    """2.3 standard errors below zero are clear with 90 titles and not with 6."""
    few, many = WaldTest(9.0, 2, 5, 0.001), WaldTest(9.0, 2, 89, 0.001)
    said = [_sentence("genre", list(GENRES), (-0.23, 1.0, 2.0), (0.1,) * 3, joint, (), 0.05) for joint in (few, many)]
    assert "no clear effect" in said[0]
    assert "the other way" in said[1]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"outcome": ["good"] * 60}, "the outcome holds 'good'; it needs numbers"),
        ({"outcome": np.full(60, np.nan)}, "the outcome is missing or infinite in 60 rows; leave those rows out"),
        ({"treatment": np.ones(59)}, "treatment has 59 rows and the outcome 60; give one per row"),
        ({"groups": ["Drama"] * 59}, r"genre: groups have shape \(59,\) and the outcome 60 rows; give one label"),
        ({"confounders": np.ones((59, 2))}, "confounders has 59 rows and the outcome 60"),
        ({"clusters": ["t"] * 59}, "clusters has 59 rows and the outcome 60"),
        ({"weights": np.zeros(60)}, "weights must be positive numbers"),
        ({"absorb": [None] * 60}, "absorb: 60 rows have no label"),
    ],
)
def test_input_that_does_not_fit_is_refused_in_a_sentence(change, said):
    rng = np.random.default_rng(0)
    given = {"outcome": rng.normal(size=60), "treatment": rng.normal(size=60), "groups": ["Drama", "Comedy"] * 30}
    with pytest.raises(NotIdentifiedError, match=said):
        moderate(**(given | change), modifier="genre")
