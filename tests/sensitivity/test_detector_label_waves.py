"""Labels made so far: the variance of what artworks stand for, and promises that add to it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from artwork_insights.catalog.labels import carried_by
from artwork_insights.sensitivity.detector.label_plan import (
    draw_artworks,
    error_so_far,
    label_probabilities,
    promised_error,
)
from artwork_insights.sensitivity.detector.label_waves import EarlierLabels, read_earlier_labels
from artwork_insights.sensitivity.detector.labelled import correct_with_labels
from tests.sensitivity.detector_simulator import EFFECT, draw_catalogue
from tests.sensitivity.test_detector_labelled import stake_of, with_labels

N = 400
ASSETS = [f"a{i:03d}" for i in range(N)]
ALL = np.ones(N, dtype=bool)


def wave_of(probability: np.ndarray, rng: np.random.Generator, number: int, assets: list[str]) -> pd.DataFrame:
    drawn = draw_artworks(probability, rng)
    chosen = np.array(assets)[drawn]
    return pd.DataFrame({"asset_id": chosen, "probability": probability[drawn], "wave": float(number)})


def stands_for(labels: pd.DataFrame, assets: list[str]) -> np.ndarray:
    return carried_by(labels, np.ones(len(labels), bool), len(assets)).reindex(assets).fillna(0.0).to_numpy()


def test_the_gap_is_the_variance_of_what_each_artwork_stands_for() -> None:
    """Witness: the weights of the correction over many draws of an uneven wave of 80 and an even one of 60."""
    rng = np.random.default_rng(3)
    uneven = rng.uniform(0.5, 1.5, N)
    uneven *= 80 / uneven.sum()
    value = rng.normal(size=N)
    sums, told = [], []
    for _ in range(2000):
        first, second = wave_of(uneven, rng, 1, ASSETS), wave_of(np.full(N, 60 / N), rng, 2, ASSETS)
        labels = pd.concat([first, second], ignore_index=True)
        sums.append(float(stands_for(labels, ASSETS) @ value))
        earlier = read_earlier_labels(labels, np.ones(len(labels), bool), ASSETS, ALL)
        assert earlier is not None
        assert earlier.n_labels == 140
        told.append(float(earlier.gap @ value**2))
    assert np.var(sums) == pytest.approx(np.mean(told), rel=0.1)  # 2,000 draws: a standard error of 3 %
    assert np.std(told) < 0.4 * np.mean(told)


def test_labels_of_no_known_probability_count_as_drawn_evenly_and_some_that_were_not_filled_in_as_lost() -> None:
    rows = {"asset_id": ASSETS[:100], "wave": 1.0}
    bare = pd.DataFrame(rows | {"probability": np.nan})
    told = pd.DataFrame(rows | {"probability": 0.25})
    seen = np.ones(100, dtype=bool)
    for labels in (bare, told):
        earlier = read_earlier_labels(labels, seen, ASSETS, ALL)
        assert earlier is not None
        np.testing.assert_allclose(earlier.gap, 1 / 0.25 - 1)
    half = read_earlier_labels(told, np.arange(100) < 50, ASSETS, ALL)
    assert half is not None
    assert (half.n_artworks, half.n_labels) == (50, 50)
    np.testing.assert_allclose(half.gap, 1 / 0.125 - 1)
    assert read_earlier_labels(told, np.zeros(100, dtype=bool), ASSETS, ALL) is None
    assert read_earlier_labels(told.assign(asset_id="elsewhere"), seen, ASSETS, ALL) is None


def test_further_labels_are_a_wave_beside_the_earlier_ones() -> None:
    even = EarlierLabels(100, 100, np.full(N, N / 100 - 1))
    more = even.and_more(np.full(N, 100 / N))
    np.testing.assert_allclose(more, (N / 100 - 1) / 2)  # the mean of two independent samples of one size


def test_a_promise_beside_earlier_labels_is_kept() -> None:
    """200 labels drawn evenly, then 150 as planned: the corrected effects scatter as promised, before and after."""
    rng = np.random.default_rng(23)
    found: dict[str, list[tuple[float, float, bool]]] = {"so far": [], "with more": []}
    for _ in range(100):
        drawn = draw_catalogue(rng, n_titles=200)
        stake, n = stake_of(drawn), len(drawn.x)
        assets = [f"a{i:05d}" for i in range(n)]
        first = wave_of(np.full(n, 200 / n), rng, 1, assets)
        earlier = read_earlier_labels(first, np.ones(len(first), bool), assets, np.ones(n, dtype=bool))
        assert earlier is not None
        planned = label_probabilities([stake], 150)
        both = pd.concat([first, wave_of(planned, rng, 2, assets)], ignore_index=True)
        promises = {"so far": error_so_far(stake, earlier), "with more": promised_error(stake, planned, earlier)}
        for how, labels in (("so far", first), ("with more", both)):
            carries = stands_for(labels, assets)
            looked = carries > 0
            probability = np.divide(1.0, carries, out=np.ones(n), where=looked)
            one = correct_with_labels(with_labels(drawn, looked, probability, within=True))
            found[how].append((promises[how], one.effect, one.lower <= EFFECT <= one.upper))
    spread = {how: float(np.std([effect for _, effect, _ in rows])) for how, rows in found.items()}
    for how, rows in found.items():
        assert spread[how] == pytest.approx(np.mean([promise for promise, _, _ in rows]), rel=0.25)
        assert np.mean([covered for _, _, covered in rows]) >= 0.9
    assert spread["with more"] < 0.9 * spread["so far"]
    assert all(after[0] < before[0] for before, after in zip(found["so far"], found["with more"], strict=True))
