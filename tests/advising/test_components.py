"""A finding applied to images: what is read off a curve, off arms, off a condition, and where it stops."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from artwork_insights.advising.components import apply_finding, nearest_covariance, recover_spline
from artwork_insights.advising.groups import find_local_effect
from artwork_insights.advising.support import FeatureRange
from artwork_insights.effects.dose_response import DoseResponse, estimate_dose_response
from artwork_insights.effects.simultaneous import JointTest
from artwork_insights.report.findings import Finding
from tests.report.conftest import make_arms, make_bare_finding, make_estimate, make_finding, make_question

RECOVERED = 1e-6  # relative: 25 doses determine the spline's few numbers


def apply(finding: Finding, values: list[float], labels: dict[str, str] | None = None, **changes: object):
    settings = {"arm_edges": None, "ranges": {}} | changes
    return apply_finding(finding, np.array(values), labels or {}, **settings)


def arms_finding() -> Finding:
    question = make_question("face_count", "number of faces", treatment="face_count", is_binary=False)
    return make_finding(question=question, arms=make_arms(), group_effects=(), moderation=())


@pytest.fixture(scope="module")
def curves() -> tuple[DoseResponse, DoseResponse]:
    """One bent curve, held against the dose 20 and against the dose 60."""
    rng = np.random.default_rng(4)
    titles = np.repeat(np.arange(80), 6)
    confounder = rng.normal(size=480)
    dose = 45 + 12 * rng.normal(size=480) + 3 * confounder
    outcome = 0.0004 * (dose - 45) ** 2 / 10 + 0.02 * confounder + 0.05 * rng.normal(size=480)
    low, high = (
        estimate_dose_response(
            outcome, dose, confounder[:, None], titles, reference=reference, learner="linear", seed=1
        )
        for reference in (20.0, 60.0)
    )
    return low, high


def test_the_error_between_two_doses_is_that_of_a_curve_held_against_one_of_them(curves):
    """Witness: the estimator itself, asked again with the other dose as its reference."""
    low, high = curves
    finding = dataclasses.replace(make_bare_finding(), dose_response=low)
    dose = np.array(high.dose)
    component = apply(finding, [*dose, 60.0])
    contrast = component.loadings[:-1] - component.loadings[-1]
    errors = np.sqrt(np.einsum("ij,jk,ik->i", contrast, component.covariance, contrast))
    np.testing.assert_allclose(contrast @ component.effect, high.effect, atol=RECOVERED * np.ptp(high.effect))
    np.testing.assert_allclose(errors, high.std_error, rtol=1e-3, atol=1e-3 * max(high.std_error))
    near = np.abs(dose - 60) < 3  # the control: errors against the common reference say nothing of near doses
    summed = np.interp(dose, low.dose, low.std_error) + np.interp(60, low.dose, low.std_error)
    assert (summed[near] > 5 * errors[near]).all()


def test_a_curve_is_followed_to_its_ends_and_not_beyond(curves):
    low, _ = curves
    finding = dataclasses.replace(make_bare_finding(), dose_response=low)
    component = apply(finding, [low.dose[-1], low.dose[-1] + 500, low.dose[0], -1000])
    np.testing.assert_allclose(component.scores[[0, 2]], component.scores[[1, 3]])
    assert component.scores[0] != pytest.approx(component.scores[2])


def test_a_slope_is_followed_to_where_artwork_was_seen_and_not_beyond():
    finding = dataclasses.replace(
        make_bare_finding(),
        dose_response=None,
        verdict=make_finding().verdict,
        question=make_question("light", "lightness", treatment="lightness_mean", is_binary=False),
        estimate=make_estimate(0.001, 0.0001, estimand="slope"),
        moderation=(),
    )
    reach = {"lightness_mean": FeatureRange("lightness_mean", 20.0, 60.0)}
    assert apply(finding, [0, 20, 60, 100], ranges=reach).scores == pytest.approx([0.02, 0.02, 0.06, 0.06])
    assert apply(finding, [0, 100]).scores == pytest.approx([0.0, 0.1])  # the control: nothing known of the range


def test_arms_give_each_image_the_effect_and_the_errors_of_its_arm():
    finding = arms_finding()
    component = apply(finding, [0, 1, 2, 5, np.nan], arm_edges=(0.0, 1.0, 2.0, 3.0))
    assert component.scores[:4] == pytest.approx([0.0, 0.035, 0.017, 0.002])
    assert np.isnan(component.scores[4])
    for one, other, arms in ((1, 2, ("2", "1")), (2, 3, ("3+", "2")), (0, 3, ("3+", "0"))):
        contrast = component.loadings[one] - component.loadings[other]
        expected = finding.arms.contrast(*arms).estimate
        assert np.sqrt(contrast @ component.covariance @ contrast) == pytest.approx(expected.std_error)


def test_arms_that_are_not_told_apart_leave_the_slope():
    finding = arms_finding()
    flat = dataclasses.replace(finding.arms, no_difference=JointTest(1.0, 3, 80, 0.4))
    assert apply(finding, [0, 1], arm_edges=(0.0, 1.0, 2.0, 3.0)).shape == "arms"
    assert apply(dataclasses.replace(finding, arms=flat), [0, 1], arm_edges=(0.0, 1.0, 2.0, 3.0)).shape == "slope"


def test_what_makes_no_difference_counts_as_zero():
    finding = make_finding()
    zero = dataclasses.replace(finding, verdict=dataclasses.replace(finding.verdict, answer="practically_zero"))
    assert apply(zero, [0, 1]) is None
    assert apply(finding, [0, 1]) is not None


def test_the_group_is_used_where_the_joint_test_says_that_groups_differ():
    """In the made-up finding genres differ (p < 0.001) and countries do not (p = 0.23)."""
    finding = make_finding()
    drama = next(group for group in finding.group_effects if group.group == "Drama")
    local = find_local_effect(finding, {"genre": "Drama", "country": "BR"})
    assert (local.effect, local.std_error) == (drama.shrunken_effect, drama.estimate.std_error)
    assert (local.where, local.is_local, local.caution) == ("Drama", True, "")
    country = find_local_effect(finding, {"country": "BR"})
    assert (country.effect, country.is_local) == (finding.estimate.effect, False)
    assert "differs by genre" in country.caution


def test_where_two_modifiers_differ_their_crossing_is_used():
    finding = make_finding()
    both = tuple(dataclasses.replace(row, p_value=0.01) for row in finding.moderation)
    crossed = find_local_effect(dataclasses.replace(finding, moderation=both), {"genre": "Drama", "country": "BR"})
    assert crossed.where == "Drama x BR"
    alone = find_local_effect(dataclasses.replace(finding, moderation=both), {"genre": "Drama", "country": "JP"})
    assert alone.where in ("Drama", "JP")  # that crossing could not be estimated


def test_a_genre_without_an_effect_of_its_own_is_said_and_the_average_is_used():
    local = find_local_effect(make_finding(), {"genre": "Western"})
    assert local.effect == make_finding().estimate.effect
    assert "too little artwork of Western" in local.caution


def test_a_matrix_that_is_no_covariance_becomes_one():
    matrix = np.array([[1.0, 0.9, -0.9], [0.9, 1.0, 0.9], [-0.9, 0.9, 1.0]])
    assert np.linalg.eigvalsh(matrix)[0] < -0.1
    assert np.linalg.eigvalsh(nearest_covariance(matrix))[0] > -1e-12


def test_the_spline_of_a_straight_curve_is_straight():
    curve = make_bare_finding().dose_response
    effect, covariance = recover_spline(curve)
    assert abs(effect[1:]).max() < RECOVERED * abs(effect[0])
    assert np.linalg.eigvalsh(covariance)[0] >= 0
