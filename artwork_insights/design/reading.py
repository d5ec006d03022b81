"""Columns, options and shares as an analyst hands them over, let through or refused in one sentence."""

from __future__ import annotations

from numbers import Real

import numpy as np
import numpy.typing as npt
import pandas as pd

from artwork_insights.errors import NotIdentifiedError
from artwork_insights.study import TrimRule

FloatArray = npt.NDArray[np.float64]


def as_numbers(what: str, values: npt.ArrayLike) -> FloatArray:
    """One-dimensional array of numbers, never the caller's own; missing values become NaN.

    Raises
    ------
    NotIdentifiedError
        When the values are text, dates or complex, or have another shape.
    """
    array = np.asarray(values)
    if array.ndim != 1:
        raise NotIdentifiedError(f"the {what} has shape {array.shape}; give one number per row.")
    if array.dtype.kind not in "cmM":
        try:
            return np.array(pd.Series(array).to_numpy(dtype=np.float64, na_value=np.nan))
        except (TypeError, ValueError, OverflowError):
            pass
    odd: object = next((value for value in array if isinstance(value, str)), array[0]) if len(array) else ""
    raise NotIdentifiedError(f"the {what} holds {str(odd)!r}; it needs numbers or truth values.")


def as_positive(what: str, values: npt.ArrayLike, n: int) -> FloatArray:
    """Weights of n rows: finite and above zero.

    Raises
    ------
    NotIdentifiedError
        For another length, or a weight that is missing, infinite, zero or negative.
    """
    found = as_numbers(f"column of {what}", values)
    if len(found) != n:
        raise NotIdentifiedError(f"{what} have {len(found)} rows and the others {n}; give one per row.")
    if not (np.isfinite(found) & (found > 0)).all():
        raise NotIdentifiedError(f"{what} must be positive numbers; leave rows without weight out.")
    return found


def check_share(what: str, value: float) -> float:
    """A level or an error rate: above 0 and below 1.

    Raises
    ------
    NotIdentifiedError
        For anything else.
    """
    if not isinstance(value, Real) or not 0 < value < 1:
        raise NotIdentifiedError(f"{what}={value!r} is not a share; it lies between 0 and 1, e.g. 0.95 for 95 %.")
    return float(value)


def check_number(what: str, value: float) -> float:
    """A finite number.

    Raises
    ------
    NotIdentifiedError
        For anything else.
    """
    if not isinstance(value, Real) or not np.isfinite(float(value)):
        raise NotIdentifiedError(f"{what}={value!r} is not a number.")
    return float(value)


def check_count(what: str, value: int, least: int) -> int:
    """A whole number of at least `least`: folds, repeats, a seed.

    Raises
    ------
    NotIdentifiedError
        For anything else, truth values among it.
    """
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise NotIdentifiedError(f"{what}={value!r} is not a whole number of at least {least}.")
    return int(value)


def check_trim(trim: TrimRule) -> TrimRule:
    """A trimming rule: a number from 0 to below 0.5, or ``"crump"``.

    Raises
    ------
    NotIdentifiedError
        For anything else.
    """
    if isinstance(trim, str) and trim == "crump":
        return trim
    if isinstance(trim, bool) or not isinstance(trim, Real) or not 0 <= trim < 0.5:
        raise NotIdentifiedError(f"trim={trim!r} is no rule; use a number from 0 to below 0.5, or 'crump'.")
    return float(trim)
