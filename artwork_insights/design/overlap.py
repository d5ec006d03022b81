"""Overlap: which artworks could have been either, who is left out, and what that does to the question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from artwork_insights.design.assignment import BoolArray, StringArray, label_arrays
from artwork_insights.design.confounders import FloatArray
from artwork_insights.design.folds import IntArray, distinct, encode_titles
from artwork_insights.design.missing import FEWEST_COMPARABLE_TITLES, MissingComparison, Shown, find_missing
from artwork_insights.design.reading import as_numbers, as_positive, check_count, check_trim
from artwork_insights.design.trimming import describe_trim, keep_overlap
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.study import TrimRule

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
    effective_n_treated_before, effective_n_control_before : float
        Effective sample sizes under inverse-propensity weights before trimming, in cells.
    effective_n_treated, effective_n_control : float
        The same after trimming.
    bin_edges : tuple of float
        21 edges over [0, 1].
    treated_counts, control_counts : tuple of int
        Cells per bin of propensity before trimming.
    dropped : tuple of DroppedGroup
        Groups that lost cells, largest loss first.
    missing : tuple of MissingComparison
        Groups and pairs of groups, such as genre in country, without comparable artwork, and what to make there.
    estimand_sentence : str
        What the average now speaks of.
    """

    rule: str
    n_before: int
    n_after: int
    n_titles_before: int
    n_titles_after: int
    effective_n_treated_before: float
    effective_n_control_before: float
    effective_n_treated: float
    effective_n_control: float
    bin_edges: tuple[float, ...]
    treated_counts: tuple[int, ...]
    control_counts: tuple[int, ...]
    dropped: tuple[DroppedGroup, ...]
    missing: tuple[MissingComparison, ...]
    estimand_sentence: str


def effective_sample_size(weights: npt.ArrayLike) -> float:
    """Kish's effective sample size, (sum w)^2 / sum w^2; 0 without weights."""
    weights = np.asarray(weights, dtype=np.float64)
    return float(weights.sum() ** 2 / (weights**2).sum()) if weights.any() else 0.0


def check_overlap(
    treatment: npt.ArrayLike,
    propensity: npt.ArrayLike,
    *,
    groups: Mapping[str, npt.ArrayLike] | pd.DataFrame | None = None,
    clusters: npt.ArrayLike | None = None,
    weights: npt.ArrayLike | None = None,
    trim: TrimRule = 0.05,
    assets: npt.ArrayLike | None = None,
    component: str = "the component",
    titles_needed: int = FEWEST_COMPARABLE_TITLES,
) -> Overlap:
    """Describe overlap, name who is left out, and say where there is nothing to compare.

    Parameters
    ----------
    treatment : array of shape (n,)
        Zeros and ones, for all cells, before anything was left out.
    propensity : array of shape (n,)
        In [0, 1], out of fold; NaN for cells that the design cannot use, because their title does not vary.
    groups : DataFrame of n rows, or mapping from modifier to array of shape (n,), optional
        E.g. genre and country.
    clusters : array of shape (n,), optional
        Titles; without them every row stands alone.
    weights : array of shape (n,), optional
        Precision weights.
    trim : float or "crump"
        Propensities outside [trim, 1 - trim] are left out; ``"crump"`` finds the optimal limits.
    assets : array of shape (n,), optional
        Artwork of each cell, where an artwork has several; without it every row is one.
    component : str
        In words, e.g. "a face".
    titles_needed : int
        Titles with comparable artwork of both kinds to reach in a group; see `find_missing`.

    Returns
    -------
    Overlap

    Raises
    ------
    NotIdentifiedError
        When lengths differ, the treatment is not zeros and ones with some of each, every propensity is missing, one
        is outside [0, 1], a weight is not positive, the rule is unknown, or fewer than 10 titles are to be reached.
    """
    p = as_numbers("propensity", propensity)
    treated = _as_truth(treatment)
    n, trim = len(treated), check_trim(trim)
    labels = label_arrays(groups)
    check_count("titles_needed", titles_needed, FEWEST_COMPARABLE_TITLES)
    _require_rows(n, {"propensity": p, "clusters": clusters, "weights": weights, "assets": assets, **labels})
    eligible = ~np.isnan(p)
    if not eligible.any():
        raise NotIdentifiedError("every propensity is missing: no title varies in the treatment, nothing is compared.")
    if ((p[eligible] < 0) | (p[eligible] > 1)).any():
        raise NotIdentifiedError("a propensity is a chance between 0 and 1; some are not.")
    title = np.arange(n) if clusters is None else encode_titles(clusters)
    weight = np.ones(n) if weights is None else as_positive("weights", weights, n)
    asset = np.arange(n) if assets is None else encode_titles(assets)
    keep = keep_overlap(p, trim)
    edges = np.linspace(0.0, 1.0, N_BINS + 1)
    received = np.where(treated, p, 1 - p)
    inverse = np.divide(weight, received, out=np.zeros(n), where=eligible & (received > 0))
    return Overlap(
        rule=describe_trim(p, trim) + ("" if eligible.all() else ", titles whose artworks differ in the component"),
        n_before=n,
        n_after=int(keep.sum()),
        n_titles_before=len(distinct(title)),
        n_titles_after=len(distinct(title[keep])),
        effective_n_treated_before=effective_sample_size(inverse[eligible & treated]),
        effective_n_control_before=effective_sample_size(inverse[eligible & ~treated]),
        effective_n_treated=effective_sample_size(inverse[keep & treated]),
        effective_n_control=effective_sample_size(inverse[keep & ~treated]),
        bin_edges=tuple(float(edge) for edge in edges),
        treated_counts=_counts(p[eligible & treated], edges),
        control_counts=_counts(p[eligible & ~treated], edges),
        dropped=_dropped_groups(labels, keep, treated),
        missing=find_missing(
            Shown(asset, title, treated, keep), labels, component=component, titles_needed=titles_needed
        ),
        estimand_sentence=_estimand_sentence(title, keep, eligible),
    )


