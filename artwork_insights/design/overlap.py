"""Overlap: which artworks could have been either, who is left out, and what that does to the question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from artwork_insights.design.assignment import Assignment, BoolArray, StringArray
from artwork_insights.design.confounders import FloatArray

N_BINS = 20


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


def keep_overlap(propensity: FloatArray, trim: float) -> BoolArray:
    """Cells whose propensity lies in [trim, 1 - trim]; shape (n,)."""
    return np.asarray((propensity >= trim) & (propensity <= 1 - trim))


def effective_sample_size(weights: npt.ArrayLike) -> float:
    """Kish's effective sample size, (sum w)^2 / sum w^2; 0 without weights."""
    weights = np.asarray(weights, dtype=np.float64)
    return float(weights.sum() ** 2 / (weights**2).sum()) if len(weights) else 0.0


def check_overlap(
    assignment: Assignment, propensity: FloatArray, trim: float, *, eligible: BoolArray | None = None
) -> Overlap:
    """Describe overlap and name who is left out.

    Parameters
    ----------
    assignment : Assignment of n cells
        All cells, before anything was left out.
    propensity : array of shape (n,)
        NaN for cells that are not eligible.
    trim : float
        Propensities outside [trim, 1 - trim] are left out.
    eligible : array of shape (n,), optional
        Cells of titles that vary; the others have no comparable sibling.

    Returns
    -------
    Overlap
    """
    eligible = np.ones(len(propensity), dtype=bool) if eligible is None else eligible
    keep = eligible & keep_overlap(np.nan_to_num(propensity, nan=-1.0), trim)
    treated = assignment.treatment == 1
    edges = np.linspace(0.0, 1.0, N_BINS + 1)
    received = np.where(treated, propensity, 1 - propensity)
    inverse = np.divide(assignment.weights, received, out=np.full(len(keep), np.nan), where=received > 0)
    return Overlap(
        rule=f"propensity between {trim:g} and {1 - trim:g}"
        + ("" if eligible.all() else ", titles whose artworks differ in the component"),
        n_before=len(keep),
        n_after=int(keep.sum()),
        n_titles_before=assignment.n_titles,
        n_titles_after=len(np.unique(assignment.title[keep])),
        effective_n_treated=effective_sample_size(inverse[keep & treated]),
        effective_n_control=effective_sample_size(inverse[keep & ~treated]),
        bin_edges=tuple(float(edge) for edge in edges),
        treated_counts=_counts(propensity[eligible & treated], edges),
        control_counts=_counts(propensity[eligible & ~treated], edges),
        dropped=_dropped_groups(assignment.groups, keep, treated),
        estimand_sentence=_estimand_sentence(assignment, keep, eligible),
    )


def _counts(propensity: FloatArray, edges: FloatArray) -> tuple[int, ...]:
    return tuple(int(count) for count in np.histogram(propensity, bins=edges)[0])


def _dropped_groups(groups: Mapping[str, StringArray], keep: BoolArray, treated: BoolArray) -> tuple[DroppedGroup, ...]:
    found = []
    for modifier, labels in groups.items():
        for group in sorted(set(labels)):
            inside = labels == group
            n_dropped, n_before, n_treated = (
                int((inside & ~keep).sum()),
                int(inside.sum()),
                int((inside & treated).sum()),
            )
            if n_dropped:
                whole = " The whole group is left out." if n_dropped == n_before else ""
                sentence = (
                    f"{group}: {n_dropped:,} of {n_before:,} cells have no comparable artwork "
                    f"({n_treated:,} of {n_before:,} show the component).{whole}"
                )
                found.append(DroppedGroup(modifier, str(group), n_dropped, n_before, sentence))
    return tuple(sorted(found, key=lambda g: (-g.n_dropped / g.n_before, g.modifier, g.group)))


def _estimand_sentence(assignment: Assignment, keep: BoolArray, eligible: BoolArray) -> str:
    n_titles = len(np.unique(assignment.title[keep]))
    if keep.all():
        return "The average is over all artworks."
    reasons = []
    if not eligible.all():
        reasons.append("titles that have artwork both with and without the component")
    if (eligible & ~keep).any():
        reasons.append("artwork that could have been either")
    return (
        f"The average is over {' and '.join(reasons)}: {int(keep.sum()):,} of {len(keep):,} cells, "
        f"{n_titles:,} of {assignment.n_titles:,} titles. It does not speak of the others."
    )
