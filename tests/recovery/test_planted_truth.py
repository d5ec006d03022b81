"""The demo's truth table on other seeds and another structural model, from planted features (no pixels)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from artwork_insights.catalog.synthetic import SyntheticCatalogue, make_catalogue, planted_features
from artwork_insights.catalog.synthetic_truth import true_effect, true_mediation
from artwork_insights.demo import is_planted
from artwork_insights.effects.average import difference_in_means
from artwork_insights.effects.cells import Cells
from artwork_insights.effects.groups import group_effects_of
from artwork_insights.inquiry.clearing import Clearings
from artwork_insights.inquiry.fitting import fit_hypothesis
from artwork_insights.inquiry.why import explore_mediation
from artwork_insights.outcomes.precision import precision_weights
from artwork_insights.study import DEFAULT_MEDIATION, Estimation, Hypothesis

CONFOUNDERS = ("genre", "launch_year", "format", "aspect_ratio")
LARGEST_Z = 3.0
FEWEST_INSIDE = 9
NAIVE_Z = 4.0
LARGEST_RELATIVE_ERROR = 0.2
LARGEST_SHARE_OF_SPREAD = 0.5
SECOND_LOOKS = [("additive", 8, "face_present"), ("additive", 8, "face_count > 3"), ("logit", 7, "face_present")]


def cells_of(catalogue: SyntheticCatalogue) -> Cells:
    frame = (
        catalogue.impressions.merge(catalogue.assets[["asset_id", "title_id"]], on="asset_id")
        .merge(planted_features(catalogue), on="asset_id")
        .merge(catalogue.titles, on="title_id")
        .sort_values(["asset_id", "country"])
        .reset_index(drop=True)
    )
    weights = precision_weights(frame["takes"], frame["impressions"], frame["title_id"], frame["country"])
    rate = (frame["takes"] / frame["impressions"]).to_numpy()
    impressions = frame["impressions"].to_numpy(float)
    return Cells(frame.drop(columns=["takes", "impressions"]), rate, weights, impressions, None, ())


@pytest.mark.parametrize(("structure", "seed", "treatment"), SECOND_LOOKS)
def test_the_truth_is_found_on_a_second_seed_and_a_second_model(structure, seed, treatment):
    catalogue = make_catalogue(structure, seed)
    cells = cells_of(catalogue)
    hypothesis = Hypothesis(name="h", treatment=treatment, confounders=CONFOUNDERS)
    fitted = fit_hypothesis(cells, hypothesis, Estimation(), seed, ("mundlak",))
    fit = fitted.headline
    kept = cells.frame.loc[fitted.rows[fit.keep], ["asset_id", "country", "genre"]].reset_index(drop=True)
    kept["weight"] = fit.sample.assignment.weights

    estimate = fit.estimate("ATE")
    truth = true_effect(catalogue, treatment, kept)
    assert abs(estimate.effect - truth) <= LARGEST_Z * estimate.std_error
    assert estimate.std_error <= LARGEST_RELATIVE_ERROR * abs(truth)

    groups = group_effects_of(fit, "ATE", ("genre", "country"))
    truths = np.array([true_effect(catalogue, treatment, kept[kept[g.modifier] == g.group]) for g in groups])
    z = np.array([abs(g.estimate.effect - t) / g.estimate.std_error for g, t in zip(groups, truths, strict=True)])
    inside = [g.estimate.interval()[0] <= t <= g.estimate.interval()[1] for g, t in zip(groups, truths, strict=True)]
    assert len(groups) == 11
    assert z.max() <= LARGEST_Z
    assert sum(inside) >= FEWEST_INSIDE
    spread = truths[[g.modifier == "genre" for g in groups]].std()
    assert np.median([g.estimate.std_error for g in groups]) <= LARGEST_SHARE_OF_SPREAD * spread

    naive = difference_in_means(fitted.sample.assignment, fitted.sample.outcome)
    assert abs(naive.effect - truth) > NAIVE_Z * naive.std_error  # the control: confounding is there to be removed


def test_face_size_carries_the_planted_part_of_the_effect_of_face_count():
    catalogue = make_catalogue("additive", 7)
    (result,) = explore_mediation(
        Clearings(cells_of(catalogue), Estimation(), 1), DEFAULT_MEDIATION, CONFOUNDERS
    ).mediation
    truth = true_mediation(catalogue)
    error = result.sobel_std_error / abs(result.total.coefficient)
    assert result.classification == "partial"
    assert abs(result.proportion_mediated - truth.mediated_share) <= LARGEST_Z * error
    assert abs(result.total.coefficient - truth.total) <= LARGEST_Z * result.total.std_error


def test_a_mediator_dealt_out_at_random_carries_nothing():
    catalogue = make_catalogue("additive", 7)
    cells = cells_of(catalogue)
    frame = cells.frame.copy()
    size = frame.drop_duplicates("asset_id").set_index("asset_id")["face_area_share_mean"].dropna()
    shuffled = pd.Series(np.random.default_rng(3).permutation(size.to_numpy()), index=size.index)
    frame["face_area_share_mean"] = shuffled.reindex(frame["asset_id"]).to_numpy()
    other = Cells(frame, cells.outcome, cells.weights, cells.impressions, None, ())
    (result,) = explore_mediation(Clearings(other, Estimation(), 1), DEFAULT_MEDIATION, CONFOUNDERS).mediation
    assert result.classification == "none"


def test_only_face_treatments_have_a_planted_truth():
    assert is_planted("face_present")
    assert is_planted("face_count > 3")
    assert not is_planted("lightness_mean")
