"""Known sensitivity and specificity: the corrected effect covers the truth, the uncorrected one does not."""

from __future__ import annotations

import numpy as np
import pytest

import artwork_insights
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.expression import parse_expression
from artwork_insights.sensitivity.detector.known_rates import CorrectedEffect, correct_detector_error
from artwork_insights.sensitivity.detector.posters import POSTER_RATES, poster_rates
from tests.sensitivity.detector_simulator import EFFECT, Slope, draw_catalogue, linear_slope

DRAWS = 300
LEAST_COVERAGE = 0.93
LARGEST_BIAS = 0.015
"""5 % of the effect."""


def corrected_slopes(seed: int, *, within: bool, counts: int | None = None) -> list[tuple[Slope, CorrectedEffect]]:
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(DRAWS):
        drawn = draw_catalogue(rng, titles_matter=within, n_titles=150 if within else 350)
        slope = linear_slope(drawn, drawn.seen, within=within)
        rates = [0.9, 0.9] if counts is None else [rng.binomial(counts, 0.9) / counts for _ in range(2)]
        corrected = correct_detector_error(
            slope.effect,
            slope.std_error,
            slope.expected,
            sensitivity=rates[0],
            specificity=rates[1],
            n_positive=counts,
            n_negative=counts,
            detected=drawn.seen,
            clusters=drawn.title,
            design="within" if within else "pooled",
            degrees_of_freedom=149,
            draws=40,
        )
        found.append((slope, corrected))
    return found


@pytest.mark.parametrize("within", [False, True])
def test_the_corrected_interval_covers_and_the_uncorrected_does_not(within: bool) -> None:
    found = corrected_slopes(3, within=within)
    covered = np.mean([one.lower <= EFFECT <= one.upper for _, one in found])
    control = np.mean([abs(slope.effect - EFFECT) <= 1.976 * slope.std_error for slope, _ in found])
    assert covered >= LEAST_COVERAGE
    assert control < 0.5
    assert np.mean([one.effect for _, one in found]) == pytest.approx(EFFECT, abs=LARGEST_BIAS)


def test_errors_shrink_an_effect_more_within_titles() -> None:
    """The design's own residual variance decides, not sensitivity plus specificity less one alone."""
    rng = np.random.default_rng(5)
    factors = {}
    for within in (False, True):
        drawn = draw_catalogue(rng, n_titles=1500)
        slope = linear_slope(drawn, drawn.seen, within=within)
        truth = linear_slope(drawn, drawn.true, within=within)
        design = "within" if within else "pooled"
        one = correct_detector_error(
            slope.effect, slope.std_error, slope.expected, sensitivity=0.9, specificity=0.9, detected=drawn.seen,
            clusters=drawn.title, design=design,
        )  # fmt: skip
        factors[design] = one.attenuation
        if within:
            assert one.attenuation == pytest.approx(slope.effect / truth.effect, abs=0.06)
    assert factors["within"] < factors["pooled"] < 0.8


def test_pooled_attenuation_is_the_closed_form() -> None:
    """Witness: J E[p(1-p)] / E[p*(1-p*)], worked out from the true propensities."""
    true = np.linspace(0.1, 0.9, 401)
    seen = 0.08 + (0.94 + 0.92 - 1) * true
    one = correct_detector_error(1.0, 0.1, seen, sensitivity=0.94, specificity=0.92)
    witness = 0.86 * np.mean(true * (1 - true)) / np.mean(seen * (1 - seen))
    assert one.attenuation == pytest.approx(witness, rel=1e-10)
    ate = correct_detector_error(1.0, 0.1, seen, sensitivity=0.94, specificity=0.92, estimand="ATE")
    assert ate.attenuation == pytest.approx(np.mean(0.86 * true * (1 - true) / (seen * (1 - seen))), rel=1e-10)
    assert ate.attenuation != pytest.approx(one.attenuation, abs=1e-3)


def test_the_average_under_mundlak_is_corrected_by_the_others_of_the_title() -> None:
    """Witness: what the same estimator finds with the true component in the place of the outcome."""
    rng = np.random.default_rng(11)
    found, expected = [], []
    for _ in range(40):
        drawn = draw_catalogue(rng, n_titles=200)
        size = np.bincount(drawn.title)[drawn.title]
        share = np.bincount(drawn.title, drawn.seen)[drawn.title] / size
        varies = (share > 0) & (share < 1)
        contrast = np.where(drawn.seen == 1, 1 / share.clip(0.01), -1 / (1 - share).clip(0.01)) * drawn.true
        expected.append(contrast[varies].mean())
        one = correct_detector_error(
            1.0, 0.1, np.where(varies, share, np.nan), sensitivity=0.9, specificity=0.9, detected=drawn.seen,
            clusters=drawn.title, design="mundlak", estimand="ATE",
        )  # fmt: skip
        found.append(one.attenuation)
    assert np.mean(found) == pytest.approx(np.mean(expected), rel=0.03)


