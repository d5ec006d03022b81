"""Moderation: whether the effect differs between groups, by interaction terms and a joint cluster-robust Wald test."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Moderation:
    """Interaction of a treatment with a grouping.

    Attributes
    ----------
    modifier : str
        E.g. ``"genre"``.
    groups : tuple of str
        Groups in the order of `slopes`.
    slopes, slope_std_errors : tuple of float
        Effect of the treatment in each group, in the outcome's unit, and cluster-robust standard errors.
    statistic : float
        Joint F statistic of equal slopes.
    numerator_df, denominator_df : int
        Its degrees of freedom; the denominator is the number of titles less one.
    p_value : float
        Of no moderation.
    sentence : str
        In words.
    """

    modifier: str
    groups: tuple[str, ...]
    slopes: tuple[float, ...]
    slope_std_errors: tuple[float, ...]
    statistic: float
    numerator_df: int
    denominator_df: int
    p_value: float
    sentence: str
