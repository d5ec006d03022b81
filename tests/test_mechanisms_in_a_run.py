"""Mechanisms from cells to finding, on planted features of the demo's catalogue (no pixels)."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter

from artwork_insights.catalog.synthetic import make_catalogue, planted_features
from artwork_insights.catalog.synthetic_truth import true_mediation
from artwork_insights.effects.cells import Cells
from artwork_insights.inquiry.fitting import fit_hypothesis
from artwork_insights.inquiry.joint_changes import typical_change
from artwork_insights.inquiry.mechanisms import find_mechanisms
from artwork_insights.mechanisms.summary import Mechanisms
from artwork_insights.outcomes.precision import precision_weights
from artwork_insights.study import DEFAULT_MEDIATION, Estimation, FeatureChange, Hypothesis, Mediation

CONFOUNDERS = ("genre", "launch_year", "format", "aspect_ratio")
HYPOTHESIS = Hypothesis(
    name="faces", treatment="face_count", confounders=CONFOUNDERS, effect_modifiers=("genre", "launch_year")
)


@pytest.fixture(scope="module")
def catalogue():
    return make_catalogue("additive", 7, 120)


@pytest.fixture(scope="module")
def cells(catalogue):
    frame = (
        catalogue.impressions.merge(catalogue.assets[["asset_id", "title_id"]], on="asset_id")
        .merge(planted_features(catalogue), on="asset_id")
        .merge(catalogue.titles, on="title_id")
        .sort_values(["asset_id", "country"])
        .reset_index(drop=True)
    )
    weights = precision_weights(frame["takes"], frame["impressions"], frame["title_id"], frame["country"])
    rate = (frame["takes"] / frame["impressions"]).to_numpy()
    return Cells(frame.drop(columns=["takes", "impressions"]), rate, weights, None, None, ())


@pytest.fixture(scope="module")
def fitted(cells):
    return fit_hypothesis(cells, HYPOTHESIS, Estimation(), 1, ("mundlak",))


@pytest.fixture(scope="module")
def usual(cells, fitted):
    return find_mechanisms(fitted, cells, HYPOTHESIS, (DEFAULT_MEDIATION,), (), Estimation(), 1)


def test_a_run_answers_every_mechanism_and_its_result_survives_json(usual):
    mediation, found, reasons = usual
    assert reasons == ()
    assert [(one.treatment, one.mediator) for one in mediation] == [("face_count", "face_area_share_mean")]
    adapter = TypeAdapter(Mechanisms)
    assert adapter.validate_json(adapter.dump_json(found)) == found
    assert [effects.method for effects in found.natural] == ["linear"]
    assert found.rho_curves[0].mediator == "face_area_share_mean"
    assert [one.modifier for one in found.moderation] == ["launch_year"]


def test_the_planted_share_through_face_size_is_found_by_the_natural_effects(catalogue, usual):
    truth = true_mediation(catalogue)
    (effects,) = usual[1].natural
    steps = effects.levels[1] - effects.levels[0]
    assert abs(effects.total.effect - steps * truth.total) < 4 * effects.total.std_error
    low, high = effects.proportion_interval
    assert low < truth.mediated_share < high
    assert high - low < 0.6


def test_the_usual_change_is_from_three_small_faces_to_one_large_and_helps(cells, usual):
    (change,) = usual[1].joint_changes
    asked = typical_change(cells)
    assert dict(change.stops[0].values) == asked.start
    assert asked.start["face_count"] == 3 and asked.to["face_count"] == 1
    assert asked.start["face_area_share_mean"] < asked.to["face_area_share_mean"]
    assert change.low > 0  # fewer and larger faces: both planted effects are positive
    assert min(stop.n_assets for stop in change.stops) >= 5


def test_a_condition_with_two_mediators_and_a_change_nobody_made(cells, fitted):
    question = Mediation(treatment="face_count > 1", mediators=("face_area_share_mean", "face_area_share_total"))
    wish = FeatureChange.model_validate(
        {"from": {"face_count": 6, "face_area_share_mean": 0.5}, "to": {"face_count": 1, "face_area_share_mean": 0.05}}
    )
    mediation, found, reasons = find_mechanisms(fitted, cells, HYPOTHESIS, (question,), (wish,), Estimation(), 1)
    assert [one.mediator for one in mediation] == ["face_area_share_mean", "face_area_share_total"]
    assert [one.method for one in found.natural] == ["double_machine_learning"] * 2
    (joint,) = found.joint_mediation
    assert joint.indirect == joint.total.coefficient - joint.direct.coefficient
    assert found.joint_changes == ()
    assert len(reasons) == 1
    assert "hardly ever made" in reasons[0]


def test_questions_about_other_features_are_not_asked(cells, fitted):
    other = HYPOTHESIS.model_copy(update={"treatment": "lightness_mean", "effect_modifiers": ("genre",)})
    mediation, found, reasons = find_mechanisms(fitted, cells, other, (DEFAULT_MEDIATION,), (), Estimation(), 1)
    assert (mediation, found, reasons) == ((), Mechanisms(), ())


def test_slopes_are_shown_at_the_values_asked_for(cells, fitted):
    wanted = {"launch_year": (1995.0, 2020.0), "genre": (1.0,)}
    asked = HYPOTHESIS.model_copy(update={"slopes_at": wanted})
    _, found, reasons = find_mechanisms(fitted, cells, asked, (), (), Estimation(), 1)
    (moderation,) = found.moderation
    assert [slope.value for slope in moderation.slopes] == [1995.0, 2020.0]
    rise = moderation.slopes[1].effect - moderation.slopes[0].effect
    assert rise == pytest.approx(25 * moderation.interaction.coefficient)
    assert reasons == ("The effect at 1 of genre is not known: genre is no column of numbers.",)