def _as_truth(treatment: npt.ArrayLike) -> BoolArray:
    values = as_numbers("treatment", treatment)
    if not np.isin(values, (0.0, 1.0)).all():
        raise NotIdentifiedError("overlap is a matter of two sides: the treatment must be zeros and ones.")
    if not len(values) or values.min() == values.max():
        value = f"always {values[0]:g}" if len(values) else "empty"
        raise NotIdentifiedError(f"the treatment does not vary (it is {value}); there is nothing to compare.")
    return np.asarray(values == 1)


def _require_rows(n: int, columns: Mapping[str, npt.ArrayLike | None]) -> None:
    for name, column in columns.items():
        if column is not None and len(np.asarray(column)) != n:
            raise NotIdentifiedError(f"{name} has {len(np.asarray(column))} rows and the treatment {n}.")


def _counts(propensity: FloatArray, edges: FloatArray) -> tuple[int, ...]:
    return tuple(int(count) for count in np.histogram(propensity, bins=edges)[0])


def _dropped_groups(groups: Mapping[str, StringArray], keep: BoolArray, treated: BoolArray) -> tuple[DroppedGroup, ...]:
    found = []
    for modifier, labels in groups.items():
        codes, names = pd.factorize(labels)
        before, dropped, shown = (
            np.bincount(codes[rows], minlength=len(names)) for rows in (np.ones_like(keep), ~keep, treated)
        )
        for k in np.flatnonzero(dropped):
            whole = " The whole group is left out." if dropped[k] == before[k] else ""
            sentence = (
                f"{names[k]}: {dropped[k]:,} of {before[k]:,} cells have no comparable artwork "
                f"({shown[k]:,} of {before[k]:,} show the component).{whole}"
            )
            found.append(DroppedGroup(modifier, str(names[k]), int(dropped[k]), int(before[k]), sentence))
    return tuple(sorted(found, key=lambda g: (-g.n_dropped / g.n_before, g.modifier, g.group)))


def _estimand_sentence(title: IntArray, keep: BoolArray, eligible: BoolArray) -> str:
    if keep.all():
        return "The average is over all artworks."
    reasons = []
    if not eligible.all():
        reasons.append("titles that have artwork both with and without the component")
    if (eligible & ~keep).any():
        reasons.append("artwork that could have been either")
    return (
        f"The average is over {' and '.join(reasons)}: {int(keep.sum()):,} of {len(keep):,} cells, "
        f"{len(distinct(title[keep])):,} of {len(distinct(title)):,} titles. It does not speak of the others."
    )
