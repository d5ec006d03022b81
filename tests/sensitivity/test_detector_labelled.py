"""Labelled artworks: covers where errors depend on style and outcome, and where closed forms must fail."""

from __future__ import annotations

import numpy as np
import pytest

from artwork_insights.design.confounders import FloatArray
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.sensitivity.detector.known_rates import correct_detector_error
from artwork_insights.sensitivity.detector.label_plan import (
    Stake,
    draw_artworks,
    find_stakes,
    label_probabilities,
    promised_error,
)
from artwork_insights.sensitivity.detector.labelled import LabelledCells, correct_with_labels, detected_slope
from tests.sensitivity.detector_simulator import EFFECT, Drawn, demean, draw_catalogue, linear_slope

DRAWS = 300
LEAST_COVERAGE = 0.93


def with_labels(drawn: Drawn, looked: np.ndarray, probability: FloatArray, *, within: bool) -> LabelledCells:
    n = len(drawn.x)
    left = linear_slope(drawn, drawn.seen, within=within)
    expected = left.expected
    if within:  # out of the title: what x and the style say
        columns = np.column_stack([drawn.x, drawn.cartoon])
        inside = np.column_stack([demean(column, drawn.title) for column in columns.T])
        expected = columns @ np.linalg.lstsq(inside, demean(drawn.seen, drawn.title), rcond=None)[0]
        expected = expected + drawn.seen.mean() - expected.mean()
    label = np.where(looked, drawn.true, np.nan)
    return LabelledCells(
        left.outcome_left, drawn.seen, expected, label, looked / probability, np.ones(n), np.arange(n), drawn.title,
        within,
    )  # fmt: skip


@pytest.mark.parametrize("within", [False, True])
def test_labels_cover_where_errors_depend_on_the_outcome_and_known_rates_do_not(within: bool) -> None:
    rng = np.random.default_rng(7)
    covered, closed, effects = [], [], []
    for _ in range(DRAWS):
        drawn = draw_catalogue(rng, n_titles=200, differential=True, titles_matter=within)
        n = len(drawn.x)
        probability = rng.uniform(0.5, 1.5, n) * 300 / n
        looked = rng.random(n) < probability
        cells = with_labels(drawn, looked, probability, within=within)
        one = correct_with_labels(cells, covariates=drawn.cartoon[:, None])
        covered.append(one.lower <= EFFECT <= one.upper)
        effects.append(one.effect)
        slope = linear_slope(drawn, drawn.seen, within=within)
        known = correct_detector_error(
            slope.effect, slope.std_error, slope.expected,
            sensitivity=float(drawn.seen[drawn.true == 1].mean()),
            specificity=float(1 - drawn.seen[drawn.true == 0].mean()),
            detected=drawn.seen, clusters=drawn.title, design="within" if within else "pooled",
        )  # fmt: skip
        closed.append(known.lower <= EFFECT <= known.upper)
    assert np.mean(covered) >= LEAST_COVERAGE
    assert np.mean(effects) == pytest.approx(EFFECT, abs=0.02)
    assert np.mean(closed) < 0.5


def test_the_detector_makes_labels_worth_more() -> None:
    rng = np.random.default_rng(9)
    tuned, alone, whole = [], [], []
    for _ in range(40):
        drawn = draw_catalogue(rng, n_titles=200, sensitivity=0.95, specificity=0.95)
        n = len(drawn.x)
        probability = np.full(n, 200 / n)
        cells = with_labels(drawn, rng.random(n) < probability, probability, within=True)
        one = correct_with_labels(cells)
        tuned.append(one.std_error)
        alone.append(correct_with_labels(cells, power=0.0).std_error)
        whole.append(correct_with_labels(cells, power=1.0).std_error)
        assert one.sensitivity == pytest.approx(0.95, abs=0.12)
    assert np.mean(tuned) < 0.8 * np.mean(alone)
    assert np.mean(tuned) <= np.mean(whole)


