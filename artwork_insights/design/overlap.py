"""Overlap: which artworks could have been either, who is left out, and what that does to the question."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DroppedGroup:
    """A group that lost cells to the overlap rule.

    Attributes
    ----------
    modifier, group : str
        E.g. ``"genre"`` and ``"Documentary"``.
    n_dropped, n_before : int
        Cells left out and cells at the start.
    sentence : str
        In words, e.g. "Documentary: 12 of 140 cells have no comparable artwork."
    """

    modifier: str
    group: str
    n_dropped: int
    n_before: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Overlap:
    """How far treated and untreated artworks can be compared.

    Attributes
    ----------
    rule : str
        The trimming rule in words.
    n_before, n_after : int
        Cells before and after trimming.
    n_titles_before, n_titles_after : int
        Titles before (all) and after (those that vary in the treatment and are not trimmed).
    effective_n_treated, effective_n_control : float
        Effective sample sizes under inverse-propensity weights, in cells.
    bin_edges : tuple of float
        21 edges over [0, 1].
    treated_counts, control_counts : tuple of int
        Cells per bin of propensity before trimming.
    dropped : tuple of DroppedGroup
        Groups that lost cells, largest loss first.
    estimand_sentence : str
        What the average now speaks of.
    """

    rule: str
    n_before: int
    n_after: int
    n_titles_before: int
    n_titles_after: int
    effective_n_treated: float
    effective_n_control: float
    bin_edges: tuple[float, ...]
    treated_counts: tuple[int, ...]
    control_counts: tuple[int, ...]
    dropped: tuple[DroppedGroup, ...]
    estimand_sentence: str
