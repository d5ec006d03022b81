"""True effects: null where planted null, the mean over the cells asked, and what an oracle's regressions find."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd
import pytest

from artwork_insights.catalog.synthetic import SyntheticCatalogue, make_catalogue, planted_features
from artwork_insights.catalog.synthetic_truth import expected_rates, true_effect, true_mediation
from artwork_insights.errors import ExpressionError, TableError

STRUCTURES = ("additive", "logit")
NULL_GENRE = {"additive": "Documentary", "logit": "Horror"}


@lru_cache(maxsize=4)
def catalogue_of(structure: str) -> SyntheticCatalogue:
    return make_catalogue(structure, 7)


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("treatment", ["face_present", "face_count > 3"])
def test_the_null_genre_has_exactly_no_effect_and_the_others_spread(structure, treatment):
    catalogue = catalogue_of(structure)
    rates = expected_rates(catalogue, treatment).merge(catalogue.titles, on="title_id")
    effect = (rates["rate_treated"] - rates["rate_untreated"]).groupby(rates["genre"])
    assert (effect.get_group(NULL_GENRE[structure]).abs() <= 1e-15).all()
    means = effect.mean().drop(NULL_GENRE[structure])
    assert (means.abs() > 0.003).all()
    assert means.abs().max() > 1.6 * means.abs().min()


@pytest.mark.parametrize("structure", STRUCTURES)
def test_effects_have_the_stated_size_and_crowds_do_harm(structure):
    catalogue = catalogue_of(structure)
    assert 0.010 < true_effect(catalogue, "face_present", catalogue.impressions) < 0.020
    assert -0.020 < true_effect(catalogue, "face_count > 3", catalogue.impressions) < -0.005


def test_the_truth_is_the_weighted_mean_over_the_cells_asked():
    catalogue = catalogue_of("additive")
    rates = expected_rates(catalogue, "face_present")
    effect = rates["rate_treated"] - rates["rate_untreated"]
    cells = rates.loc[[5, 900, 901], ["asset_id", "country"]].assign(weight=[1.0, 2.0, 0.5])
    by_hand = (effect[5] + 2 * effect[900] + 0.5 * effect[901]) / 3.5
    assert true_effect(catalogue, "face_present", cells) == pytest.approx(by_hand, rel=1e-12)
    assert true_effect(catalogue, "face_present", cells.drop(columns="weight")) == pytest.approx(
        effect[[5, 900, 901]].mean(), rel=1e-12
    )


def test_spellings_of_one_treatment_have_one_truth():
    catalogue = catalogue_of("logit")
    cells = catalogue.impressions
    truth = true_effect(catalogue, "face_present", cells)
    assert true_effect(catalogue, "face_count >= 1", cells) == truth
    assert true_effect(catalogue, "not (face_count == 0)", cells) == truth
    assert true_effect(catalogue, "not face_present", cells) == pytest.approx(-truth, rel=1e-12)


@pytest.mark.parametrize("treatment", ["face_count", "face_count > 9", "lightness_mean > 40"])
def test_treatments_without_two_arms_are_refused(treatment):
    with pytest.raises(ExpressionError, match="treatment"):
        expected_rates(catalogue_of("additive"), treatment)


def test_cells_that_are_not_there_are_refused():
    catalogue = catalogue_of("additive")
    with pytest.raises(TableError, match="A99999"):
        true_effect(catalogue, "face_present", pd.DataFrame({"asset_id": ["A99999"], "country": ["US"]}))
    with pytest.raises(TableError, match="at least one"):
        true_effect(catalogue, "face_present", catalogue.impressions.head(0))


def within_title_slopes(outcome: np.ndarray, regressors: np.ndarray, block: np.ndarray) -> np.ndarray:
    frame = pd.DataFrame(np.column_stack([outcome, regressors]))
    centred = (frame - frame.groupby(block).transform("mean")).to_numpy()
    return np.linalg.lstsq(centred[:, 1:], centred[:, 0], rcond=None)[0]


def oracle_data(structure: str) -> tuple[pd.DataFrame, np.ndarray, float]:
    """Cells of titles that vary, their title-and-country blocks, and the truth over them."""
    catalogue = catalogue_of(structure)
    data = catalogue.unobserved_cells.merge(catalogue.assets, on="asset_id")
    data = data.merge(planted_features(catalogue), on="asset_id")
    share = data.groupby("title_id")["face_present"].transform("mean")
    data = data[(share > 0) & (share < 1)]
    return data, (data["title_id"] + data["country"]).to_numpy(), true_effect(catalogue, "face_present", data)


@pytest.mark.parametrize("structure", STRUCTURES)
def test_an_oracle_within_titles_needs_a_flexible_aspect_ratio(structure):
    """No sampling of takes: what is left is confounding, weighting and the artworks' own noise."""
    data, block, truth = oracle_data(structure)
    face, aspect = data["face_present"].to_numpy(float), data["aspect_ratio"].to_numpy()
    knots = np.linspace(0.6, 1.8, 13)
    tents = np.maximum(0, 1 - np.abs(aspect[:, None] - knots) / 0.1)[:, 1:]
    rate = data["expected_rate"].to_numpy()
    flexible = within_title_slopes(rate, np.column_stack([face, tents]), block)[0]
    linear = within_title_slopes(rate, np.column_stack([face, aspect]), block)[0]
    assert flexible == pytest.approx(truth, rel=0.12)  # OLS weighs titles by their variance of treatment
    assert linear > 1.15 * truth  # the control: a straight line does not remove a hump


