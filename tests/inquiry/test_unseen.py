"""Unseen confounding inside a run: the headline's own numbers, planted confounders, pairs, E-values."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pydantic import TypeAdapter

from artwork_insights.design.pairs import pair_artworks
from artwork_insights.effects.cells import Cells
from artwork_insights.inquiry.attack import attack
from artwork_insights.inquiry.fitting import fit_hypothesis
from artwork_insights.inquiry.pairs import match_artworks, show_pairs
from artwork_insights.inquiry.refits import Remaker
from artwork_insights.inquiry.specifications import draw_specifications
from artwork_insights.inquiry.unseen import MOST_REFITS, confounder_strengths, examine_unseen, scores_of
from artwork_insights.sensitivity.omitted_variables import bounds_of
from artwork_insights.sensitivity.stress.estimators import compare_pairs
from artwork_insights.sensitivity.unseen import UnseenConfounding
from artwork_insights.study import Estimation, Hypothesis

N_TITLES, PER_TITLE = 150, 6
COUNTRIES = ("BR", "US")
SETTINGS = Estimation(folds=2, repeats=1, placebo_draws=0, forest=False, learner="linear")


def make_cells(effect=0.004, shared=0.6, hidden=0.0, *, titles=N_TITLES, per_title=PER_TITLE, seed=0, unit=1.0):
    """Artworks in two countries; `colour` is seen and, with `hidden`, has a twin that nobody recorded."""
    rng = np.random.default_rng(seed)
    n_assets = titles * per_title
    title = np.repeat(np.arange(titles), per_title)
    colour, twin, warmth = rng.normal(size=(3, n_assets))
    lean = shared * colour + hidden * twin + 0.2 * warmth
    face = (rng.random(n_assets) < 1 / (1 + np.exp(-1.5 * lean))).astype(float)
    quality = rng.normal(size=titles)[title]
    rate = effect * face + 0.004 * (shared * colour + hidden * twin) + 0.01 * quality
    asset = np.repeat(np.arange(n_assets), len(COUNTRIES))
    country = np.tile(COUNTRIES, n_assets)
    frame = pd.DataFrame(
        {"asset_id": [f"a{i:04d}" for i in asset], "title_id": [f"t{t:03d}" for t in title[asset]],
         "country": country, "face_count": face[asset], "size": (face + 0.3 * rng.normal(size=n_assets))[asset],
         "colour": colour[asset], "warmth": warmth[asset],
         "genre": np.where(title % 3 == 0, "Comedy", "Drama")[asset]}
    )  # fmt: skip
    noise = 0.003 * rng.normal(size=len(asset))
    outcome = unit * (0.06 + rate[asset] + 0.02 * (country == "US") + noise)
    weights = rng.uniform(0.5, 2, len(asset))
    return Cells(frame, outcome, weights, np.full(len(asset), 1000.0), None, ())


def ask(treatment="face_count > 0", confounders=("colour", "warmth", "genre"), **changes):
    return Hypothesis(name="face", treatment=treatment, confounders=confounders, **changes)


def examine(cells, question=None, settings=SETTINGS, *, is_rate=True):
    fitted = fit_hypothesis(cells, question or ask(), settings, 0)
    estimate = fitted.headline.estimate(fitted.estimand)
    return fitted, estimate, examine_unseen(Remaker(fitted, settings, 0), estimate, "a face", is_rate=is_rate)


def shown_cells(cells, fitted):
    """One row per artwork of the headline, numbered as in its assignment."""
    return cells.frame.loc[fitted.rows[fitted.headline.keep]].drop_duplicates("asset_id").reset_index(drop=True)


@pytest.fixture(scope="module")
def examined():
    return examine(make_cells())


@pytest.mark.parametrize("treatment", ["face_count > 0", "size"])
@pytest.mark.parametrize("design", ["mundlak", "pooled", "within"])
def test_without_confounding_the_bound_is_the_headline_with_its_interval(treatment, design):
    settings = SETTINGS.model_copy(update={"repeats": 3})
    fitted = fit_hypothesis(make_cells(titles=60), ask(treatment), settings, 0)
    fit = fitted.fits[design]
    estimand = "slope" if treatment == "size" else "ATO" if design == "within" else "ATE"
    estimate = fit.estimate(estimand)
    bounds = bounds_of(scores_of(fit, estimand, fit.repetitions), 0.0, 0.0, level=0.975)
    assert bounds.effect == pytest.approx(estimate.effect, rel=1e-9)
    assert bounds.std_error == pytest.approx(estimate.std_error, rel=1e-9)
    assert (bounds.interval_lower, bounds.interval_upper) == pytest.approx(estimate.interval(0.95), rel=1e-9)


def test_the_strongest_confounder_is_found_by_leaving_it_out_and_bounds_the_effect(examined):
    fitted, estimate, found = examined
    strongest = found.confounding.benchmarks[0]
    assert (strongest.confounder, strongest.method) == ("colour", "gains")
    assert strongest.strength_treatment > 0.1
    assert strongest.effect_without > estimate.effect + 2 * estimate.std_error  # left out, it does confound
    assert strongest.rho > 0.5
    assert found.confounding.bounds.effect_lower == pytest.approx(strongest.effect_bound)
    assert found.confounding.bounds.interval_lower == pytest.approx(strongest.limit_bound)
    warmth = next(one for one in found.confounding.benchmarks if one.confounder == "warmth")
    assert warmth.equal_strength < 0.2 * strongest.equal_strength
    assert warmth.e_value < strongest.e_value
    assert {s.confounder for s in confounder_strengths(fitted)} == {"colour", "warmth"}  # genre is swept out


def test_blocks_beyond_the_strongest_are_measured_linearly_and_say_so():
    rng = np.random.default_rng(1)
    cells = make_cells(titles=60)
    names = [f"number {i}" for i in range(MOST_REFITS + 1)]
    noise = {name: rng.normal(size=len(cells.frame)) for name in names}
    wider = replace(cells, frame=cells.frame.assign(**noise))
    _, _, found = examine(wider, ask(confounders=("colour", *names)))
    methods = [one.method for one in found.confounding.benchmarks]
    assert methods.count("gains") == MOST_REFITS
    assert methods.count("linear") == 2
    assert all(one.effect_without is None for one in found.confounding.benchmarks if one.method == "linear")


@pytest.mark.parametrize(("effect", "hidden", "passed"), [(0.0, 0.6, False), (0.012, 0.0, True)])
def test_an_effect_faked_by_a_hidden_twin_fails_against_the_yardstick_and_a_large_one_passes(effect, hidden, passed):
    cells, question = make_cells(effect, hidden=hidden, titles=200), ask()
    fitted = fit_hypothesis(cells, question, SETTINGS, 0)
    estimate = fitted.headline.estimate(fitted.estimand)
    assert estimate.interval()[0] > 0  # both look like effects
    found = attack(Remaker(fitted, SETTINGS, 0), estimate, question, "a face")
    (check,) = [check for check in found.diagnostics if check.name == "unconfoundedness"]
    assert check.passed is passed
    assert "colour" in check.sentence


def test_pairs_bound_hidden_bias_and_say_so_without_deciding(examined):
    _, _, found = examined
    (check,) = found.diagnostics
    pairs = found.confounding.pairs
    assert (check.name, check.value, check.limit, check.passed) == ("hidden_bias", pairs.critical_gamma, None, None)
    assert found.confounding.matched_within == "title"
    assert pairs.critical_gamma > 3
    assert f"{pairs.critical_gamma:.2f}" in check.sentence
    assert pairs.bounds[0].effect_lower == pytest.approx(0.004, abs=0.0008)  # countries and titles are taken out
    assert pairs.n_informative < pairs.n_pairs  # one difference per title


def test_a_null_effect_has_a_gamma_of_one_and_no_effect_to_explain_away():
    _, _, found = examine(make_cells(0.0, titles=60))
    assert found.confounding.pairs.critical_gamma == 1
    assert found.robustness.robustness_value_alpha == 0
    assert found.e_value.e_value_limit == 1
    assert "do not show the effect clearly" in found.diagnostics[0].sentence


def test_a_twin_makes_gamma_larger_than_the_truth_deserves():
    """Hidden bias is what Gamma is about: a hidden twin alone gives pairs a Gamma well above 1."""
    _, _, found = examine(make_cells(0.0, hidden=1.0))
    assert found.confounding.pairs.critical_gamma > 1.2


def test_with_one_artwork_per_title_pairs_share_genre_and_countries():
    cells = make_cells(titles=600, per_title=1)
    fitted, _, found = examine(cells)
    assert fitted.headline.design == "pooled"
    assert found.confounding.matched_within == "genre and country"
    matched = match_artworks(fitted, 0)
    assert matched.shared == "genre and country"
    genre = shown_cells(cells, fitted)["genre"].to_numpy()
    assert (genre[matched.pairs.treated] == genre[matched.pairs.control]).all()


def test_with_one_artwork_per_title_the_gallery_shows_pairs_of_two_titles_and_names_both():
    cells = make_cells(titles=600, per_title=1)
    fitted = fit_hypothesis(cells, ask(), SETTINGS, 0)
    names = pd.Series({f"t{i:03d}": f"Title {i}" for i in range(600)})
    shown = show_pairs(cells, fitted, names, 0)
    frame, pairs = shown_cells(cells, fitted), match_artworks(fitted, 0).pairs
    known = {(frame["asset_id"][i], frame["asset_id"][j]) for i, j in zip(pairs.treated, pairs.control, strict=True)}
    title = frame.set_index("asset_id")["title_id"]
    assert len(shown) == 6
    for one in shown:
        assert (one.treated_asset, one.control_asset) in known  # those that Gamma is made of
        assert (one.title_id, one.control_title_id) == (title[one.treated_asset], title[one.control_asset])
        assert (one.title, one.control_title) == (names[one.title_id], names[one.control_title_id])
        assert one.title != one.control_title
        assert one.shared == "genre and country"


def test_artworks_are_matched_once_for_gamma_the_gallery_and_the_matched_estimate(examined, monkeypatch):
    asked = []

    def count(*given, **settings):
        asked.append(1)
        return pair_artworks(*given, **settings)

    monkeypatch.setattr("artwork_insights.inquiry.pairs.pair_artworks", count)
    fitted, estimate, found = examined
    maker = Remaker(fitted, SETTINGS, 0)
    again = examine_unseen(maker, estimate, "a face", is_rate=True)
    curve = draw_specifications(maker, None, {})
    shown = show_pairs(make_cells(), fitted, pd.Series(dtype=object), 0, maker.matched)
    assert len(asked) == 1
    assert again.confounding == found.confounding
    assert shown == show_pairs(make_cells(), fitted, pd.Series(dtype=object), 0)
    (matched,) = [one for one in curve.specifications if one.family == "matching"]
    assert matched.estimate == compare_pairs(fitted.headline, match_artworks(fitted, 0).pairs).effect


def test_a_maker_for_other_cells_remembers_nothing_of_the_first():
    cells = make_cells(titles=60)
    maker = Remaker(fit_hypothesis(cells, ask(), SETTINGS, 0), SETTINGS, 0)
    first = maker.leave_out("warmth")
    assert maker.leave_out("warmth") is first
    other = replace(maker, seed=1)
    assert other.leave_out("warmth") is not first
    assert other.matched is not maker.matched


def test_an_amount_has_no_pairs_and_an_e_value_for_one_standard_deviation():
    cells = make_cells(titles=60)
    fitted, estimate, found = examine(cells, ask("size"))
    assert (found.confounding.pairs, found.confounding.matched_within, found.diagnostics) == (None, None, ())
    sample = fitted.headline.sample
    mean = np.average(sample.assignment.treatment, weights=sample.assignment.weights)
    spread = np.sqrt(np.average((sample.assignment.treatment - mean) ** 2, weights=sample.assignment.weights))
    base = np.average(sample.outcome, weights=sample.assignment.weights)
    assert found.e_value.risk_ratio == pytest.approx(1 + estimate.effect * spread / base)
    assert f"({spread:.3g})" in found.e_value.scale
    assert "straight line" in found.e_value.scale


def test_an_outcome_that_is_no_rate_gets_the_approximation_for_standard_deviations():
    """exp(.91 d), d in SD of the outcome given treatment and confounders; the unit of the outcome cancels."""
    small = examine(make_cells(titles=60), is_rate=False)[2]
    large = examine(make_cells(titles=60, unit=100.0), is_rate=False)[2]
    assert small.e_value.risk_ratio == pytest.approx(large.e_value.risk_ratio, rel=1e-6)
    assert "approximation" in small.e_value.scale
    bounds = small.confounding.bounds
    assert small.e_value.risk_ratio > 1.5
    assert small.robustness.robustness_value == bounds.robustness_value


def test_the_gallery_shows_matched_pairs_of_one_title_with_their_pooled_rates(examined):
    fitted, _, _ = examined
    cells = make_cells()
    names = pd.Series({"t000": "First"})
    shown = show_pairs(cells, fitted, names, 0)
    pairs, frame = match_artworks(fitted, 0).pairs, shown_cells(cells, fitted)
    known = {(frame["asset_id"][i], frame["asset_id"][j]) for i, j in zip(pairs.treated, pairs.control, strict=True)}
    assert len(shown) == 6
    assert {(one.treated_asset, one.control_asset) for one in shown} <= known
    assert len({one.title_id for one in shown}) == 6
    one = shown[0]
    rows = cells.frame["asset_id"] == one.treated_asset
    assert one.treated_rate == pytest.approx(cells.outcome[rows.to_numpy()].mean())
    assert one.treated_impressions == 2000
    assert one.title == names.get(one.title_id, one.title_id)
    assert {(one.control_title, one.control_title_id, one.shared) for one in shown} == {(None, None, "title")}


def test_the_result_survives_json_and_the_same_seed_gives_it_again(examined):
    adapter = TypeAdapter(UnseenConfounding)
    found = examined[2].confounding
    assert adapter.validate_json(adapter.dump_json(found)) == found
    assert examine(make_cells())[2].confounding == found
