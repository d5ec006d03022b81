from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm

from artwork_insights.errors import NotIdentifiedError
from artwork_insights.sensitivity.interference import SiblingSlope, estimate_sibling_slope, interference_diagnostic


def make_cells(seed, influence=0.0, n_titles=120, countries=3):
    """Assets of a title lose `influence` times the treated share of their siblings."""
    rng = np.random.default_rng(seed)
    owner = np.repeat(np.arange(n_titles), rng.integers(1, 8, n_titles))
    treated = (rng.random(len(owner)) < rng.uniform(0.1, 0.9, n_titles)[owner]).astype(float)
    counts = np.bincount(owner)[owner]
    others = np.divide(
        np.bincount(owner, treated)[owner] - treated, counts - 1, out=np.zeros(len(owner)), where=counts > 1
    )
    asset = np.repeat(np.arange(len(owner)), countries)
    outcome = 0.5 * treated[asset] + influence * others[asset] + 0.3 * rng.normal(size=len(owner))[asset]
    outcome = outcome + 0.2 * rng.normal(size=n_titles)[owner[asset]] + 0.2 * rng.normal(size=len(asset))
    return outcome, treated[asset], asset, owner[asset], rng.uniform(0.5, 2, len(asset))


def test_the_slope_is_the_clustered_regression_on_the_share_of_the_others():
    outcome, treated, asset, title, weights = make_cells(0, -0.4)
    ours = estimate_sibling_slope(outcome, treated, asset, title, weights)
    share = np.empty(len(outcome))
    siblings = np.empty(len(outcome))
    for row in range(len(outcome)):
        other = np.unique(asset[(title == title[row]) & (asset != asset[row])])
        siblings[row] = len(other)
        share[row] = np.mean([treated[asset == a][0] for a in other]) if len(other) else np.nan
    rows = (treated == 0) & (siblings > 0)
    fit = sm.WLS(outcome[rows], sm.add_constant(share[rows]), weights[rows]).fit(
        cov_type="cluster", cov_kwds={"groups": title[rows]}, use_t=True
    )
    assert ours.slope == pytest.approx(fit.params[1], rel=1e-8)
    assert ours.std_error == pytest.approx(fit.bse[1], rel=1e-8)
    assert ours.p_value == pytest.approx(fit.pvalues[1], rel=1e-6)
    assert ours.n_assets == len(np.unique(asset[rows]))


def test_planted_influence_is_found():
    ours = estimate_sibling_slope(*make_cells(1, -0.4, n_titles=300))
    assert abs(ours.slope + 0.4) < 3 * ours.std_error
    assert interference_diagnostic(replace(ours, title_quality_known=True)).passed is False


def test_every_artwork_that_was_shown_counts_as_a_sibling_whether_or_not_it_is_compared():
    outcome, treated, asset, title, weights = make_cells(4, -0.4, n_titles=2000)
    chance = np.where(treated == 1, 0.15, 0.8)[np.unique(asset, return_index=True)[1]]
    compared = (np.random.default_rng(0).random(len(chance)) < chance)[asset]
    residual = np.where(compared, outcome, np.nan)
    ours = estimate_sibling_slope(residual, treated, asset, title, weights, compared=compared)
    assert abs(ours.slope + 0.4) < 3 * ours.std_error
    alone = [column[compared] for column in (outcome, treated, asset, title, weights)]
    trimmed = estimate_sibling_slope(*alone)  # the control: siblings that were trimmed away are not seen
    assert abs(trimmed.slope + 0.4) > 3 * trimmed.std_error


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"treatment": np.ones(3)}, "has 60 rows, the treatment 3"),
        ({"outcome_residual": np.full(60, np.nan)}, "is missing in some cells"),
        ({"treatment": ["x"] * 60}, "holds 'x'"),
        ({"asset": np.zeros(60)}, "belongs to two titles"),
    ],
)
def test_bad_input_is_one_sentence(changes, words):
    columns = {
        "outcome_residual": np.zeros(60), "treatment": np.arange(60) % 2, "asset": np.arange(60),
        "title": np.repeat(np.arange(20), 3),
    }  # fmt: skip
    with pytest.raises(NotIdentifiedError, match=words):
        estimate_sibling_slope(**(columns | changes))


def test_without_influence_an_association_is_seen_one_time_in_twenty():
    draws = 300
    p_values = [estimate_sibling_slope(*make_cells(100 + seed)).p_value for seed in range(draws)]
    assert np.mean(np.array(p_values) < 0.05) == pytest.approx(0.05, abs=3 * np.sqrt(0.05 * 0.95 / draws))


def test_title_confounding_looks_the_same_so_the_check_only_informs():
    outcome, treated, asset, title, weights = make_cells(2)
    quality = np.bincount(title, treated) / np.bincount(title)
    ours = estimate_sibling_slope(outcome + quality[title], treated, asset, title, weights)
    check = interference_diagnostic(ours)
    assert ours.p_value < 0.05
    assert check.passed is None
    assert "more or less popular anyway" in check.sentence


def test_a_continuous_treatment_has_its_own_value_beside_its_siblings():
    rng = np.random.default_rng(3)
    title = np.repeat(np.arange(200), 4)
    dose = rng.normal(size=800) + rng.normal(size=200)[title]
    others = (np.bincount(title, dose)[title] - dose) / 3
    outcome = 0.5 * dose + 0.3 * others + 0.2 * rng.normal(size=800)
    ours = estimate_sibling_slope(outcome, dose, np.arange(800), title)
    assert ours.slope == pytest.approx(0.3, abs=3 * ours.std_error)


def test_single_artworks_are_refused_and_said():
    with pytest.raises(NotIdentifiedError, match="0 titles"):
        estimate_sibling_slope(np.ones(20), np.zeros(20), np.arange(20), np.arange(20))
    assert interference_diagnostic(None).passed is None


def test_no_association_passes():
    check = interference_diagnostic(SiblingSlope(0.01, 0.05, 0.84, 500, 90))
    assert check.passed is True
    assert "90 titles" in check.sentence


@pytest.mark.parametrize("p_value", [0.84, 0.001])
def test_a_continuous_component_is_never_said_to_be_missing(p_value):
    slope = SiblingSlope(0.4, 0.1, p_value, 500, 90)
    sentence = interference_diagnostic(slope, is_binary=False).sentence
    assert "without the component" not in sentence
    assert sentence.startswith("Artworks alike in the component do")
    assert interference_diagnostic(slope).sentence.startswith("Artworks without the component do")


def test_an_influence_too_small_to_move_the_effect_by_its_error_passes():
    """Slope .4, four siblings: the effect inside titles is off by .1."""
    slope = SiblingSlope(0.4, 0.1, 0.001, 500, 90, per_artwork=0.25)
    known = replace(slope, title_quality_known=True)
    for std_error, passed in ((0.2, True), (0.05, False), (None, False)):
        check = interference_diagnostic(known, std_error=std_error)
        assert check.passed is passed
    assert "less than its own error" in interference_diagnostic(known, std_error=0.2).sentence
    assert interference_diagnostic(slope, std_error=0.2).passed is None  # popularity is not known
