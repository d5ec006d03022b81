"""Which columns of a title table may serve as confounders where nobody has named them yet."""

from __future__ import annotations

import re

import pandas as pd

MOST_LEVELS = 40
_IDENTIFIER = re.compile(r"(^|_)id$")
# Numbers that a title earns after its artwork was shown: an outcome or a consequence of one, never a confounder.
_EARNED = re.compile(r"vote|like|score|rating|gross|revenue|popular|take|view|play|click|rank|award|completion")


def title_covariates(titles: pd.DataFrame, outcome: str | None = None) -> tuple[str, ...]:
    """Columns of a title table that may serve as confounders, in its order.

    Kept are truth values, text of few levels, and numbers that vary and do not look earned after the launch (votes,
    scores, gross); left out are identifiers, names, constants and the outcome.

    Parameters
    ----------
    titles : DataFrame
        One row per title.
    outcome : str, optional
        Column that is the outcome of the study.
    """
    return tuple(str(name) for name in titles.columns if name != outcome and _fits(titles[name], str(name)))


def is_number(values: pd.Series) -> bool:
    """Whether a column holds numbers that are not truth values."""
    return pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)


def is_identifier(name: str) -> bool:
    """Whether a column is named as an identifier."""
    return bool(_IDENTIFIER.search(name))


def _fits(values: pd.Series, name: str) -> bool:
    levels = values.nunique()
    if levels < 2 or name == "as_of" or is_identifier(name):
        return False
    if is_number(values):
        return not _EARNED.search(name.lower())
    return levels <= min(MOST_LEVELS, len(values) // 2)
