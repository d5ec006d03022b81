"""Binning keeps order and levels, and loses no heavy value."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from artwork_insights.design.learners import features as module
from artwork_insights.design.learners.features import (
    MANY_ROWS,
    MISSING,
    MOST_BINS,
    NUMBER_OF_BINS,
    Features,
    bin_column,
)


def test_few_levels_keep_a_bin_each_however_rare():
    column = np.zeros(100_000)
    column[:3], column[3:5] = 7.0, -2.0
    np.testing.assert_array_equal(np.unique(bin_column(column), return_counts=True), [[0, 1, 2], [2, 99_995, 3]])


@pytest.mark.parametrize("values", ["normal", "half zeros", "log-normal"])
def test_bins_follow_the_order_and_hold_about_as_many_rows_each(values):
    rng = np.random.default_rng(0)
    n = MANY_ROWS
    column = np.exp(rng.normal(size=n)) if values == "log-normal" else rng.normal(size=n)
    if values == "half zeros":
        column[::2] = 0.0
    codes = bin_column(column)
    order = np.argsort(column, kind="stable")
    assert (np.diff(codes[order].astype(int)) >= 0).all()
    sizes = np.bincount(codes)
    assert 30 < len(sizes) <= 2 * NUMBER_OF_BINS
    assert sizes[sizes < n / 2].max() <= 2 * n / NUMBER_OF_BINS
    if values == "half zeros":
        zeros = np.unique(codes[column == 0.0])
        assert len(zeros) == 1
        assert sizes[zeros[0]] == n / 2  # it shares its bin with nothing
    np.testing.assert_array_equal(bin_column(np.exp(column)), codes)  # only order counts


def test_many_rows_get_finer_bins_so_that_less_is_confounded_inside_them():
    rng = np.random.default_rng(0)
    column = rng.normal(size=2 * MANY_ROWS)
    coarse, fine = bin_column(column[:MANY_ROWS]), bin_column(column)
    assert len(np.unique(coarse)) <= NUMBER_OF_BINS
    assert len(np.unique(fine)) == MOST_BINS
    assert Features(column[:, None], is_coarse=True).binned.sizes[0] <= NUMBER_OF_BINS
    assert Features(column[:, None]).binned.sizes[0] == MOST_BINS

    def left(codes, values):
        """Share of the variance that stays inside bins."""
        means = np.bincount(codes, values) / np.bincount(codes)
        return np.mean((values - means[codes]) ** 2) / values.var()

    assert left(fine, column) < left(coarse, column[:MANY_ROWS]) / 4


def test_threads_that_ask_at_the_same_time_wait_for_one_binning(monkeypatch):
    asked = []

    def slowly(values, number=None):
        asked.append(number)
        time.sleep(0.05)
        return bin_column(values, number)

    monkeypatch.setattr(module, "bin_column", slowly)
    features = Features(np.random.default_rng(0).normal(size=(50, 3)), is_coarse=True)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: features.binned, range(4)))
    assert len(asked) == 3
    assert all(binned is found[0] for binned in found)


def test_heavy_levels_between_others_leave_room_for_the_code_of_what_is_missing():
    rng = np.random.default_rng(0)
    heavy = np.repeat(np.arange(200.0), 2_000)  # each more than a bin, with others between them
    column = np.append(np.append(heavy, rng.uniform(0, 200, 100_000)), np.nan)
    codes = bin_column(column)
    assert codes[-1] == MISSING
    assert codes[:-1].max() < MISSING
    order = np.argsort(column[:-1], kind="stable")
    assert (np.diff(codes[:-1][order].astype(int)) >= 0).all()


def test_what_is_missing_has_its_own_code_and_an_empty_column_one_bin():
    values = np.column_stack([np.array([3.0, np.nan, 1.0, 2.0]), np.full(4, np.nan)])
    binned = Features(values).binned
    np.testing.assert_array_equal(binned.codes[:, 0], [2, MISSING, 0, 1])
    np.testing.assert_array_equal(binned.codes[:, 1], MISSING)
    np.testing.assert_array_equal(binned.sizes, [3, 1])


def test_filled_columns_have_mean_zero_and_sd_one_and_say_what_was_missing():
    values = np.column_stack([np.array([3.0, np.nan, 1.0, 2.0, 8.0]), np.full(5, 4.0)])
    filled = Features(values).filled
    assert filled.shape == (5, 3)
    np.testing.assert_allclose(filled.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(filled.std(axis=0), [1, 0, 1])
    assert filled[1, 0] == pytest.approx(0)
    assert filled[:, 2].argmax() == 1
