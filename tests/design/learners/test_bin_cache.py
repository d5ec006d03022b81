"""Each column is sorted once, whoever asks for its bins."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from artwork_insights.design.assignment import make_assignment
from artwork_insights.design.confounders import Confounders
from artwork_insights.design.learners import BoostingSettings, Features, features
from artwork_insights.design.learners.bin_cache import BinCache
from artwork_insights.effects.design_fit import fit_design
from artwork_insights.effects.nuisances import Settings, fold_labels
from artwork_insights.effects.sample import AnalysisSample

QUICK = BoostingSettings(max_depth=2, learning_rate=0.3, min_child_weight=5.0, rounds=2)
COLUMNS = 10


@pytest.fixture
def binned(monkeypatch):
    """Columns that were binned, in a cache of their own."""
    seen = []

    def bin_column(values):
        seen.append(values.tobytes())
        return original(values)

    original = features.bin_column
    monkeypatch.setattr(features, "bin_column", bin_column)
    monkeypatch.setattr(features, "BINNED_LATELY", BinCache())
    return seen


def make_sample():
    """40 titles of 5 artworks, both sides in every title."""
    rng = np.random.default_rng(0)
    title, treatment = np.repeat(np.arange(40), 5), np.tile([0.0, 1.0, 0.0, 1.0, 1.0], 40)
    names = tuple(f"x{k}" for k in range(COLUMNS))
    confounders = Confounders(rng.normal(size=(200, COLUMNS)), names, names)
    return AnalysisSample(make_assignment(treatment, confounders, title), rng.normal(size=200) + treatment)


def fit(sample, design, repeats):
    folds = fold_labels(sample, 3, repeats, np.random.default_rng(1))
    return fit_design(sample, design, folds, trim=0.01, seed=0, settings=Settings(QUICK, QUICK))


@pytest.mark.parametrize(("design", "columns"), [("pooled", COLUMNS), ("mundlak", 3 * COLUMNS + 1)])
def test_three_repetitions_bin_each_column_once(binned, design, columns):
    fit(make_sample(), design, 3)
    assert len(binned) == columns == len(set(binned))


def test_the_other_designs_bin_no_column_that_one_has_binned(binned):
    sample = make_sample()
    fit(sample, "mundlak", 1)
    before = len(binned)
    for design in ("within", "pooled"):
        fit(sample, design, 1)
    assert len(binned) == before


def test_other_rows_and_other_values_are_binned_anew(binned):
    values = np.random.default_rng(2).normal(size=(50, 2))
    whole, half = Features(values).binned.codes, Features(values[:25]).binned.codes
    assert len(binned) == 4
    assert not np.array_equal(whole[:25], half)
    values[0, 0] = 9.0
    np.testing.assert_array_equal(Features(values).binned.codes[:, 1], whole[:, 1])
    assert len(binned) == 5


def test_the_columns_not_asked_for_longest_are_dropped_first():
    cache, made = BinCache(largest=25), []

    def make(values):
        made.append(values[0])
        return np.zeros(len(values), dtype=np.uint8)

    for value in (1.0, 2.0, 1.0, 3.0, 1.0, 2.0):
        cache.look_up(np.full(10, value), make)
    assert made == [1.0, 2.0, 3.0, 2.0]
    assert cache.size == 20


def test_threads_may_ask_at_the_same_time():
    cache = BinCache()
    columns = [np.full(100, float(k % 7)) for k in range(200)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda c: cache.look_up(c, lambda values: values.astype(np.uint8)), columns))
    assert [int(codes[0]) for codes in found] == [k % 7 for k in range(200)]
    assert cache.size == 700
