"""What an analyst hands over: let through as numbers, or refused in one sentence."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from artwork_insights.design.reading import as_numbers, as_positive, check_count, check_number, check_share, check_trim
from artwork_insights.errors import NotIdentifiedError


@pytest.mark.parametrize(
    "values",
    [
        [1, 0, 1],
        [True, False, True],
        pd.Series([1, 0, 1], index=[9, 3, 5]),
        np.array([1, 0, 1], dtype="int8"),
        np.array([True, 0, 1.0], dtype=object),
        np.array([1, 7, 0, 7, 1])[::2],
    ],
)
def test_numbers_and_truth_values_are_read(values):
    assert as_numbers("treatment", values).tolist() == [1.0, 0.0, 1.0]


def test_holes_become_nan_and_the_callers_array_stays_theirs():
    assert np.isnan(as_numbers("outcome", pd.array([None, 1], dtype="Int64"))[0])
    mine = np.array([1.0, 2.0])
    as_numbers("outcome", mine)[0] = 5.0
    assert mine[0] == 1.0


@pytest.mark.parametrize(
    "values", [["a"], [1j], pd.to_datetime(["2020-01-01"]), pd.to_timedelta([1], unit="D"), [[1.0]], 1.0, None, [{}]]
)
def test_what_is_no_column_of_numbers_is_refused(values):
    with pytest.raises(NotIdentifiedError):
        as_numbers("outcome", values)


@pytest.mark.parametrize(
    ("check", "right", "wrong"),
    [
        (lambda value: as_positive("weights", value, 2), [1, 2], ([1], [0, 1], [-1, 1], [np.nan, 1], [np.inf, 1])),
        (lambda value: check_share("level", value), 0.95, (0, 1, 95, -1, np.nan, "a", None)),
        (lambda value: check_number("null", value), -2, (np.nan, np.inf, "a", None)),
        (lambda value: check_count("folds", value, 2), np.int8(2), (1, -3, 2.0, "5", None, True)),
        (check_trim, 0, (-1, 0.5, 0.6, np.nan, "x", None, (0.1, 0.9), True)),
        (check_trim, "crump", ("Crump",)),
    ],
)
def test_options_are_let_through_or_refused(check, right, wrong):
    check(right)
    for value in wrong:
        with pytest.raises(NotIdentifiedError):
            check(value)