def test_labels_of_every_artwork_give_the_slope_of_the_true_component() -> None:
    """Witness: ordinary residual-on-residual with the true component, and the detector's slope without labels."""
    drawn = draw_catalogue(np.random.default_rng(4), n_titles=2000)
    n = len(drawn.x)
    cells = with_labels(drawn, np.ones(n, dtype=bool), np.ones(n), within=True)
    one, truth = correct_with_labels(cells), linear_slope(drawn, drawn.true, within=True)
    assert one.effect == pytest.approx(truth.effect, rel=0.02)
    assert one.std_error == pytest.approx(truth.std_error, rel=0.05)
    seen = linear_slope(drawn, drawn.seen, within=True)
    assert detected_slope(cells).effect == pytest.approx(seen.effect, rel=0.02)


def test_too_few_labels_or_labels_all_alike_are_refused() -> None:
    drawn = draw_catalogue(np.random.default_rng(4))
    n = len(drawn.x)
    few = np.arange(n) < 20
    with pytest.raises(NotIdentifiedError, match="20; at least 30"):
        correct_with_labels(with_labels(drawn, few, np.ones(n), within=True))
    with pytest.raises(NotIdentifiedError, match="all alike"):
        correct_with_labels(with_labels(drawn, drawn.true == 1, np.ones(n), within=True))


def stake_of(drawn: Drawn) -> Stake:
    slope = linear_slope(drawn, drawn.seen, within=True)
    n = len(drawn.x)
    known = correct_detector_error(
        slope.effect, slope.std_error, slope.expected, sensitivity=0.9, specificity=0.9, detected=drawn.seen,
        clusters=drawn.title, design="within",
    )  # fmt: skip
    columns = np.column_stack([np.ones(n), drawn.x, drawn.cartoon])
    chance = np.clip(columns @ np.linalg.lstsq(columns, drawn.seen, rcond=None)[0], 0.02, 0.98)
    rates = np.full(n, 0.9)
    cells = LabelledCells(
        slope.outcome_left, drawn.seen, chance, np.full(n, np.nan), np.zeros(n), np.ones(n), np.arange(n), drawn.title,
        True,
    )  # fmt: skip
    return find_stakes(cells, slope.effect, slope.std_error, known.attenuation, rates, rates)


def test_the_plan_keeps_its_promise_and_beats_even_labelling() -> None:
    rng = np.random.default_rng(17)
    found: dict[str, list[tuple[float, float, bool]]] = {"planned": [], "even": []}
    for _ in range(100):
        drawn = draw_catalogue(rng, n_titles=200)
        stake, n = stake_of(drawn), len(drawn.x)
        for how in found:
            probability = label_probabilities([stake], 250) if how == "planned" else np.full(n, 250 / n)
            looked = draw_artworks(probability, rng)
            one = correct_with_labels(with_labels(drawn, looked, probability, within=True))
            found[how].append((promised_error(stake, probability), one.effect, one.lower <= EFFECT <= one.upper))
    spread = {how: float(np.std([effect for _, effect, _ in rows])) for how, rows in found.items()}
    for how, rows in found.items():
        promised = np.mean([promise for promise, _, _ in rows])
        assert spread[how] == pytest.approx(promised, rel=0.25)  # 100 draws: a standard error of 7 %
        assert np.mean([covered for _, _, covered in rows]) >= 0.9
    assert spread["planned"] < 0.95 * spread["even"]


def test_probabilities_are_honest() -> None:
    drawn = draw_catalogue(np.random.default_rng(1))
    stake, n = stake_of(drawn), len(drawn.x)
    probability = label_probabilities([stake], 200)
    assert probability.sum() == pytest.approx(200)
    assert probability.min() >= 0.25 * 200 / n - 1e-12
    assert probability.max() <= 1
    rng = np.random.default_rng(3)
    drawn_often = np.mean([draw_artworks(probability, rng) for _ in range(3000)], axis=0)
    assert np.abs(drawn_often - probability).max() < 5 * np.sqrt(0.25 / 3000)
    assert {int(draw_artworks(probability, rng).sum()) for _ in range(50)} == {200}
    np.testing.assert_array_equal(label_probabilities([stake], n), 1.0)
    assert promised_error(stake, np.ones(n)) == pytest.approx(stake.std_error)
    errors = [promised_error(stake, label_probabilities([stake], size)) for size in (50, 100, 200, 400)]
    assert errors == sorted(errors, reverse=True)


def test_a_plan_without_an_effect_is_refused() -> None:
    with pytest.raises(NotIdentifiedError, match="at least one"):
        label_probabilities([], 10)