def test_uncertain_rates_widen_the_interval_and_still_cover() -> None:
    counted = [one for _, one in corrected_slopes(21, within=False, counts=60)]
    exact = [one for _, one in corrected_slopes(21, within=False)]
    assert np.mean([one.lower <= EFFECT <= one.upper for one in counted]) >= LEAST_COVERAGE
    assert np.mean([one.upper - one.lower for one in counted]) > 1.1 * np.mean([one.upper - one.lower for one in exact])


def test_rates_by_style_are_used_style_by_style() -> None:
    rng = np.random.default_rng(2)
    n = 40_000
    cartoon = rng.random(n) < 0.5
    true = rng.random(n) < 0.5
    found, phantom = np.where(cartoon, 0.7, 0.98), np.where(cartoon, 0.2, 0.03)
    seen = np.where(true, rng.random(n) < found, rng.random(n) < phantom).astype(float)
    outcome = EFFECT * true + rng.normal(0, 0.3, n)
    expected = np.where(cartoon, seen[cartoon].mean(), seen[~cartoon].mean())
    left = seen - expected
    slope = float(left @ outcome / (left @ left))
    rates = {"sensitivity": {"cartoon": 0.7, "all": 0.98}, "specificity": {"cartoon": 0.8, "all": 0.97}}
    style = np.where(cartoon, "cartoon", "photo")
    one = correct_detector_error(slope, 0.004, expected, detected=seen, style=style, **rates)
    assert one.effect == pytest.approx(EFFECT, abs=0.015)
    one_rate = correct_detector_error(slope, 0.004, expected, detected=seen, sensitivity=0.95, specificity=0.95)
    assert abs(one_rate.effect - EFFECT) > 0.03


def test_a_perfect_detector_leaves_the_effect_as_it_is() -> None:
    one = correct_detector_error(0.2, 0.05, np.full(200, 0.4), sensitivity=1, specificity=1)
    assert (one.effect, one.attenuation) == pytest.approx((0.2, 1.0))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"sensitivity": 0.4, "specificity": 0.5}, "no better than chance"),
        ({"sensitivity": 1.2}, "between 0 and 1"),
        ({"sensitivity": float("nan")}, "not a number"),
        ({"sensitivity": "high"}, "not a number"),
        ({"propensity": []}, "inside 0 and 1"),
        ({"propensity": ["a"] * 50}, "needs numbers"),
        ({"propensity": np.full(50, 1.0)}, "inside 0 and 1"),
        ({"detected": np.ones(3)}, "one per row"),
        ({"detected": np.full(50, 0.5)}, "0 and 1 only"),
        ({"design": "within"}, "needs `detected` and `clusters`"),
        ({"design": "between", "detected": np.arange(50) % 2, "clusters": np.arange(50) // 5}, "not known"),
        ({"estimand": "ATT"}, "cannot be corrected"),
        ({"specificity": 0.55, "sensitivity": 0.55}, "cannot have produced"),
        ({"n_positive": 0}, "whole number"),
        ({"effect": np.inf}, "not a number"),
        ({"sensitivity": {"photo": 0.9}}, "give the style"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(change: dict[str, object], told: str) -> None:
    given: dict[str, object] = {
        "effect": 0.1, "std_error": 0.02, "propensity": np.full(50, 0.2), "sensitivity": 0.9, "specificity": 0.9,
    }  # fmt: skip
    with pytest.raises(NotIdentifiedError, match=told):
        correct_detector_error(**{**given, **change})  # type: ignore[arg-type]


def test_too_few_labels_behind_the_rates_are_said_so() -> None:
    with pytest.raises(NotIdentifiedError, match="label more artworks"):
        correct_detector_error(
            0.1, 0.02, np.full(500, 0.3), sensitivity=0.75, specificity=0.75, n_positive=8, n_negative=8
        )


def test_components_of_faces_are_known_however_they_are_written() -> None:
    for text in ("face_present", "face_count > 0", "face_count >= 1", "not (face_count < 1)"):
        assert poster_rates(parse_expression(text)) is POSTER_RATES[1]
    assert poster_rates(parse_expression("face_count > 3")) is POSTER_RATES[4]
    for text in ("face_count == 1", "face_count", "not face_present", "lightness_mean > 50", "face_count > 2"):
        assert poster_rates(parse_expression(text)) is None


def test_poster_rates_are_those_published() -> None:
    """docs/extraction.md prints two decimals."""
    printed = {1: (0.95, 0.89), 2: (0.91, 0.93), 4: (0.81, 0.98)}
    for least, (sensitivity, specificity) in printed.items():
        assert POSTER_RATES[least].sensitivity == pytest.approx(sensitivity, abs=5.1e-3)
        assert POSTER_RATES[least].specificity == pytest.approx(specificity, abs=5.1e-3)


def test_the_public_name_is_at_the_root() -> None:
    assert artwork_insights.correct_detector_error is correct_detector_error