@pytest.mark.parametrize("structure", STRUCTURES)
def test_a_within_title_standard_error_is_small_beside_the_truth(structure):
    catalogue = catalogue_of(structure)
    data, _, truth = oracle_data(structure)
    data = data.merge(catalogue.impressions, on=["asset_id", "country"]).reset_index(drop=True)
    block = (data["title_id"] + data["country"]).to_numpy()
    knots = np.linspace(0.6, 1.8, 13)
    tents = np.maximum(0, 1 - np.abs(data["aspect_ratio"].to_numpy()[:, None] - knots) / 0.1)[:, 1:]
    columns = np.column_stack([data["takes"] / data["impressions"], data["face_present"].astype(float), tents])
    frame = pd.DataFrame(columns)
    centred = (frame - frame.groupby(block).transform("mean")).to_numpy()
    regressors, outcome = centred[:, 1:], centred[:, 0]
    slopes = np.linalg.lstsq(regressors, outcome, rcond=None)[0]
    bread = np.linalg.inv(regressors.T @ regressors)
    scores = pd.DataFrame(regressors * (outcome - regressors @ slopes)[:, None]).groupby(data["title_id"]).sum()
    std_error = float(np.sqrt((bread @ (scores.T @ scores).to_numpy() @ bread)[0, 0]))
    assert abs(slopes[0] - truth) < 3 * std_error
    assert std_error < truth / 8


@pytest.mark.parametrize("structure", STRUCTURES)
def test_size_carries_the_stated_part_of_the_effect_of_face_count(structure):
    truth = true_mediation(catalogue_of(structure))
    assert truth.total < 0
    assert truth.direct < 0
    assert truth.indirect == pytest.approx(truth.total - truth.direct, rel=1e-12)
    assert 0.38 <= truth.mediated_share <= 0.52


def test_the_mediated_share_is_what_baron_and_kenny_find_without_sampling_noise():
    """An independent route: a times b over total, from the expected rates with the aspect ratio's bump known."""
    catalogue = catalogue_of("additive")
    data = catalogue.unobserved_cells.merge(catalogue.assets, on="asset_id")
    data = data.merge(planted_features(catalogue), on="asset_id")
    data = data[data["face_present"]]
    aspect = data["aspect_ratio"].to_numpy()
    bump = np.exp(-(((aspect - 1) / np.where(aspect < 1, 0.14, 0.30)) ** 2))
    known = 0.016 * bump + 0.00008 * data["lightness_mean"] + data["noise"]
    block = (data["title_id"] + data["country"]).to_numpy()
    rate = (data["expected_rate"] - known).to_numpy()
    count, area = data["face_count"].to_numpy(float), data["face_area_share_mean"].to_numpy()
    total = within_title_slopes(rate, count[:, None], block)[0]
    to_mediator = within_title_slopes(area, count[:, None], block)[0]
    direct, to_outcome = within_title_slopes(rate, np.column_stack([count, area]), block)
    truth = true_mediation(catalogue)
    assert total == pytest.approx(truth.total, rel=1e-6)
    assert direct == pytest.approx(truth.direct, rel=1e-6)
    assert to_mediator * to_outcome == pytest.approx(truth.indirect, rel=1e-6)
    # the planted direct path is -0.0047 times the mean response of the genres and countries
    assert direct == pytest.approx(-0.0047, rel=0.2)
